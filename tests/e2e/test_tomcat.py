# SPDX-License-Identifier: Apache-2.0
"""A real Tomcat 10 whose web application upgrades its own PostgreSQL through Liquibase while its context starts."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest
from conftest import SHARED, TOP, wait_until

sys.path.insert(0, str(TOP / "tests" / "servers"))
from scripts import PG, Holding, Server, alive, skip_without  # noqa: E402

pytestmark = pytest.mark.slow
SHARED_TOMCAT = SHARED / "servers" / "tomcat"
POLL = "-Dliquibase.changelogLockPollRate=1"


def liquibase():
    """The folder with Liquibase's jars: LB, or where the scripts look for it."""
    default = re.search(r"LB=\$\{LB:-([^}]*)\}", (SHARED_TOMCAT / "up.sh").read_text())
    return pathlib.Path(os.environ.get("LB") or default[1])


PLAN = """
plan: tomcat-liquibase
logs:
  - { name: catalina, file: '${srv}/tomcat/logs/catalina.out', sets: [tomcat] }
  - { name: localhost, file: '${srv}/tomcat/logs/localhost.${date}.log', sets: [tomcat] }   # why a context failed
process: { pidfile: '${srv}/tomcat/pid' }
deadline: 150s
settle: 2s
probes:
  - use: tomcat-context
    with: { base: 'http://127.0.0.1:${http}', context: repo }
    every: 500ms
  - name: changesets
    every: 500ms
    sql:
      driver: postgresql
      conninfo: 'host=127.0.0.1 port=${pg} user=postgres dbname=repo'
      query: 'select count(*) from databasechangelog'
      equals: ${changesets}
"""


@pytest.fixture(scope="module")
def tomcat():
    """With what version 1 left behind: database repo_v1, of which every test gets its copy as repo."""
    if not SHARED_TOMCAT.is_dir():
        pytest.skip("../shared/servers/tomcat is not here")
    skip_without("java", "curl", "psql", PG / "initdb", "/usr/share/tomcat10/bin/catalina.sh", "/etc/tomcat10/web.xml")
    if not (liquibase() / "internal" / "lib").is_dir():
        pytest.skip("Liquibase's jars are missing: npm i liquibase@4.28.1, its folder dist/liquibase in LB")
    server = Server(SHARED, "tomcat", {"pg": 15436, "http": 18081, "stop": 18005}, also=["liquibase"])
    try:
        said = server.up(150, CHANGELOG="v1", APPS="repo", LB=liquibase())
        assert said.startswith("alive"), said
        server.down(KEEPPG=1)
        server.sql("alter database repo rename to repo_v1")
        yield server
    finally:
        server.remove()


@pytest.fixture
def upgrade(tomcat, gonogo):
    tomcat.sql("drop database if exists repo with (force)")
    tomcat.sql("create database repo template repo_v1 owner repo")
    yield Upgrade(tomcat, gonogo)
    tomcat.down(KEEPPG=1)


class Upgrade:
    def __init__(self, tomcat, gonogo):
        self.tomcat, self.gonogo, self.home = tomcat, gonogo, tomcat.home / "tomcat"
        gonogo.write("plan.yaml", PLAN)

    def start(self, changelog, *options, changesets=8, launch=True, **env):
        """gonogo, which starts Tomcat with this change log and watches it."""
        variables = {"srv": self.tomcat.home, "http": self.tomcat.ports["http"], "pg": self.tomcat.ports["pg"],
                     "changesets": changesets, "date": time.strftime("%Y-%m-%d", time.gmtime())}
        command = ["--", *self.tomcat.command(150)] if launch else []
        return self.gonogo.start(
            "run", "plan.yaml", "--quiet", "--json", "v.json", *options,
            *(a for name, value in variables.items() for a in ("--var", f"{name}={value}")), *command,
            env=self.tomcat.env(**{"CHANGELOG": changelog, "APPS": "repo", "LB": liquibase(), **env}))

    def finish(self, process, timeout=200):
        _, err = process.communicate(timeout=timeout)
        path = self.gonogo.folder / "v.json"
        assert path.exists(), err
        return process.returncode, json.loads(path.read_text())

    def __call__(self, *args, **kw):
        return self.finish(self.start(*args, **kw))

    @property
    def log(self):
        path = self.home / "logs" / "catalina.out"
        return path.read_text() if path.exists() else ""

    def pid(self):
        return int((self.home / "pid").read_text())

    def applied(self):
        return self.tomcat.sql("select string_agg(id, ' ' order by orderexecuted) from databasechangelog", "repo")


def first(doc):
    """What the first cause says, in one line."""
    r = doc["reasons"][0]
    return " | ".join([r["rule"], r.get("text", ""), r.get("say") or "", r.get("cause") or ""])


def test_version_1_to_2_is_go(upgrade):
    code, doc = upgrade("v2", APPS="repo manager")
    assert (code, doc["verdict"], doc["reasons"]) == (0, "GO", []), doc
    assert doc["point_of_no_return"]["passed"] and doc["goals"][0]["line"]
    assert {p["name"]: p["state"] for p in doc["probes"]} == {"tomcat-context": "pass", "changesets": "pass"}
    assert upgrade.applied() == "1 2 3 4 5 6 7 8"


