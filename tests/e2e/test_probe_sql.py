# SPDX-License-Identifier: Apache-2.0
"""SQL probes against a PostgreSQL of our own."""
import glob
import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile

import pytest
from conftest import free_port
from test_probe_http import CANARY, ask, one

# What the questions of the Alfresco definitions touch of its tables.
TABLES = """
create table alf_applied_patch (id varchar(64) primary key, applied_to_schema int, succeeded bool, report varchar(1024));
create table alf_store (id int8 primary key, protocol varchar(50), identifier varchar(100), root_node_id int8);
create table alf_child_assoc (id int8 primary key, parent_node_id int8, child_node_id int8, qname_localname varchar(255));
create table alf_node_properties (node_id int8, qname_id int8, string_value varchar(1024), long_value int8);
create table alf_qname (id int8 primary key, ns_id int8, local_name varchar(200));
create table alf_namespace (id int8 primary key, uri varchar(100));
insert into alf_namespace values (1, 'http://www.alfresco.org/model/system/1.0');
insert into alf_qname values (101, 1, 'versionMajor'), (104, 1, 'versionSchema');
insert into alf_store values (3, 'system', 'system', 20), (4, 'workspace', 'SpacesStore', 30);
insert into alf_child_assoc values (30, 20, 21, 'descriptor-current'), (31, 20, 22, 'descriptor');
insert into alf_node_properties values (21, 101, '5', 0), (21, 104, null, 10057), (22, 104, null, 6052);
"""


