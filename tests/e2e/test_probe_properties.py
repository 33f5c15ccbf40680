# SPDX-License-Identifier: Apache-2.0
"""Before the start: property files, what was left over, the backup, and room on the disk."""
import json
import os
import random
import shutil
import subprocess
import time

import pytest
from conftest import TOP
from test_probe_http import CANARY, ask, one

OLD = f"""# the old one
dir.root=/opt/alfresco-old/alf_data
db.url=jdbc:postgresql://db-old/alfresco
db.driver=org.postgresql.Driver
db.password={CANARY}
"""
NEW = f"""! the new one
dir.root=/opt/alfresco-new/alf_data
dir.contentstore=${{dir.root}}/contentstore
db.host : db-new
db.url=jdbc:postgresql://${{db.host}}/\\
       alfresco
db.driver=org.postgresql.Driver
db.password={CANARY}
db.schema.update=false
db.schema.update=true
"""


@pytest.fixture
def files(gonogo):
    gonogo.write("old.properties", OLD)
    gonogo.write("new.properties", NEW)
    return gonogo


def properties(**settings):
    return {"properties": {"path": "new.properties", **settings}}


def against(**settings):
    return properties(against="old.properties", **settings)


@pytest.mark.parametrize("entry, said", [
    (properties(values={"db.schema.update": True}), ("pass", "new.properties is as expected")),
    (properties(values={"dir.contentstore": "/opt/alfresco-new/alf_data/contentstore"}), ("pass", None)),
    (properties(values={"db.url": "jdbc:postgresql://db-new/alfresco"}), ("pass", None)),
    (properties(values={"db.url": {"matches": "db-old"}, "db.schema.update": "false"}),
     ("fail", "new.properties: db.url is 'jdbc:postgresql://db-new/alfresco', expected a match of 'db-old' (line 5); "
              "db.schema.update is 'true', expected 'false' (line 10)")),
    (properties(values={"server.allowWrite": True}),
     ("fail", "new.properties: server.allowWrite is missing, expected 'true'")),
    (properties(values={"server.allowWrite": True}, defaults={"server.allowWrite": True}), ("pass", None)),
    (properties(values={"db.schema.update": True}, defaults={"db.schema.update": False}), ("pass", None)),
    (properties(absent=["lucene.*", "index.*"]), ("pass", None)),
    (properties(absent=["lucene.*", "dir.*"]),
     ("fail", "new.properties: dir.root should be gone (line 2); dir.contentstore should be gone (line 3)")),
    (properties(values={"db.password": "x"}),
     ("fail", "new.properties: db.password is not as expected; its value is not shown (line 8)")),
    (against(differ=["dir.root", "db.url"], same="db.driver"), ("pass", None)),
    (against(differ="db.driver"),
     ("fail", "new.properties: db.driver is still 'org.postgresql.Driver', as in old.properties (line 7)")),
    (against(differ="dir.indexes"), ("fail", "new.properties: dir.indexes is missing")),
    (against(differ="dir.contentstore"),
     ("fail", "new.properties: dir.contentstore is missing in old.properties, so there is nothing to compare with")),
    (against(same="dir.root"),
     ("fail", "new.properties: dir.root is '/opt/alfresco-new/alf_data', in old.properties it is "
              "'/opt/alfresco-old/alf_data' (line 2)")),
    (against(differ="db.password"), ("fail", "new.properties: db.password is still '***', as in old.properties (line 8)")),
    (properties(path="nix.properties", absent="a"), ("not-yet", "nix.properties: No such file or directory")),
    (properties(against="nix.properties", differ="a"), ("not-yet", "nix.properties: No such file or directory")),
    (properties(max_read=10, absent="a"), ("not-yet", "new.properties: larger than 10 bytes")),
])
def test_settings_are_judged(files, entry, said):
    state, reason = one(files, entry)
    assert (state, said[1] and reason) == said
    assert CANARY not in reason


@pytest.mark.parametrize("old, new, same", [
    ("/srv/a", "/srv/a/", True),
    ("/srv/a", "/srv/a  ", True),
    ("/srv/a", "/srv/A", False),
    ("jdbc:mysql://db/a", "jdbc:mysql://db/a?useSSL=false", True),
    ("jdbc:mysql://db/a", "jdbc:mysql://db/b?useSSL=false", False),
    ("jdbc:sqlserver://db;databaseName=a", "jdbc:sqlserver://db;databaseName=b", False),
])
def test_what_is_the_same_place_does_not_differ(gonogo, old, new, same):
    gonogo.write("old.properties", f"x={old}\n")
    gonogo.write("new.properties", f"x={new}\n")
    assert one(gonogo, against(differ="x"))[0] == ("fail" if same else "pass")


