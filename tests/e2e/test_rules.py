# SPDX-License-Identifier: Apache-2.0
"""What the keys of a rule promise, on whole logs."""
import pytest

HEAD = """
set: app
detect: 'app: '
record: { first: ['^\\d\\d:\\d\\d:\\d\\d '], time: ['%H:%M:%S'] }
rules:
  - { id: begin, match: 'app: begins', effect: begin }
"""


@pytest.fixture
def judged(gonogo):
    def judge(rules, *lines):
        gonogo.write("app.yaml", HEAD + rules)
        log = gonogo.write("app.log", "".join(f"10:00:{i:02} app: {line}\n" for i, line in enumerate(lines)))
        r = gonogo.scan("--set", "./app.yaml", log)
        assert r.code < 4, r.err
        return r.doc
    return judge


CLOSES = """
  - { id: opened, match: 'app: begin (?<what>\\w+)', effect: note, opens: 'work on ${what}' }
  - { id: closed, match: 'app: ended (?<a>\\w+)(?: and (?<b>\\w+))?', effect: note, closes: ['work on ${a}', 'work on ${b}'] }
  - { id: up, match: 'app: up', effect: goal }
"""


@pytest.mark.parametrize("lines, verdict", [
    (["begins", "begin a", "begin b", "ended a and b", "up"], "GO"),
    (["begins", "begin a", "begin b", "ended a", "up"], "UNDECIDED"),
    (["begins", "begin a", "begin b", "ended b", "ended a", "up"], "GO"),
])
def test_one_line_may_keep_several_promises(judged, lines, verdict):
    assert judged(CLOSES, *lines)["verdict"] == verdict


CONDITIONS = """
  - { id: one, match: 'app: one', effect: note }
  - { id: two, match: 'app: two', effect: note }
  - { id: both, match: 'app: end', effect: goal, after: [one, two] }
  - { id: none, match: 'app: end', effect: fail, unless: [one, two] }
"""


@pytest.mark.parametrize("lines, verdict", [
    (["begins", "one", "two", "end"], "GO"),     # after: all of them
    (["begins", "one", "end"], "UNDECIDED"),     # neither all, nor none
    (["begins", "two", "end"], "UNDECIDED"),
    (["begins", "end"], "NO-GO"),                # unless: none of them
])
def test_after_wants_all_of_a_list_and_unless_none(judged, lines, verdict):
    assert judged(CONDITIONS, *lines)["verdict"] == verdict


def test_an_unknown_capture_in_one_of_the_closes_is_told_at_its_place(gonogo):
    gonogo.write("app.yaml", "set: app\nrules:\n  - { id: a, match: '(?<x>y)', effect: note, closes: ['${x}', '${z}'] }\n")
    assert "app.yaml:3:63: unknown capture 'z'" in gonogo("check", "app.yaml").err


def test_a_line_that_is_no_start_has_no_phase(judged):
    assert "phase" not in judged(CLOSES, "nothing")
