# SPDX-License-Identifier: Apache-2.0
"""The plans that are meant to be copied, against installations as they describe them."""
import os
import shutil
import sys
import time

import pytest
from conftest import TOP

PLANS = TOP / "samples" / "plans"
ENV = {"ALF_DB": "host=127.0.0.1 port=1", "ALF_PASSWORD": "nobody-knows", "ALF_CERT_PASSWORD": "nobody-knows"}
SETTINGS = "tomcat/shared/classes/alfresco-global.properties"
SOLRCORES = [f"solr4/{store}-SpacesStore/conf/solrcore.properties" for store in ("workspace", "archive")]


def install(folder, database, **settings):
    """The files of an installation that plans look at."""
    home = {"dir.root": f"{folder}/alf_data", "db.url": f"jdbc:postgresql://{database}/alfresco", **settings}
    files = {SETTINGS: "".join(f"{key}={value}\n" for key, value in home.items()),
             "tomcat/temp/catalina.pid": "1\n",
             "tomcat/shared/classes/alfresco/extension/mt/mt-context.xml.sample": "",
             **{path: f"data.dir.root={folder}/{path.split('/')[1]}\n" for path in SOLRCORES}}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "tomcat" / "logs").mkdir()
    return folder


@pytest.fixture
def old(gonogo):
    return install(gonogo.folder / "old", "db-old")


@pytest.fixture
def backup(gonogo, old):
    folder = gonogo.folder / "backup"
    folder.mkdir()
    for name in ("database-1.dump", "contentstore-1.tar.gz"):
        (folder / name).write_bytes(b"\0" * (1 << 20))
    started = time.time() - 60
    os.utime(old / "tomcat" / "temp" / "catalina.pid", (started, started))
    return folder


def plan_of(name):
    """As a user would change it: there is less room here."""
    return (PLANS / f"{name}.yaml").read_text().replace("min_free: 50G", "min_free: 1M").replace(
        "path: '${home}' } }", "path: '${home}', min_free: 1M } }")


def ask(gonogo, name, variables, *probes):
    """Exit code and result of each probe of a copied plan."""
    plan = gonogo.write("plan.yaml", plan_of(name))
    r = gonogo("preflight", plan, *probes, *(arg for k, v in variables.items() for arg in ("--var", f"{k}={v}")), env=ENV)
    assert ENV["ALF_PASSWORD"] not in r.out + r.err
    return r.code, {line.split()[1]: line.split()[0] for line in r.out.splitlines()}, r.out


# What is asked before the start without a database.
BEFORE = {name: probes.split() for name, probes in {
    "alfresco-3.4-to-4.2": "alfresco-properties alfresco-properties-moved alfresco-properties-lucene alfresco-multi-tenancy "
                           "backup-database backup-content disk-space",
    "alfresco-5.x-to-5.2-solr": "alfresco-properties alfresco-properties-moved alfresco-properties-solr solrcore-workspace "
                                "solrcore-archive alfresco-multi-tenancy backup-database backup-content disk-space",
    "alfresco-rm": "alfresco-properties backup-database backup-content disk-space",
    "alfresco-cluster": "settings-dms1 settings-dms2 same-data",
    "alfresco-clone": "alfresco-properties-alone alfresco-properties-moved disk-space",
}.items()}


EXTRA = {"alfresco-3.4-to-4.2": {"index.recovery.mode": "FULL"}, "alfresco-5.x-to-5.2-solr": {"index.subsystem.name": "solr4"},
         "alfresco-clone": {"alfresco.cluster.enabled": "false"}}


@pytest.mark.parametrize("name", ["alfresco-3.4-to-4.2", "alfresco-5.x-to-5.2-solr", "alfresco-rm", "alfresco-clone"])
def test_a_new_installation_passes_and_a_copy_of_the_old_one_does_not(gonogo, old, backup, name):
    home = install(gonogo.folder / "new", "db-new", **EXTRA.get(name, {}))
    variables = {"old": old, "original": old, "home": home, "backup": backup}
    code, states, out = ask(gonogo, name, variables, *BEFORE[name])
    assert code == 0 and states == dict.fromkeys(BEFORE[name], "pass"), out
    shutil.copy(old / SETTINGS, home / SETTINGS)
    (home / SETTINGS).write_text((home / SETTINGS).read_text() + "alfresco.cluster.name=prod\ndb.schema.update=false\n")
    for path in SOLRCORES:
        shutil.copy(old / path, home / path)
    code, states, out = ask(gonogo, name, variables, *BEFORE[name])
    failed = {probe for probe, state in states.items() if state == "fail"}
    assert code == 1 and {probe for probe in BEFORE[name] if "properties" in probe or "solrcore" in probe} <= failed, out


def test_two_nodes_have_one_database(gonogo):
    first = install(gonogo.folder / "first", "db")
    second = install(gonogo.folder / "second", "db")
    (second / SETTINGS).write_text((first / SETTINGS).read_text())
    code, states, out = ask(gonogo, "alfresco-cluster", {"first": first, "second": second}, *BEFORE["alfresco-cluster"])
    assert code == 0 and set(states.values()) == {"pass"}, out
    (second / SETTINGS).write_text((first / SETTINGS).read_text().replace("//db/", "//db-old/"))
    code, states, out = ask(gonogo, "alfresco-cluster", {"first": first, "second": second}, *BEFORE["alfresco-cluster"])
    assert code == 1 and states["same-data"] == "fail" and "db.url" in out


def test_a_clone_that_joins_ends_the_run_at_once(gonogo, old, backup):
    home = install(gonogo.folder / "new", "db-new", **EXTRA["alfresco-clone"])
    start = gonogo.write("start.py", f"import shutil, time; shutil.copy({str(TOP / 'samples/alfresco-clone/joined.log')!r}, "
                         f"{str(home / 'tomcat/logs/catalina.out')!r}); time.sleep(60)")
    began = time.monotonic()
    r = gonogo("run", gonogo.write("plan.yaml", plan_of("alfresco-clone")), "--quiet", "--json", "-", "--var", f"home={home}",
               "--var", f"original={old}", "--", sys.executable, start, env=ENV)
    assert (r.code, r.doc["verdict"]) == (2, "ROLLBACK") and time.monotonic() - began < 50
    assert r.doc["reasons"][0]["rule"] == "alfresco-clone/joined"
    assert any("caches" in line for line in r.doc["next"]), r.doc["next"]


def test_a_database_that_was_empty_is_no_upgrade(gonogo):
    """The log alone is that of a fresh installation; what was first installed tells that it was not to be one."""
    log = TOP / "samples" / "alfresco" / "5.2-empty-database.log"
    assert gonogo.scan(log).doc["verdict"] == "GO"
    gonogo.write("plan.yaml", f"plan: t\nsettle: 300ms\ndeadline: 20s\n"
                 f"logs: [ {{ file: {log}, sets: [alfresco], from: start }} ]\n"
                 "expect: { alfresco.version: '5.2.7', alfresco.original_version: '5.0.1' }\n")
    r = gonogo("run", "plan.yaml", "--quiet", "--json", "-")
    assert r.code in (1, 2) and r.doc["reasons"][0]["rule"] == "expect"
    assert "alfresco.original_version is 5.2.7" in r.doc["reasons"][0]["say"]
    assert "alfresco/schema-created" in [warning["rule"] for warning in r.doc["warnings"]]
