# SPDX-License-Identifier: Apache-2.0
"""The tables that tell an upgrade's tale, in SQLite with PostgreSQL's shapes."""
import sqlite3
from contextlib import closing
from typing import NamedTuple

from log import stamp

LAST_TRANSACTION, LAST_CHANGE_SET = 20417, 811

TABLES = """
create table alf_applied_patch (id varchar(64) not null, description varchar(1024), fixes_from_schema int4,
    fixes_to_schema int4, applied_to_schema int4, target_schema int4, applied_on_date timestamp,
    applied_to_server varchar(64), was_executed bool, succeeded bool, report varchar(1024), primary key (id));
create table alf_namespace (id int8 not null, version int8 not null, uri varchar(100) not null, primary key (id));
create table alf_qname (id int8 not null, version int8 not null, ns_id int8 not null, local_name varchar(200) not null,
    primary key (id));
create table alf_locale (id int8 not null, version int8 not null, locale_str varchar(20) not null, primary key (id));
create table alf_transaction (id int8 not null, version int8 not null, server_id int8,
    change_txn_id varchar(56) not null, commit_time_ms int8, primary key (id));
create table alf_acl_change_set (id int8 not null, commit_time_ms int8, primary key (id));
create table alf_store (id int8 not null, version int8 not null, protocol varchar(50) not null,
    identifier varchar(100) not null, root_node_id int8, primary key (id));
create table alf_node (id int8 not null, version int8 not null, store_id int8 not null, uuid varchar(36) not null,
    transaction_id int8 not null, type_qname_id int8 not null, locale_id int8 not null, acl_id int8,
    audit_creator varchar(255), audit_created varchar(30), audit_modifier varchar(255), audit_modified varchar(30),
    audit_accessed varchar(30), primary key (id));
create table alf_child_assoc (id int8 not null, version int8 not null, parent_node_id int8 not null,
    type_qname_id int8 not null, child_node_name_crc int8 not null, child_node_name varchar(50) not null,
    child_node_id int8 not null, qname_ns_id int8 not null, qname_localname varchar(255) not null,
    qname_crc int8 not null, is_primary bool, assoc_index int4, primary key (id));
create table alf_node_properties (node_id int8 not null, actual_type_n int4 not null, persisted_type_n int4 not null,
    boolean_value bool, long_value int8, float_value float4, double_value float8, string_value varchar(1024),
    serializable_value bytea, qname_id int8 not null, list_index int4 not null, locale_id int8 not null,
    primary key (node_id, qname_id, list_index, locale_id));
"""
SYSTEM_MODEL = "http://www.alfresco.org/model/system/1.0"
SYSTEM_ROOT, NODES = 20, {"descriptor": 21, "descriptor-current": 22}
STRING, INTEGER = (6, 6), (2, 3)  # actual and persisted type of a property
PROPERTIES = ("versionMajor", "versionMinor", "versionRevision", "versionLabel", "versionBuild", "versionSchema")
QNAMES = {name: number for number, name in enumerate(("children", "container", *PROPERTIES), 101)}

OLD_PATCHES = (  # some of what a fresh installation has written, up to its own schema
    ("patch.updateMimetypes2", 4111),
    ("patch.eliminateDuplicates", 4113),
    ("patch.siteAdministrators", 7003),
    ("patch.renameSiteAuthorityDisplayName", 8001),
    ("patch.db-V5.0-ContentUrlEncryptionTables", 8007),
    ("patch.db-V5.0-upgrade-to-activiti-5.16.4", 8009),
)


class Origin(NamedTuple):
    version: str
    build: str
    schema: int

    @property
    def label(self):
        return f"{self.version} ({self.build})"


V34, V50 = Origin("3.4.0", "d 3690", 4113), Origin("5.0.1", "r100823-b68", 8022)


def origin_of(state):
    return V34 if state == "3.4" else V50


class Database:
    def __init__(self, home):
        self.path = home / "alfresco.db"
        self.away = home / "alfresco.db.away"

    def run(self, *statements):
        with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
            for sql, *rows in statements:
                connection.executemany(sql, rows or [()])

    def create(self, state, now):
        """Makes the database that the start will find."""
        self.path.unlink(missing_ok=True)
        self.away.unlink(missing_ok=True)
        origin = origin_of(state)
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(TABLES)
        self.run(
            ("insert into alf_namespace values (1, 0, ?)", (SYSTEM_MODEL,)),
            ("insert into alf_qname values (?, 0, 1, ?)", *((number, name) for name, number in QNAMES.items())),
            ("insert into alf_locale values (1, 0, '.default')",),
            ("insert into alf_store values (3, 1, 'system', 'system', ?)", (SYSTEM_ROOT,)),
            ("insert into alf_transaction values (?, 1, 1, 'stand-in', ?)", (LAST_TRANSACTION, int(now * 1000))),
            ("insert into alf_acl_change_set values (?, ?)", (LAST_CHANGE_SET, int(now * 1000))),
            ("insert into alf_node values (?, 1, 3, ?, ?, ?, 1, null, 'System', null, 'System', null, null)",
             *((node, f"stand-in-node-{node}", LAST_TRANSACTION, QNAMES["container"])
               for node in (SYSTEM_ROOT, *NODES.values()))),
            ("insert into alf_child_assoc values (?, 1, ?, ?, 0, ?, ?, 1, ?, 0, 1, -1)",
             *((node, SYSTEM_ROOT, QNAMES["children"], name, node, name) for name, node in NODES.items())),
            ("insert into alf_applied_patch values (?, null, 0, ?, ?, ?, ?, ?, 0, 1, ?)",
             *((patch_id, target - 1, origin.schema, target, stamp(now), f"{origin.label} - Enterprise",
                f"Not relevant to schema {origin.schema:,}") for patch_id, target in OLD_PATCHES
               if target <= origin.schema)),
        )
        for node in NODES:
            self.describe(node, *origin)
        if state == "locked":
            self.lock()
        if state == "away":
            self.path.rename(self.away)

    def describe(self, name, version, build, schema):
        values = dict(zip(PROPERTIES, (*version.split("."), "", build)))
        self.run(
            ("insert or replace into alf_node_properties values (?, ?, ?, 0, 0, 0, 0, ?, null, ?, -1, 1)",
             *((NODES[name], *STRING, value, QNAMES[key]) for key, value in values.items())),
            ("insert or replace into alf_node_properties values (?, ?, ?, 0, ?, 0, 0, null, null, ?, -1, 1)",
             (NODES[name], *INTEGER, schema, QNAMES["versionSchema"])),
        )

    def lock(self):
        self.run(("create table if not exists alf_bootstrap_lock (charval char(1) not null)",))

    def unlock(self):
        self.run(("drop table alf_bootstrap_lock",))

    def add_patch(self, *row):
        self.run(("insert or replace into alf_applied_patch values (?, ?, 0, ?, ?, ?, ?, ?, 1, ?, ?)", row))

    def date_scripts(self, now):
        self.run(("update alf_applied_patch set applied_on_date = ? where applied_on_date is null",
                  (stamp(now),)))
