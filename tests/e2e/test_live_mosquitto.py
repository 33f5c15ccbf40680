# SPDX-License-Identifier: Apache-2.0
"""A real Mosquitto of Debian's package: recognised from what it writes, going and failing."""
import getpass
import os
import shutil
import signal

import pytest
from conftest import free_port, wait_until

BROKER = shutil.which("mosquitto") or "/usr/sbin/mosquitto"

pytestmark = pytest.mark.skipif(not os.access(BROKER, os.X_OK), reason="no Mosquitto here")


@pytest.fixture
def broker(gonogo):
    """Starts a broker under gonogo; what outlives the verdict is stopped by its pid."""
    pidfiles = []

    def start(port, name="broker", more=""):
        home = gonogo.folder / name
        home.mkdir(exist_ok=True)
        pidfiles.append(home / "pid")
        conf = gonogo.write(f"{name}.conf", f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                            f"persistence_location {home}/\npid_file {home}/pid\nlog_dest stderr\n"
                            f"user {getpass.getuser()}\n{more}")
        r = gonogo("follow", "--quiet", "--json", "-", "--settle", "1s", "--deadline", "20s", "--", BROKER, "-c", conf)
        return r.code, r.doc

    yield start
    for pidfile in pidfiles:
        if pidfile.exists():
            pid = int(pidfile.read_text())
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue
            wait_until(lambda pid=pid: not os.path.exists(f"/proc/{pid}"), 5)


def test_a_broker_that_comes_up_is_go_and_a_second_one_on_its_port_is_not(broker):
    port = free_port()
    code, doc = broker(port)
    assert (code, doc["sets"], doc["phase"]) == (0, ["mosquitto"], "up"), doc["reasons"]
    code, doc = broker(port, "second")
    assert (code, doc["reasons"][0]["rule"]) == (1, "mosquitto/port-in-use")


def test_a_persistence_file_that_cannot_be_read_is_no_go(broker, gonogo):
    (gonogo.folder / "broker").mkdir()
    (gonogo.folder / "broker" / "mosquitto.db").write_bytes(os.urandom(100))
    code, doc = broker(free_port())
    assert (code, doc["reasons"][0]["rule"]) == (1, "mosquitto/data-damaged")


def test_a_setting_of_another_version_is_no_go(broker):
    code, doc = broker(free_port(), more="max_inflight_mesages 1\n")
    assert (code, doc["reasons"][0]["rule"]) == (1, "mosquitto/bad-configuration")
    assert "max_inflight_mesages" in doc["summary"]
