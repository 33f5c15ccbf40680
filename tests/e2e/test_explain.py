# SPDX-License-Identifier: Apache-2.0
"""gonogo explain: why a record means what it means; gonogo check --coverage: what a set says of whole logs."""
import pytest

SET = r"""
set: shop
detect: '\bshopd: '
record: { first: ['^\d\d:\d\d:\d\d '], time: ['%H:%M:%S'], error: ['\b(?:ERROR|FATAL)\b'] }
phases: [boot, up]
rules:
  - { id: boot, match: 'shopd: INFO starting', effect: begin, phase: boot }
  - { id: mail, match: 'shopd: ERROR cannot reach the mail server', effect: ignore, why: mail waits }
  - { id: early, match: 'shopd: ERROR cannot reach (?<what>\S+)', effect: fail, after: boot, unless: up }
  - { id: port, match: 'shopd: (?:ERROR|FATAL) cannot listen on (?<address>\S+)', effect: fail }
  - { id: schema, match: 'shopd: ERROR the schema (?<is>\d+) is older than (?<wanted>\d+)', effect: fail, where: 'is < wanted' }
  - { id: any, match: 'shopd: ERROR cannot', effect: warn }
  - { id: work, match: 'shopd: INFO working on (?<what>\S+)', effect: note, opens: 'work on ${what}' }
  - { id: done, match: 'shopd: INFO worked on (?<what>\S+)', effect: note, closes: 'work on ${what}' }
  - { id: up, match: 'shopd: INFO ready for customers$', effect: goal, phase: up }
  - { id: never, match: 'shopd: INFO never said', effect: note }
"""
LOG = """10:00:00 shopd: INFO starting
10:00:01 shopd: ERROR cannot reach the mail server mx1
10:00:02 shopd: WARN cannot listen on 0.0.0.0:8080
10:00:03 shopd: ERROR the schema 17 is older than 12
10:00:04 shopd: INFO working on orders
10:00:05 shopd: INFO ready for customers
10:00:06 shopd: INFO ready for customers and staff
10:00:07 shopd: ERROR cannot reach mx1
10:00:08 shopd: ERROR out of cheese
10:00:09 shopd: ERROR out of bread
"""


@pytest.fixture
def shop(gonogo):
    (gonogo.folder / "sets").mkdir()
    gonogo.write("sets/shop.yaml", SET)
    gonogo.write("shop.log", LOG)
    return lambda *args: gonogo("explain", "--patterns", "sets", "shop.log", *args).out


def test_the_winner_is_named_with_the_state_before_it(shop):
    out = shop("6")
    assert "6: shop/up" in out and "effect: goal, phase up" in out
    assert "before it: waiting, phase boot" in out
    assert "goals: shop/up missing" in out
    assert "open: work on orders" in out
    assert "goals: shop/up met" in shop("7")


def test_what_an_ignored_record_would_have_met_is_said(shop):
    out = shop("2")
    assert "2: shop/mail" in out and "effect: ignore (mail waits)" in out
    assert "also: shop/early would meet it, but shop/mail stands before it" in out
    assert "also: shop/any" in out


def test_a_condition_that_did_not_hold_is_named(shop):
    assert "nearly: shop/early (its pattern meets it, but unless: shop/up was met)" in shop("8")
    assert "nearly: shop/schema (its pattern meets it, but where: is < wanted does not hold)" in shop("4")


def test_a_rule_whose_text_is_there_under_another_level_is_a_near_miss(shop):
    out = shop("3")
    near = next(line for line in out.splitlines() if "nearly: shop/port" in line)
    assert '" cannot listen on "' in near and '"FATAL) cannot' in near and 'where the record says "WARN cannot' in near


def test_a_pattern_that_fails_at_its_end_says_where(shop):
    out = shop("7")
    near = next(line for line in out.splitlines() if "nearly: shop/up" in line)
    assert '"shopd: INFO ready for customers"' in near and 'where the record says " and staff"' in near


def test_a_record_that_has_nothing_of_a_rule_names_none(shop):
    assert "nearly" not in shop("9").replace("shop/any", "")
    assert "9: no rule: an unexplained error" in shop("9")


def test_without_a_line_the_near_misses_of_errors_are_shown_and_the_end(shop):
    out = shop()
    assert "nearly: shop/schema" in out and "end: " in out
    assert "2: shop/mail" in out and "9: no rule: an unexplained error" in out


def test_a_line_within_a_record_explains_the_record(gonogo):
    gonogo.write("shop.yaml", SET)
    gonogo.write("a.log", "10:00:00 shopd: INFO starting\n10:00:01 shopd: FATAL cannot listen on x\n\tat y\n")
    assert "2: shop/port" in gonogo("explain", "--set", "./shop.yaml", "a.log", "3").out


def cover(gonogo, *args):
    (gonogo.folder / "sets").mkdir(exist_ok=True)
    gonogo.write("sets/shop.yaml", SET)
    gonogo.write("shop.log", LOG)
    return gonogo("check", "--patterns", "sets", *args)


def test_coverage_counts_what_fired_and_names_what_never_did(gonogo):
    out = cover(gonogo, "--coverage", "shop.log").out
    rows = dict(reversed(line.split(maxsplit=1)) for line in out.splitlines() if "  shop/" in line)
    assert rows["shop/boot"] == "1" and rows["shop/mail"] == "1" and rows["shop/never"] == "never"
    assert set(rows) == {f"shop/{rule}" for rule in
                         ("boot", "mail", "early", "port", "schema", "any", "work", "done", "up", "never")}


def test_coverage_names_every_error_that_nothing_explains(gonogo):
    gonogo.write("many.log", "10:00:00 shopd: INFO starting\n"
                 + "".join(f"10:00:01 shopd: ERROR {chr(97 + i // 26)}{chr(97 + i % 26)} broke\n" for i in range(120)))
    out = cover(gonogo, "--coverage", "shop.log", "--coverage", "many.log").out
    unexplained = [line for line in out.splitlines() if "unexplained" in line]
    assert len(unexplained) == 3 + 120
    assert "       1  unexplained, shop.log:10: 10:00:09 shopd: ERROR out of bread" in out
    assert "       1  unexplained, many.log:121: 10:00:01 shopd: ERROR ep broke" in out


def test_coverage_of_several_logs_is_of_all_together(gonogo):
    gonogo.write("more.log", "10:00:00 shopd: INFO starting\n10:00:01 shopd: INFO never said\n")
    out = cover(gonogo, "--coverage", "shop.log", "--coverage", "more.log").out
    assert "       2  shop/boot" in out and "       1  shop/never" in out
    assert "shop.log: NO-GO" not in out and "more.log: UNDECIDED" in out


def test_coverage_reads_the_log_with_the_set_that_is_given(gonogo):
    """Also where the set does not recognise the log."""
    gonogo.write("shop.yaml", SET.replace(r"\bshopd: ", "nothing like it"))
    gonogo.write("shop.log", LOG)
    assert "       1  shop/boot" in gonogo("check", "--coverage", "shop.log", "shop.yaml").out
