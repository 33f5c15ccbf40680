# SPDX-License-Identifier: Apache-2.0
"""gonogo scan: finished logs, whatever they look like."""
import bz2
import gzip
import json
import lzma
import os
import pathlib
import subprocess

import pytest
from conftest import BINARY

SET = r"""
set: app
detect: 'app\.Main'
record: { first: ['^\d\d:\d\d:\d\d '], time: ['%H:%M:%S'], error: ['\bERROR\b'] }
phases: [boot, schema, up]
restore: [stop the server, restore the database]
rules:
  - { id: boot, match: 'app\.Main boot', effect: begin, phase: boot }
  - { id: script, match: 'app\.Main script', effect: phase, phase: schema, point_of_no_return: true, say: a script ran }
  - { id: up, match: 'app\.Main up', effect: goal, phase: up, say: it is up }
  - { id: failed, match: 'app\.Main failed: (?<why>.*)', effect: fail, say: 'failed: ${why}' }
  - { id: stop, match: 'app\.Main stop', effect: stop }
  - { id: old, match: 'app\.Main old', effect: warn }
"""
GOOD = "10:00:00 app.Main boot\n10:00:05 app.Main up\n"
BAD = "10:00:00 app.Main boot\n10:00:03 app.Main failed: disk\n\tat x.y\nCaused by: E: no space\n10:00:05 app.Main up\n"


@pytest.fixture
def app(gonogo):
    (gonogo.folder / "sets").mkdir()
    gonogo.write("sets/app.yaml", SET)
    return gonogo


def verdict(app, text, *args, **kw):
    log = app.write("app.log", text)
    r = app.scan("--patterns", "sets", *args, log, **kw)
    return r.code, r.doc


def test_a_good_start_is_go_with_the_line_that_says_so(app):
    code, doc = verdict(app, GOOD)
    assert (code, doc["verdict"], doc["exit_code"]) == (0, "GO", 0)
    assert [(g["name"], g["met"], g["line"]) for g in doc["goals"]] == [("app/up", True, 2)]


def test_a_failure_counts_although_a_success_line_follows(app):
    code, doc = verdict(app, BAD)
    assert (code, doc["verdict"]) == (1, "NO-GO")
    first = doc["reasons"][0]
    assert (first["rule"], first["line"], first["lines"], first["cause"]) == ("app/failed", 2, 3, "E: no space")


def test_a_failure_after_the_point_of_no_return_is_a_rollback_with_what_to_restore(app):
    code, doc = verdict(app, "10:00:00 app.Main boot\n10:00:01 app.Main script\n10:00:02 app.Main failed: x\n")
    assert (code, doc["verdict"]) == (2, "ROLLBACK")
    assert doc["next"] == ["stop the server", "restore the database"]
    assert doc["point_of_no_return"]["line"] == 2


def test_a_log_that_ends_early_is_undecided(app):
    code, doc = verdict(app, "10:00:00 app.Main boot\n")
    assert (code, doc["verdict"], doc["reasons"][0]["rule"]) == (3, "UNDECIDED", "log-ends")


def test_the_last_of_several_starts_decides_and_the_earlier_ones_are_listed(app):
    code, doc = verdict(app, GOOD + "10:10:00 app.Main stop\n" + BAD)
    assert code == 1
    assert [(r["verdict"], r["line"]) for r in doc["earlier_runs"]] == [("GO", 1)]


@pytest.mark.parametrize("pack, name", [(gzip.compress, "app.log.gz"), (lzma.compress, "app.log.xz"),
                                        (bz2.compress, "app.log.bz2")])
def test_archives_are_read_as_they_are(app, pack, name):
    log = app.write(name, pack(BAD.encode()))
    assert app.scan("--patterns", "sets", log).doc["reasons"][0]["rule"] == "app/failed"


def test_a_damaged_archive_is_a_gap_and_never_go(app):
    log = app.write("app.log.gz", gzip.compress(GOOD.encode() + os.urandom(2000000) + b"\n" + GOOD.encode())[:-40])
    doc = app.scan("--patterns", "sets", log).doc
    assert doc["verdict"] == "UNDECIDED"
    assert any(c["gaps"] for c in doc["coverage"])


@pytest.mark.parametrize("cut", [24, 27, 32, 33, 40, 52, 59, 60, 63, 70, 72, 80, 87])
def test_a_log_that_was_cut_anywhere_into_two_files_is_read_as_one(app, cut):
    app.write("app.log.1", BAD[:cut])
    app.write("app.log", BAD[cut:])
    doc = app.scan("--patterns", "sets", "app.log.1", "app.log").doc
    whole = app.scan("--patterns", "sets", app.write("whole.log", BAD)).doc
    assert (doc["verdict"], doc["reasons"][0]["text"], doc["reasons"][0]["cause"], doc["reasons"][0]["lines"]) == \
        (whole["verdict"], whole["reasons"][0]["text"], whole["reasons"][0]["cause"], whole["reasons"][0]["lines"])
    assert sum(c["lines"] for c in doc["coverage"]) == whole["coverage"][0]["lines"]


