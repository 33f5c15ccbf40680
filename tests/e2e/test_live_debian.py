# SPDX-License-Identifier: Apache-2.0
"""Real servers of Debian's packages: each goes down in its own way, and gonogo watches it come up again."""
import json
import re
import sys
import threading
import time

import pytest
from conftest import TOP, wait_until

sys.path.insert(0, str(TOP / "tests" / "servers"))
from scripts import PG, Server, skip_without  # noqa: E402

pytestmark = [pytest.mark.live, pytest.mark.slow]

# name: programs it needs, ports in its scripts, log, pid file, and what gonogo asks it
SERVERS = {
    "postgresql": ([PG / "initdb", "psql"], {"pg": 15432}, "pg-main.log", "pg-main/postmaster.pid", {
        "sql": {"driver": "postgresql", "conninfo": "host=127.0.0.1 port={pg} user=postgres dbname=postgres",
                "query": "select pg_is_in_recovery()", "equals": "false"}}),
    "redis": (["redis-server", "redis-cli"], {"redis": 16379}, "redis.log", "redis.pid", {
        "exec": {"argv": ["redis-cli", "-p", "{redis}", "ping"], "contains": "PONG"}}),
    "etcd": (["etcd", "curl"], {"http": 12379, "peer": 12380}, "etcd.log", "etcd.pid", {
        "http": {"url": "http://127.0.0.1:{http}/health", "json": {"/health": "true"}}}),
    "prometheus": (["prometheus", "curl"], {"http": 19090}, "prometheus.log", "prometheus.pid", {
        "http": {"url": "http://127.0.0.1:{http}/-/ready", "status": 200}}),
    "mariadb": (["mariadbd", "mariadb-install-db", "mariadb-admin"], {"db": 13306}, "mariadb.err", "mariadb.pid", {
        "exec": {"argv": ["mariadb-admin", "--no-defaults", "-uroot", "-h127.0.0.1", "-P{db}", "ping"],
                 "contains": "alive"}}),
    "zabbix": (["zabbix_server", PG / "initdb"], {"trapper": 11051, "pg": 15434}, "zabbix/zabbix_server.log",
               "zabbix/pid", {
        "sql": {"driver": "postgresql", "conninfo": "host=127.0.0.1 port={pg} user=postgres dbname=zabbix",
                "query": "select optional from dbversion", "equals": "6000018"}}),
    "puppetdb": (["java", PG / "initdb", "/usr/share/puppetdb/puppetdb.jar"], {"http": 18080, "pg": 15433},
                 "puppetdb/log/puppetdb.log", "puppetdb/pid", {
        "sql": {"driver": "postgresql", "conninfo": "host=127.0.0.1 port={pg} user=postgres dbname=puppetdb",
                "query": "select max(version) from schema_migrations", "equals": "80"}}),
}


class Live(Server):
    """A server of the table, and gonogo with its plan."""

    def __init__(self, shared, name, gonogo, also=()):
        needs, ports, log, pidfile, self.probe = SERVERS[name]
        skip_without("curl", *needs)
        super().__init__(shared, name, ports, also=also)
        self.log, self.pidfile, self.gonogo = self.home / log, self.home / pidfile, gonogo

    def pid(self):
        return int(self.pidfile.read_text().split()[0])

    def crash(self):
        self.kill(self.pid())

    def watch(self, *options, sets=None, probe=None, deadline="120s", **env):
        """The verdict on its start."""
        probes = json.dumps([{"name": "answer", "every": "500ms", **(probe or self.probe)}])
        for name, port in self.ports.items():
            probes = probes.replace("{" + name + "}", str(port))
        self.gonogo.write("plan.json", json.dumps({
            "plan": self.name, "settle": "2s", "deadline": deadline, "process": {"pidfile": str(self.pidfile)},
            "logs": [{"name": self.name, "file": str(self.log), "sets": sets or [self.name]}],
            "probes": json.loads(probes)}))
        began = time.monotonic()
        r = self.gonogo("run", "plan.json", "--quiet", "--json", "-", *options, "--", *self.command(90), timeout=200,
                        env=self.env(**env))
        assert r.out, r.err
        doc = r.doc
        cause = (doc["reasons"] or [{"rule": "", "text": ""}])[0]
        print(f"\n{self.name}: {doc['verdict']}, {cause['rule']}: {cause['text'][:100]}, "
              f"{time.monotonic() - began:.0f} s")
        return r.code, doc