def test_nothing_to_upgrade_is_go(upgrade):
    code, doc = upgrade("v1", changesets=4)
    assert (code, doc["point_of_no_return"]["passed"]) == (0, False), doc


@pytest.mark.parametrize("changelog, applied, code, cause", [
    ("v2-bad-sql", "1 2 3 4 5", 2, r'relation "nodes" does not exist|::6::ops'),
    ("v2-bad-fk", "1 2 3 4 5 6 7", 2, r"fk_node_acl|::8::ops"),
    ("v2-precondition", "1 2 3 4", 1, r"[Pp]recondition|run the 4\.x upgrade first"),
    ("v2-edited-old", "1 2 3 4", 1, r"[Vv]alidation|check ?sum|does not fit"),
    ("v2-malformed", "1 2 3 4", 1, r"XML|pars|addColumn"),
])
def test_a_failed_upgrade_is_rollback_or_no_go_by_what_was_committed(upgrade, changelog, applied, code, cause):
    got, doc = upgrade(changelog, APPS="repo manager")
    assert "Server startup in" in upgrade.log  # which says nothing
    assert upgrade.applied() == applied
    assert got == code, doc
    assert doc["point_of_no_return"]["passed"] == (code == 2)
    assert re.search(cause, first(doc)), doc["reasons"]


def test_without_its_database_it_is_no_go(upgrade):
    upgrade.tomcat.lib("pg_down tomcat")
    try:
        code, doc = upgrade("v2", NOPG=1)
        assert code == 1 and not doc["point_of_no_return"]["passed"], doc
        # Tomcat writes the cause into another log, by a thread of its own: their milliseconds need not be in order
        said = " | ".join(first({"reasons": [r]}) for r in doc["reasons"])
        assert re.search(r"Connection to .* refused|Connection refused|cannot be reached", said), doc["reasons"]
    finally:
        upgrade.tomcat.lib(f"pg_up tomcat {upgrade.tomcat.ports['pg']}")


@pytest.mark.parametrize("held, begun, code", [
    ("lock table node", "5::ops", 1),
    ("create table access_control_list (id int)", "7::ops", 2),  # 5 and 6 are committed
])
def test_killed_in_the_middle(upgrade, held, begun, code):
    with Holding(upgrade.tomcat, held, "repo"):
        process = upgrade.start("v2")
        assert wait_until(lambda: f"Running Changeset: db.changelog-master.xml::{begun}" in upgrade.log, 150)
        time.sleep(0.5)  # gonogo reads what was written
        killed = time.monotonic()
        os.kill(upgrade.pid(), 9)
        got, doc = upgrade.finish(process)
        took = time.monotonic() - killed
    assert got == code, doc
    assert "SIGKILL" in first(doc) or "process-died" in first(doc), doc["reasons"]
    assert took < 1, f"{took:.1f} s after its death"


def test_a_lock_that_somebody_holds_is_undecided(upgrade):
    upgrade.tomcat.sql("update databasechangeloglock set locked = true, lockedby = 'node2', lockgranted = now()", "repo")
    code, doc = upgrade("v2", "--stall", "10s", JOPT=POLL)
    assert "Waiting for changelog lock" in upgrade.log
    assert code == 3 and not doc["point_of_no_return"]["passed"], doc
    rules = [r["rule"] for r in doc["reasons"]]
    assert rules[0] == "stall" and "liquibase/lock-busy" in rules, rules


@pytest.fixture
def yesterday(upgrade):
    """A log that ends with yesterday's success; returned is the text before today's."""
    text = "".join(f"20-Nov-2026 10:00:0{n}.000 INFO [main] {line}\n" for n, line in enumerate((
        "org.apache.catalina.startup.VersionLoggerListener.log Server version name:   Apache Tomcat/10.1.60 (Debian)",
        "org.apache.catalina.startup.HostConfig.deployDirectory Deploying web application directory [/repo]",
        "org.apache.catalina.startup.Catalina.start Server startup in [4000] milliseconds")))
    logs = upgrade.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    (logs / "catalina.out").write_text(text)
    return text


def test_yesterdays_success_is_not_todays(upgrade, yesterday):
    code, doc = upgrade("v1", "--deadline", "3s", changesets=4, launch=False)
    assert code == 3 and not any(g["met"] for g in doc["goals"]), doc


def test_the_start_of_a_server_that_runs_already_is_found_below_yesterdays(upgrade, yesterday):
    said = upgrade.tomcat.up(150, CHANGELOG="v2-bad-sql", APPS="repo", LB=liquibase())
    assert said.startswith("alive"), said
    log = upgrade.home / "logs" / "catalina.out"
    log.write_text(yesterday + log.read_text())
    code, doc = upgrade("v2", "--deadline", "20s", launch=False)
    assert alive(upgrade.pid()) and code == 2, doc
    assert doc["reasons"][0]["line"] > yesterday.count("\n")
