# SPDX-License-Identifier: Apache-2.0
"""The real logs beside the project, changed: what does not matter changes no verdict, what matters does.

Each change is tried on every fifth log of each system, another fifth for the next change; GONOGO_ALL=1 tries each on
all logs, which takes half an hour.
"""
import concurrent.futures
import gzip
import itertools
import json
import os
import random
import re
import subprocess
import time

import pytest
from conftest import BINARY, SHARED, wait_until

pytestmark = pytest.mark.slow

ALL = bool(os.environ.get("GONOGO_ALL"))
JOBS = 2          # scans at once
FOLLOWERS = 8     # these mostly wait
BAD = ("NO-GO", "ROLLBACK")


# ---- the logs ----

def table():
    with open(SHARED / "corpus" / "expected.tsv", encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                yield line.split("\t")[:2]


def text_of(name):
    """What is in UTF-16 is changed as UTF-8, and that is one more thing that does not matter."""
    data = (SHARED / "corpus" / name).read_bytes()
    return data.decode("utf-16", "replace").encode() if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data


def scan(*files):
    r = subprocess.run([BINARY, "scan", "--quiet", "--json", "-", *map(str, files)], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=300)
    assert r.returncode in range(4), r.stderr.decode("utf-8", "replace")
    return json.loads(r.stdout)


def said(doc):
    return f"{doc['verdict']} {' '.join(r['rule'] for r in doc['reasons'][:2])}".strip()


def in_threads(jobs, work, items):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(work, items))


@pytest.fixture(scope="session")
def corpus():
    """Each log's name, system and verdict as it stands."""
    if not (SHARED / "corpus" / "expected.tsv").is_file():
        pytest.skip("../shared/corpus is not here")
    if not os.access(BINARY, os.X_OK):
        pytest.skip(f"no binary at {BINARY}")
    rows = list(table())
    docs = in_threads(JOBS, lambda row: scan(SHARED / "corpus" / row[0]), rows)
    return [(name, system, doc) for (name, system), doc in zip(rows, docs)]


def each_nth(rows, n, rest):
    """One log in n of each system: the n calls with rest = 0 ... n-1 give every log once."""
    seen = {}
    for row in rows:
        at = seen[row[1]] = seen.get(row[1], -1) + 1
        if ALL or at % n == rest % n:
            yield row


# ---- what does not matter ----

LEVEL = re.compile(rb"\b(INFO|WARN(?:ING)?|ERROR|SEVERE|FATAL|DEBUG|LOG)\b")
PREFIX = re.compile(rb"\S+ +\| |<\d+>|\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ \S+: |\S+T\S+ (?:stdout|stderr) [FP] ")


def lines_of(text):
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def each_line(change):
    return lambda text: b"".join(change(line, i) + b"\n" for i, line in enumerate(lines_of(text)))


def coloured(line, i):
    line, end = (line[:-1], b"\r") if line.endswith(b"\r") else (line, b"")
    line = LEVEL.sub(b"\x1b[1;31m\\1\x1b[0m", line)
    return (b"\x1b[38;5;%dm" % (i % 200) + line + b"\x1b[m" if i % 3 else line) + end


def compose(line, i):
    return b"search-server-1  | " + line


