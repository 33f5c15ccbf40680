# SPDX-License-Identifier: Apache-2.0
"""Real Alluxio masters: 2.3.0 is backed up, and 2.9 started from the backup, well and in every way that fails without a word."""
import concurrent.futures
import gzip
import json
import os
import re
import shutil
import signal
import socket
import sys
import threading
import urllib.request

import pytest
from conftest import SHARED, TOP, wait_until

sys.path.insert(0, str(TOP / "tests" / "servers"))
from scripts import Server, free_base, free_ports, skip_without  # noqa: E402

yaml = pytest.importorskip("yaml")

pytestmark = [pytest.mark.live, pytest.mark.slow]

OLD, NEW = "2.3.0", "2.9.4"
FROM_BACKUP = TOP / "samples" / "plans" / "alluxio-2.3-to-2.9-from-backup.yaml"
IN_PLACE = TOP / "samples" / "plans" / "alluxio-in-place.yaml"
DIRECTORIES = 1500


class Cluster:
    """One master of the scripts, in a folder of its own."""

    def __init__(self, server, name, version, journal="EMBEDDED"):
        self.server, self.home, self.version = server, server.home / "alluxio" / name, version
        self.rpc = free_base(0, 1, -798, 10001, 10002)  # then the web, the embedded journal, and those of a worker
        self.env = {"VERSION": version, "JOURNAL": journal, "NAME": name, "PORT": self.rpc}
        if not (server.home / "alluxio" / "lib" / version / ".ok").exists():
            said = self.server.run("cli.sh", "fs", "help", check=False, timeout=900, **self.env)
            if not (server.home / "alluxio" / "lib" / version / ".ok").exists():
                pytest.skip(f"Maven cannot fetch Alluxio {version}: {said[-200:]}")
        self.log, self.journal = self.home / "logs" / "master.log", self.home / "journal"

    def cli(self, *args):
        return self.server.run("cli.sh", *args, **self.env)

    def up(self, **env):
        said = self.server.up(150, **self.env, **env)
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
        return self.started(gonogo, "run", plan, *variables, *options, start=start)

    def follow(self, gonogo, *options, start=(), what="master"):
        """The same without a plan: what the log alone tells."""
        return self.started(gonogo, "follow", "--pidfile", self.home / f"{what}.pid", self.home / "logs" / f"{what}.log",
                            *options, start={"WHAT": what, **dict(start)})

    def started(self, gonogo, *command, start=()):
        path = gonogo.folder / f"{self.home.name}.json"
        path.unlink(missing_ok=True)
        r = gonogo(*command, "--quiet", "--json", path, "--settle", "5s", "--deadline", "300s", "--", *self.server.command(150),
                   timeout=400, env=self.server.env(**self.env, **dict(start)))
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


def preflight(doc):
    """The probe that forbade the start."""
    first = doc["reasons"][0]
    assert first["rule"] == "probe-failed", first
    return re.match(r"probe (\S+):", first["text"])[1]


def decided(doc):
    return doc["verdict"], doc["reasons"][0]["rule"] if doc["reasons"] else None


@pytest.mark.parametrize("journal", ["EMBEDDED", "UFS"])
def test_a_start_from_the_backup_is_go_and_restores_as_many_entries_as_were_backed_up(gonogo, old, cluster, journal):
    new = cluster(journal=journal)
    doc = new.watch(gonogo, FROM_BACKUP, start={"INIT": old.backup}, **old.values())
    assert (doc["verdict"], doc["reasons"]) == ("GO", []), doc
    assert "Primary started" in line(doc, new.log)
    assert {p["state"] for p in doc["probes"]} == {"pass"} and len(doc["probes"]) == 6
    assert int(doc["facts"]["alluxio.backup.entries"]) == old.entries == new.gauge("Master.LastBackupRestoreCount")
    assert doc["facts"]["alluxio.cluster"] == "Detected existing" and doc["point_of_no_return"]["passed"]
    assert int(doc["facts"]["alluxio.paths"]) == old.paths
    assert gonogo.scan(new.log).doc["verdict"] == "GO"


