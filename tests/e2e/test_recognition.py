# SPDX-License-Identifier: Apache-2.0
"""Which product a log is of: recognised, guessed at, or several in one stream."""
import itertools
import json
import pathlib
import random
import re
import subprocess
import time

import pytest
from conftest import BINARY, TOP

SAMPLES = TOP / "samples"


def sample(name):
    return (SAMPLES / name).read_text(encoding="utf-8", errors="replace").splitlines()


def disguised(name):
    """A prefix that gonogo does not know, in place of the product's own: no set recognises it any more."""
    return "".join("at home> " + re.sub(r"^[^A-Za-z]*[0-9:]+[^A-Za-z]+(?:[A-Z]+ )?", "", line) + "\n"
                   for line in sample(name))


def composed(seed=1, head="", **containers):
    """What `docker compose up` prints: each line with its container's name, in the order in which they came."""
    names = {name.replace("_", "-"): list(lines) for name, lines in containers.items()}
    width, order, out = max(map(len, names)), random.Random(seed), []
    while any(names.values()):
        name = order.choice([name for name in names if names[name]])
        out.append(f"{name:<{width}} | {names[name].pop(0)}\n")
    return head + "".join(out)


@pytest.mark.parametrize("name, meant", [("redis/7.2-up.log", "redis"), ("etcd/3.5-up.log", "etcd")])
def test_a_log_that_is_not_recognised_is_undecided_and_says_which_sets_may_be_meant(gonogo, name, meant):
    log = gonogo.write("app.log", disguised(name))
    r = gonogo.scan(log)
    assert (r.code, r.doc["verdict"], r.doc["reasons"][0]["rule"]) == (3, "UNDECIDED", "log-ends")
    guess = next(reason for reason in r.doc["reasons"] if reason["rule"] == "not-recognised")
    assert guess["source"] == str(log) and next(iter(guess["facts"])) == meant
    assert int(guess["facts"][meant]) >= 1
    assert r.doc["next"][0] == f"if it is the log of {meant}, say so: --set {meant}"
    assert f"--set {meant}" in gonogo("scan", log).out


def test_a_log_that_holds_only_a_failure_names_the_set_that_knows_it(gonogo):
    log = gonogo.write("app.log", "at home> Error: Unsupported persistent database format version 99 (need version 6).\n")
    doc = gonogo.scan(log).doc
    assert doc["verdict"] == "UNDECIDED" and "if it is the log of mosquitto, say so: --set mosquitto" in doc["next"]


def test_in_one_file_each_logger_s_records_are_their_own(gonogo):
    """catalina.out: java.util.logging of Tomcat on one and on two lines, log4j of the application, and a trace without either."""
    juli = sample("tomcat/9-up.log")
    app = ["2031-04-05 06:07:09,101 ERROR [org.shop.Orders] (main) cannot read the orders",
           "java.io.IOException: no such queue", "\tat org.shop.Orders.read(Orders.java:12)",
           "Apr 05, 2031 6:07:09 AM org.shop.Mail send", "SEVERE: no mail server",
           "06:07:09,300 WARN  [Cart] late"]
    log = gonogo.write("catalina.out", "\n".join(juli[:3] + app + juli[3:]) + "\n")
    doc = gonogo.scan(log).doc
    assert doc["verdict"] == "GO" and doc["sets"][0] == "tomcat"
    assert [(u["line"], u["text"]) for u in doc["unexplained"]] == [(4, app[0]), (7, app[3])]
    shown = gonogo("explain", "--verbose", log).out
    assert [f"\n{n}: " in shown for n in (4, 5, 6, 7, 8, 9)] == [True, False, False, True, False, True]


def test_a_log_that_looks_like_nothing_names_no_set(gonogo):
    doc = gonogo.scan(gonogo.write("app.log", "hello\nworld\n")).doc
    assert doc["verdict"] == "UNDECIDED"
    assert "not-recognised" not in [reason["rule"] for reason in doc["reasons"]]
    assert not [step for step in doc["next"] if "--set" in step]


def test_of_a_log_with_several_products_an_undecided_says_that_all_of_them_are_judged(gonogo):
    log = gonogo.write("app.log", "\n".join(sample("postgresql/16-up.log")
                                            + sample("keycloak/22-cut-in-the-model-migration.log")) + "\n")
    doc = gonogo.scan(log).doc
    assert doc["verdict"] == "UNDECIDED"
    assert [step for step in doc["next"] if "keycloak and postgresql" in step and "--set NAME" in step]
    assert gonogo.scan("--set", "postgresql", log).doc["verdict"] == "GO"


APPS = {
    "keycloak/22-database-down.log": "NO-GO",
    "keycloak/25-changeset-failed.log": "ROLLBACK",
    "keycloak/26-database-lost-after-the-start.log": "NO-GO",
    "keycloak/unknown-option.log": "NO-GO",
    "keycloak/24-upgraded.log": "GO",
    "keycloak/22-cut-in-the-model-migration.log": "UNDECIDED",
    "tomcat/9-listener-failed.log": "NO-GO",
    "tomcat/9-up.log": "GO",
}