def test_a_last_line_without_an_end_is_no_part_of_the_next_files_first_record(app):
    app.write("app.log.1", GOOD[:-1])
    app.write("app.log", "10:00:06 app.Main old\n")
    doc = app.scan("--patterns", "sets", "app.log.1", "app.log").doc
    assert doc["verdict"] == "GO" and doc["coverage"][0]["lines"] == 3
    assert doc["warnings"][0]["text"] == "10:00:06 app.Main old"


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1:]


STORED = gzip.compress(GOOD.encode(), 0)    # not compressed: nothing but the checksum can tell a changed letter


@pytest.mark.parametrize("data", [
    flipped(STORED, STORED.index(b"up")),
    flipped(STORED, STORED.index(b"app.Main boot") + 2),
    flipped(gzip.compress(GOOD.encode()), -8), flipped(gzip.compress(GOOD.encode()), -1),
    gzip.compress(GOOD.encode())[:-3], gzip.compress(GOOD.encode()) + b"more", gzip.compress(GOOD.encode()) + b"\0\0more",
    gzip.compress(GOOD.encode()) + flipped(gzip.compress(b"10:00:06 app.Main boot\n"), -8),
], ids=range(8))
def test_an_archive_with_one_wrong_byte_is_never_go(app, data):
    doc = app.scan("--patterns", "sets", app.write("app.log.gz", data)).doc
    assert doc["verdict"] == "UNDECIDED" and "damaged" in str(doc["coverage"][0]["gaps"])


@pytest.mark.parametrize("data", [
    STORED, gzip.compress(GOOD.encode()) + b"\0" * 1024,
    b"".join(gzip.compress(line) for line in GOOD.encode().splitlines(keepends=True)),
    b"".join(gzip.compress(bytes([c])) for c in GOOD.encode()) + gzip.compress(b""),
])
def test_a_gzip_log_may_have_several_parts_and_padding(app, data):
    doc = app.scan("--patterns", "sets", app.write("app.log.gz", data)).doc
    assert doc["verdict"] == "GO" and doc["coverage"][0]["bytes"] == len(GOOD)


def test_standard_input_is_a_log(app):
    r = app.scan("--patterns", "sets", "-", stdin=GOOD.encode())
    assert r.code == 0 and r.doc["coverage"][0]["source"] == "stdin"


@pytest.mark.parametrize("change", [
    lambda t: t.replace("\n", "\r\n").encode(),
    lambda t: "".join(f"\x1b[32m{line}\x1b[0m\n" for line in t.splitlines()).encode(),
    lambda t: "".join(f"app_1  | {line}\n" for line in t.splitlines()).encode(),
    lambda t: "".join(f"Nov 21 10:00:00 host app[7]: {line}\n" for line in t.splitlines()).encode(),
    lambda t: "".join(f"2026-11-21T10:00:00.123456789Z stdout F {line}\n" for line in t.splitlines()).encode(),
    lambda t: ("\ufeff" + t).encode("utf-16-le"),
    lambda t: ("\ufeff" + t).encode("utf-8"),
    lambda t: b"\0" * 5000 + t.encode(),
    lambda t: t.encode().replace(b"app.Main", b"\xfc\x80 app.Main"),
])
@pytest.mark.parametrize("text, code", [(GOOD, 0), (BAD, 1)])
def test_what_does_not_matter_changes_no_verdict(app, change, text, code):
    assert verdict(app, change(text))[0] == code


def test_a_missing_log_is_65_and_an_unknown_option_64(app):
    r = app("scan", "nothere.log")
    assert r.code == 65 and "nothere.log" in r.err
    r = app("scan", "--jsn", "-", "x")
    assert r.code == 64 and "did you mean --json?" in r.err
    assert app("scam").code == 64


def test_a_folder_is_no_log(app):
    r = app("scan", "sets")
    assert r.code == 65 and "directory" in r.err


def test_empty_and_binary_logs_are_undecided(app):
    assert verdict(app, b"")[0] == 3
    assert verdict(app, os.urandom(200000))[0] == 3


def test_a_wrong_set_is_78_with_every_mistake_and_its_place(app):
    bad = app.write("bad.yaml", "set: bad\ntitel: x\nrules:\n  - { id: a, match: '(', effect: fial }\n")
    r = app("scan", "--set", bad, "x.log")
    assert r.code == 78
    assert "bad.yaml:2:1: unknown key 'titel', did you mean 'title'?" in r.err
    assert "did you mean 'fail'?" in r.err and "missing closing parenthesis" in r.err


