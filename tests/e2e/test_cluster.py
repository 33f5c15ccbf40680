# SPDX-License-Identifier: Apache-2.0
"""A cluster: the first node upgrades, the others wait and change nothing, and nobody is in it who should not be."""
import json
import shutil
import subprocess
import sys

import pytest
from conftest import TOP, free_port
from test_samples import server, stop

SAMPLES = TOP / "samples" / "alfresco-node"
NODES = "10.1.2.3:5701, 10.1.2.4:5701"


def cluster(gonogo, first, second, members=NODES, deadline="20s"):
    """The verdict over finished logs of two nodes; None: a log that is not there (yet)."""
    for node, log in (("n1", first), ("n2", second)):
        (gonogo.folder / node).mkdir(exist_ok=True)
        if log:
            shutil.copy(log, gonogo.folder / node / "alfresco.log")
    gonogo.write("plan.yaml", json.dumps({
        "plan": "cluster", "settle": "300ms", "deadline": deadline,
        "logs": [{"name": "first", "node": "n1", "file": "n1/alfresco.log", "sets": ["alfresco"], "from": "start"},
                 {"name": "second", "node": "n2", "file": "n2/alfresco.log", "sets": ["alfresco-node", "alfresco"],
                  "from": "start"}],
        "expect": {"alfresco.cluster.members": members, "alfresco.version": "5.2.7"}}))
    r = gonogo("run", "plan.yaml", "--quiet", "--json", "-")
    assert r.code == r.doc["exit_code"]
    return r.doc


def rules(doc):
    return [reason["rule"] for reason in doc["reasons"]]


def test_both_nodes_are_up_and_see_each_other(gonogo):
    doc = cluster(gonogo, SAMPLES / "first-node.log", SAMPLES / "second-node.log")
    assert doc["verdict"] == "GO", rules(doc)
    assert doc["facts"]["alfresco.cluster.members"] == NODES


def test_the_members_may_be_named_in_any_order(gonogo):
    doc = cluster(gonogo, SAMPLES / "first-node.log", SAMPLES / "second-node.log", "10.1.2.4:5701,10.1.2.3:5701")
    assert doc["verdict"] == "GO", rules(doc)


@pytest.mark.parametrize("second, said", [
    (None, "goal alfresco/started was not reached on n2"),
    ("second-node-still-waiting.log", "still waiting after 7 tries"),
])
def test_one_node_is_not_the_cluster(gonogo, second, said):
    doc = cluster(gonogo, SAMPLES / "first-node.log", second and SAMPLES / second, deadline="2s")
    assert doc["verdict"] == "UNDECIDED"
    assert any(said in (reason.get("say") or reason["text"]) for reason in doc["reasons"]), doc["reasons"]


@pytest.mark.parametrize("second, rule", [
    ("second-node-runs-a-patch.log", "alfresco-node/patch-begun"),
    ("second-node-gave-up.log", "alfresco/schema-tries-spent"),
    ("second-node-locked-out.log", "alfresco-node/schema-locked"),
])
def test_the_second_node_fails_while_the_first_one_is_well(gonogo, second, rule):
    """The first node has changed the database: whatever fails now, the way back is a restore."""
    doc = cluster(gonogo, SAMPLES / "first-node.log", SAMPLES / second)
    assert doc["verdict"] == "ROLLBACK" and rules(doc)[0] == rule
    assert doc["reasons"][0]["source"] == "second"


@pytest.mark.parametrize("members, first", [
    ("10.1.2.3:5701, 10.1.2.4:5701, 10.1.2.5:5701", "10.1.2.3:5701, 10.1.2.4:5701"),  # one has not come
    ("10.1.2.3:5701", "10.1.2.3:5701, 10.1.2.4:5701"),                              # one has come that is not ours
])
def test_the_members_are_those_that_were_expected(gonogo, members, first):
    doc = cluster(gonogo, SAMPLES / "first-node.log", SAMPLES / "second-node.log", members)
    assert doc["verdict"] == "ROLLBACK" and set(rules(doc)) == {"expect"}
    assert f"alfresco.cluster.members is {first} according to first, expected {members}" in doc["reasons"][0]["say"]
    assert "Member joined: 10.1.2.4:5701" in doc["reasons"][0]["text"]


def test_a_member_that_left_is_missed(gonogo):
    log = gonogo.write("left.log", (SAMPLES / "first-node.log").read_text() + (
        "2031-04-05 10:04:41,503  INFO  [cluster.core.MembershipChangeLogger] [Thread-6] "
        "Member left: 10.1.2.4:5701 (hostname: dms2)\n"))
    doc = cluster(gonogo, log, SAMPLES / "second-node.log")
    assert doc["verdict"] == "ROLLBACK" and {"expect", "facts-disagree"} >= set(rules(doc))
    assert "alfresco/cluster-member-left" in [warning["rule"] for warning in doc["warnings"]]


@pytest.mark.parametrize("first, second, verdict, rule", [
    ("first-node", "second-node", "GO", None),
    ("patch-failed", "second-node-gave-up", "ROLLBACK", "alfresco/patch-error"),
])
@pytest.mark.slow
def test_two_nodes_that_start_together_are_watched_together(gonogo, first, second, verdict, rule):
    """Live, on the stand-in: the second node writes that it waits until the first one has changed the schema."""
    homes, commands, ports = [], [], []
    for name in (first, second):
        home, port = gonogo.folder / name, str(free_port())
        command = server("--scenario", name, "--home", str(home), "--port", port, "--speed", "6")
        subprocess.run([*command, "--prepare"], check=True)
        homes.append(home)
        ports.append(port)
        commands.append(command)
    start = gonogo.write("start.py", "import subprocess, sys, json\n"
                         "for p in [subprocess.Popen(c) for c in json.loads(sys.argv[1])]: p.wait()\n")
    members = "10.0.0.11:5701, 10.0.0.12:5701"
    gonogo.write("plan.yaml", json.dumps({
        "plan": "cluster", "settle": "2s", "deadline": "60s", "stall": "15s",
        "logs": [{"name": "first", "node": "n1", "file": f"{homes[0]}/logs/catalina.out", "sets": ["alfresco"]},
                 {"name": "second", "node": "n2", "file": f"{homes[1]}/logs/catalina.out",
                  "sets": ["alfresco-node", "alfresco"]}],
        "expect": {"alfresco.version": "5.2.7", **({"alfresco.cluster.members": members} if verdict == "GO" else {})},
        "probes": [{"name": f"up-{i}", "node": f"n{i}", "use": "alfresco-server", "with": {"base": f"http://127.0.0.1:{port}"}}
                   for i, port in enumerate(ports, 1)]}))
    try:
        r = gonogo("run", "plan.yaml", "--quiet", "--json", "-", "--", sys.executable, start, json.dumps(commands), timeout=90)
    finally:
        for home in homes:
            stop(home)
    assert r.doc["verdict"] == verdict, r.doc["reasons"]
    if rule:
        assert rule in rules(r.doc)
    else:
        assert r.doc["facts"]["alfresco.cluster.members"] == members
