# SPDX-License-Identifier: Apache-2.0
"""A real Keycloak 26 that takes over the database of an 18: Liquibase commits change set by change set, then the model is migrated."""
import sys
import time

import pytest
from conftest import SHARED, TOP, wait_until

sys.path.insert(0, str(TOP / "tests" / "servers"))
from live import Live, installed, remove_installed  # noqa: E402
from scripts import PG, Holding  # noqa: E402

pytestmark = [pytest.mark.live, pytest.mark.slow]

OLD, NEW = "18.0.0", "26.0.0"
READY = {"use": "keycloak-ready", "with": {"base": "http://127.0.0.1:{management}"}, "hold": "1s"}
MODEL = {"use": "keycloak-model", "with": {
    "conninfo": "host=127.0.0.1 port={pg} user=postgres dbname=keycloak", "version": NEW}}
CHANGESETS = 106  # of 18; 26 has 144


class Keycloak(Live):
    def __init__(self, folder):
        super().__init__(SHARED, None, "keycloak", {"pg": 15440, "http": 18090, "management": 19000},
                         "keycloak/keycloak.log", "keycloak/pid", [READY, MODEL], ["java", "psql", PG / "initdb"])
        (self.home / "keycloak").mkdir(parents=True)
        for version in (OLD, NEW):
            (self.home / "keycloak" / f"keycloak-{version}").symlink_to(folder / f"keycloak-{version}")

    def in_db(self, query):
        return self.sql(query, "keycloak")

    def applied(self):
        return int(self.in_db("select count(*) from databasechangelog"))


@pytest.fixture(scope="module")
def old():
    """A Keycloak whose database 18 made, kept as keycloak_18; each test gets its copy."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not here")
    server = Keycloak(installed(SHARED, "keycloak", OLD, NEW))
    try:
        said = server.up(180, VER=OLD)
        assert said.startswith("alive"), said
        assert server.applied() == CHANGESETS
        server.down(KEEPPG=1)
        server.sql("alter database keycloak rename to keycloak_18")
        yield server
    finally:
        server.remove()
        remove_installed()


@pytest.fixture
def keycloak(old, gonogo):
    old.gonogo = gonogo
    old.log.unlink(missing_ok=True)
    old.sql("drop database if exists keycloak with (force)")
    old.sql("create database keycloak template keycloak_18 owner keycloak")
    yield old
    old.down(KEEPPG=1)


def test_18_to_26_is_go(keycloak):
    v = keycloak.watch().must_be("GO", line=r"Keycloak 26\.0\.0 on JVM .* started in")
    assert v.irreversible and {"database", "model", "up"} <= v.phases
    assert v.doc["facts"]["keycloak.version"] == NEW and str(v.doc["facts"]["keycloak.changesets.run"]) == "38"
    assert keycloak.applied() == 144
    # the next start has nothing to upgrade, and says nothing of the database
    keycloak.down(KEEPPG=1)
    v = keycloak.watch().must_be("GO", line=r"Keycloak 26\.0\.0 on JVM .* started in")
    assert not v.irreversible


def test_a_change_set_that_fails_is_rollback_and_is_named_first(keycloak):
    keycloak.in_db("create table org (id int)")
    v = keycloak.watch().must_be("ROLLBACK", r"changeset \S*jpa-changelog-25\.0\.0\.xml::25\.0\.0-org::keycloak failed",
                                 line=r"25\.0\.0-org::keycloak")
    assert 'relation "org" already exists' in v.first
    assert v.irreversible and CHANGESETS < keycloak.applied() < 144
    assert v.doc["next"][:2] == ["stop Keycloak on all nodes", "restore the database"]


def test_an_edited_change_set_is_no_go(keycloak):
    keycloak.in_db("update databasechangelog set md5sum = '8:00000000000000000000000000000000' "
                   "where id = '14.0.0-KEYCLOAK-11019'")
    v = keycloak.watch().must_be("NO-GO", r"keycloak/checksums", line=r"Validation Failed")
    assert not v.irreversible and keycloak.applied() == CHANGESETS


def test_without_its_database_it_is_no_go(keycloak):
    keycloak.lib("pg_down keycloak")
    try:
        v = keycloak.watch(NOPG=1).must_be("NO-GO", r"keycloak/database-unreachable .*Connection to 127\.0\.0\.1:\d+ refused",
                                           line=r"ERROR: Connection to \S+ refused")
        assert not v.irreversible
    finally:
        keycloak.lib(f"pg_up keycloak {keycloak.ports['pg']}")


def test_with_a_wrong_password_it_is_no_go(keycloak):
    keycloak.watch(DBPASS="wrong").must_be("NO-GO", r"keycloak/database-unreachable .*password authentication failed")


def test_a_lock_that_somebody_holds_is_undecided(keycloak):
    """No line is printed, before any word on the database."""
    with Holding(keycloak, "lock table databasechangeloglock", "keycloak"):
        v = keycloak.watch(stall="25s")
    v.must_be("UNDECIDED", "stall")
    assert not v.irreversible and keycloak.applied() == CHANGESETS


def test_a_change_set_that_waits_is_undecided_past_the_point_of_no_return(keycloak):
    with Holding(keycloak, "lock table client", "keycloak"):
        v = keycloak.watch(stall="25s")
    v.must_be("UNDECIDED", "stall")
    assert v.irreversible and v.doc["phase"] == "database"


def test_killed_between_two_change_sets_is_rollback(keycloak):
    with Holding(keycloak, "lock table client", "keycloak"):
        process = keycloak.start()
        assert wait_until(lambda: keycloak.said("Updating database."), 120)
        time.sleep(3)
        keycloak.crash()
        v = keycloak.finish(process)
    v.must_be("ROLLBACK", r"process-died", scan="UNDECIDED")


def test_an_older_keycloak_on_the_newer_database(keycloak):
    assert keycloak.up(180, VER=NEW).startswith("alive")
    keycloak.down(KEEPPG=1)
    keycloak.watch([], VER=OLD).must_be("NO-GO", r"keycloak/checksums", line="Validation Failed")