@pytest.fixture
def live(shared, gonogo):
    started = []

    def make(name, **kw):
        started.append(Live(shared, name, gonogo, **kw))
        return started[-1]
    yield make
    for server in started:
        server.remove()


def first(doc):
    r = doc["reasons"][0]
    return " | ".join(filter(None, [r["rule"], r.get("text"), r.get("say"), r.get("cause")]))


def phases(doc):
    return {p["name"] for p in doc["phases"]}


def events(live, text):
    return text in live.log.read_text(errors="replace")


def test_postgresql_recovers_from_a_crash(live):
    pg = live("postgresql")
    pg.up()
    pg.sql("create table t as select generate_series(1, 200000) n; checkpoint")
    pg.sql("insert into t select n from t")
    pg.crash()
    code, doc = pg.watch()
    assert events(pg, "automatic recovery in progress")
    assert code == 0 and "recovery" in phases(doc), doc
    assert pg.sql("select count(*) from t") == "400000"


def test_postgresql_with_a_data_folder_of_another_version(live):
    pg = live("postgresql")
    pg.up()
    pg.down()
    version = pg.home / "pg-main" / "PG_VERSION"
    version.write_text("14\n")
    code, doc = pg.watch(deadline="30s")
    assert code == 1 and re.search(r"another major version", first(doc)), doc


def test_postgresql_with_a_damaged_control_file(live):
    pg = live("postgresql")
    pg.up()
    pg.down()
    with open(pg.home / "pg-main" / "global" / "pg_control", "r+b") as f:
        f.seek(100)
        f.write(b"\xff" * 40)
    code, doc = pg.watch(deadline="30s")
    assert code == 2 and re.search(r"incorrect checksum in control file", first(doc)), doc


def redis(server, *args):
    return server.lib("redis-cli -p %d %s" % (server.ports["redis"], " ".join(args)))


def fill(server):
    redis(server, "eval \"for i = 1, 20000 do redis.call('set', 'key' .. i, i) end\" 0")
    assert redis(server, "dbsize") == "20000"


def test_redis_loads_its_file_after_a_kill(live):
    server = live("redis")
    server.up(AOF="yes")
    fill(server)
    redis(server, "set after snapshot")
    redis(server, "bgrewriteaof")
    assert wait_until(lambda: "aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0" in redis(server, "info persistence"), 30)
    server.crash()
    code, doc = server.watch(AOF="yes")
    assert code == 0, doc
    assert redis(server, "dbsize") == "20001"