def syslog(line, i):
    return b"Nov  7 %02d:%02d:%02d build7 server[4711]: " % (i // 3600 % 24, i // 60 % 60, i % 60) + line


def cri(line, i):
    """What a container runtime writes: a long line comes in parts."""
    stamp = b"2024-11-07T%02d:%02d:%02d.123456789+01:00 stdout " % (i // 3600 % 24, i // 60 % 60, i % 60)
    parts = [line[k:k + 16384] for k in range(0, len(line), 16384)] or [b""]
    return b"\n".join(stamp + (b"P " if k + 1 < len(parts) else b"F ") + part for k, part in enumerate(parts))


def unprefixed(change):
    """What a runtime puts before each line is put there once."""
    def changed(text):
        return text if any(PREFIX.match(line) for line in lines_of(text)[:20]) else each_line(change)(text)
    return changed


def rubbish(text):
    lines = lines_of(text)
    noise = random.Random(len(text))
    binary = bytes(noise.choice([0, 1, 7, 27, 128, 155, 200, 255, 254, 65, 122]) for _ in range(700))
    middle = len(lines) // 2
    alien = [binary, b"Broadcast message from root: lunch is ready"]
    return b"\n".join(lines[:middle] + alien + lines[middle:]) + b"\n"


def halves(text):
    lines = lines_of(text)
    middle = len(lines) // 2
    return [b"".join(line + b"\n" for line in part) for part in (lines[:middle], lines[middle:])]


CHANGES = {
    "crlf": each_line(lambda line, i: line.rstrip(b"\r") + b"\r"),
    "colours": each_line(coloured),
    "compose": unprefixed(compose),
    "syslog": unprefixed(syslog),
    "cri": unprefixed(cri),
    "gzip": gzip.compress,
    "rubbish": rubbish,
    "cut in two": halves,
}

def differences(folder, corpus, change):
    """(log, before, after) where the change made a difference."""
    def judge(row):
        name, _, before = row
        parts = CHANGES[change](text_of(name))
        files = []
        for i, part in enumerate(parts if isinstance(parts, list) else [parts]):
            files.append(folder / (name.replace("/", "-") + f".{i}"))
            files[-1].write_bytes(part)
        after = scan(*files)
        for file in files:
            file.unlink()
        return None if after["verdict"] == before["verdict"] else (name, said(before), said(after))
    return [d for d in in_threads(JOBS, judge, corpus) if d]


@pytest.mark.parametrize("change", CHANGES)
def test_what_does_not_matter_changes_no_verdict(corpus, tmp_path, change):
    rows = list(each_nth(corpus, 5, list(CHANGES).index(change)))
    assert not differences(tmp_path, rows, change)


SHOP = r"""
set: shop
detect: 'Shop \d+ begins'
record: { first: ['^shop: '] }
phases: [boot, up]
rules:
  - { id: boot, match: 'Shop \d+ begins', effect: begin, phase: boot }
  - { id: open, match: 'the shop is open', effect: goal, phase: up }
  - { id: broken, match: 'the till is broken', effect: fail, fatal: true }
"""


def test_what_continues_a_log_is_read_as_that_log_was(gonogo):
    gonogo.write("shop.yaml", SHOP)
    old = gonogo.write("shop.log.1", "shop: Shop 3 begins\n")
    new = gonogo.write("shop.log", "shop: the shop is open\n")
    assert gonogo.scan("--patterns", ".", old, new).doc["verdict"] == "GO"


# ---- what does ----

def test_a_log_that_is_cut_before_its_goal_is_never_go(corpus, tmp_path):
    """Before the line that reached the last of its goals."""
    def judge(row):
        name, _, doc = row
        line = max(goal["line"] for goal in doc["goals"] if goal.get("line"))
        file = tmp_path / name.replace("/", "-")
        file.write_bytes(b"".join(x + b"\n" for x in lines_of(text_of(name))[:line - 1]))
        after = scan(file)
        return (name, line, said(after)) if after["verdict"] == "GO" else None
    went = [row for row in corpus if row[2]["verdict"] == "GO"]
    assert not [d for d in in_threads(JOBS, judge, each_nth(went, 2, 0)) if d]


# Harmless if an earlier start in the same log had done it already, so no failure behind every log.
EXCUSED_BY_HISTORY = {"alluxio/restore-skipped"}


def test_a_log_that_a_failed_start_follows_is_never_go(corpus, tmp_path):
    """Of the same product.  A failing log that shows no begin of its own goes on with the run, and fails it."""
    failed = {}
    for name, _, doc in corpus:
        if doc["verdict"] in BAD and doc["reasons"][0]["rule"] not in EXCUSED_BY_HISTORY:
            failed.setdefault(tuple(doc["sets"]), []).append(name)

    def judge(job):
        name, other = job
        file = tmp_path / name.replace("/", "-")
        file.write_bytes(text_of(name).rstrip(b"\n") + b"\n" + text_of(other))
        after = scan(file)
        return (name, other, said(after)) if after["verdict"] == "GO" else None
    went = [row for row in corpus if row[2]["verdict"] == "GO"]
    jobs = []
    for n, (name, _, doc) in enumerate(each_nth(went, 2, 1)):
        others = failed.get(tuple(doc["sets"]))
        if others:
            jobs.append((name, others[n % len(others)]))
    assert len(jobs) > 20
    assert not [d for d in in_threads(JOBS, judge, jobs) if d]


# ---- the same while it is written ----

class Writer:
    """Puts a log into a file that somebody follows, in pieces cut anywhere.

    Only where another file begins, or the same one anew, a line begins, too: a program that reopens its log does not
    go on in the middle of a line.
    """

    def __init__(self, file, pid, text, dice):
        self.file, self.pid, self.text, self.dice = file, pid, text, dice
        self.turn = text.rfind(b"\n", 0, dice.randrange(len(text) // 3, len(text))) + 1 if text else 0

    def is_followed(self):
        log = os.stat(self.file)
        for fd in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                if os.path.samestat(os.stat(f"/proc/{self.pid}/fd/{fd}"), log):
                    return True
            except OSError:
                continue
        return False

    def bytes_read(self):
        with open(f"/proc/{self.pid}/io", encoding="ascii") as f:
            return int(f.readline().split()[1])

    def wait_until_read(self, size, before):
        """What was not read before a file is emptied is lost to everybody."""
        def read_and_quiet():
            now = self.bytes_read()
            time.sleep(0.2)
            return now == self.bytes_read() >= before + size
        wait_until(read_and_quiet, seconds=5)

    def put(self, text):
        cuts = sorted(self.dice.randrange(len(text) + 1) for _ in range(6))
        for a, b in itertools.pairwise([0, *cuts, len(text)]):
            with open(self.file, "ab") as f:
                f.write(text[a:b])
            time.sleep(self.dice.choice([0, 0.02, 0.1]))

    def half(self):
        before = self.bytes_read()
        self.put(self.text[:self.turn])
        self.wait_until_read(self.turn, before)

    def plain(self):
        self.put(self.text)

    def renamed(self):
        self.put(self.text[:self.turn])
        self.file.rename(f"{self.file}.1")
        self.put(self.text[self.turn:])

    def recreated(self):
        self.half()
        self.file.unlink()
        self.put(self.text[self.turn:])

    def truncated(self):
        self.half()
        os.truncate(self.file, 0)
        self.put(self.text[self.turn:])


WAYS = ("plain", "renamed", "truncated", "recreated")


def comparable(doc):
    """Whether follow can be asked for scan's verdict.  By design it need not be the same where

    - the log holds several starts: follow's run ends with the first verdict, scan's with the file;
    - a goal was reached and something else decided: follow says GO when success has held for `settle` and reads
      no further, scan reads on.
    A log that ends undecided is UNDECIDED for both: here as `log-ends`, there as `stall` or `deadline`.
    """
    reached = any(goal["met"] for goal in doc["goals"])
    return not doc["earlier_runs"] and (doc["verdict"] == "GO" or not reached)


def follow(folder, name, way):
    """`--settle 1s` is what scan does."""
    file, report = folder / "server.log", folder / "verdict.json"
    file.write_bytes(b"")
    p = subprocess.Popen([BINARY, "follow", "--quiet", "--json", report, "--from", "start", "--stall", "2s",
                          "--deadline", "20s", "--settle", "1s", file],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    text = (SHARED / "corpus" / name).read_bytes() if way == "plain" else text_of(name)
    writer = Writer(file, p.pid, text, random.Random(name))
    try:
        if not wait_until(writer.is_followed):
            return {"verdict": "?", "reasons": [{"rule": "never opened the log"}]}
        getattr(writer, way)()
        p.communicate(timeout=60)
    finally:
        p.kill()
    return json.loads(report.read_text())


def test_a_log_that_is_written_piece_by_piece_gets_the_verdict_of_scan(corpus, tmp_path):
    rows = [row for row in corpus if comparable(row[2])]
    if ALL:
        jobs = [(row, way) for row in rows for way in WAYS]
    else:
        jobs = [(row, WAYS[n % len(WAYS)]) for n, row in enumerate(each_nth(rows, 7, 2))]

    def judge(job):
        (name, _, before), way = job
        folder = tmp_path / f"{name.replace('/', '-')}-{way}"
        folder.mkdir()
        after = follow(folder, name, way)
        return None if after["verdict"] == before["verdict"] else (name, way, said(before), said(after))
    assert len(jobs) >= 40
    assert not [d for d in in_threads(FOLLOWERS, judge, jobs) if d]


def test_a_begin_behind_a_fatal_failure_does_not_take_its_reason_away(gonogo):
    gonogo.write("shop.yaml", SHOP)
    log, report = gonogo.write("shop.log", ""), gonogo.folder / "verdict.json"
    p = gonogo.start("follow", "--quiet", "--patterns", ".", "--set", "shop", "--from", "start",
                     "--json", report, log)
    assert wait_until(Writer(log, p.pid, b"", None).is_followed)
    log.write_text("shop: Shop 3 begins\nshop: the till is broken\nshop: Shop 3 begins\n")
    p.communicate(timeout=30)
    doc = json.loads(report.read_text())
    assert (doc["verdict"], [r["rule"] for r in doc["reasons"]]) == ("NO-GO", ["shop/broken"])
