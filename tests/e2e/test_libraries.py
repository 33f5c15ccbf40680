# SPDX-License-Identifier: Apache-2.0
"""Libraries that are loaded when first needed: who needs them, and what is said where one cannot be loaded."""
import json
import lzma

import pytest
from conftest import TOP

SONAMES = {name: f"lib{name}.so.{n}" for name, n in
           {"archive": 13, "curl": 4, "pq": 5, "sqlite3": 0, "systemd": 0}.items()}
LOG = TOP / "samples" / "nginx" / "1.25-up.log"


@pytest.fixture
def without(gonogo):
    """The environment in which these libraries cannot be loaded: files of that name that are none come first."""
    def make(*names):
        folder = gonogo.folder / "broken"
        folder.mkdir()
        for name in names:
            (folder / SONAMES[name]).write_text("no library\n" * 100)
        return {"LD_LIBRARY_PATH": str(folder)}
    return make


def test_a_plain_log_is_judged_without_any_of_them(gonogo, without):
    plain = gonogo.scan(LOG)
    assert plain.code == 0
    alone = gonogo.scan(LOG, env=without(*SONAMES))
    assert (alone.code, alone.err) == (0, "")
    assert alone.doc["verdict"] == "GO"


def test_a_compressed_log_that_cannot_be_unpacked_is_no_verdict(gonogo, without):
    packed = gonogo.write("app.log.xz", lzma.compress(LOG.read_bytes()))
    assert gonogo.scan(packed).code == 0
    r = gonogo.scan(packed, env=without("archive"))
    assert r.code == 65
    assert "app.log.xz: cannot be decompressed: libarchive.so.13 cannot be loaded: " in r.err
    assert "(is the package libarchive13 installed?)" in r.err


@pytest.mark.parametrize("missing, probe", [
    ("curl", {"http": {"url": "http://127.0.0.1:1/"}}),
    ("pq", {"sql": {"conninfo": "host=127.0.0.1 password=secret", "query": "select 1", "rows": 1}}),
])
def test_a_plan_whose_probe_cannot_be_read_is_refused_before_anything_starts(gonogo, without, missing, probe):
    gonogo.write("plan.yaml", json.dumps({"plan": "t", "goals": ["up"], "probes": [{"name": "up", **probe}]}))
    r = gonogo("run", "plan.yaml", "--", "touch", "started", env=without(missing))
    assert r.code == 78
    assert "plan.yaml:1:" in r.err and f"{SONAMES[missing]} cannot be loaded: " in r.err
    assert "secret" not in r.err
    assert not (gonogo.folder / "started").exists()


def test_a_probe_that_cannot_ask_says_why_and_is_no_go(gonogo, without):
    gonogo.write("plan.yaml", json.dumps({
        "plan": "t", "settle": "100ms", "deadline": "1s", "goals": ["up"], "probes": [
            {"name": "up", "every": "100ms",
             "sql": {"driver": "sqlite", "conninfo": "db", "query": "select 1", "rows": 1}}]}))
    r = gonogo("run", "plan.yaml", "--quiet", "--json", "-", "--", "sleep", "30", env=without("sqlite3"))
    assert r.code not in (0, 70)
    assert r.doc["probes"][0]["reason"].startswith("libsqlite3.so.0 cannot be loaded: ")


def test_a_run_that_cannot_wait_for_anything_says_why(gonogo, without):
    r = gonogo("follow", LOG, env=without("systemd"))
    assert r.code == 70
    assert "libsystemd.so.0 cannot be loaded: " in r.err


def test_the_version_names_the_libraries_and_those_that_are_missing(gonogo, without):
    assert ", libpq 1" in gonogo("--version").out
    r = gonogo("--version", env=without("pq"))
    assert r.code == 0
    assert ", libpq.so.5 cannot be loaded: " in r.out and ", sqlite 3." in r.out
