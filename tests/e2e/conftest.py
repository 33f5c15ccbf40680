# SPDX-License-Identifier: Apache-2.0
"""Drives the real binary (path in GONOGO, else build/gonogo)."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
SHARED = TOP.parent / "shared"
BINARY = os.environ.get("GONOGO", str(TOP / "build" / "gonogo"))

# Under nohup it is ignored, and gonogo leaves it so; the tests speak of a terminal that goes away.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_addoption(parser):
    parser.addoption("--live", action="store_true", help="also the servers that take minutes")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
    config.addinivalue_line("markers", "live: starts a real server for minutes (--live)")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--live"):
        for item in items:
            if item.get_closest_marker("live"):  # not item.keywords, which hold the folders' names too
                item.add_marker(pytest.mark.skip(reason="needs --live"))


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout.decode("utf-8", "replace")
        self.err = process.stderr.decode("utf-8", "replace")

    @property
    def doc(self):
        return json.loads(self.out)


class Gonogo:
    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *args, stdin=b"", timeout=60, env=None, cwd=None):
        return Result(subprocess.run([BINARY, *map(str, args)], input=stdin, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, timeout=timeout, cwd=cwd or self.folder,
                                     env={**os.environ, **(env or {})}))

    def scan(self, *args, **kw):
        return self("scan", "--quiet", "--json", "-", *args, **kw)

    def start(self, *args, **kw):
        return subprocess.Popen([BINARY, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                cwd=self.folder, **kw)

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path


@pytest.fixture
def gonogo(tmp_path):
    if not os.access(BINARY, os.X_OK):
        pytest.skip(f"no binary at {BINARY}")
    return Gonogo(tmp_path)


@pytest.fixture
def shared():
    if not SHARED.is_dir():
        pytest.skip("../shared is not here")
    return SHARED


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(what, seconds=20, every=0.05):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(every)
    return False
