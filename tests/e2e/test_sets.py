# SPDX-License-Identifier: Apache-2.0
"""The pattern sets that are shipped, and the whole logs in samples/ with the verdict that each must lead to."""
import pathlib
import re

import pytest
from conftest import TOP

yaml = pytest.importorskip("yaml")

SETS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((TOP / "patterns").glob("*.yaml"))}
LOGS = sorted((TOP / "samples").glob("*/*.log"))
USED = {name for doc in SETS.values() for name in doc.get("uses", [])}
GOALS = {name for name, doc in SETS.items() if any(rule["effect"] == "goal" for rule in doc["rules"])}

# What is never recognised by itself, but asked through another set's `uses` or where nothing is recognised.
UNRECOGNISED = {"generic", "java"}
# What is given before another set by whoever knows that it applies.
BY_NAME = {"alfresco-node", "alfresco-clone"}


def label(path):
    return f"{path.parent.name}/{path.stem}"


def expected(log):
    """VERDICT RULE [SET,SET...], and in further lines what it warns of; without sets the product is recognised."""
    first, *warnings = log.with_suffix(".expect").read_text(encoding="utf-8").splitlines()
    verdict, rule, *sets = first.split()
    return verdict, rule, sets[0].split(",") if sets else [], [line.removeprefix("warn ") for line in warnings]


def goal_of(rule):
    """The goal that a rule reaches, as a verdict names it."""
    name, _, wanted = rule.partition("/")
    for r in SETS.get(name, {"rules": []})["rules"]:
        if r["id"] == wanted and r["effect"] == "goal":
            return f"{name}/{r.get('goal', wanted)}"
    return None


@pytest.mark.parametrize("log", LOGS, ids=label)
def test_a_sample_log_leads_to_its_verdict_and_names_its_rule(gonogo, log):
    verdict, rule, sets, warnings = expected(log)
    doc = gonogo.scan(*(arg for name in sets for arg in ("--set", name)), log).doc
    assert doc["verdict"] == verdict, [r["rule"] for r in doc["reasons"]]
    if verdict == "GO":
        assert goal_of(rule) in [goal["name"] for goal in doc["goals"] if goal["met"]]
    elif verdict == "UNDECIDED":
        assert rule in [reason["rule"] for reason in doc["reasons"]]
    else:
        assert rule == doc["reasons"][0]["rule"]  # the first cause, not one of its consequences
    assert set(warnings) <= {warning["rule"] for warning in doc["warnings"]}


def test_every_sample_log_has_its_verdict_and_every_verdict_its_log():
    assert LOGS
    alone = [str(p) for p in (TOP / "samples").glob("*/*.expect") if not p.with_suffix(".log").exists()]
    assert not alone + [str(p) for p in LOGS if not p.with_suffix(".expect").exists()]


@pytest.mark.parametrize("name", SETS)
def test_a_set_has_whole_logs_of_a_start_that_failed_and_of_one_that_did_not(name):
    """Of its own folder; a set without goals has none that went well."""
    said = {expected(log)[0] for log in LOGS if log.parent.name == name}
    assert said & {"NO-GO", "ROLLBACK"}
    assert "GO" in said or name not in GOALS


def test_check_finds_no_mistake_in_what_is_shipped(gonogo):
    r = gonogo("check")
    assert r.code == 0, r.err
    named = {pathlib.Path(line.split(": ")[0]).name for line in r.out.splitlines()}
    assert {f"{name}.yaml" for name in SETS} <= named


@pytest.mark.parametrize("plan", sorted((TOP / "samples" / "plans").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_plan_that_is_meant_to_be_copied_has_no_mistake(gonogo, plan):
    names = re.findall(r"\$\{env:(\w+)\}", plan.read_text(encoding="utf-8"))
    r = gonogo("check", plan, env={name: "host=127.0.0.1" for name in names})
    assert r.code == 0 and plan.name in r.out, r.err


@pytest.mark.parametrize("name", SETS)
def test_a_set_says_what_it_is_for_and_every_rule_has_a_sample(name):
    doc = SETS[name]
    assert doc["set"] == name and doc["title"]
    assert not [rule["id"] for rule in doc["rules"] if not rule.get("samples")]
    assert not [rule["id"] for rule in doc["rules"] if rule["effect"] == "ignore" and not rule.get("why")]


@pytest.mark.parametrize("name", SETS)
def test_no_advice_is_cut_at_its_comma(name):
    """[stop it, then start again] are two sentences in YAML; with quotes it is one."""
    doc = SETS[name]
    advice = doc.get("restore", []) + [line for rule in doc["rules"] for line in rule.get("next", [])]
    assert not [line for line in advice if re.match(r"(?:or|then|and|but)\b", line)]


@pytest.mark.parametrize("name", SETS)
def test_a_set_can_be_recognised_unless_others_use_it_or_nothing_else_is(name):
    assert ("detect" in SETS[name]) != (name in UNRECOGNISED | BY_NAME)
    assert name == "generic" or "detect" in SETS[name] or name in USED | BY_NAME


@pytest.mark.parametrize("name", SETS)
def test_a_set_that_knows_starts_has_phases_and_begins_in_the_first(name):
    """Without begin and goal a set knows errors only, and these have no order: that is the reason for no phases."""
    doc = SETS[name]
    knows_starts = any(rule["effect"] in ("begin", "goal") for rule in doc["rules"])
    assert bool(doc.get("phases")) == knows_starts
    for rule in doc["rules"]:
        if rule["effect"] == "begin":
            assert rule.get("phase", doc["phases"][0]) in doc["phases"], rule["id"]


@pytest.mark.parametrize("name", SETS)
def test_the_phases_of_a_set_are_listed(gonogo, name):
    r = gonogo("list", "phases", name)
    assert r.code == 0 and not r.err
    phases = SETS[name].get("phases", [])
    assert [line for line in r.out.splitlines() if re.fullmatch(r"[\w-]+", line)] == phases
