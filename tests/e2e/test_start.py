# SPDX-License-Identifier: Apache-2.0
"""What a start of gonogo reads: of the shipped sets only what it needs; and what follows if one of them is broken."""
import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import BINARY, TOP, Gonogo

BASE = r"""
set: base
detect: 'base\.Server'
record: { first: ['^\d\d:\d\d:\d\d '], time: ['%H:%M:%S'] }
rules:
  - { id: up, match: 'base\.Server up', effect: goal, samples: ['10:00:00 base.Server up'] }
"""
APP = r"""
set: app
detect: 'app\.Main'
uses: [base]
rules:
  - { id: up, match: 'app\.Main up', effect: goal, samples: ['10:00:00 app.Main up'] }
  - { id: died, match: 'app\.Main died', effect: fail, samples: ['10:00:00 app.Main died'] }
"""
LOG = "10:00:00 base.Server up\n10:00:01 app.Main up\n10:00:09 app.Main idle\n"
MISTAKES = {
    "no effect of that name": (APP.replace("effect: fail", "effect: fial"), "effect: 'fial' is none of"),
    "pattern that does not compile": (APP.replace("Main died'", "Main (died'", 1), "app.yaml:7:"),
    "sample that its rule does not meet": (APP.replace("00 app.Main died", "00 app.Main lives"),
                                           "rule app/died does not meet its own sample"),
}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A copy of the program with shipped sets of the test's own."""
    if not os.access(BINARY, os.X_OK):
        pytest.skip(f"no binary at {BINARY}")
    for name in ("bin", "patterns", "probes", "work"):
        (tmp_path / name).mkdir()
    shutil.copy(BINARY, tmp_path / "bin" / "gonogo")
    monkeypatch.setattr("conftest.BINARY", str(tmp_path / "bin" / "gonogo"))
    gonogo = Gonogo(tmp_path / "work")
    gonogo.patterns = tmp_path / "patterns"
    (gonogo.patterns / "base.yaml").write_text(BASE)
    (gonogo.patterns / "app.yaml").write_text(APP)
    return gonogo


def opened(gonogo, *args):
    """The shipped sets that this command opens."""
    if not shutil.which("strace"):
        pytest.skip("no strace")
    import conftest
    trace = gonogo.folder / "trace"
    subprocess.run(["strace", "-f", "-e", "trace=openat", "-o", trace, conftest.BINARY, *map(str, args)],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)
    return {pathlib.Path(line.split('"')[1]).stem for line in trace.read_text().splitlines()
            if "/patterns/" in line and ".yaml" in line}


def test_all_is_well_while_nothing_is_broken(installed):
    assert installed.scan(installed.write("a.log", LOG)).doc["verdict"] == "GO"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_shipped_set_that_turns_out_broken_when_it_is_recognised_forbids_go(installed, mistake):
    text, said = MISTAKES[mistake]
    (installed.patterns / "app.yaml").write_text(text)
    r = installed.scan(installed.write("a.log", LOG))
    assert (r.code, r.doc["verdict"]) == (3, "UNDECIDED")
    assert "app" in r.doc["coverage"][0]["gaps"][0]
    assert said in r.err


def test_so_does_one_that_only_another_one_uses(installed):
    (installed.patterns / "base.yaml").write_text(BASE.replace("effect: goal", "effect: gaol"))
    r = installed.scan(installed.write("a.log", "10:00:01 app.Main up\n10:00:09 app.Main idle\n"))
    assert (r.code, r.doc["verdict"]) == (3, "UNDECIDED")
    assert "base.yaml:6:" in r.err


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_broken_shipped_set_that_is_asked_for_by_name_is_refused_at_once(installed, mistake):
    text, said = MISTAKES[mistake]
    (installed.patterns / "app.yaml").write_text(text)
    r = installed.scan("--set", "app", installed.write("a.log", LOG))
    assert (r.code, said in r.err) == (78, True)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_users_set_is_checked_wholly_although_nothing_is_of_that_product(installed, mistake):
    text, said = MISTAKES[mistake]
    (installed.folder / "own").mkdir()
    installed.write("own/app.yaml", text)
    r = installed.scan("--patterns", "own", installed.write("a.log", "10:00:00 base.Server up\n"))
    assert (r.code, said in r.err) == (78, True)


def test_a_broken_shipped_set_that_the_log_is_not_of_does_no_harm(installed):
    (installed.patterns / "app.yaml").write_text(MISTAKES["no effect of that name"][0])
    r = installed.scan(installed.write("a.log", "10:00:00 base.Server up\n10:00:09 base.Server idle\n"))
    assert (r.code, r.doc["verdict"]) == (0, "GO")


def test_with_a_named_set_only_that_one_and_what_it_uses_are_opened(installed):
    log = installed.write("a.log", LOG)
    (installed.patterns / "other.yaml").write_text(BASE.replace("base", "other"))
    assert opened(installed, "scan", "--set", "app", log) == {"app", "base"}
    assert opened(installed, "scan", "--set", "base", log) == {"base"}
    assert opened(installed, "scan", log) == {"app", "base", "other"}


def test_every_shipped_set_keeps_its_rules_last_so_that_its_head_can_be_read_alone():
    for path in sorted((TOP / "patterns").glob("*.yaml")):
        lines = path.read_text().splitlines()
        keys = [line for line in lines if line and line[0] not in " #-"]
        assert keys[-1].startswith("rules:"), path.name
        assert f"set: {path.stem}" in keys, path.name
