# SPDX-License-Identifier: Apache-2.0
"""The real logs beside the project: verdicts, and that the filter changes nothing.  Skipped where they are not."""
import os
import re
import subprocess
import sys

import pytest
from conftest import BINARY


def logs(shared):
    for line in open(shared / "corpus" / "expected.tsv", encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")[0]


def judge(shared, *args):
    r = subprocess.run([sys.executable, shared / "tools" / "judge.py", "--gonogo", BINARY, *args],
                       stdout=subprocess.PIPE, timeout=1200)
    last = r.stdout.decode().strip().splitlines()[-1]
    m = re.search(r"judge: (\d+)/(\d+) right, (\d+) false GO, (\d+)/(\d+) deciding", last)
    return last, [int(x) for x in m.groups()]


def test_alfresco_and_tomcat_are_judged_as_the_expert_did(gonogo, shared):
    last, (right, of, false_go, cited, citable) = judge(shared, "--only", "alfresco|tomcat")
    assert false_go == 0 and right >= 0.92 * of and cited >= 0.85 * citable, last


@pytest.mark.slow
def test_no_log_at_all_is_a_false_go(gonogo, shared):
    last, (_, _, false_go, _, _) = judge(shared)
    assert false_go == 0, last


@pytest.mark.slow
def test_the_filter_changes_no_verdict_and_no_evidence(gonogo, shared):
    differ = []
    for name in logs(shared):
        path = shared / "corpus" / name
        docs = [gonogo.scan(*option, path).doc for option in ([], ["--no-prefilter"])]
        for doc in docs:
            for key in ("started", "ended", "seconds"):
                del doc[key]
        if docs[0] != docs[1]:
            differ.append(name)
    assert not differ


@pytest.mark.slow
def test_long_logs_are_skimmed_with_the_same_result(gonogo, shared):
    """Many logs in one, so that blocks are filled: filler between them is what the filter skips."""
    filler = b"".join(b"2026-11-21 10:00:%02d,%03d DEBUG [org.example.Filler] [main] nothing %d to see here\n"
                      % (i // 1000 % 60, i % 1000, i) for i in range(12000))
    for system in ("alfresco", "tomcat"):
        paths = [shared / "corpus" / n for n in logs(shared) if n.split("/")[1] == system]
        text = b"".join(p.read_bytes().rstrip(b"\n") + b"\n" + filler for p in paths[:30])
        log = gonogo.write("long.log", text)
        docs = [gonogo.scan("--set", system, *option, log, timeout=600).doc for option in ([], ["--no-prefilter"])]
        for doc in docs:
            for key in ("started", "ended", "seconds"):
                del doc[key]
        assert docs[0] == docs[1]