def test_two_names_of_one_folder_do_not_differ(gonogo):
    (gonogo.folder / "old" / "data").mkdir(parents=True)
    (gonogo.folder / "new").symlink_to("old")
    gonogo.write("old.properties", f"dir.root={gonogo.folder}/old/data\n")
    gonogo.write("new.properties", f"dir.root={gonogo.folder}/new/data\n")
    state, reason = one(gonogo, against(differ="dir.root"))
    assert state == "fail" and f"another name of '{gonogo.folder}/old/data"[:40] in reason


@pytest.mark.parametrize("url", [
    "jdbc:mysql://db/a?user=me&password=S3-hidden&x=y", "jdbc:postgresql://me:S3-hidden@db/a", "jdbc:oracle:thin:me/S3-hidden@db",
])
def test_a_password_within_a_value_is_not_shown(gonogo, url):
    gonogo.write("new.properties", f"db.url={url}\n")
    gonogo.write("old.properties", f"db.url={url}\n")
    for entry in (properties(values={"db.url": "x"}, facts={"u": {"key": "db.url"}}), against(differ="db.url")):
        state, reason = one(gonogo, entry)
        assert state == "fail" and "S3-hidden" not in reason and "***" in reason


def test_a_blank_at_the_end_is_told(gonogo):
    gonogo.write("new.properties", "db.schema.update=true \n")
    assert one(gonogo, properties(values={"db.schema.update": True}))[1] == (
        "new.properties: db.schema.update is 'true', expected 'true', with a blank at its end (line 1)")


def test_what_java_would_refuse_is_refused(gonogo):
    gonogo.write("new.properties", "a=1\nb=\\users\n")
    assert one(gonogo, properties(absent="c")) == (
        "fail", "new.properties: line 2: \\u without four hexadecimal digits; Java refuses the file")


JAVA = """
import java.io.*;
import java.nio.file.*;
import java.util.*;
public class Read {
    static String hex(String s) {
        StringBuilder b = new StringBuilder();
        for (char c : s.toCharArray()) b.append(String.format("%04x", (int) c));
        return b.toString();
    }
    public static void main(String[] args) throws Exception {
        for (String name : args) {
            Properties p = new Properties();
            try (InputStream in = Files.newInputStream(Path.of(name))) {
                p.load(in);
                StringBuilder line = new StringBuilder(name);
                for (String k : p.stringPropertyNames()) line.append(" " + hex(k) + "=" + hex(p.getProperty(k)));
                System.out.println(line);
            } catch (IllegalArgumentException e) {
                System.out.println(name + " !");
            }
        }
    }
}
"""


def test_random_files_are_read_as_java_reads_them(gonogo):
    if not shutil.which("java"):
        pytest.skip("no java here")
    dice = random.Random(20261121)
    pieces = [b"a", b"b", b"dir.root", b" ", b"  ", b"\t", b"\f", b"\n", b"\r", b"\r\n", b"=", b":", b"#", b"!", b"\\", b"\\\\", b"\\n",
              b"\\u00e9", b"\\u20AC", b"\xe9", b"\\:", b"\\=", b"\\ ", b"\\#", b"0", b"/srv", b"\\u00"]
    names = [f"{i}.properties" for i in range(400)]
    for name in names:
        gonogo.write(name, b"".join(dice.choices(pieces, weights=[4] * (len(pieces) - 1) + [1], k=dice.randrange(1, 30))))
    gonogo.write("Read.java", JAVA)
    said = subprocess.run(["java", "Read.java", *names], cwd=gonogo.folder, stdout=subprocess.PIPE, text=True, check=True,
                          timeout=120).stdout

    def text(hexed):
        return bytes.fromhex(hexed).decode("utf-16-be")

    probes, refused = [], set()
    for line in said.splitlines():
        name, *pairs = line.split(" ")
        refused |= {name} if pairs == ["!"] else set()
        values = {text(k): {"equals": text(v)} for k, v in (pair.split("=") for pair in pairs if pair != "!") if k}
        probes.append({"name": name, "properties": {"path": name, "absent": ["zzz"], **({"values": values} if values else {"absent": ["?*"]})}})
    assert len(probes) == len(names) and 5 < len(refused) < 200
    gonogo.write("plan.yaml", json.dumps({"plan": "t", "probes": probes}))
    r = gonogo("probe", "plan.yaml")
    states = {line.split()[1]: line.split()[0] for line in r.out.splitlines()}
    assert len(states) == len(names), r.err
    assert {name for name, state in states.items() if state != "pass"} == refused, r.out


# ---- what is shipped ----

def before(definition, **parameters):
    return {"use": definition, "with": parameters}


def use(definition, **parameters):
    return {**before(definition, **parameters), "when": "after"}  # what `gonogo probe` asks


