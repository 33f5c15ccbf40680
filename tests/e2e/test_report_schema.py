# SPDX-License-Identifier: Apache-2.0
"""What the program really writes meets the schemas that the repository publishes."""
import json
import os
import pathlib
import subprocess
import xml.etree.ElementTree as xml

import pytest

GONOGO = os.environ.get("GONOGO")
ROOT = pathlib.Path(__file__).resolve().parents[2]
jsonschema = pytest.importorskip("jsonschema")
pytestmark = pytest.mark.skipif(not GONOGO, reason="GONOGO does not name the program")

GOOD = """\
20-Nov-2026 23:58:31.964 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log Server version name:   Apache Tomcat/10.1.60
20-Nov-2026 23:58:32.964 INFO [main] org.apache.catalina.startup.HostConfig.deployDirectory Deploying web application directory [/opt/tomcat/webapps/repo]
20-Nov-2026 23:58:41.002 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [9038] milliseconds
"""
BAD = GOOD.replace(
    "20-Nov-2026 23:58:41.002",
    "20-Nov-2026 23:58:40.100 SEVERE [main] org.apache.catalina.core.StandardContext.startInternal"
    " Context [/repo] startup failed due to previous errors\n20-Nov-2026 23:58:41.002",
)
HOSTILE = BAD.replace("/repo", "/re\x1b[31mpo\x00\x9b]]>\u202e").encode("utf-8", "surrogateescape") + b"\xff\xfe SEVERE \x80\n"

LOGS = {"good": GOOD.encode(), "bad": BAD.encode(), "cut": GOOD[:300].encode(), "hostile": HOSTILE, "empty": b"", "noise": b"no log at all\n"}


def schema(name):
    return jsonschema.Draft202012Validator(json.loads((ROOT / "schemas" / name).read_text()))


def scan(tmp_path, log, *options):
    path = tmp_path / "catalina.out"
    path.write_bytes(log)
    command = [GONOGO, "scan", "--set", "tomcat", "--patterns", str(ROOT / "patterns"), *options, str(path)]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("name", LOGS)
def test_the_verdict_document_meets_its_schema_and_the_exit_code(tmp_path, name):
    run = scan(tmp_path, LOGS[name], "--json", "-")
    document = json.loads(run.stdout.decode("utf-8"))
    assert [e.message for e in schema("verdict.schema.json").iter_errors(document)] == []
    assert document["exit_code"] == run.returncode


@pytest.mark.parametrize("name", LOGS)
def test_each_line_of_the_event_stream_meets_its_schema_and_the_last_is_the_verdict(tmp_path, name):
    run = scan(tmp_path, LOGS[name], "--events", str(tmp_path / "events"))
    lines = (tmp_path / "events").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    errors = [(e.message, event) for event in events for e in schema("events.schema.json").iter_errors(event)]
    assert errors == []
    assert events[-1]["type"] == "verdict"
    assert events[-1]["exit_code"] == run.returncode


@pytest.mark.parametrize("name", LOGS)
def test_junit_is_xml_and_counts_failures_only_where_the_verdict_does(tmp_path, name):
    run = scan(tmp_path, LOGS[name], "--junit", str(tmp_path / "verdict.xml"))
    root = xml.parse(tmp_path / "verdict.xml").getroot()
    against = int(root.get("failures")) + int(root.get("errors"))
    assert (against == 0) == (run.returncode == 0)
    assert len(root.findall(".//testcase")) == int(root.get("tests"))


@pytest.mark.parametrize("name", LOGS)
def test_the_report_for_people_begins_with_the_verdict_and_hides_nothing_in_control_bytes(tmp_path, name):
    run = scan(tmp_path, LOGS[name])
    text = run.stdout.decode("utf-8")
    words = {0: "GO", 1: "NO-GO", 2: "ROLLBACK", 3: "UNDECIDED"}
    assert text.split()[0] == words[run.returncode]
    assert not [c for c in text if c != "\n" and (ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c == "\u202e")]
