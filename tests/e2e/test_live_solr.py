# SPDX-License-Identifier: Apache-2.0
"""A real Solr 4.10.4 in Jetty: its transaction log, its index and its cores, each broken in its own way.  "Started @" stands in all of
these logs."""
import json
import sys
import time
import urllib.request

import pytest
from conftest import SHARED, TOP, wait_until

sys.path.insert(0, str(TOP / "tests" / "servers"))
from live import Live, installed, remove_installed  # noqa: E402

pytestmark = [pytest.mark.live, pytest.mark.slow]

BASE = "http://127.0.0.1:{http}/solr"
CORES = {"use": "solr-cores", "with": {"base": BASE, "core": "docs", "documents": "0"}, "hold": "1s"}


def searches(documents):
    return {"use": "solr-search", "with": {"base": BASE, "core": "docs", "documents": str(documents)}, "hold": "1s"}


@pytest.fixture(scope="module")
def war():
    if not SHARED.is_dir():
        pytest.skip("../shared is not here")
    yield installed(SHARED, "solr")
    remove_installed()


class Solr(Live):
    def __init__(self, shared, gonogo, war):
        super().__init__(shared, gonogo, "solr", {"http": 18093}, "solr/solr.log", "solr/pid", [CORES], ["java"])
        self.core = self.home / "solr" / "home" / "docs"
        self.core.mkdir(parents=True)
        for part in ("jars", "ext"):
            (self.home / "solr" / part).symlink_to(war / part)

    def ask(self, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports['http']}/solr/{path}", body,
                                         {"Content-Type": "application/json"} if body else {})
        with urllib.request.urlopen(request, timeout=120) as r:
            return json.loads(r.read())

    def add(self, first, documents, commit=False):
        rows = [{"id": f"d{n}", "title": f"document {n}", "body": f"words of the document number {n} " * 8}
                for n in range(first, first + documents)]
        self.ask(f"docs/update?wt=json{'&commit=true' if commit else ''}", json.dumps(rows).encode())

    def found(self):
        return self.ask("docs/select?q=*:*&rows=0&wt=json")["response"]["numFound"]

    @property
    def index(self):
        return self.core / "data" / "index"


@pytest.fixture
def solr(war, gonogo):
    server = Solr(SHARED, gonogo, war)
    yield server
    server.remove()


def after(server, committed=500, uncommitted=0):
    """Documents were indexed, and the server was killed."""
    server.up()
    server.add(0, committed, commit=True)
    for n in range(0, uncommitted, 10000):
        server.add(committed + n, 10000)
    server.crash()


def test_an_ordinary_start_is_go(solr):
    solr.up()
    solr.add(0, 500, commit=True)
    solr.down()
    solr.watch([CORES, searches(500)]).must_be("GO", line=r"Started @|SolrDispatchFilter\.init\(\) done|Registered new searcher")


def test_go_comes_only_after_the_replay_of_the_transaction_log(solr):
    after(solr, 500, 60000)
    # STATUS, ping and search all answer 200 in the replay, and it may outlast settle
    v = solr.watch(settle="1s").must_be("GO")
    assert solr.found() == 60500
    assert "60000 documents were replayed" in v.warnings and v.doc["facts"]["solr.replayed"] in (60000, "60000")
    assert "Log replay finished" in solr.log.read_text()


def test_a_replay_that_is_cut_by_the_deadline_is_undecided(solr):
    after(solr, 10, 60000)
    process = solr.start(deadline="150s", settle="1s")
    assert wait_until(lambda: solr.said("Starting log replay"), 120)
    process.terminate()
    v = solr.finish(process)
    v.must_be("UNDECIDED", "interrupted", scan=v.scanned["verdict"])
    assert any("solr/replay" in r for r in v.rules), v.rules