def test_the_settings_of_an_upgrade_are_checked(files):
    assert one(files, use("alfresco-properties", path="new.properties"))[0] == "pass"
    files.write("new.properties", NEW + "db.schema.update=TRUE \n")  # Spring trims what is to be true or false, and no path
    assert one(files, use("alfresco-properties", path="new.properties"))[0] == "pass"
    files.write("new.properties", NEW + "dir.root=/opt/alfresco-new/alf_data \n")
    state, reason = one(files, use("alfresco-properties", path="new.properties"))
    assert state == "fail" and "dir.root is" in reason and "with a blank at its end" in reason
    files.write("new.properties", NEW + "db.schema.update=false\nserver.allowWrite=false\ndir.root=./alf_data\n"
                "db.schema.stopAfterSchemaBootstrap=true\nsystem.bootstrap.config_check.strict=false\n")
    state, reason = one(files, use("alfresco-properties", path="new.properties"))
    assert state == "fail"
    for key in ("dir.root", "db.schema.update", "server.allowWrite", "db.schema.stopAfterSchemaBootstrap",
                "system.bootstrap.config_check.strict"):
        assert f"{key} is " in reason


def test_the_new_installation_does_not_use_the_old_ones_data(files):
    entry = use("alfresco-properties-moved", path="new.properties", old="old.properties")
    assert one(files, entry)[0] == "pass"
    files.write("new.properties", NEW.replace("alfresco-new", "alfresco-old").replace("db-new", "db-old"))
    state, reason = one(files, entry)
    assert state == "fail" and "dir.root is still" in reason and "db.url is still" in reason


@pytest.mark.parametrize("line, state", [
    ("index.subsystem.name=solr4", "pass"),
    ("index.subsystem.name=solr6", "pass"),
    ("index.subsystem.name=lucene", "fail"),
    ("", "fail"),
    ("index.subsystem.name=solr4\nindex.recovery.mode=AUTO", "fail"),
    ("index.subsystem.name=solr4\nlucene.maxAtomicTransformationTime=100", "fail"),
    ("index.subsystem.name=solr4\nindex.tracking.cronExpression=0/5 * * * * ?", "fail"),
])
def test_lucene_is_gone_where_solr_takes_its_place(files, line, state):
    files.write("new.properties", NEW + line + "\n")
    assert one(files, use("alfresco-properties-solr", path="new.properties"))[0] == state


@pytest.mark.parametrize("line, state", [
    ("index.recovery.mode=AUTO", "pass"), ("index.recovery.mode=FULL", "fail"), ("index.recovery.mode=NONE", "fail"), ("", "fail"),
    ("index.recovery.mode=AUTO\nindex.subsystem.name=solr", "fail"),
])
def test_the_mode_of_the_index_recovery_is_the_one_that_was_planned(files, line, state):
    files.write("new.properties", NEW + line + "\n")
    assert one(files, use("alfresco-properties-lucene", path="new.properties"))[0] == state
    if "FULL" in line:
        assert one(files, use("alfresco-properties-lucene", path="new.properties", mode="FULL"))[0] == "pass"


def test_solr_tracks_the_new_repository_into_the_new_folder(gonogo):
    gonogo.write("new.properties", "data.dir.root=/opt/new/solr4\nalfresco.secureComms=https\nenable.alfresco.tracking=true\n")
    gonogo.write("old.properties", "data.dir.root=/opt/old/solr\nalfresco.secureComms=https\n")
    entry = use("alfresco-solrcore-properties", path="new.properties", old="old.properties")
    assert one(gonogo, entry)[0] == "pass"
    gonogo.write("new.properties", "data.dir.root=/opt/old/solr\nenable.alfresco.tracking=false\nalfresco.secureComms=none\n")
    state, reason = one(gonogo, entry)
    assert state == "fail"
    for key in ("data.dir.root", "enable.alfresco.tracking", "alfresco.secureComms"):
        assert f"{key} is " in reason


def test_the_files_of_the_old_multi_tenancy_are_gone(gonogo):
    entry = use("alfresco-multi-tenancy", extension=str(gonogo.folder / "extension"))
    assert one(gonogo, entry)[0] == "not-yet"  # a wrong folder proves nothing
    (gonogo.folder / "extension" / "mt").mkdir(parents=True)
    gonogo.write("extension/mt/mt-admin-context.xml.sample", "")
    assert one(gonogo, entry)[0] == "pass"
    gonogo.write("extension/mt/mt-admin-context.xml", "")
    state, reason = one(gonogo, entry)
    assert state == "not-yet" and reason.endswith("mt-admin-context.xml is there")