def test_redis_with_a_truncated_file(live):
    server = live("redis")
    server.up()
    fill(server)
    redis(server, "save")
    server.crash()
    rdb = server.home / "redis" / "dump.rdb"
    rdb.write_bytes(rdb.read_bytes()[:rdb.stat().st_size // 2])
    code, doc = server.watch(deadline="30s")
    assert code == 2 and re.search(r"Short read|[Uu]nexpected EOF", first(doc)), doc


def etcd(server, *args):
    return server.lib("ETCDCTL_API=3 etcdctl --endpoints=127.0.0.1:%d %s" % (server.ports["http"], " ".join(args)))


def test_etcd_recovers_from_its_log(live):
    server = live("etcd")
    server.up()
    for n in range(20):
        etcd(server, f"put key{n} value{n}")
    server.crash()
    code, doc = server.watch()
    assert code == 0, doc
    assert "value19" in etcd(server, "get key19")


def test_etcd_with_a_damaged_log(live):
    server = live("etcd")
    server.up()
    etcd(server, "put a b")
    server.crash()
    for wal in (server.home / "etcd" / "member" / "wal").glob("*.wal"):
        data = bytearray(wal.read_bytes())
        data[200:400] = b"\xff" * 200
        wal.write_bytes(data)
    code, doc = server.watch(deadline="30s")
    assert code == 2 and re.search(r"etcd/damaged.*wal|crc", first(doc)), doc


def test_prometheus_replays_its_log(live):
    server = live("prometheus")
    server.up()
    time.sleep(8)
    server.crash()
    code, doc = server.watch()
    assert code == 0 and "replay" in phases(doc), doc


def test_prometheus_with_a_mistake_in_its_configuration(live):
    server = live("prometheus")
    server.up()
    server.down()
    config = server.gonogo.write("wrong.yml", "scrape_configs:\n  - job_nam: self\n")
    code, doc = server.watch(deadline="30s", CFG=config)
    assert code == 1 and re.search(r"config|job_nam", first(doc)), doc


def mariadb(server, statement):
    return server.lib(f"mariadb --no-defaults -Dmysql -uroot -h127.0.0.1 -P{server.ports['db']} -Ne \"{statement}\"")


def test_mariadb_recovers_from_a_crash(live):
    server = live("mariadb")
    server.up(60)
    mariadb(server, "create database d; create table d.t (n int) engine=innodb; insert into d.t select seq from seq_1_to_50000")
    server.crash()
    code, doc = server.watch()
    assert events(server, "crash recovery")
    assert code == 0 and "recovery" in phases(doc), doc


def test_mariadb_with_a_damaged_tablespace(live):
    server = live("mariadb")
    server.up(60)
    server.down()
    with open(server.home / "mariadb" / "ibdata1", "r+b") as f:
        f.write(b"\xff" * 65536)
    code, doc = server.watch(deadline="40s")
    assert code in (1, 2) and re.search(r"storage engine did not start|ibdata1|[Cc]orrupt|checksum|tablespace|page", first(doc)), doc


def test_zabbix_upgrades_its_database(live):
    server = live("zabbix")
    server.up(120)
    server.down(KEEPPG=1)
    server.sql("update dbversion set optional = 6000000", "zabbix")
    code, doc = server.watch()
    assert code == 0 and doc["point_of_no_return"]["passed"] and "upgrade" in phases(doc), doc


def test_zabbix_and_a_database_newer_than_it(live):
    server = live("zabbix")
    server.up(120)
    server.down(KEEPPG=1)
    server.sql("update dbversion set mandatory = 6020000, optional = 6020000", "zabbix")
    code, doc = server.watch(deadline="30s")
    assert code == 1 and re.search(r"version|06020000|6020000", first(doc)), doc


def puppetdb_66(live):
    server = live("puppetdb")
    server.lib(f"pg_up puppetdb {server.ports['pg']}")
    for statement in ("create role puppetdb login password 'puppetdb'", "create database puppetdb owner puppetdb"):
        server.sql(statement)
    dump = server.scripts / "puppetdb" / "schema66.sql"
    server.lib(f"psql -h 127.0.0.1 -p {server.ports['pg']} -U postgres -d puppetdb -Xq -f {dump}")
    assert server.sql("select max(version) from schema_migrations", "puppetdb") == "66"
    return server


def test_puppetdb_migrates_66_to_80(live):
    server = puppetdb_66(live)
    code, doc = server.watch(deadline="150s")
    assert code == 0 and "migration" in phases(doc), doc
    assert server.sql("select max(version) from schema_migrations", "puppetdb") == "80"


def test_puppetdb_killed_while_it_migrates(live):
    server = puppetdb_66(live)

    def kill_when_it_migrates():
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if server.log.exists() and events(server, "Applying database migration version 7"):
                return server.crash()
            time.sleep(0.02)
    killer = threading.Thread(target=kill_when_it_migrates)
    killer.start()
    code, doc = server.watch(deadline="150s")
    killer.join()
    committed = server.sql("select max(version) from schema_migrations", "puppetdb")
    assert code == (1 if committed == "66" else 2) and "process-died" in first(doc), (committed, doc)