def test_killed_in_the_replay_is_no_go(solr):
    after(solr, 10, 60000)
    process = solr.start(settle="1s")
    assert wait_until(lambda: solr.said("Starting log replay"), 120)
    solr.crash()
    v = solr.finish(process)
    assert v.doc["verdict"] in ("NO-GO", "ROLLBACK") and not solr.said("Log replay finished"), v.doc
    assert v.scanned["verdict"] != "GO"


def test_a_damaged_transaction_log_is_not_go(solr):
    """It loses documents and says errors=0; an ERROR is the only sign."""
    after(solr, 10, 10000)
    tlog = max((solr.core / "data" / "tlog").iterdir())
    data = bytearray(tlog.read_bytes())
    data[len(data) // 2:len(data) // 2 + 4000] = b"\xff" * 4000
    tlog.write_bytes(data)
    solr.watch(settle="1s").must_be("NO-GO", r"solr/repl")


def test_a_damaged_index_is_no_go_and_names_the_core(solr):
    after(solr)
    for segments in solr.index.glob("segments_*"):
        data = bytearray(segments.read_bytes())
        data[4:60] = b"\xff" * 56
        segments.write_bytes(data)
    solr.watch().must_be("NO-GO", r"solr/core-\w+ .*core docs .*(?:damaged|Corrupt|Index)", line=r"Error creating core \[docs\]")


def test_a_missing_segment_is_no_go(solr):
    after(solr)
    for part in solr.index.glob("_*.*"):
        part.unlink()
    solr.watch().must_be("NO-GO", r"solr/core-corrupt .*core docs is damaged", line=r"Error creating core \[docs\]")


@pytest.mark.parametrize("lucene, cause", [
    ("2.9.4", r"solr/core-too-old .*core docs is too old"),
    ("5.5.5", r"solr/core-too-new .*core docs was written by a later version"),
])
def test_an_index_of_another_lucene(solr, war, lucene, cause):
    (solr.home / "solr" / f"mk-{lucene}").mkdir()
    solr.run("mkindex.sh", lucene, solr.index)
    solr.watch().must_be("NO-GO", cause, line=r"Error creating core \[docs\]")


def test_an_index_that_lucene_3_wrote_is_read(solr):
    solr.run("mkindex.sh", "3.6.2", solr.index)
    solr.watch([CORES, searches(5)]).must_be("GO")


def test_a_core_whose_schema_cannot_be_read(solr):
    v = solr.watch(SCHEMATAIL="<broken").must_be("NO-GO", r"solr/file-unreadable .*schema", line=r"Exception during parsing file: schema")
    assert any("the core docs could not be opened" in v.told(r) for r in v.doc["reasons"]), v.doc["reasons"]


@pytest.mark.parametrize("expect, verdict, cause", [
    ({}, "UNDECIDED", "deadline"),
    ({"solr.cores": ">= 1"}, "NO-GO", r"solr\.cores is 0 .*expected >= 1"),
])
def test_a_missing_core_is_not_go(solr, expect, verdict, cause):
    """The folder of the core was not taken over: Solr starts without a word of complaint."""
    solr.edit({"echo \"name=docs\" > $C/core.properties": "rm -f $C/core.properties"})
    v = solr.watch(deadline="25s", expect=expect).must_be(verdict, cause, scan="GO")
    assert expect or any("docs" in v.told(r) for r in v.doc["reasons"]), v.doc["reasons"]


def test_an_index_that_was_not_taken_over_is_not_go(solr):
    """Solr makes an empty one, with a warning."""
    v = solr.watch([CORES, searches(500)], deadline="25s")
    v.must_be("UNDECIDED", scan="GO")
    assert "the core is empty" in v.warnings
    assert any("0" in v.told(r) and "solr-search" in v.told(r) for r in v.doc["reasons"]), v.doc["reasons"]


def test_a_lock_of_a_killed_solr(solr):
    after(solr)
    (solr.index / "write.lock").touch()
    solr.watch(LOCK="simple").must_be("NO-GO", r"locked", line="locked|Error creating core")
