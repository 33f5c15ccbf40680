# SPDX-License-Identifier: Apache-2.0
"""The log's own clock: every layout of every product that is shipped, other languages, midnight."""
import json
import re

import pytest
from conftest import TOP

LOGS = sorted((TOP / "samples").glob("*/*.log"))
# a time of day at the head of a line; what psql and spacewalk print has none of its own
TIMED = re.compile(r"^[^a-z]{0,40}\d\d:?\d\d:?\d\d|\"(?:@?timestamp|ts|time)\"")


@pytest.mark.parametrize("log", LOGS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_where_a_sample_log_writes_a_time_its_events_have_it(gonogo, log):
    events = map(json.loads, gonogo("scan", "--quiet", "--events", "-", log).out.splitlines())
    assert not [e["text"] for e in events if e.get("line") and TIMED.search(e["text"]) and not e.get("time")]


SET = """
set: app
detect: 'app started'
uses: [java]
rules:
  - { id: begin, match: 'app begins', effect: begin }
  - { id: up, match: 'app started', effect: goal }
  - { id: stop, match: 'app stops', effect: stop }
  - { id: schema, match: 'app schema (?<n>\\S.*)', effect: note, facts: { app.schema: { from: n, as: integer } } }
"""


def judged(gonogo, *lines, settle="10s"):
    gonogo.write("app.yaml", SET)
    log = gonogo.write("app.log", b"".join(line + b"\n" for line in lines))
    return gonogo.scan("--set", "./app.yaml", "--settle", settle, log).doc


@pytest.mark.parametrize("stop, verdict", [("23:59:59,500", "UNDECIDED"), ("00:00:03,000", "UNDECIDED"),
                                           ("00:00:09,000", "GO")])
def test_a_goal_holds_over_midnight_by_a_clock_without_dates(gonogo, stop, verdict):
    doc = judged(gonogo, b"23:59:50,000 INFO [a.B] app begins", b"23:59:58,000 INFO [a.B] app started",
                 f"{stop} INFO [a.B] app stops".encode())
    assert doc["verdict"] == verdict


@pytest.mark.parametrize("month, number", [
    ("Mai", 5), ("Dez.", 12), ("M\u00e4rz", 3), ("f\u00e9vr.", 2), ("juil.", 7), ("ao\u00fbt", 8), ("ene", 1), ("dic", 12),
    ("lug", 7), ("out", 10), ("\u516b\u6708", 8), ("\u5341\u4e8c\u6708", 12)])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_catalina_out_of_any_language_states_its_dates(gonogo, month, number, encoding):
    try:
        name = month.encode(encoding)
    except UnicodeEncodeError:
        pytest.skip("not a month of that encoding")
    doc = judged(gonogo, b"05-" + name + b"-2031 06:07:08.901 INFO [main] a.B.c app started",
                 b"05-" + name + b"-2031 06:07:28.901 INFO [main] a.B.c app stops")
    assert doc["verdict"] == "GO" and doc["goals"][0]["time"] == f"2031-{number:02}-05T06:07:08.901"


@pytest.mark.parametrize("number", ["8,022", "8.022", "8'022", "8 022", "8\u00a0022", "8\u202f022", "8\u2019022"])
def test_a_number_is_the_same_in_every_language(gonogo, number):
    doc = judged(gonogo, f"10:00:00,000 INFO [a.B] app schema {number}".encode())
    assert doc["facts"] == {"app.schema": "8022"}


def test_a_layout_that_skips_twice_is_a_mistake(gonogo):
    gonogo.write("app.yaml", "set: app\nrecord:\n  time: ['%*:%*:%Y']\nrules: []\n")
    assert "app.yaml:3:10: time: '%*:%*:%Y' skips with %* more than once" in gonogo("check", "app.yaml").err
