# SPDX-License-Identifier: Apache-2.0
"""Probes inside a run: what they add to the verdict, and what they leave behind."""
import json
import sqlite3
import sys
import time

import pytest
from conftest import free_port, wait_until
from test_probe_http import CANARY, ask, one, serve  # noqa: F401 (a fixture)

SERVER = """
import http.server, sys, time
time.sleep(float(sys.argv[2]))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.server.bodies.pop(0) if len(self.server.bodies) > 1 else self.server.bodies[0]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.bodies = sys.argv[3:]
server.serve_forever()
"""


def run(gonogo, probe, *bodies, wait=0.5, timeout=40):
    """A run of a server that says nothing and answers with bodies, one after the other; the exit code and the verdict."""
    port = free_port()
    probe = json.loads(json.dumps(probe).replace("PORT", str(port)))
    gonogo.write("server.py", SERVER)
    gonogo.write("plan.yaml", json.dumps({"plan": "t", "settle": "500ms", "deadline": "20s", "goals": [probe["name"]],
                                          "probes": [probe]}))
    r = gonogo("run", "plan.yaml", "--quiet", "--json", "-", "--", sys.executable, "server.py", port, wait, *bodies,
               timeout=timeout)
    assert CANARY not in r.out + r.err
    return r.code, r.doc


def test_a_run_is_go_when_its_probe_passes(gonogo):
    code, doc = run(gonogo, {"name": "up", "every": "100ms", "http": {
        "url": "http://127.0.0.1:PORT/", "password": CANARY, "json": {"/v": "1.2"}, "facts": {"app.version": {"json": "/v"}}}},
        '{"v": "1.1"}', '{"v": "1.2"}')
    assert (code, doc["verdict"], doc["facts"]) == (0, "GO", {"app.version": "1.2"})
    (probe,) = doc["probes"]
    assert (probe["state"], probe["reason"], probe["most_often"]) == ("pass", "200 OK", "connection refused")
    assert probe["tries"] >= 3


def test_an_index_that_stands_still_ends_the_run(gonogo):
    code, doc = run(gonogo, {"name": "index", "every": "200ms", "index": {
        "url": "http://127.0.0.1:PORT/", "done": "/done", "total": "/total", "stall": "1s"}},
        '{"done": 1, "total": 9}', '{"done": 2, "total": 9}')
    assert code == 1
    assert doc["probes"][0]["state"] == "fail"
    assert doc["probes"][0]["reason"] == "no progress for 1s: 2 of 9"


def test_a_program_that_does_not_end_is_gone_after_the_run(gonogo):
    pids = gonogo.folder / "pids"
    code, _ = run(gonogo, {"name": "hangs", "every": "200ms", "try_timeout": "300ms", "give_up_after": "1s", "exec": {
        "argv": f"trap '' TERM; echo $$ >> {pids}; sleep 300 & echo $! >> {pids}; sleep 300", "shell": True}}, "{}")
    assert code != 0
    started = [int(p) for p in pids.read_text().split()]
    assert len(started) >= 2
    assert wait_until(lambda: not any(alive(p) for p in started), 5)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_hangs_does_not_hold_up_the_others(gonogo, serve):
    server = serve({"/": b"here"})
    sqlite3.connect(gonogo.folder / "db").close()
    endless = "with recursive r(i) as (select 1 union all select i + 1 from r) select count(*) from r"
    probes = [
        {"name": "slow", "sql": {"driver": "sqlite", "conninfo": "db", "query": endless, "query_timeout": "10s", "rows": 1}},
        {"name": "up", "every": "100ms", "http": {"url": server.url + "/"}},
    ]
    gonogo.write("plan.yaml", json.dumps({"plan": "t", "settle": "200ms", "deadline": "2s", "goals": ["up"], "probes": probes}))
    begin = time.monotonic()
    r = gonogo("run", "plan.yaml", "--quiet", "--json", "-", "--", "sleep", "30")
    assert time.monotonic() - begin < 10
    up = next(p for p in r.doc["probes"] if p["name"] == "up")
    assert up["state"] == "pass" and up["tries"] >= 8


@pytest.mark.parametrize("entry, said", [
    ({"exec": {"argv": ["sh", "-c", "sleep 300 & echo up"], "contains": "up"}}, ("pass", "exit code 0")),
    ({"exec": {"argv": "nix-nix"}}, ("fail", "program not found: starting nix-nix: No such file or directory")),
    ({"file": {"path": "plan.yaml", "newer_than": "1m"}}, ("pass", "plan.yaml is as expected")),
    ({"use": "tcp-port", "with": {"port": 1}}, ("not-yet", "127.0.0.1 port 1: Connection refused")),
])
def test_kinds_without_a_network(gonogo, entry, said):
    assert one(gonogo, entry) == said


def test_each_secret_of_a_plan_stays_one(gonogo, serve):
    server = serve({"/": f"your password is {CANARY}".encode()})
    url = server.url + "/"
    gonogo.write("secret", CANARY + "\n")
    code, said = ask(
        gonogo,
        {"http": {"url": url, "user": "me", "password": "${env:SECRET}", "contains": "nix"}},
        {"http": {"url": url.replace("//", "//me:${file:secret}@"), "matches": "^nix"}},
        {"http": {"url": url, "headers": {"X-Api-Token": "${env:SECRET}"}, "json": {"/a": 1}}},
        {"exec": {"argv": "echo $PASS; exit 1", "shell": True, "env": {"PASS": "${env:SECRET}"}}},
        {"use": "alfresco-patches", "with": {"conninfo": "host=127.0.0.1 port=1 password=${env:SECRET}"}},
        env={"SECRET": CANARY})
    assert code == 3
    assert "'your password is ***'" in said["p0"][1]
