# SPDX-License-Identifier: Apache-2.0
"""Writing a set: the draft that gonogo makes of a log, and what it hints at."""
import pytest
from conftest import TOP

SAMPLES = TOP / "samples"
GOOD = ["mosquitto/2.0-up-and-stopped", "jetty/9.4-up", "zookeeper/3.8-restarted", "redis/7.2-up", "etcd/3.5-up", "gitea/1.22-upgraded",
        "zabbix/6.4-upgraded", "tomcat/9-up", "nginx/1.25-up"]


@pytest.mark.parametrize("name", GOOD)
def test_a_draft_of_a_good_start_is_a_set_that_says_go_to_it_and_not_to_its_beginning(gonogo, name):
    log = SAMPLES / f"{name}.log"
    draft = gonogo("check", "--suggest", log)
    assert draft.code == 0, draft.err
    gonogo.write("draft.yaml", draft.out)
    checked = gonogo("check", "draft.yaml")
    assert checked.code == 0, checked.err
    assert "hint: a TODO of the draft is left" in checked.out
    assert "record begins" not in checked.out and "reads the time" not in checked.out
    assert gonogo.scan("--set", "./draft.yaml", "--settle", "0", log).doc["verdict"] == "GO"
    lines = log.read_bytes().splitlines(keepends=True)
    cut = gonogo.write("cut.log", b"".join(lines[:2]))
    assert gonogo.scan("--set", "./draft.yaml", cut).doc["verdict"] == "UNDECIDED"


def test_a_draft_holds_no_number_or_path_of_the_log_in_its_patterns(gonogo):
    log = gonogo.write("shopd.log", "2031-04-05 06:07:08 shopd[812]: version 3.1.7 starts in /srv/shop\n"
                       "2031-04-05 06:07:09 shopd[812]: error: cannot reach mail@db1\n"
                       "2031-04-05 06:07:10 shopd[812]: listens on port 8080\n2031-04-05 06:07:20 shopd[812]: shutting down\n")
    draft = gonogo("check", "--suggest", log).out
    assert "set: shopd" in draft
    patterns = [line for line in draft.splitlines() if "match: '" in line and "#" not in line]
    assert len(patterns) == 3 and not [p for p in patterns if any(x in p for x in ("812", "3.1", "/srv", "db1", "8080"))]
    assert "listens on port" in patterns[-1]


def test_a_log_too_short_for_a_draft_is_65(gonogo):
    r = gonogo("check", "--suggest", gonogo.write("a.log", "one line\n"))
    assert r.code == 65 and "too short" in r.err
    assert gonogo("check", "--suggest", "nothere.log").code == 65


def test_who_has_no_set_is_told_how_to_get_one(gonogo):
    doc = gonogo.scan(gonogo.write("a.log", "hello\nworld\n")).doc
    assert any("gonogo check --suggest" in step for step in doc["next"])


SET = """
set: app
title: App
detect: 'never seen'
record: { first: ['^\\d\\d:\\d\\d:\\d\\d '], time: ['%H.%M.%S'] }
rules:
  - { id: begin, match: 'begins', effect: begin, samples: ['app begins'] }
  - { id: up, match: 'up', effect: goal, samples: ['10:00:00 app up'] }
  - { id: bad, match: 'bad', effect: fail, next: [stop it, then start again], samples: ['10:00:00 app bad'] }
"""


@pytest.mark.parametrize("text, hint", [
    ("app/begin: no record begins with its sample's first line (record.first): 'app begins'", SET),
    ("app/up: no layout in record.time reads the time of its sample '10:00:00 app up'", SET),
    ("app/bad: next: 'then start again' seems to belong to the advice before it", SET),
    ("detect meets none of the samples", SET),
    ("no rule has effect: goal", SET.replace("effect: goal", "effect: note")),
    ("no rule has effect: begin", SET.replace("effect: begin", "effect: note")),
    ("no rule has effect: fail", SET.replace("effect: fail", "effect: warn")),
    ("detect is missing", SET.replace("detect: 'never seen'", "")),
    ("record.first is missing", SET.replace("first: ['^\\d\\d:\\d\\d:\\d\\d '], ", "")),
])
def test_what_is_mostly_not_meant_is_hinted_at(gonogo, text, hint):
    gonogo.write("app.yaml", hint)
    r = gonogo("check", "app.yaml")
    assert r.code == 0, r.err
    assert f"  hint: {text}" in r.out
