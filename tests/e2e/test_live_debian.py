# SPDX-License-Identifier: Apache-2.0
"""Real servers of Debian's packages: each goes down in its own way, and gonogo watches it come up again."""
import os
import sys
import threading
import time

import pytest
from conftest import TOP, wait_until

sys.path.insert(0, str(TOP / "tests" / "servers"))
from live import Live  # noqa: E402
from scripts import PG  # noqa: E402

pytestmark = [pytest.mark.live, pytest.mark.slow]


def in_postgresql(db, query, equals, port="pg"):
    return {"name": "answer", "sql": {"driver": "postgresql", "query": query, "equals": equals,
                                      "conninfo": f"host=127.0.0.1 port={{{port}}} user=postgres dbname={db}"}}


# name: programs it needs, ports in its scripts, log, pid file, and what gonogo asks it
SERVERS = {
    "postgresql": ([PG / "initdb", "psql"], {"pg": 15432}, "pg-main.log", "pg-main/postmaster.pid",
                   in_postgresql("postgres", "select pg_is_in_recovery()", "false")),
    "redis": (["redis-server", "redis-cli"], {"redis": 16379}, "redis.log", "redis.pid", {
        "name": "answer", "exec": {"argv": ["redis-cli", "-p", "{redis}", "ping"], "contains": "PONG"}}),
    "etcd": (["etcd", "curl"], {"http": 12379, "peer": 12380}, "etcd.log", "etcd.pid", {
        "name": "answer", "http": {"url": "http://127.0.0.1:{http}/health", "json": {"/health": "true"}}}),
    "prometheus": (["prometheus", "curl"], {"http": 19090}, "prometheus.log", "prometheus.pid", {
        "name": "answer", "http": {"url": "http://127.0.0.1:{http}/-/ready", "status": 200}}),
    "mariadb": (["mariadbd", "mariadb-install-db", "mariadb-admin"], {"db": 13306}, "mariadb.err", "mariadb.pid", {
        "name": "answer", "exec": {"argv": ["mariadb-admin", "--no-defaults", "-uroot", "-h127.0.0.1", "-P{db}", "ping"],
                                   "contains": "alive"}}),
    "zabbix": (["zabbix_server", PG / "initdb"], {"trapper": 11051, "pg": 15434}, "zabbix/zabbix_server.log",
               "zabbix/pid", in_postgresql("zabbix", "select optional from dbversion", "6000018")),
    "puppetdb": (["java", PG / "initdb", "/usr/share/puppetdb/puppetdb.jar"], {"http": 18080, "pg": 15433},
                 "puppetdb/log/puppetdb.log", "puppetdb/pid",
                 in_postgresql("puppetdb", "select max(version) from schema_migrations", "80")),
    "rabbitmq": (["/usr/lib/rabbitmq/bin/rabbitmq-server"], {"amqp": 15673, "epmd": 4999, "dist": 25999},
                 "rabbitmq/log/rabbit.log", "rabbitmq/pid", {"use": "tcp-port", "with": {"port": "{amqp}"}}),
    "icinga2": (["icinga2", PG / "initdb", "/usr/share/icinga2-ido-pgsql/schema/pgsql.sql"], {"pg": 15438},
                "icinga2/icinga2.log", "icinga2/pid",
                in_postgresql("icinga", "select version from icinga_dbversion", "1.14.3")),
}


@pytest.fixture
def live(shared, gonogo):
    started = []

    def make(name):
        needs, ports, log, pidfile, probe = SERVERS[name]
        started.append(Live(shared, gonogo, name, ports, log, pidfile, [probe], needs))
        return started[-1]
    yield make
    for server in started:
        server.remove()


def damage(path, start, data):
    with open(path, "r+b") as f:
        f.seek(start)
        f.write(data)


# --- PostgreSQL ---

def test_postgresql_recovers_from_a_crash(live):
    pg = live("postgresql")
    pg.up()
    pg.sql("create table t as select generate_series(1, 200000) n; checkpoint")
    pg.sql("insert into t select n from t")
    pg.crash()
    v = pg.watch().must_be("GO", line="database system is ready to accept connections")
    assert pg.said("automatic recovery in progress") and "recovery" in v.phases
    assert pg.sql("select count(*) from t") == "400000"


def test_postgresql_with_a_data_folder_of_another_version(live):
    pg = live("postgresql")
    pg.up()
    pg.down()
    (pg.home / "pg-main" / "PG_VERSION").write_text("14\n")
    pg.watch(deadline="30s").must_be("NO-GO", "another major version", line="database files are incompatible|DETAIL")


def test_postgresql_with_a_damaged_control_file(live):
    pg = live("postgresql")
    pg.up()
    pg.down()
    damage(pg.home / "pg-main" / "global" / "pg_control", 100, b"\xff" * 40)
    pg.watch(deadline="30s").must_be("ROLLBACK", "incorrect checksum in control file", line="incorrect checksum in control file")


