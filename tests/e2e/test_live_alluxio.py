# SPDX-License-Identifier: Apache-2.0
"""Real Alluxio masters: 2.3.0 is backed up, and 2.9 started from the backup, well and in every way that fails without a word."""
import gzip
import json
import re
import shutil
import socket
import sys
import urllib.request

import pytest
from conftest import SHARED, TOP

sys.path.insert(0, str(TOP / "tests" / "servers"))
from scripts import Server, free_base, skip_without  # noqa: E402

pytestmark = [pytest.mark.live, pytest.mark.slow]

OLD, NEW = "2.3.0", "2.9.4"
FROM_BACKUP = TOP / "samples" / "plans" / "alluxio-2.3-to-2.9-from-backup.yaml"
IN_PLACE = TOP / "samples" / "plans" / "alluxio-in-place.yaml"
DIRECTORIES = 1500


class Cluster:
    """One master of the scripts, in a folder of its own."""

    def __init__(self, server, name, version, journal="EMBEDDED"):
        self.server, self.home, self.version = server, server.home / "alluxio" / name, version
        self.rpc = free_base(0, 1, -798)  # web is the next one, the embedded journal is below
        self.env = {"VERSION": version, "JOURNAL": journal, "NAME": name, "PORT": self.rpc}
        self.log, self.journal = self.home / "logs" / "master.log", self.home / "journal"

    def cli(self, *args):
        return self.server.run("cli.sh", *args, **self.env)

    def up(self, **env):
        said = self.server.up(90, **self.env, **env)
        assert "serving" in said, said

    def down(self, **env):
        self.server.down(**self.env, **env)

    def gauge(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.rpc + 1}/metrics/json/", timeout=20) as answer:
            return json.load(answer)["gauges"][name]["value"]

    def fill(self, directories=DIRECTORIES):
        self.cli("fs", "mkdir", *(f"/data/d{n}" for n in range(directories)))

    def become(self, version):
        """The same folders under another version."""
        self.version = self.env["VERSION"] = version

    def watch(self, gonogo, plan, *options, start=(), **values):
        """gonogo starts the master by the plan, and watches it: exit code and verdict."""
        values = {"logs": self.log.parent, "journal": self.journal, "rpc": self.rpc, "web": self.rpc + 1,
                  "version": self.version, **values}
        variables = [a for name, value in values.items() for a in ("--var", f"{name}={value}")]
        r = gonogo("run", plan, "--quiet", "--json", "v.json", "--settle", "5s", "--deadline", "90s", *variables, *options,
                   "--", *self.server.command(60), timeout=200, env=self.server.env(**self.env, **dict(start)))
        path = gonogo.folder / "v.json"
        assert path.exists(), r.err
        doc = json.loads(path.read_text())
        assert r.code == doc["exit_code"]
        print(f"\n{doc['verdict']}: {doc['summary']} ({doc['seconds']:.0f} s)")
        for reason in doc["reasons"]:
            print("  ", told(reason))
        return doc


def told(reason):
    return " | ".join(filter(None, [reason["rule"], reason.get("text"), reason.get("say"), reason.get("cause")]))


class Old(Cluster):
    """2.3.0 with a namespace, backed up and stopped."""

    def __init__(self, server, name, journal="UFS"):
        super().__init__(server, name, OLD, journal)
        self.up(FORMAT=1)
        try:
            self.fill()
            said = self.cli("fsadmin", "backup", self.home / "backups", "--local")
            self.entries = int(re.search(r"Backup Entry Count : (\d+)", said)[1])
            self.backup = re.search(r"Backup URI\s*: file://(\S+)", said)[1]
            self.paths = self.gauge("Master.TotalPaths")
        finally:
            self.down()

    def values(self):
        """What the administrator wrote down before the old version was stopped."""
        return {"backup": self.backup, "entries": self.entries, "paths": self.paths}


@pytest.fixture(scope="module")
def server():
    if not SHARED.is_dir():
        pytest.skip("../shared is not here")
    skip_without("mvn", "java", "javac", "curl")
    server = Server(SHARED, "alluxio", {})
    try:
        yield server
    finally:
        for cluster in (server.home / "alluxio").glob("*"):
            server.down(NAME=cluster.name)
        server.remove()


@pytest.fixture(scope="module")
def old(server):
    return Old(server, "old")


@pytest.fixture
def cluster(server, request):
    """A cluster that does not outlive its test."""
    made = []

    def make(version=NEW, journal="EMBEDDED", formatted=True):
        made.append(Cluster(server, f"c{len(list((server.home / 'alluxio').glob('*')))}", version, journal))
        if formatted:
            made[-1].cli("format")
        return made[-1]
    yield make
    for each in made:
        each.down(WIPE=1)


def line(doc, log):
    """The line that decided, as the log has it."""
    at = (doc["reasons"][0] if doc["reasons"] else doc["goals"][0])["line"]
    return log.read_text(errors="replace").splitlines()[at - 1]


def state(doc, probe):
    return {p["name"]: p["state"] for p in doc["probes"]}[probe]


@pytest.mark.parametrize("journal", ["EMBEDDED", "UFS"])
def test_a_start_from_the_backup_of_2_3_is_go_and_restores_as_many_entries_as_were_backed_up(gonogo, old, cluster, journal):
    new = cluster(journal=journal)
    doc = new.watch(gonogo, FROM_BACKUP, start={"INIT": old.backup}, **old.values())
    assert (doc["verdict"], doc["reasons"]) == ("GO", []), doc
    assert "Primary started" in line(doc, new.log)
    assert {p["state"] for p in doc["probes"]} == {"pass"} and len(doc["probes"]) == 6
    assert int(doc["facts"]["alluxio.backup.entries"]) == old.entries == new.gauge("Master.LastBackupRestoreCount")
    assert doc["facts"]["alluxio.cluster"] == "Detected existing" and doc["point_of_no_return"]["passed"]
    assert int(doc["facts"]["alluxio.paths"]) == old.paths
    assert gonogo.scan(new.log).doc["verdict"] == "GO"