@pytest.mark.parametrize("head", ["", "Attaching to db-1, app-1\n", " Container shop-db-1  Created\nAttaching to x\n"])
@pytest.mark.parametrize("app, verdict", APPS.items())
def test_each_container_of_a_composed_stream_is_judged_for_itself(gonogo, app, verdict, head):
    """PostgreSQL's image starts the server twice: its second start must not end the run of the other container."""
    for seed in (1, 2):
        log = gonogo.write("up.log", composed(seed, head, db_1=sample("postgresql/container-initialised.log"),
                                              app_1=sample(app)))
        doc = gonogo.scan(log).doc
        alone = gonogo.scan(SAMPLES / app).doc
        assert doc["verdict"] == verdict == alone["verdict"]
        shown, own = ([(r["rule"], r.get("lines"), r.get("text")) for r in d["reasons"] if r.get("line")]
                      for d in (doc, alone))
        assert shown == own
        lines = log.read_text().splitlines()
        for reason in doc["reasons"]:
            if reason.get("line"):
                assert reason["text"] in lines[reason["line"] - 1] and lines[reason["line"] - 1].startswith("app-1")
                assert log.read_bytes()[reason["offset"]:].startswith(b"app-1")
        assert sum(c["bytes"] for c in doc["coverage"]) == log.stat().st_size
        assert sum(c["lines"] for c in doc["coverage"]) == len(lines)


def test_a_failing_container_is_told_by_name(gonogo):
    log = gonogo.write("up.log", composed(db_1=sample("postgresql/wrong-data-version.log"),
                                          app_1=sample("tomcat/9-up.log")))
    doc = gonogo.scan(log).doc
    assert doc["verdict"] == "NO-GO" and doc["reasons"][0]["source"] == f"{log} (db-1)"


def test_a_stack_trace_that_another_container_cuts_in_two_stays_one_record(gonogo):
    trace = ["2026-11-21 10:00:00,123 ERROR [org.x.Y] (main) boom", "java.lang.IllegalStateException: boom",
             "\tat org.x.Y.run(Y.java:1)", "Caused by: java.io.IOException: no space left on device"]
    noise = ["2026-11-21 10:00:00.123 UTC [1] LOG:  checkpoint starting: time"] * 4
    woven = list(itertools.chain.from_iterable(zip([f"app-1 | {line}\n" for line in trace],
                                                   [f"db-1  | {line}\n" for line in noise])))
    r = gonogo("explain", gonogo.write("up.log", "".join(woven)), "1")
    assert "no space left on device" in r.out and "checkpoint" not in r.out


def test_a_table_in_a_plain_log_makes_no_container(gonogo):
    text = "\n".join(sample("tomcat/9-up.log")[:3] + ["name | value", "size | 3"] + sample("tomcat/9-up.log")[3:])
    doc = gonogo.scan(gonogo.write("app.log", text + "\n")).doc
    assert doc["verdict"] == "GO" and len(doc["coverage"]) == 1


@pytest.mark.parametrize("app, verdict", [("keycloak/24-upgraded.log", "GO"), ("keycloak/unknown-option.log", "NO-GO")])
def test_containers_are_judged_for_themselves_while_they_write_too(gonogo, app, verdict):
    """In small pieces that end anywhere, also within a line's prefix."""
    text = composed(5, db_1=sample("postgresql/container-initialised.log"), app_1=sample(app)).encode()
    log = gonogo.write("up.log", b"")
    p = gonogo.start("follow", log, "--from", "start", "--settle", "1s", "--deadline", "30s", "--quiet", "--json", "-")
    with open(log, "ab", buffering=0) as f:
        for i in range(0, len(text), 211):
            f.write(text[i:i + 211])
            time.sleep(0.005)
    doc = json.loads(p.communicate(timeout=60)[0])
    assert doc["verdict"] == verdict
    assert {c["source"] for c in doc["coverage"]} == {f"{name} ({c})" for name in [doc["coverage"][0]["source"].split(" (")[0]]
                                                      for c in ("db-1", "app-1")}


def peak_kib(process):
    with open(f"/proc/{process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))


def test_a_long_composed_stream_is_read_in_little_memory_with_its_lines_right(gonogo):
    """Each line is of another container than the one before: its place is kept only while it may be asked for."""
    if b"AddressSanitizer" in pathlib.Path(BINARY).read_bytes():
        pytest.skip("memory that is freed stays, for the sanitizer")
    pair = ["2026-11-21 10:00:00.123 UTC [1] LOG:  checkpoint starting: time",
            "2026-11-21 10:00:00,123 INFO  [org.example.Task] (worker) done"]
    woven = "".join(f"{name} | {text}\n" for name, text in zip(("db-1 ", "app-1"), pair)).encode()
    failure = b"app-1 | java.lang.OutOfMemoryError: Java heap space\n"
    p = gonogo.start("scan", "--quiet", "--json", "-", "--set", "java", "-", stdin=subprocess.PIPE)
    for _ in range(400):
        p.stdin.write(woven * 1000)
    p.stdin.write(failure + woven * 1000)
    p.stdin.flush()
    peak = peak_kib(p)
    doc = json.loads(p.communicate(timeout=60)[0])
    reason = next(r for r in doc["reasons"] if r.get("line"))
    assert (reason["line"], reason["offset"]) == (800_001, 400_000 * len(woven))
    assert sum(c["lines"] for c in doc["coverage"]) == 802_001
    assert peak < 32 * 1024
