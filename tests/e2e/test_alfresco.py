# SPDX-License-Identifier: Apache-2.0
"""What the set alfresco takes out of lines that differ in language, layout and encoding."""
import pytest
from test_sets import SETS

STARTED = next(rule for rule in SETS["alfresco"]["rules"] if rule["id"] == "started")["samples"]
TRANSLATED = [line for line in STARTED if "[main]" in line and "5.2.1 (r136000-b5)" in line]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("line", TRANSLATED)
def test_the_line_that_ends_the_start_says_the_same_in_every_language(gonogo, line, encoding):
    doc = gonogo.scan("--set", "alfresco", gonogo.write("alfresco.log", line.encode(encoding, "replace") + b"\n")).doc
    assert doc["verdict"] == "GO", doc["reasons"]
    assert doc["facts"] == {
        "alfresco.edition": "Enterprise", "alfresco.version": "5.2.1", "alfresco.build": "r136000-b5", "alfresco.schema": "10053",
        "alfresco.original_version": "4.2.3", "alfresco.original_schema": "6060"}


def test_there_is_a_line_for_each_language_that_is_shipped():
    assert len(TRANSLATED) == 15 + 1  # and one of a console that has no such letters


@pytest.mark.parametrize("line", TRANSLATED)
def test_software_older_than_its_database_is_seen_in_every_language(gonogo, line):
    head, _, tail = line.rpartition("4.2.3 (r80000-b1)")
    swapped = f"{head}6.2.0 (r1-b1){tail.replace('6', '13', 1)}"
    doc = gonogo.scan("--set", "alfresco", gonogo.write("alfresco.log", swapped)).doc
    assert (doc["verdict"], doc["reasons"][0]["rule"]) == ("NO-GO", "alfresco/database-newer"), swapped