def test_a_journal_that_is_not_fresh_is_no_go_before_anything_is_started(gonogo, old, cluster):
    new = cluster()
    new.up()
    new.down()
    before = new.log.read_bytes()
    doc = new.watch(gonogo, FROM_BACKUP, start={"INIT": old.backup}, **old.values())
    assert doc["verdict"] == "NO-GO" and preflight(doc) == "alluxio-journal-fresh", doc
    assert "wanted: the journal is freshly formatted" in doc["summary"]
    assert "raft/" in told(doc["reasons"][0]) and new.log.read_bytes() == before


@pytest.mark.parametrize("journal", ["EMBEDDED", "UFS"])
def test_a_skipped_restore_is_seen_in_the_log_alone(gonogo, old, cluster, journal):
    new = cluster(journal=journal)
    new.up()
    new.cli("fs", "mkdir", "/new")
    new.down()
    doc = new.follow(gonogo, start={"INIT": old.backup})
    assert decided(doc) == ("ROLLBACK", "alluxio/restore-skipped"), doc
    assert "not freshly formatted, skipping restoring backup" in line(doc, new.log)
    scanned = gonogo.scan(new.log).doc
    assert decided(scanned) == ("ROLLBACK", "alluxio/restore-skipped"), scanned
    assert "not freshly formatted" in line(scanned, new.log)


def test_the_ufs_journal_of_2_3_in_place_is_go_and_a_mistyped_folder_after_that_is_rollback(gonogo, old, cluster):
    new = cluster(journal="UFS", formatted=False)
    shutil.copytree(old.journal, new.journal)
    doc = new.watch(gonogo, IN_PLACE, paths=old.paths)
    assert (doc["verdict"], doc["reasons"]) == ("GO", []), doc
    assert doc["facts"]["alluxio.cluster"] == "Detected existing" and int(doc["facts"]["alluxio.paths"]) == old.paths
    assert gonogo.scan(new.log).doc["verdict"] == "GO"
    new.down()

    doc = new.follow(gonogo, start={"FOLDER": new.home / "jornal"})
    assert decided(doc) == ("ROLLBACK", "alluxio/cluster-lost"), doc
    assert "Created new cluster ID" in line(doc, new.log)
    assert decided(gonogo.scan(new.log).doc) == ("ROLLBACK", "alluxio/cluster-lost")


def test_a_mistyped_journal_folder_at_the_first_start_is_no_go(gonogo, old, cluster):
    new = cluster(journal="UFS", formatted=False)
    shutil.copytree(old.journal, new.journal)
    doc = new.watch(gonogo, IN_PLACE, start={"FOLDER": new.home / "jornal"}, paths=old.paths)
    starts_empty(doc, new)
    scanned = gonogo.scan(new.log).doc  # which cannot know that there was anything before
    assert decided(scanned) == ("UNDECIDED", "log-ends") and scanned["reasons"][1]["rule"] == "alluxio/empty-ufs", scanned
    assert "the journal is empty" in told(scanned["reasons"][1])


def test_a_backup_that_the_start_was_not_told_of_is_no_go(gonogo, old, cluster):
    new = cluster()
    starts_empty(new.watch(gonogo, FROM_BACKUP, **old.values()), new)


def starts_empty(doc, master):
    """The plan says so, at the line of the log that does."""
    assert decided(doc) == ("NO-GO", "expect"), doc
    assert "alluxio.cluster is Created new" in doc["summary"] and "the namespace is empty" in doc["summary"]
    assert "Created new cluster ID" in line(doc, master.log)
    assert any("the old journal was not read" in step for step in doc["next"]), doc["next"]
    assert "deadline" not in {reason["rule"] for reason in doc["reasons"]}