def test_a_set_whose_sample_fails_is_not_used(app):
    bad = app.write("bad.yaml", "set: bad\nrules:\n  - { id: a, match: x, effect: goal, samples: [y] }\n")
    r = app("scan", "--set", bad, app.write("x.log", "x\n"))
    assert r.code == 78 and "does not meet its own sample" in r.err


def test_ready_and_fail_stand_in_for_a_set(app):
    log = app.write("any.log", "hello\nListening on 80\n")
    assert app.scan("--ready", "Listening on", log).code == 0
    assert app.scan("--ready", "Listening on", "--fail", "hello", log).code == 1
    assert app.scan("--ready", "never", log).code == 3
    assert app("scan", "--ready", "(", log).code == 78


def test_what_ready_says_of_an_earlier_start_is_no_go_for_the_last_one(app):
    one = "> shop@1.0.0 start\n> node server.js\n\nListening on 80\n"
    assert app.scan("--ready", "Listening on", app.write("one.log", one)).code == 0
    assert app.scan("--ready", "Listening on", app.write("two.log", one + one.replace("Listening", "Opening"))).code == 3


def test_strict_makes_a_go_with_warnings_or_unexplained_errors_a_no_go(app):
    warned = GOOD.replace("10:00:05", "10:00:04 app.Main old\n10:00:05")
    assert verdict(app, warned)[0] == 0
    assert verdict(app, warned, "--strict")[0] == 1
    assert verdict(app, GOOD + "10:00:06 ERROR what is this\n", "--strict")[0] == 1


def test_unexplained_errors_are_counted_and_grouped(app):
    doc = verdict(app, GOOD + "10:00:06 ERROR no 1\n10:00:07 ERROR no 2\n10:00:08 ERROR other\n")[1]
    assert [(u["count"], u["line"]) for u in doc["unexplained"]] == [(2, 3), (1, 5)]
    assert doc["counts"]["unexplained_errors"] == 3


def test_a_line_and_a_record_beyond_the_limits_are_read_and_counted(app):
    long_line = GOOD + "10:00:06 " + "x" * 200000 + " app.Main failed: late\n"
    code, doc = verdict(app, long_line)
    assert code == 1 and doc["coverage"][0]["cut_lines"] == 1
    long_record = GOOD + "10:00:06 x\n" + "\tat some.frame(Of.java:1)\n" * 60000 + "app.Main failed: late\n"
    code, doc = verdict(app, long_record)
    assert code == 1 and doc["coverage"][0]["cut_records"] == 1
    code, doc = verdict(app, GOOD + "10:00:06 " + "x" * 200000 + "\n")
    assert code == 0 and doc["warnings"]


def test_a_failure_rule_that_gives_up_forbids_go(app):
    app.write("sets/app.yaml", SET + "  - { id: slow, match: '^(a+)+$', effect: fail }\n")
    code, doc = verdict(app, GOOD + "10:00:06 x\n" + "a" * 60 + "b\n")
    assert code == 3 and "gave up" in str(doc["coverage"][0]["gaps"])


def test_rotated_logs_go_on_and_parallel_ones_do_not(app):
    old = app.write("app.log.1", "10:00:00 app.Main boot\n10:00:01 app.Main script\n")
    new = app.write("app.log", "10:00:05 app.Main up\n")
    doc = app.scan("--patterns", "sets", old, new).doc
    assert doc["verdict"] == "GO" and len(doc["coverage"]) == 1
    node2 = app.write("node2.log", BAD)
    node1 = app.write("node1.log", GOOD)
    doc = app.scan("--patterns", "sets", node1, node2).doc
    assert doc["verdict"] == "NO-GO" and len(doc["coverage"]) == 2


@pytest.mark.parametrize("lines", [0, 10000, 60000])
def test_of_a_log_from_a_pipe_every_byte_is_read_although_another_one_came_before(app, lines):
    filler = "10:00:01 app.Other nothing to see here\n" * lines
    old = app.write("old.log", GOOD)
    doc = app.scan("--patterns", "sets", old, "/dev/stdin", stdin=(filler + BAD + filler).encode()).doc
    assert doc["verdict"] == "NO-GO" and doc["reasons"][0]["line"] == lines + 2
    assert doc["coverage"][1]["lines"] == 2 * lines + BAD.count("\n")


def test_the_same_input_gives_the_same_bytes_but_for_our_own_clock(app):
    log = app.write("app.log", BAD)
    docs = []
    for _ in range(2):
        d = app.scan("--patterns", "sets", log).doc
        for key in ("started", "ended", "seconds"):
            del d[key]
        docs.append(d)
    assert docs[0] == docs[1]