# --- Redis ---

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
    server.watch(AOF="yes").must_be("GO", line="Ready to accept connections")
    assert redis(server, "dbsize") == "20001"


def test_redis_with_a_truncated_file(live):
    server = live("redis")
    server.up()
    fill(server)
    redis(server, "save")
    server.crash()
    rdb = server.home / "redis" / "dump.rdb"
    rdb.write_bytes(rdb.read_bytes()[:rdb.stat().st_size // 2])
    server.watch(deadline="30s").must_be("ROLLBACK", r"Short read|[Uu]nexpected EOF")


# --- etcd ---

def etcd(server, *args):
    return server.lib("ETCDCTL_API=3 etcdctl --endpoints=127.0.0.1:%d %s" % (server.ports["http"], " ".join(args)))


def test_etcd_recovers_from_its_log(live):
    server = live("etcd")
    server.up()
    for n in range(20):
        etcd(server, f"put key{n} value{n}")
    server.crash()
    server.watch().must_be("GO")
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
    server.watch(deadline="30s").must_be("ROLLBACK", r"etcd/damaged.*wal|crc")


# --- Prometheus ---

def test_prometheus_replays_its_log(live):
    server = live("prometheus")
    server.up()
    time.sleep(8)
    server.crash()
    v = server.watch().must_be("GO", line="Server is ready to receive web requests")
    assert "replay" in v.phases


def test_prometheus_with_a_mistake_in_its_configuration(live):
    server = live("prometheus")
    server.up()
    server.down()
    config = server.gonogo.write("wrong.yml", "scrape_configs:\n  - job_nam: self\n")
    server.watch(deadline="30s", CFG=config).must_be("NO-GO", r"job_nam", line="job_nam")


# --- MariaDB ---

def mariadb(server, statement):
    return server.lib(f"mariadb --no-defaults -Dmysql -uroot -h127.0.0.1 -P{server.ports['db']} -Ne \"{statement}\"")


def test_mariadb_recovers_from_a_crash(live):
    server = live("mariadb")
    server.up(60)
    mariadb(server, "create database d; create table d.t (n int) engine=innodb; insert into d.t select seq from seq_1_to_50000")
    server.crash()
    v = server.watch().must_be("GO", line="ready for connections")
    assert server.said("crash recovery") and "recovery" in v.phases


@pytest.mark.parametrize("harm, verdict, cause", [
    (lambda path: damage(path, 0, b"\0" * 65536), "ROLLBACK", r"mariadb/damaged-data .*ibdata1"),
    (lambda path: damage(path, 0, os.urandom(32) + b"\0" * 16352), "ROLLBACK", r"mariadb/damaged-data .*ibdata1"),
    (lambda path: damage(path, 7 * 16384, b"\x5a" * 8192), "ROLLBACK", r"mariadb/damaged-data .*ibdata1"),
    (lambda path: os.truncate(path, 5 << 20), "NO-GO", r"mariadb/data-file-size .*ibdata1 has another size"),
    (os.remove, "NO-GO", r"mariadb/file-missing .*ib_logfile0"),
], ids=["zeros", "noise", "a page", "cut", "missing"])
def test_mariadb_with_a_damaged_system_tablespace(live, harm, verdict, cause):
    server = live("mariadb")
    server.up(60)
    server.down()
    harm(server.home / "mariadb" / "ibdata1")
    server.watch(deadline="40s").must_be(verdict, cause, line=r"InnoDB: ")


def test_mariadb_with_the_system_tables_of_an_older_version(live):
    """The server says that it is ready; a person runs mariadb-upgrade, and the next start is well."""
    server = live("mariadb")
    server.up(60)
    mariadb(server, "alter table proc drop column aggregate; alter table event drop column collation_connection")
    server.down()
    v = server.watch(deadline="15s").must_be("UNDECIDED", "deadline")
    assert server.said("ready for connections") and "mariadb/upgrade-wanted" in v.rules
    assert "mariadb-upgrade has to be run" in v.warnings
    said = server.lib(f"mariadb-upgrade --no-defaults -uroot -h127.0.0.1 -P{server.ports['db']} --force")
    log = server.gonogo.write("upgrade.log", said + "\n")
    assert server.gonogo.scan(log).doc["verdict"] == "GO", said
    server.down()
    server.watch().must_be("GO", line="ready for connections")


# --- Zabbix ---

def zabbix(live):
    server = live("zabbix")
    server.up(120)
    server.down(KEEPPG=1)
    return server


def test_zabbix_upgrades_its_database(live):
    server = zabbix(live)
    server.sql("update dbversion set optional = 6000000", "zabbix")
    v = server.watch().must_be("GO")
    assert v.irreversible and "upgrade" in v.phases


def test_zabbix_with_a_step_that_fails(live):
    server = zabbix(live)
    server.sql("update dbversion set mandatory = 5030042, optional = 5030042", "zabbix")
    v = server.watch(deadline="40s").must_be("ROLLBACK", r"zabbix/")
    assert v.irreversible


def test_zabbix_and_a_database_newer_than_it(live):
    server = zabbix(live)
    server.sql("update dbversion set mandatory = 6020000, optional = 6020000", "zabbix")
    v = server.watch(deadline="30s").must_be("NO-GO", r"0?6020000")
    assert not v.irreversible


def test_zabbix_without_its_database_is_not_go(live):
    server = zabbix(live)
    server.down()
    v = server.watch(deadline="15s", NOPG=1).must_be("UNDECIDED", "deadline")
    assert any("zabbix/" in r for r in v.rules) and "onnection" in str(v.doc["reasons"]), v.doc["reasons"]


# --- PuppetDB ---

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
    v = server.watch(deadline="240s").must_be("GO", line="PuppetDB finished starting")
    assert v.irreversible and "migration" in v.phases
    assert server.sql("select max(version) from schema_migrations", "puppetdb") == "80"


def test_puppetdb_with_a_migration_that_fails(live):
    server = puppetdb_66(live)
    server.sql("create table reports_latest (id int); create table package_inventory (id int); create table catalog_inputs (id int);"
               "create view schema_migrations_view as select version from schema_migrations;"
               "alter table reports rename to reports_gone", "puppetdb")
    v = server.watch(deadline="240s").must_be("NO-GO", r"puppetdb/", line="ERROR")
    assert not v.irreversible
    assert server.sql("select max(version) from schema_migrations", "puppetdb") == "66"


def test_puppetdb_and_a_database_newer_than_it(live):
    server = puppetdb_66(live)
    server.sql("insert into schema_migrations values (999, now())", "puppetdb")
    v = server.watch(deadline="240s").must_be("NO-GO", r"puppetdb/newer-database .*999", line="Error during service start")
    assert not v.irreversible


def test_puppetdb_without_its_database_is_not_go(live):
    """It tries again for ever."""
    server = puppetdb_66(live)
    server.lib("pg_down puppetdb")
    process = server.start(deadline="240s", NOPG=1)
    assert wait_until(lambda: server.said("Will retry database connection"), 220)
    time.sleep(1)
    process.terminate()
    v = server.finish(process).must_be("UNDECIDED", "interrupted")
    assert "puppetdb/database-down" in v.rules, v.rules


def test_puppetdb_killed_while_it_migrates(live):
    server = puppetdb_66(live)

    def kill_when_it_migrates():
        end = time.monotonic() + 220
        while time.monotonic() < end:
            if server.said("Applying database migration version 7"):
                return server.crash()
            time.sleep(0.02)
    killer = threading.Thread(target=kill_when_it_migrates)
    killer.start()
    v = server.watch(deadline="240s")
    killer.join()
    committed = server.sql("select max(version) from schema_migrations", "puppetdb")
    v.must_be("NO-GO" if committed == "66" else "ROLLBACK", "process-died", scan="UNDECIDED")


# --- RabbitMQ ---

def rabbitmq_without(live, step):
    """Its schema_version says that this upgrade step has not been made."""
    server = live("rabbitmq")
    server.up(60)
    server.down()
    [path] = (server.home / "rabbitmq" / "mnesia").glob("*/schema_version")
    text = path.read_text()
    new = text.replace(f"{step},", "").replace(f",{step}", "")
    assert new != text, text
    path.write_text(new)
    return server


def test_rabbitmq_upgrades_its_message_store(live):
    server = rabbitmq_without(live, "move_messages_to_vhost_store")
    v = server.watch().must_be("GO", line="Server startup complete")
    assert v.irreversible


def test_rabbitmq_with_an_upgrade_step_that_fails(live):
    server = rabbitmq_without(live, "semi_durable_route")
    v = server.watch(deadline="60s").must_be("ROLLBACK", r"already_exists,rabbit_semi_durable_route", line=r"error:\{badmatch")
    assert v.irreversible and "rabbitmq/boot-failed" in v.rules


# --- Icinga 2 ---

def test_icinga2_with_an_older_schema_and_after_its_upgrade(live):
    server = live("icinga2")
    server.up(30)
    server.down(KEEPPG=1)
    server.sql("update icinga_dbversion set version = '1.14.2'", "icinga")
    server.watch(deadline="30s").must_be("NO-GO", r"1\.14\.2", line="does not match the required version")
    server.down(KEEPPG=1)
    server.lib(f"psql -h 127.0.0.1 -p {server.ports['pg']} -U icinga -d icinga -Xq "
               "-f /usr/share/icinga2-ido-pgsql/schema/upgrade/2.8.1.sql")
    server.watch().must_be("GO", line="Activated all objects")
    assert server.said("Finished reconnecting")