def test_a_folder_of_copycat_is_no_go_before_anything_is_started(gonogo, copycat, new_on_copycat):
    new = new_on_copycat
    before = new.log.read_bytes()
    doc = new.watch(gonogo, IN_PLACE, paths=copycat.paths)
    assert doc["verdict"] == "NO-GO" and preflight(doc) == "alluxio-no-copycat", doc
    assert "copycat.meta" in told(doc["reasons"][0]) and new.log.read_bytes() == before


def test_a_folder_of_copycat_starts_empty_and_is_no_go(gonogo, copycat, new_on_copycat):
    new = new_on_copycat
    starts_empty(new.watch(gonogo, without(gonogo, IN_PLACE, "alluxio-no-copycat"), paths=copycat.paths), new)
    scanned = gonogo.scan(new.log).doc
    assert scanned["verdict"] == "UNDECIDED" and scanned["reasons"][1]["rule"] == "alluxio/empty-embedded", scanned


@pytest.fixture(scope="module")
def copycat(server):
    return Old(server, "copycat", "EMBEDDED")


@pytest.fixture
def new_on_copycat(cluster, copycat):
    new = cluster(formatted=False)
    shutil.copytree(copycat.journal, new.journal)
    new.log.parent.mkdir(parents=True)
    shutil.copy(copycat.log, new.log)
    return new


def without(gonogo, plan, *probes):
    """The plan of an administrator who did not ask these."""
    doc = yaml.safe_load(plan.read_text())
    doc["probes"] = [p for p in doc["probes"] if p["use"] not in probes]
    return gonogo.write("without.yaml", yaml.safe_dump(doc))


def damaged(new, old, how):
    """A backup like that of the old version, but for what happened to it on its way."""
    whole = gzip.decompress(open(old.backup, "rb").read())
    path = new.home / "damaged.gz"
    path.write_bytes(how(whole))
    return path


def cut_gzip(whole):
    return gzip.compress(whole)[:-3000]


def cut_inside_an_entry(whole):
    return gzip.compress(whole[:list(entries(whole))[800] + 5])


def cut_between_entries(whole):
    return gzip.compress(whole[:list(entries(whole))[800]])


def entries(whole):
    """Where each one begins: delimited protobuf messages."""
    at = 0
    while at < len(whole):
        yield at
        size = shift = 0
        while True:
            byte, at = whole[at], at + 1
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        at += size


PREFLIGHT = ("alluxio-backup-whole", "alluxio-no-copycat", "alluxio-journal-fresh")


def test_a_cut_backup_is_no_go_before_anything_is_started(gonogo, old, cluster):
    new = cluster()
    backup = damaged(new, old, cut_gzip)
    doc = new.watch(gonogo, FROM_BACKUP, start={"INIT": backup}, **{**old.values(), "backup": backup})
    assert doc["verdict"] == "NO-GO" and preflight(doc) == "alluxio-backup-whole", doc
    assert "unexpected end of file" in told(doc["reasons"][0]) and not new.log.exists()


def test_a_cut_backup_is_rollback_and_so_is_the_start_after_it(gonogo, old, cluster):
    new = cluster()
    doc = new.watch(gonogo, without(gonogo, FROM_BACKUP, *PREFLIGHT), start={"INIT": damaged(new, old, cut_gzip)}, **old.values())
    assert decided(doc) == ("ROLLBACK", "alluxio/restore-failed"), doc
    assert "EOFException" in line(doc, new.log)
    assert any("format" in step for step in doc["next"]), doc["next"]
    scanned = gonogo.scan(new.log).doc
    assert decided(scanned) == ("ROLLBACK", "alluxio/restore-failed"), scanned
    new.down()

    doc = new.watch(gonogo, FROM_BACKUP, start={"INIT": old.backup}, **old.values())
    assert preflight(doc) == "alluxio-journal-fresh", doc
    doc = new.follow(gonogo, start={"INIT": old.backup})
    assert decided(doc) == ("ROLLBACK", "alluxio/restore-skipped"), doc
    assert "not freshly formatted, skipping" in line(doc, new.log)
    assert gonogo.scan(new.log).doc["verdict"] == "ROLLBACK"