class Cluster:
    def __init__(self, bin, folder):
        self.bin, self.folder, self.port = bin, folder, free_port()
        self.user = []
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            self.user = ["runuser", "-u", "postgres", "--"]
        secret = folder / "secret"
        secret.write_text(CANARY)
        secret.chmod(0o644)
        self.run("initdb", "-D", folder / "data", "-A", "scram-sha-256", "-U", "admin", "--pwfile", secret, "-E", "UTF8",
                 "--no-sync", "--locale=C")
        self.run("pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o",
                 f"-p {self.port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off", "start")

    def run(self, program, *args):
        subprocess.run([*self.user, str(self.bin / program), *map(str, args)], check=True, cwd=self.folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120)

    def psql(self, sql):
        subprocess.run([str(self.bin / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, self.conninfo()], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)

    def session(self, sql):
        """Keeps a session open that has done sql, until its input is closed."""
        p = subprocess.Popen([str(self.bin / "psql"), "-q", "-A", "-t", self.conninfo()], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
        p.stdin.write(sql + "\n\\echo ready\n")
        p.stdin.flush()
        while "ready" not in p.stdout.readline():
            pass
        return p

    def conninfo(self, **more):
        parts = {"host": "127.0.0.1", "port": self.port, "user": "admin", "password": CANARY, "dbname": "postgres", **more}
        return " ".join(f"{k}={v}" for k, v in parts.items())


@pytest.fixture(scope="module")
def cluster():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL server here")
    if os.getuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gonogo-pg-"))  # not pytest's, where only its owner may go
    folder.chmod(0o755)
    c = Cluster(pathlib.Path(found[-1]).parent, folder)
    yield c
    c.run("pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


def sql(cluster, query, **more):
    conninfo = more.pop("conninfo", cluster.conninfo())
    return {"sql": {"conninfo": conninfo, "query": query, **more}}


@pytest.mark.parametrize("query, settings, said", [
    ("select 42 as n", {"equals": 42}, ("pass", "n is '42'")),
    ("select 42 as n", {"at_least": 43}, ("not-yet", "n is '42', expected >= 43")),
    ("select 9007199254740993 as n", {"equals": 9007199254740992},
     ("not-yet", "n is '9007199254740993', expected '9007199254740992'")),
    ("select true as b, 'x' as t, null as z", {"columns": {"b": True, "t": "x", "z": None}}, ("pass", "b is 'true'")),
    ("select null as n", {"equals": ""}, ("not-yet", "n is null, expected ''")),
    ("select 1 as n where false", {"equals": 1}, ("not-yet", "0 rows, expected one")),
    ("select generate_series(1, 100000)", {"rows": ">= 100000"}, ("pass", "100000 rows")),
    ("select * from nix", {"rows": 0}, ("not-yet", 'relation "nix" does not exist')),
    ("select * from nix", {"rows": 0, "fail_on": "does not exist"},
     ("fail", "relation \"nix\" does not exist; fail_on names 'does not exist'")),
    ("create table t (a int)", {"rows": 0}, ("not-yet", "cannot execute CREATE TABLE in a read-only transaction")),
    ("select 1; commit", {"rows": 1}, ("not-yet", "cannot insert multiple commands into a prepared statement")),
    ("select set_config('transaction_read_only', 'off', false)", {"rows": 1},
     ("not-yet", "transaction read-write mode must be set before any query")),
    ("copy pg_class to stdout", {"rows": 0}, ("not-yet", "COPY is no query")),
    ("select pg_terminate_backend(pg_backend_pid())", {"rows": 1},
     ("not-yet", "terminating connection due to administrator command")),
    ("select pg_sleep(20)", {"rows": 1, "query_timeout": "200ms"},
     ("not-yet", "canceling statement due to statement timeout")),
])
def test_a_query_is_judged(gonogo, cluster, query, settings, said):
    assert one(gonogo, sql(cluster, query, **settings)) == said


def test_nothing_that_a_query_does_lasts(gonogo, cluster):
    cluster.psql("create sequence if not exists s; create or replace function f() returns int language plpgsql as "
                 "$$ begin raise notice 'a notice'; return nextval('s'); end $$")
    code, said = ask(gonogo, sql(cluster, "select f()", rows=1))
    assert (code, said["p0"]) == (3, ("not-yet", "cannot execute nextval() in a read-only transaction"))
    assert one(gonogo, sql(cluster, "select pg_notify('a', 'b') is not null as sent", equals=True))[0] == "pass"


def test_a_notice_is_not_shown(gonogo, cluster):
    cluster.psql("create or replace function note() returns int language plpgsql as "
                 "$$ begin raise warning 'look here'; return 1; end $$")
    gonogo.write("plan.yaml", json.dumps({"plan": "t", "probes": [sql(cluster, "select note() as n", equals=1)]}))
    r = gonogo("probe", "plan.yaml")
    assert r.code == 0 and "look here" not in r.out + r.err


def test_a_query_that_waits_for_a_lock_ends(gonogo, cluster):
    cluster.psql("create table if not exists locked (a int)")
    other = cluster.session("begin; lock table locked in access exclusive mode;")
    try:
        said = one(gonogo, sql(cluster, "select count(*) from locked", equals=0, query_timeout="300ms"))
        assert said == ("not-yet", "canceling statement due to statement timeout")
        said = one(gonogo, {**sql(cluster, "select count(*) from locked", equals=0), "try_timeout": "300ms"})
        assert said == ("not-yet", "timed out after 300ms: connected, but no result")
    finally:
        other.communicate("")


@pytest.mark.parametrize("conninfo, words", [
    ({"password": "wrong-password"}, "password authentication failed for user \"admin\""),
    ({"dbname": "nix"}, 'database "nix" does not exist'),
    ({"user": "nix"}, "authentication failed"),
    ({"host": "no.such.name.invalid"}, "the name 'no.such.name.invalid' does not resolve"),
    ({"port": 1}, "Connection refused"),
    ({"host": "/nix/nix"}, "No such file or directory"),
])
def test_why_there_is_no_connection(gonogo, cluster, conninfo, words):
    state, reason = one(gonogo, sql(cluster, "select 1", rows=1, conninfo=cluster.conninfo(**conninfo)))
    assert state == "not-yet" and words in reason
    assert "wrong-password" not in reason and "\\x0A" not in reason


@pytest.mark.parametrize("conninfo", [
    {"host": "localhost"},
    {"host": "no.such.name.invalid,localhost"},
    {"host": "127.0.0.1,localhost", "port": "1,PORT"},
    {"host": "SOCKETS"},
    {"host": "nix.invalid", "hostaddr": "127.0.0.1"},
])
def test_all_ways_to_say_where_it_is(gonogo, cluster, conninfo):
    parts = {k: v.replace("PORT", str(cluster.port)).replace("SOCKETS", str(cluster.folder)) for k, v in conninfo.items()}
    assert one(gonogo, sql(cluster, "select 1 as n", equals=1, conninfo=cluster.conninfo(**parts))) == ("pass", "n is '1'")


def test_a_uri_and_the_environment(gonogo, cluster):
    uri = f"postgresql://admin:{CANARY.replace('-', '%2D')}@localhost:{cluster.port}/postgres"
    assert one(gonogo, sql(cluster, "select 1 as n", equals=1, conninfo=uri))[0] == "pass"
    env = {"PGHOST": "localhost", "PGPORT": str(cluster.port), "PGUSER": "admin", "PGPASSWORD": CANARY}
    assert one(gonogo, sql(cluster, "select 1 as n", equals=1, conninfo="dbname=postgres"), env=env)[0] == "pass"
    said = one(gonogo, sql(cluster, "select 1 as n", equals=1, conninfo="${env:DB}"), env={"DB": cluster.conninfo()})
    assert said[0] == "pass"


def test_a_server_that_never_answers_is_left(gonogo, cluster):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        conninfo = cluster.conninfo(port=listener.getsockname()[1])
        said = one(gonogo, {**sql(cluster, "select 1", rows=1, conninfo=conninfo), "try_timeout": "400ms"})
    assert said == ("not-yet", "timed out after 400ms: no connection")


@pytest.fixture
def alfresco(cluster):
    cluster.psql("drop schema if exists alf cascade; create schema alf; alter role admin set search_path = alf; ")
    cluster.psql(TABLES)
    yield cluster
    cluster.psql("alter role admin reset search_path")


def test_the_schema_number_comes_from_the_last_start(gonogo, alfresco):
    entry = {"use": "alfresco-schema", "with": {"conninfo": alfresco.conninfo()}}
    state, reason = one(gonogo, entry)
    assert state == "pass" and "alfresco.schema = 10057" in reason
    alfresco.psql("create table alf_bootstrap_lock (charval char(1) not null)")
    state, reason = one(gonogo, entry)
    assert state == "not-yet" and reason.startswith("schema_locks is '1', expected '0'")
    alfresco.psql("drop table alf_bootstrap_lock; delete from alf_node_properties")
    state, reason = one(gonogo, entry)
    assert state == "not-yet" and reason.startswith("schema_number is null, expected > 0")


def test_patches_are_well_when_there_are_some_and_none_failed(gonogo, alfresco):
    entry = {"use": "alfresco-patches", "with": {"conninfo": alfresco.conninfo()}}
    state, reason = one(gonogo, entry)
    assert state == "not-yet" and "'(no patch is recorded)'" in reason
    alfresco.psql("insert into alf_applied_patch values ('patch.a', 4113, true, 'Script completed')")
    assert one(gonogo, entry) == ("pass", "0 rows")
    alfresco.psql("insert into alf_applied_patch values ('patch.b', 4113, false, 'stack trace')")
    state, reason = one(gonogo, entry)
    assert (state, reason) == ("not-yet", "the number of rows is '1', expected '0'; the first is 'patch.b'")


@pytest.mark.parametrize("rows, state", [
    ("('patch.a', 8022, true)", "pass"),                                    # first installed as 5.0
    ("('patch.a', -1, true), ('patch.b', 5025, true)", "pass"),             # as 4.0
    ("('patch.a', 4113, true), ('patch.b', 8022, true)", "not-yet"),        # as 3.4, and never 4.x
    ("('patch.a', 4113, true), ('patch.fixBpmPackages', 4113, true)", "pass"),
    ("('patch.a', 4113, true), ('patch.fixBpmPackages', 4113, false)", "not-yet"),
    (None, "not-yet"),
])
def test_a_jump_over_4_is_seen_before_the_start(gonogo, alfresco, rows, state):
    if rows:
        alfresco.psql(f"insert into alf_applied_patch (id, applied_to_schema, succeeded) values {rows}")
    entry = {"use": "alfresco-upgrade-path", "when": "after", "with": {"conninfo": alfresco.conninfo()}}
    assert one(gonogo, entry)[0] == state


def test_before_the_first_migration_the_table_is_missing(gonogo, cluster):
    entry = {"use": "alfresco-patches", "with": {"conninfo": cluster.conninfo(dbname="template1")}}
    assert one(gonogo, entry) == ("not-yet", 'relation "alf_applied_patch" does not exist')


def test_an_index_may_be_counted_in_the_database(gonogo, cluster):
    cluster.psql("drop table if exists jobs; create table jobs (done bool); insert into jobs values (true), (false)")
    entry = {"index": {"conninfo": cluster.conninfo(), "done": "done", "total": "total",
                       "query": "select count(*) filter (where done) as done, count(*) as total from jobs"}}
    assert one(gonogo, entry) == ("not-yet", "1 of 2")
    cluster.psql("update jobs set done = true")
    assert one(gonogo, entry) == ("pass", "2 of 2")
    cluster.psql("delete from jobs")
    assert one(gonogo, entry) == ("not-yet", "total is 0: nothing is known of what there is to index")
