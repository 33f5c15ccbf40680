# SPDX-License-Identifier: Apache-2.0
"""A real server under gonogo: started by its plan, judged live, and its finished log judged once more by scan."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import pytest
from scripts import Server, skip_without

VERDICTS = {"GO": 0, "NO-GO": 1, "ROLLBACK": 2, "UNDECIDED": 3}


class Watched:
    """What gonogo said live, with what scan says about the log that was left."""

    def __init__(self, name, code, doc, log, scanned):
        self.name, self.code, self.doc, self.log, self.scanned = name, code, doc, log, scanned

    def line(self, place):
        """The text of the line that a reason, warning or goal points at."""
        return self.log.read_bytes().split(b"\n")[place["line"] - 1].decode("utf-8", "replace")

    def told(self, reason):
        said = [reason.get(key) or "" for key in ("rule", "text", "say", "cause")]
        return " | ".join(filter(None, [*said, *map(str, reason.get("facts", {}).values())]))

    @property
    def first(self):
        return self.told(self.doc["reasons"][0]) if self.doc["reasons"] else ""

    @property
    def rules(self):
        return [r["rule"] for r in self.doc["reasons"]]

    @property
    def warnings(self):
        return " || ".join(map(self.told, self.doc["warnings"]))

    @property
    def phases(self):
        return {p["name"] for p in self.doc["phases"]}

    @property
    def irreversible(self):
        return self.doc["point_of_no_return"]["passed"]

    def must_be(self, verdict, cause="", line=None, scan=True):
        """verdict; what the first cause says; the deciding line; scan: it must agree, or (a verdict) what it says instead."""
        doc = self.doc
        assert (doc["verdict"], self.code) == (verdict, VERDICTS[verdict]), json.dumps(doc, indent=1)
        assert re.search(cause, self.first), self.first
        places = doc["goals"] if verdict == "GO" else doc["reasons"][:1]
        if line:
            assert any(p.get("line") and re.search(line, self.line(p)) for p in places), places
        told = self.scanned["verdict"]
        if scan is not True:
            assert told == scan, json.dumps(self.scanned, indent=1)
            return self
        assert told == verdict, json.dumps(self.scanned, indent=1)
        # the plan's own goals and probes decide a live UNDECIDED; a failure and a success stand in the log
        if verdict in ("NO-GO", "ROLLBACK"):
            assert self.scanned["reasons"][0]["rule"] == doc["reasons"][0]["rule"], self.scanned["reasons"]
            assert self.scanned["reasons"][0]["text"] == doc["reasons"][0]["text"]
        if verdict == "GO":
            assert not self.scanned["reasons"] and not doc["reasons"]
            assert {g["name"] for g in self.scanned["goals"]} <= {g["name"] for g in doc["goals"]}
        assert self.scanned["point_of_no_return"]["passed"] == doc["point_of_no_return"]["passed"]
        return self


class Live(Server):
    """probes: what gonogo asks it; {NAME} in them stands for a port."""

    def __init__(self, shared, gonogo, name, ports, log, pidfile, probes=(), needs=(), **kw):
        skip_without("curl", *needs)
        super().__init__(shared, name, ports, **kw)
        self.gonogo, self.probes = gonogo, list(probes)
        self.log, self.pidfile = self.home / log, self.home / pidfile

    def pid(self):
        return int(self.pidfile.read_text().split()[0])

    def crash(self):
        self.kill(self.pid())

    def said(self, text):
        return self.log.exists() and text in self.log.read_text(errors="replace")

    def with_ports(self, value):
        text = json.dumps(value)
        for name, port in self.ports.items():
            text = text.replace("{" + name + "}", str(port))
        return json.loads(text)

    def plan(self, probes=None, **keys):
        return {"plan": self.name, "settle": "2s", "deadline": "120s", "process": {"pidfile": str(self.pidfile)},
                "logs": [{"name": self.name, "file": str(self.log), "sets": [self.name]}],
                "probes": self.with_ports([{"every": "500ms", **p}
                                           for p in (self.probes if probes is None else probes)]), **keys}

    def start(self, probes=None, script="up.sh", **kw):
        """gonogo, which launches the server and watches it.  UPPER case goes to the server's script, lower case into the plan."""
        self.gonogo.write("plan.json", json.dumps(self.plan(probes, **{k: v for k, v in kw.items() if k.islower()})))
        self.began = time.monotonic()
        return self.gonogo.start("run", "plan.json", "--quiet", "--json", "v.json", "--", *self.command(150, script),
                                 env=self.env(**{k: v for k, v in kw.items() if k.isupper()}))

    def finish(self, process, timeout=300):
        _, err = process.communicate(timeout=timeout)
        path = self.gonogo.folder / "v.json"
        assert path.exists(), err
        doc = json.loads(path.read_text())
        path.unlink()
        watched = Watched(self.name, process.returncode, doc, self.log, self.scan())
        print(f"\n{self.name}: {doc['verdict']} {watched.first[:150]}, {time.monotonic() - self.began:.0f} s")
        return watched

    def watch(self, probes=None, script="up.sh", **kw):
        return self.finish(self.start(probes, script, **kw))

    def scan(self):
        return self.gonogo.scan(self.log).doc if self.log.exists() else {"verdict": "UNDECIDED"}


def installed(shared, name, *args):
    """The folder in which the server's install.sh put what it brings by Maven; once a session, or from SERVERS, where it
    was run before (SRV=$SERVERS ../shared/servers/NAME/install.sh)."""
    script = shared / "servers" / name / "install.sh"
    if not script.exists():
        pytest.skip(f"../shared/servers/{name} is not here")
    if os.environ.get("SERVERS"):
        folder = pathlib.Path(os.environ["SERVERS"])
    else:
        skip_without("mvn", "java", "unzip")
        folder = pathlib.Path(tempfile.gettempdir()) / f"gonogo-servers-{os.getpid()}"
        folder.mkdir(mode=0o755, exist_ok=True)
        r = subprocess.run(["bash", script, *args], env={**os.environ, "SRV": str(folder)}, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800)
        if r.returncode:
            pytest.skip(f"{name} could not be installed: {r.stdout.decode('utf-8', 'replace')[-300:]}")
    return folder / name


def remove_installed():
    shutil.rmtree(pathlib.Path(tempfile.gettempdir()) / f"gonogo-servers-{os.getpid()}", ignore_errors=True)
