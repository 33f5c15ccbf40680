# SPDX-License-Identifier: Apache-2.0
"""gonogo follow and run: logs as they are written, processes, signals."""
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from conftest import TOP, free_port, wait_until
from test_scan import BAD, GOOD, SET


@pytest.fixture
def app(gonogo):
    (gonogo.folder / "sets").mkdir()
    gonogo.write("sets/app.yaml", SET.replace("effect: fail, say: 'failed", "effect: fail, fatal: true, say: 'failed"))
    return gonogo


def follow(app, *args, **kw):
    return app.start("follow", "--patterns", "sets", "--set", "app", "--quiet", "--json", "v.json", *args, **kw)


def finish(app, process, timeout=30):
    process.communicate(timeout=timeout)
    path = app.folder / "v.json"
    return process.returncode, json.loads(path.read_text()) if path.exists() else None


def append(path, text):
    with open(path, "a") as f:
        f.write(text)


def following(app, name="app.log"):
    """Whether gonogo has the log open by now."""
    def holds(pid):
        try:
            return any(os.readlink(f"/proc/{pid}/fd/{fd}").endswith(name) for fd in os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            return False
    return holds


def started(app, process, name="app.log"):
    assert wait_until(lambda: following(app, name)(process.pid)), process.communicate()
    time.sleep(0.1)


def test_success_that_holds_is_go(app):
    log = app.write("app.log", "")
    p = follow(app, "--settle", "500ms", log)
    started(app, p)
    append(log, GOOD)
    code, doc = finish(app, p)
    assert (code, doc["goals"][0]["line"]) == (0, 2)


def test_yesterdays_success_is_not_todays(app):
    log = app.write("app.log", GOOD)
    p = follow(app, "--settle", "200ms", "--deadline", "1s", log)
    code, doc = finish(app, p)
    assert (code, doc["reasons"][0]["rule"]) == (3, "deadline")


@pytest.mark.parametrize("name, rule", [
    ("2.3-restore-killed-then-started", "alluxio/never-completed"),
    ("2.5-backup-cut-then-restarted", "alluxio/cut-before"),
    ("2.5-backup-cut-then-whole-then-restarted", None),
    ("2.9-restart-with-the-backup-still-named", None),
    ("2.9-in-place-then-mistyped-folder", "alluxio/cluster-lost"),
])
def test_what_earlier_starts_left_undone_counts_for_the_one_that_is_followed(gonogo, name, rule):
    sample = TOP / "samples" / "alluxio" / f"{name}.log"
    lines = sample.read_bytes().splitlines(keepends=True)
    scanned = gonogo.scan(sample).doc
    before = scanned["earlier_runs"][-1]["end_line"]
    log = gonogo.write("master.log", b"".join(lines[:before]))
    gonogo.write("this-start", b"".join(lines[before:]))
    r = gonogo("follow", "--set", "alluxio", "--quiet", "--json", "-", "--settle", "1s", log, "--", "sh", "-c",
               "cat this-start >> master.log")
    assert r.doc["verdict"] == scanned["verdict"], r.doc
    assert [reason["rule"] for reason in r.doc["reasons"]][:1] == ([rule] if rule else [])
    where = "reasons" if rule else "goals"
    assert r.doc[where][0]["line"] == scanned[where][0]["line"] and not r.doc["earlier_runs"]


def test_from_begin_judges_the_start_that_is_there(app):
    log = app.write("app.log", BAD + "10:20:00 app.Main boot\n10:20:01 app.Main up\n")
    p = follow(app, "--from", "begin", "--settle", "200ms", log)
    code, doc = finish(app, p)
    assert (code, doc["goals"][0]["line"], doc["earlier_runs"]) == (0, 7, [])


def test_what_is_there_already_counts_its_lines(app):
    log = app.write("app.log", GOOD)
    p = follow(app, "--settle", "200ms", log)
    started(app, p)
    append(log, "10:30:00 app.Main boot\n10:30:01 app.Main up\n")
    code, doc = finish(app, p)
    assert (code, doc["goals"][0]["line"]) == (0, 4)


def test_a_fatal_failure_ends_it_at_once(app):
    log = app.write("app.log", "")
    p = follow(app, log)
    started(app, p)
    begun = time.monotonic()
    append(log, "10:00:00 app.Main boot\n10:00:01 app.Main failed: disk\n")
    code, doc = finish(app, p)
    assert (code, doc["reasons"][0]["line"]) == (1, 2)
    assert time.monotonic() - begun < 5  # settle would be 10 s


def test_a_log_that_appears_later_is_read_from_its_first_byte(app):
    log = app.folder / "later.log"
    p = follow(app, "--settle", "200ms", log)
    started(app, p, "inotify")
    log.write_text(GOOD)
    assert finish(app, p)[0] == 0


@pytest.mark.parametrize("begin", [[], ["--from", "begin"]], ids=["from now on", "from the last start"])
def test_a_named_pipe_is_read_from_its_first_byte(app, begin):
    pipe = app.folder / "app.pipe"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    p = follow(app, "--deadline", "3s", *begin, pipe)
    started(app, p, "app.pipe")
    os.write(writer, BAD.encode())
    time.sleep(0.2)
    os.close(writer)
    code, doc = finish(app, p)
    assert (code, doc["reasons"][0]["rule"], doc["reasons"][0]["line"]) == (1, "app/failed", 2)


@pytest.mark.parametrize("rotate", ["rename", "copytruncate", "recreate"])
def test_a_rotation_loses_nothing(app, rotate):
    log = app.write("app.log", "")
    p = follow(app, "--settle", "300ms", log)
    started(app, p)
    append(log, "10:00:00 app.Main boot\n10:00:01 app.Main script\n")
    time.sleep(0.4)
    if rotate == "rename":
        os.rename(log, str(log) + ".1")
        log.write_text("10:00:02 app.Main up\n")
    elif rotate == "copytruncate":
        os.truncate(log, 0)
        append(log, "10:00:02 app.Main up\n")
    else:
        os.unlink(log)
        log.write_text("10:00:02 app.Main up\n")
    code, doc = finish(app, p)
    assert code == 0 and doc["point_of_no_return"]["passed"], doc


def test_a_record_that_comes_in_parts_is_one(app):
    log = app.write("app.log", "")
    p = follow(app, log)
    started(app, p)
    append(log, "10:00:00 app.Main boot\n10:00:01 app.Main fai")
    time.sleep(0.3)
    append(log, "led: disk\n")
    code, doc = finish(app, p)
    assert (code, doc["reasons"][0]["facts"]) == (1, {"why": "disk"})


SERVER = textwrap.dedent("""
    import sys, time, os, signal
    for line in sys.argv[1].split('|'):
        if line.startswith('sleep '): time.sleep(float(line[6:]))
        elif line == 'kill': os.kill(os.getpid(), signal.SIGKILL)
        elif line.startswith('exit '): sys.exit(int(line[5:]))
        else: print('10:00:00 app.Main ' + line, flush=True)
""")


def command(app, script, *args):
    app.write("server.py", SERVER)
    p = follow(app, *args, "--", sys.executable, "server.py", script)
    return finish(app, p)


def test_a_commands_output_is_a_log(app):
    code, doc = command(app, "boot|sleep 0.2|up|sleep 30", "--settle", "300ms")
    assert (code, doc["coverage"][0]["source"]) == (0, "command")


def test_death_before_go_is_a_failure_after_what_it_said_last(app):
    code, doc = command(app, "boot|sleep 0.2|kill")
    assert code == 1
    assert doc["reasons"][0]["rule"] == "process-died" and "SIGKILL" in doc["reasons"][0]["text"]
    code, doc = command(app, "boot|script|sleep 0.2|exit 3")
    assert code == 2 and "exit code 3" in doc["reasons"][0]["text"]
    code, doc = command(app, "boot|failed: disk|exit 1")
    assert code == 1 and doc["reasons"][0]["rule"] == "app/failed"


def test_a_command_that_ends_well_lets_the_goals_decide(app):
    assert command(app, "boot|up|exit 0", "--settle", "5s")[0] == 0
    assert command(app, "boot|exit 0", "--settle", "5s")[0] == 1


def test_a_server_that_we_did_not_start_is_watched_by_its_pidfile(app):
    log = app.write("app.log", "")
    server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    pidfile = app.write("app.pid", f"{server.pid}\n")
    p = follow(app, "--pidfile", pidfile, log)
    started(app, p)
    append(log, "10:00:00 app.Main boot\n")
    time.sleep(0.5)
    server.kill()
    server.wait()
    code, doc = finish(app, p)
    assert (code, doc["reasons"][0]["rule"]) == (1, "process-died")


def test_a_plan_finds_the_server_by_the_port_it_listens_on(app):
    port = free_port()
    log = app.write("app.log", "")
    plan = app.write("plan.yaml", f"plan: p\nlogs: [{{ file: app.log, sets: [app] }}]\nprocess: {{ port: {port} }}\n")
    server = subprocess.Popen([sys.executable, "-c", "import socket, time; s = socket.socket(); "
                               f"s.bind(('127.0.0.1', {port})); s.listen(); time.sleep(60)"])
    p = app.start("run", "--patterns", "sets", "--quiet", "--json", "v.json", plan)
    started(app, p)
    append(log, "10:00:00 app.Main boot\n")
    time.sleep(1)
    server.kill()
    server.wait()
    code, doc = finish(app, p)
    assert (code, doc["reasons"][0]["rule"]) == (1, "process-died")


def test_the_start_of_a_running_process_is_found_in_its_log(app):
    log = app.write("app.log", GOOD + "10:10:00 app.Main stop\n10:20:00 app.Main boot\n")
    pidfile = app.write("app.pid", f"{os.getpid()}\n")
    p = follow(app, "--settle", "300ms", "--pidfile", pidfile, log)
    started(app, p)
    append(log, "10:20:01 app.Main up\n")
    code, doc = finish(app, p)
    assert (code, doc["goals"][0]["line"]) == (0, 5)


def test_a_stall_is_undecided_and_equal_lines_are_no_life(app):
    log = app.write("app.log", "")
    p = follow(app, "--stall", "1s", "--deadline", "20s", log)
    started(app, p)
    stop = threading.Event()

    def wait_for_lock():
        n = 0
        while not stop.is_set():
            append(log, f"10:00:0{n % 10} Waiting for lock\n")
            n += 1
            time.sleep(0.1)
    writer = threading.Thread(target=wait_for_lock)
    writer.start()
    code, doc = finish(app, p)
    stop.set()
    writer.join()
    assert (code, doc["reasons"][0]["rule"]) == (3, "stall")


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_is_undecided_and_still_written(app, signo):
    log = app.write("app.log", "")
    p = follow(app, log)
    started(app, p)
    append(log, "10:00:00 app.Main boot\n")
    time.sleep(0.2)
    p.send_signal(signo)
    code, doc = finish(app, p)
    assert (code, doc["verdict"], doc["reasons"][0]["rule"]) == (3, "UNDECIDED", "interrupted")


def test_a_closed_standard_output_costs_no_verdict(app):
    log = app.write("app.log", "")
    p = app.start("follow", "--patterns", "sets", "--set", "app", "--json", "v.json", "--settle", "200ms", log)
    p.stdout.close()
    started(app, p)
    append(log, GOOD)
    p.wait(timeout=20)
    assert p.returncode == 74  # the text could not be written
    assert json.loads((app.folder / "v.json").read_text())["verdict"] == "GO"


def test_two_gonogos_on_one_log_do_not_disturb_each_other(app):
    log = app.write("app.log", "")
    ps = [app.start("follow", "--patterns", "sets", "--set", "app", "--quiet", "--settle", "300ms", log)
          for _ in range(2)]
    for p in ps:
        started(app, p)
    append(log, GOOD)
    assert [p.wait(timeout=20) for p in ps] == [0, 0]


def test_standard_input_can_be_followed(app):
    r = app("follow", "--patterns", "sets", "--set", "app", "--quiet", "-", stdin=GOOD.encode())
    assert r.code == 0


def test_events_are_lines_of_json_that_end_with_the_verdict(app):
    log = app.write("app.log", "")
    p = follow(app, "--settle", "200ms", "--events", "ev.ndjson", log)
    started(app, p)
    append(log, GOOD)
    finish(app, p)
    events = [json.loads(line) for line in (app.folder / "ev.ndjson").read_text().splitlines()]
    assert {e["schema"] for e in events} == {"gonogo.event/1"}
    assert [e["type"] for e in events][-1] == "verdict" and events[-1]["verdict"] == "GO"
    assert any(e["type"] == "goal" and e.get("line") == 2 for e in events)