def test_a_backup_cut_inside_an_entry_is_rollback_and_so_is_the_start_after_it(gonogo, old, cluster):
    new = cluster()
    doc = new.watch(gonogo, FROM_BACKUP, start={"INIT": damaged(new, old, cut_inside_an_entry)}, **old.values())
    assert decided(doc) == ("ROLLBACK", "alluxio/backup-cut"), doc
    assert "Journal entry was truncated" in line(doc, new.log)
    scanned = gonogo.scan(new.log).doc
    assert decided(scanned) == ("ROLLBACK", "alluxio/backup-cut"), scanned
    new.down()

    doc = new.watch(gonogo, IN_PLACE, paths=old.paths)
    assert decided(doc) == ("ROLLBACK", "alluxio/cut-before"), doc
    assert decided(gonogo.scan(new.log).doc) == ("ROLLBACK", "alluxio/cut-before")


def test_a_backup_cut_between_two_entries_is_not_go_because_the_count_is_another(gonogo, old, cluster):
    new = cluster()
    doc = new.watch(gonogo, FROM_BACKUP, start={"INIT": damaged(new, old, cut_between_entries)}, **old.values())
    assert decided(doc) == ("ROLLBACK", "expect"), doc
    assert f"alluxio.backup.entries is 800 according to master, expected {old.entries}" in doc["summary"]
    assert "Restored 800 entries" in line(doc, new.log)


def test_an_empty_backup_is_rollback(gonogo, old, cluster):
    new = cluster()
    doc = new.watch(gonogo, FROM_BACKUP, start={"INIT": damaged(new, old, lambda whole: gzip.compress(b""))}, **old.values())
    assert decided(doc) == ("ROLLBACK", "alluxio/restored-nothing"), doc
    assert "Restored 0 entries" in line(doc, new.log)


@pytest.mark.parametrize("version, taken", [(OLD, "rpc"), (OLD, "web"), ("2.9.3", "web")])
def test_a_taken_port_is_no_go(gonogo, cluster, version, taken):
    master = cluster(version, "UFS")
    with socket.create_server(("127.0.0.1", master.rpc + (taken == "web"))):
        doc = master.follow(gonogo, "--stall", "60s")
    if version != OLD and doc["verdict"] == "UNDECIDED":  # it may also hang, with nothing in its log
        assert decided(doc) == ("UNDECIDED", "stall"), doc
        return
    assert decided(doc) == ("NO-GO", "alluxio/port-in-use"), doc
    assert re.search(r"Failed to (bind|listen)", line(doc, master.log))
    assert decided(gonogo.scan(master.log).doc) == ("NO-GO", "alluxio/port-in-use")