def many_blocks():
    """Every sample log one behind the other, records of all kinds across every border of blocks."""
    samples = pathlib.Path(__file__).resolve().parents[2] / "samples"
    filler = "".join(f"10:00:{i % 60:02} DEBUG nothing {i} to see here\n" for i in range(3000)).encode()
    return b"".join(p.read_bytes().rstrip(b"\n") + b"\n" + filler for p in sorted(samples.glob("*/*.log")))


@pytest.mark.parametrize("sets", [[], ["--set", "alfresco"]], ids=["recognising", "given"])
def test_any_number_of_threads_gives_the_same_bytes_but_for_our_own_clock(gonogo, sets):
    text = many_blocks()
    log, packed = gonogo.write("all.log", text), gonogo.write("all.log.gz", gzip.compress(text, 1))
    docs = [gonogo.scan(*sets, *options, path, timeout=600).doc
            for path in (log, packed) for options in (["--threads", "1"], ["--threads", "2"], ["--threads", "5"], [])]
    for doc in docs:
        for key in ("started", "ended", "seconds"):
            del doc[key]
    plain = json.dumps(docs[0])
    assert docs[0]["counts"]["records"] > 100
    assert all(json.dumps(doc).replace("all.log.gz", "all.log") == plain for doc in docs)


def test_a_time_without_a_date_gets_that_of_the_event_before_however_much_was_looked_at(gonogo):
    gonogo.write("app.yaml", r"""
set: app
record: { first: ['^\d'], time: ['%Y-%m-%d %H:%M:%S', '%H:%M:%S'] }
rules:
  - { id: start, match: 'start', effect: note }
  - { id: up, match: 'never', effect: goal }
  - { id: later, match: '^[^\n]* \w+$', effect: note, after: up }
  - { id: broken, match: 'broken', effect: fail }
""")
    filler = "2026-03-03 11:00:00 word\n" * 2000
    log = gonogo.write("app.log", "2026-01-01 10:00:00 start\n" + filler + "12:00:00 broken!\n")
    for options in ([], ["--no-prefilter"], ["--threads", "2"]):
        doc = gonogo.scan("--set", "app.yaml", *options, log).doc
        assert (doc["verdict"], doc["reasons"][0]["time"]) == ("NO-GO", "2026-01-01T12:00:00.000")


def test_a_truncated_archive_is_a_gap_with_any_number_of_threads(gonogo):
    packed = gonogo.write("cut.log.gz", gzip.compress(many_blocks(), 1)[:-200000])
    for n in ("1", "3"):
        doc = gonogo.scan("--threads", n, packed, timeout=600).doc
        assert doc["verdict"] != "GO" and any("cut.log.gz" in gap for source in doc["coverage"] for gap in source["gaps"])


def test_a_full_disk_under_a_report_is_74_and_the_verdict_is_still_said(app):
    log = app.write("app.log", GOOD)
    r = app("scan", "--patterns", "sets", "--json", "/dev/full", log)
    assert r.code == 74 and "GO" in r.out and "No space left" in r.err


def test_a_report_replaces_a_file_as_a_whole_and_writes_through_pipes(app):
    log = app.write("app.log", GOOD)
    out = app.write("v.json", "old")
    assert app("scan", "--patterns", "sets", "--quiet", "--json", out, log).code == 0
    assert out.read_text().startswith("{") and out.read_text().endswith("}\n")
    assert [p.name for p in app.folder.iterdir() if p.name.startswith("v.json")] == ["v.json"]
    assert '"verdict"' in app("scan", "--patterns", "sets", "--quiet", "--json", "/dev/stdout", log).out


def test_hostile_text_reaches_no_terminal(app):
    log = app.write("app.log", b"10:00:00 app.Main boot\n10:00:01 app.Main failed: \x1b]0;x\x07\xe2\x80\xae evil \x9b31m\n")
    r = app("scan", "--patterns", "sets", "--color", "never", log)
    assert r.code == 1
    assert not any(c in r.out for c in "\x1b\x07\u202e\x9b")


def test_a_gibibyte_needs_little_memory(app):
    """A small one here; the figure for 1 GiB is in tests/bench."""
    log = app.folder / "big.log"
    with open(log, "wb") as f:
        for _ in range(64):
            f.write(b"10:00:01 x.y.Z nothing to see here, move along, this is only filling material\n" * 13000)
    r = subprocess.run(["/usr/bin/env", "python3", "-c", "import resource,subprocess,sys;"
                        "subprocess.run(sys.argv[1:]);print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)",
                        BINARY, "scan", "--quiet", "--patterns", "sets", "--set", "app",
                        str(log)], stdout=subprocess.PIPE, cwd=app.folder, check=False)
    if "asan" in BINARY:
        pytest.skip("the sanitizer needs memory of its own")
    assert int(r.stdout.split()[-1]) < 24 * 1024