def test_the_settings_of_the_old_cluster_are_gone(files):
    entry = use("alfresco-properties-cluster", path="new.properties")
    assert one(files, entry)[0] == "pass"
    files.write("new.properties", NEW + "alfresco.cluster.name=prod\nalfresco.jgroups.bind_address=10.0.0.1\n"
                "alfresco.ehcache.rmi.hostname=a\nalfresco.tcp.initial_hosts=a[7800]\nalfresco.cluster.enabled=false\n")
    state, reason = one(files, entry)
    assert state == "fail"
    for key in ("alfresco.cluster.name", "alfresco.jgroups.bind_address", "alfresco.ehcache.rmi.hostname",
                "alfresco.tcp.initial_hosts", "alfresco.cluster.enabled"):
        assert key in reason


def test_a_clone_is_kept_away_from_the_cluster_it_was_copied_from(files):
    entry = use("alfresco-properties-alone", path="new.properties")
    state, reason = one(files, entry)
    assert state == "fail" and "alfresco.cluster.enabled is missing" in reason
    files.write("new.properties", NEW + "alfresco.cluster.enabled=false\n")
    assert one(files, entry)[0] == "pass"
    files.write("new.properties", NEW + "alfresco.cluster.enabled=false\nalfresco.cluster.name=prod\n")
    assert one(files, entry)[0] == "fail"


def test_the_newest_backup_is_younger_than_the_last_start(gonogo):
    pid, entry = gonogo.write("catalina.pid", "1"), use("alfresco-backup", backup="dump-*.gz", since="catalina.pid", min_size="5")
    assert one(gonogo, entry)[0] == "not-yet"
    now = time.time()
    for name, text, age in (("dump-1.gz", "whole", 20), ("dump-2.gz", "whole", 10)):
        os.utime(gonogo.write(name, text), (now - age, now - age))
    os.utime(pid, (now - 5, now - 5))
    assert one(gonogo, entry) == ("not-yet", "dump-2.gz is not newer than catalina.pid")
    os.utime(pid, (now - 15, now - 15))
    assert one(gonogo, entry) == ("pass", "dump-2.gz is as expected")
    gonogo.write("dump-3.gz", "cut")
    assert one(gonogo, entry) == ("not-yet", "dump-3.gz has 3 bytes, expected at least 5")


def test_there_is_room_on_the_disk(gonogo):
    assert one(gonogo, use("disk-space", path=".", min_free="1M"))[0] == "pass"
    state, reason = one(gonogo, use("disk-space", path=".", min_free="9000000G"))
    assert state == "not-yet" and "are free, expected at least" in reason


def test_preflight_asks_what_comes_before_and_only_that(files):
    (files.folder / "alf_data").mkdir()
    plan = {"plan": "t", "probes": [before("alfresco-properties", path="new.properties"),
                                    before("disk-space", path="alf_data", min_free="1M"),
                                    {"name": "later", "file": {"path": "nix"}}]}
    files.write("plan.yaml", json.dumps(plan))
    r = files("preflight", "plan.yaml")
    assert r.code == 0 and [line.split()[1] for line in r.out.splitlines()] == ["alfresco-properties", "disk-space"]
    files.write("new.properties", NEW + "db.schema.update=false\n")
    r = files("preflight", "plan.yaml")
    assert r.code == 1 and "db.schema.update is 'false'" in r.out and CANARY not in r.out + r.err


def test_a_run_does_not_start_the_server_when_a_setting_is_wrong(files):
    files.write("new.properties", NEW + "db.schema.update=false\n")
    files.write("plan.yaml", json.dumps({"plan": "t", "deadline": "20s", "probes": [
        before("alfresco-properties", path="new.properties"), {"name": "later", "file": {"path": "started"}}]}))
    r = files("run", "plan.yaml", "--quiet", "--json", "-", "--", "touch", "started")
    assert (r.code, r.doc["verdict"]) == (1, "NO-GO") and not (files.folder / "started").exists()
    assert "db.schema.update is 'false'" in json.dumps(r.doc["reasons"])


def test_what_a_setting_says_and_what_the_log_says_must_agree(files):
    log = TOP / "samples" / "alfresco" / "5.2-upgraded.log"
    files.write("plan.yaml", json.dumps({
        "plan": "t", "settle": "300ms", "deadline": "20s",
        "logs": [{"file": str(log), "sets": ["alfresco"], "from": "start"}],
        "probes": [before("alfresco-properties", path="new.properties"), {"name": "up", "file": {"path": "plan.yaml"}}]}))
    r = files("run", "plan.yaml", "--quiet", "--json", "-")
    assert r.doc["reasons"][0]["rule"] == "facts-disagree", r.doc["reasons"]
    assert r.doc["reasons"][0]["text"] == (
        "alfresco.database.url is jdbc:postgresql://db7:5432/dms according to 5.2-upgraded.log, but "
        "jdbc:postgresql://db-new/alfresco according to alfresco-properties")
