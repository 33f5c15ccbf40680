# SPDX-License-Identifier: Apache-2.0
"""`samples/try --real`: real servers of Debian's packages, prepared, started and cleaned up by the newcomer's command itself."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest
from conftest import TOP

TRY = TOP / "samples" / "try"
LEFT = TOP / "build" / "try"
EXIT = {"GO": 0, "NO-GO": 1, "ROLLBACK": 2, "UNDECIDED": 3}
QUICK = {"postgresql", "postgresql-damaged", "redis"}  # a few seconds each; the others with --live

# name: the rule that decides, and where it is a failure what it says
DECIDES = {
    "mariadb": "mariadb/ready",
    "postgresql": "postgresql/ready",
    "postgresql-damaged": "postgresql/control-file",
    "puppetdb": "puppetdb/started",
    "puppetdb-view": "puppetdb/migration-failed",
    "redis": "redis/ready",
    "tomcat": "tomcat/startup",
    "tomcat-failing": "liquibase/changeset-failed",
    "zabbix": "zabbix/started",
    "zabbix-newer": "zabbix/newer-database",
}


def tried(*args, **kw):
    return subprocess.run([TRY, "--real", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, **kw)


def listed():
    """name: verdict, packages"""
    rows = {}
    for line in tried("--list", check=True).stdout.splitlines():
        name, verdict = line.split()[:2]
        rows[name] = verdict, line.rsplit("; needs ", 1)[1].split()
    return rows


LISTED = listed()


def installed(package):
    r = subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status}", package], stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL, text=True)
    return r.stdout == "installed"


def test_every_real_server_is_listed_and_its_verdict_is_known():
    folders = {p.parent.name for p in (TOP / "samples" / "real").glob("*/server")}
    assert set(LISTED) == folders == set(DECIDES)
    assert {verdict for verdict, _ in LISTED.values()} <= set(EXIT)


def test_a_name_that_is_not_there_is_a_mistake_of_the_command_line():
    r = tried("orcale")
    assert r.returncode == 64 and "orcale" in r.stderr and "--list" in r.stderr


@pytest.fixture
def folder():
    """For its data: the servers run as users of their own, who must be able to get there."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="gonogo-try-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def commands_that_name(folder):
    found = []
    for proc in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (proc / "cmdline").read_bytes():
                found.append(proc.name)
        except OSError:
            pass
    return found


def skip_without(packages):
    missing = [p for p in packages if not installed(p)]
    if missing:
        pytest.skip(f"not installed: {' '.join(missing)}")
    if not (TOP / "build" / "build.ninja").exists():
        pytest.skip("there is no build/ here, and samples/try would make it")


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.live) for n in LISTED])
def test_a_real_server_leads_to_its_verdict_and_nothing_of_it_stays(name, folder, gonogo):
    verdict, packages = LISTED[name]
    skip_without(packages)
    out = gonogo.folder / "v.json"
    r = tried(name, "--json", str(out), env={**os.environ, "TMPDIR": str(folder)}, timeout=600)
    assert r.returncode == EXIT[verdict], r.stdout + r.stderr
    assert r.stdout.count(f"\n{verdict}  ") == 1, r.stdout  # what an admin sees
    doc = json.loads(out.read_text())
    if verdict == "GO":
        assert DECIDES[name] in [g["name"] for g in doc["goals"] if g["met"]] and not doc["reasons"]
        assert all(p["state"] == "pass" for p in doc["probes"])
    else:
        assert doc["reasons"][0]["rule"] == DECIDES[name]
    assert not list(folder.iterdir()) and not commands_that_name(folder)
    # scan says the same of the logs that are left
    logs = [path for path in sorted((LEFT / f"real-{name}").iterdir()) if path.name not in ("stdout.log", "command.log")]
    scanned = gonogo.scan(*logs).doc
    assert scanned["verdict"] == verdict, scanned["reasons"]
    assert [r["rule"] for r in scanned["reasons"][:1]] == [r["rule"] for r in doc["reasons"][:1]]


@pytest.mark.slow
def test_ctrl_c_ends_with_gonogos_verdict_and_nothing_stays(folder):
    skip_without(LISTED["redis"][1])
    with subprocess.Popen([TRY, "--real", "redis", "--settle", "60s"], env={**os.environ, "TMPDIR": str(folder)}, text=True,
                          start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for line in process.stdout:
            if "all goals are reached" in line:
                os.killpg(process.pid, signal.SIGINT)
    assert process.returncode == EXIT["UNDECIDED"]
    assert not list(folder.iterdir()) and not commands_that_name(folder)
