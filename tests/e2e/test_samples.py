# SPDX-License-Identifier: Apache-2.0
"""The stand-in of samples/: every scenario it lists leads to the verdict it names, and to the right first cause."""
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest
from conftest import BINARY, TOP, Gonogo, free_port, wait_until

STANDIN = TOP / "samples" / "alfresco-standin"
EXIT = {"GO": 0, "NO-GO": 1, "ROLLBACK": 2, "UNDECIDED": 3}
AT_ONCE = 5

# scenario: the first cause's rule, and what its text, its words for people, its cause or its facts must say
FIRST_CAUSE = {
    "database-unreachable": ("spring/database-unreachable", r"Connection refused"),
    "second-node-gave-up": ("alfresco/schema-tries-spent", r"24 attempts"),
    "records-patch-failed": ("alfresco/module-component-failed", r"Role ExtendedReader does not exist"),
    "context-failed": ("spring/class-missing", r"NoSuchMethodError: .*getVersionHistory"),
    "wrong-version": ("expect", r"alfresco\.version is 5\.0\.1 .*expected 5\.2\.7"),
    "script-failed": ("alfresco/statement-failed", r'index "act_idx_variable_task_id" does not exist'),
    "schema-locked": ("alfresco/schema-locked", r"A previous schema upgrade failed"),
    "content-missing": ("alfresco/content-missing", r"System content not found in content store"),
    "patch-failed": ("alfresco/patch-error", r"Bootstrap failed"),
    "unsupported-path": ("alfresco/patch-unsupported-path", r"upgrade to 4\.2"),
    "killed": ("process-died", r"SIGKILL"),
    "filter-failed": ("tomcat/", r"Filters failed to start|Context \[/alfresco\] startup failed"),
    "settle-failed": ("java/out-of-memory", r"GC overhead limit exceeded"),
    "patch-stalled": ("stall", r"nothing new for 6s"),
    "index-stalled": ("stall", r"nothing new for 6s"),
}
# what an UNDECIDED leaves open, beside the stall
OPEN = {
    "patch-stalled": ("alfresco/patch-begun", r"patch"),
    "index-stalled": ("probe-missing", r"alfresco-solr-index .*remaining"),
}


def server(*args):
    return [sys.executable, str(STANDIN / "server.py"), *args]


def listed():
    out = subprocess.run(server("--list"), stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name: verdict for name, verdict, _ in (line.split("\t") for line in out.splitlines())}


def stop(home):
    """By pid, and only if the process is the stand-in that was given this home: the pid file outlives a kill."""
    try:
        pid = int((home / "catalina.pid").read_text())
        proc = pathlib.Path(f"/proc/{pid}/cmdline")
        if str(home).encode() in proc.read_bytes():
            os.kill(pid, signal.SIGTERM)
            if not wait_until(lambda: not proc.exists() or not proc.read_bytes(), 5):  # a zombie's is empty
                os.kill(pid, signal.SIGKILL)
    except (OSError, ValueError):
        pass  # it was gone before us


def play(gonogo, name, plan=STANDIN / "plan.yaml"):
    """Exit code and verdict document of one scenario."""
    home, port = gonogo.folder / name, str(free_port())
    command = server("--scenario", name, "--home", str(home), "--port", port, "--speed", "8")
    subprocess.run([*command, "--prepare"], check=True)
    verdict = gonogo.folder / f"{name}.json"
    try:
        r = gonogo("run", plan, "--var", f"home={home}", "--var", f"port={port}", "--quiet",
                   "--json", verdict, "--", *command, timeout=90)
    finally:
        stop(home)
    return r.code, json.loads(verdict.read_text()) if verdict.exists() else r.err


def says(reason, rule, words):
    told = [reason.get(key) or "" for key in ("text", "say", "cause")] + list(reason.get("facts", {}).values())
    return reason["rule"].startswith(rule) and re.search(words, " ".join(map(str, told)))


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """What came of every scenario, several at a time: most of their time they sleep."""
    if not os.access(BINARY, os.X_OK):
        pytest.skip(f"no binary at {BINARY}")
    gonogo = Gonogo(tmp_path_factory.mktemp("standin"))
    scenarios = listed()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(scenarios, pool.map(lambda name: play(gonogo, name), scenarios)))


@pytest.mark.slow
@pytest.mark.parametrize("name, verdict", listed().items())
def test_a_scenario_leads_to_its_verdict_and_names_its_cause(gonogo, played, name, verdict):
    code, doc = played[name]
    assert code == EXIT[verdict], doc
    assert (doc["verdict"], doc["exit_code"]) == (verdict, code)
    if verdict == "GO":
        assert doc["goals"] and all(g["met"] for g in doc["goals"]) and not doc["reasons"]
        assert {p["state"] for p in doc["probes"]} == {"pass"}
        return
    assert says(doc["reasons"][0], *FIRST_CAUSE[name]), doc["reasons"]
    if name in OPEN:
        assert any(says(r, *OPEN[name]) for r in doc["reasons"]), doc["reasons"]
    assert ("restore the database" in doc["next"]) == (verdict == "ROLLBACK")


@pytest.mark.slow
@pytest.mark.parametrize("name, words", [
    ("patch-failed", r"No space left on device"),
    ("filter-failed", r"[Ff]ilters"),
])
def test_the_first_cause_is_the_root_of_it(gonogo, played, name, words):
    assert says(played[name][1]["reasons"][0], "", words)


RECORDS = """
plan: records
logs: [ { name: catalina, file: '${home}/logs/catalina.out', sets: [alfresco, alfresco-share] } ]
settle: 2s
deadline: 30s
stall: 6s
expect: { alfresco.version: '5.2.7', alfresco.rm.version: '2.6', alfresco.rm.was: '2.3' }
probes:
  - { use: alfresco-rm-site, with: { base: 'http://127.0.0.1:${port}', user: admin, password: admin } }
  - { use: alfresco-share-login, with: { base: 'http://127.0.0.1:${port}', user: admin, password: admin } }
"""


@pytest.mark.slow
@pytest.mark.parametrize("name, verdict", [("records", "GO"), ("upgrade", "UNDECIDED"), ("records-patch-failed", "ROLLBACK")])
def test_records_management_and_share_are_asked_for(gonogo, name, verdict):
    """The repository alone (upgrade) is well without Records Management: only who expects it misses it."""
    code, doc = play(gonogo, name, gonogo.write("records.yaml", RECORDS))
    assert doc["verdict"] == verdict, doc["reasons"]
    states = {probe["name"]: probe["state"] for probe in doc["probes"]}
    assert (states["alfresco-rm-site"] == "pass") == (name == "records"), doc["probes"]


def test_an_unknown_scenario_is_a_mistake_and_no_verdict():
    r = subprocess.run(server("--list", "pach-failed"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert (r.returncode, r.stdout) == (64, "") and "patch-failed" in r.stderr