def test_killed_in_the_middle_of_a_slow_restore_is_rollback_and_so_is_the_start_after_it(gonogo, old, cluster):
    new = cluster()
    fifo = new.home / "slow.gz"
    os.mkfifo(fifo)
    whole = open(old.backup, "rb").read()

    def applied():  # the name of one of the directories stands in the journal
        return any(re.search(rb"d\d{3}", log.read_bytes()) for log in new.journal.rglob("log_inprogress_*"))

    def feed():
        with open(fifo, "wb", buffering=0) as f:
            f.write(whole[:len(whole) // 2])
            if wait_until(applied, 120):
                os.kill(int((new.home / "master.pid").read_text()), signal.SIGKILL)
    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    doc = new.follow(gonogo, start={"INIT": fifo})
    feeder.join(10)
    assert decided(doc) == ("ROLLBACK", "process-died") and doc["phase"] == "restore", doc
    assert doc["point_of_no_return"]["rule"] == "alluxio/restore-begins"
    scanned = gonogo.scan(new.log).doc  # whose log just ends
    assert scanned["verdict"] == "UNDECIDED", scanned
    assert "alluxio/restore-begins" in {reason["rule"] for reason in scanned["reasons"]}

    for options, rule in (({"INIT": old.backup}, "restore-skipped"), ({}, "never-completed")):
        doc = new.follow(gonogo, start=options)
        assert decided(doc) == ("ROLLBACK", f"alluxio/{rule}"), doc
        assert decided(gonogo.scan(new.log).doc) == ("ROLLBACK", f"alluxio/{rule}")
        new.down()


def test_the_other_processes_of_2_9_serve(gonogo, cluster):
    new = cluster()
    ports = dict(zip(("job.master.rpc", "job.master.web", "job.master.embedded.journal", "job.worker.rpc", "job.worker.data",
                      "job.worker.web", "proxy.web"), free_ports(7)))
    journal = ports["job.master.embedded.journal"]
    new.env.update(XMX="400m", SITE=";".join(
        [f"alluxio.{name}.port={port}" for name, port in ports.items()]
        + ["alluxio.job.master.hostname=127.0.0.1", f"alluxio.job.master.embedded.journal.addresses=127.0.0.1:{journal}"]))
    new.up()
    for what, words in (("worker", "Alluxio worker started"), ("job_master", "Primary started"),
                        ("job_worker", "Started gRPC server"), ("proxy", "Alluxio Proxy Web service started")):
        doc = new.follow(gonogo, what=what)
        log = new.home / "logs" / f"{what}.log"
        assert (doc["verdict"], doc["reasons"]) == ("GO", []) and words in line(doc, log), doc
        assert doc["facts"]["alluxio.version"] == NEW
    plan = gonogo.write("probes.yaml", yaml.safe_dump({
        "plan": "all-of-2.9", "logs": [{"file": str(new.log)}],
        "probes": [{"use": f"alluxio-{name}", "with": {"base": f"http://127.0.0.1:{port}"}} for name, port in (
            ("master", new.rpc + 1), ("worker", new.rpc + 10002), ("job-master", ports["job.master.web"]),
            ("proxy", ports["proxy.web"]))]}))
    asked = gonogo("probe", plan)
    assert asked.code == 0 and asked.out.count("pass ") == 4, asked.out


@pytest.mark.parametrize("master, worker, verdict, rule, words", [
    (OLD, NEW, "NO-GO", "alluxio/lease-refused", "Requesting lease"),
    (NEW, OLD, "UNDECIDED", "stall", None),
])
def test_a_worker_of_another_version_is_not_go(gonogo, cluster, master, worker, verdict, rule, words):
    new = cluster(master, "UFS")
    new.up()
    new.become(worker)
    doc = new.follow(gonogo, "--stall", "100s", what="worker")  # twenty refusals take 60 s
    assert decided(doc) == (verdict, rule), doc
    assert f"this WORKER is {worker}, the cluster is {master}" in {w.get("say") for w in doc["warnings"]}
    if words:
        assert words in line(doc, new.home / "logs" / "worker.log")


def test_three_masters_restore_once_and_the_others_stand_by(gonogo, old, server, cluster):
    masters = [cluster() for _ in range(3)]
    addresses = ",".join(f"127.0.0.1:{m.rpc - 798}" for m in masters)
    for m in masters:
        m.env.update(ADDRS=addresses, XMX="300m", INIT=old.backup,
                     SITE="alluxio.master.rpc.addresses=" + ",".join(f"127.0.0.1:{m.rpc}" for m in masters))
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        docs = list(pool.map(lambda m: m.follow(gonogo), masters))
    assert [doc["verdict"] for doc in docs] == ["GO"] * 3, docs
    leaders = [doc for doc in docs if "alluxio.backup.entries" in doc["facts"]]
    assert len(leaders) == 1 and int(leaders[0]["facts"]["alluxio.backup.entries"]) == old.entries
    assert {doc["summary"] for doc in docs} >= {"this master leads and serves"}
