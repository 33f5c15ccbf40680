# SPDX-License-Identifier: Apache-2.0
"""Real servers, started by the scripts of ../shared/servers: each in a folder of its own and on free ports."""
import itertools
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

PG = pathlib.Path("/usr/lib/postgresql/15/bin")


def skip_without(*needs):
    """A need is a program, or a file with its path."""
    missing = [n for n in map(str, needs) if not (pathlib.Path(n).exists() if "/" in n else shutil.which(n))]
    if missing:
        pytest.skip(f"not installed: {' '.join(missing)}")


def alive(pid):
    """Whether it runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def candidates():
    """Below those that the system hands out by itself."""
    return range(random.randrange(20000, 31000), 32000)


def free_ports(n):
    """Different ones."""
    ports = list(itertools.islice(filter(free, candidates()), n))
    if len(ports) < n:
        raise RuntimeError("no free ports")
    return ports


def free_base(*offsets):
    """A port that is free, as are those at these distances from it."""
    return next(port for port in candidates() if all(free(port + offset) for offset in offsets))


class Server:
    """The scripts pin their ports, so a copy of them, with free ones in their place, is what runs.

    ports: {name: the port in the scripts}; edits: {text in a script: what stands there instead}."""

    def __init__(self, shared, name, ports, edits=None, also=()):
        if os.geteuid() != 0:
            pytest.skip("the servers' scripts need root")
        scripts = shared / "servers"
        if not (scripts / name).is_dir():
            pytest.skip(f"../shared/servers/{name} is not here")
        self.name = name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"gonogo-{name}-"))
        self.folder.chmod(0o755)  # the servers run as users of their own
        self.home = self.folder / "srv"
        self.scripts = self.folder / "scripts"
        self.ports = dict(zip(ports, free_ports(len(ports))))
        for part in (name, *also):
            shutil.copytree(scripts / part, self.scripts / part)
        shutil.copy(scripts / "lib.sh", self.scripts)
        self.edit({**{str(there): str(self.ports[n]) for n, there in ports.items()}, **(edits or {})})

    def edit(self, texts):
        files = [f for f in self.scripts.rglob("*") if f.suffix in (".sh", ".conf", ".properties", "")]
        unseen = set(texts)
        for path in (f for f in files if f.is_file()):
            old = new = path.read_text(errors="surrogateescape")
            for text, instead in texts.items():
                if text in new:
                    unseen.discard(text)
                    new = new.replace(text, instead)
            if new != old:
                path.write_text(new, errors="surrogateescape")
        assert not unseen, f"no longer in the scripts: {unseen}"

    def env(self, **env):
        return {**os.environ, "SRV": str(self.home), **{k: str(v) for k, v in env.items()}}

    def command(self, seconds=60, script="up.sh"):
        return ["bash", str(self.scripts / self.name / script), str(seconds)]

    def run(self, script, *args, check=True, timeout=300, **env):
        r = subprocess.run(["bash", str(self.scripts / self.name / script), *map(str, args)], env=self.env(**env),
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
        out = r.stdout.decode("utf-8", "replace")
        assert not check or r.returncode == 0, out
        return out

    def up(self, seconds=60, **env):
        """Started, and as far as the script waits: what it said."""
        return self.run("up.sh", seconds, **env)

    def down(self, *args, **env):
        return self.run("down.sh", *args, check=False, **env)

    def lib(self, line, **env):
        """One line for the shell, with the functions of lib.sh."""
        r = subprocess.run(["bash", "-c", f". {self.scripts}/lib.sh; {line}"], env=self.env(**env),
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        out = r.stdout.decode("utf-8", "replace")
        assert r.returncode == 0, out
        return out.strip()

    def sql(self, query, db="postgres", user="postgres"):
        """One question to its PostgreSQL, which trusts us."""
        return subprocess.run([PG / "psql", "-h", "127.0.0.1", "-p", str(self.ports["pg"]), "-U", user, "-d", db, "-XAtc",
                               query], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()

    def kill(self, pid):
        """At once, and until it is out of the process table: some servers take a zombie for a live holder of a lock."""
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 15
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < end:
            time.sleep(0.05)

    def remove(self):
        """Stops it, and whatever it left running in its folder."""
        try:
            self.down()
        finally:
            for pid in self.pids():
                os.kill(pid, signal.SIGKILL)
            shutil.rmtree(self.folder, ignore_errors=True)

    def pids(self):
        """Processes whose command line names this folder."""
        found = []
        for proc in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if str(self.folder).encode() in (proc / "cmdline").read_bytes() and int(proc.name) != os.getpid():
                    found.append(int(proc.name))
            except OSError:
                pass
        return found


class Holding:
    """A session that holds a lock, so that the upgrade stands still in the middle."""

    def __init__(self, server, statement, db):
        self.psql = subprocess.Popen(
            [PG / "psql", "-h", "127.0.0.1", "-p", str(server.ports["pg"]), "-U", "postgres", "-d", db, "-XAtq"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.psql.stdin.write(f"begin; {statement}; select 'held';\n")
        self.psql.stdin.flush()
        assert self.psql.stdout.readline() == "held\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.psql.stdin.close()
        self.psql.wait(timeout=20)
