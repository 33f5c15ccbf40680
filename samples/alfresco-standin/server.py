#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for an Alfresco 5.2.7 that starts after an upgrade.  It is not Alfresco: see README.md beside it."""
import argparse
import difflib
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True  # a checkout that was only tried stays as it was
from database import V50, Database, origin_of  # noqa: E402
from log import CatalinaOut, stamp  # noqa: E402
from scenarios import BLOCKS, SCENARIOS, YESTERDAY  # noqa: E402
from urls import Connector, Urls  # noqa: E402

USAGE_ERROR = 64  # as gonogo's own: 1 and 2 are verdicts
FIRST_CONTACT = .6  # seconds until Solr reaches the repository


class StandIn:
    """Plays a scenario: the log in its order, the database behind it, and the state the URLs answer from."""

    def __init__(self, scenario, home, port, speed=1.0):
        self.scenario, self.product, self.origin = scenario, scenario.product, origin_of(scenario.database)
        self.home, self.port, self.speed = home, port, speed
        self.log, self.database = CatalinaOut(home), Database(home)
        self.connector = Connector(port, Urls(self))
        self.state, self.up_at = "starting", None  # state: of the context /alfresco
        self.began = self.deploying_at = self.now()

    def now(self):
        return time.time()

    def rest(self, seconds):
        time.sleep(seconds / self.speed)

    def elapsed(self):
        return (self.now() - self.began) * 1000

    def play(self, blocks):
        for step in (step for block in blocks.split() for step in BLOCKS[block]):
            self.rest(step.wait)
            getattr(self, step.do)(*step.args)

    def words(self):
        now = self.now()
        local = time.localtime(now)
        return {
            "home": self.home, "temp": self.home / "temp" / "Alfresco", "port": self.port,
            "random": random.randrange(10 ** 17, 10 ** 19),
            "error": f"{local.tm_mon - 1:02d}{local.tm_mday:02d}",  # how Alfresco numbers its exceptions: month from 0
            "elapsed": int(self.elapsed()), "deployed": int((now - self.deploying_at) * 1000),
            "eta": time.strftime("%a %b %d %H:%M:%S %Z %Y", time.localtime(now + 60)),
            "name": self.product.name,
            "version": f"{self.product.version} ({self.product.build})", "schema": self.product.schema,
            "first_version": self.origin.label, "first_schema": self.origin.schema,
        }

    # what steps do: the log

    def tomcat(self, level, thread, source, text, trace):
        words = self.words()
        self.log.tomcat(self.now(), level, thread.format_map(words), source, text.format_map(words),
                        [line.format_map(words) for line in trace])

    def alfresco(self, level, logger, text, trace):
        words = self.words()
        self.log.alfresco(self.now(), level, logger, text.format_map(words),
                          [line.format_map(words) for line in trace])

    def deploying(self, source, what):
        self.deploying_at = self.now()
        self.tomcat("INFO", "localhost-startStop-1", source, f"Deploying {what}", ())

    def stderr(self, lines):
        self.log.lines(lines)

    # what steps do: the database

    def lock(self):
        self.database.lock()

    def unlock(self):
        self.database.unlock()

    def script_done(self, patch_id, target):
        self.database.add_patch(patch_id, None, target - 1, -1, target, None, "UNKNOWN", True, "Script completed")

    def scripts_dated(self):
        self.database.date_scripts(self.now())

    def patch_done(self, patch, succeeded=True):
        server = f"{self.product.version} ({self.product.build}) - Enterprise"
        self.database.add_patch(patch.id, patch.description, patch.target - 1, self.origin.schema, patch.target,
                                stamp(self.now()), server, succeeded, patch.report.format_map(self.words()))

    def descriptor_written(self):
        self.database.describe("descriptor-current", self.product.version, self.product.build, self.product.schema)

    # what steps do: the server

    def bind(self):
        try:
            self.connector.server_bind()
        except OSError as e:
            sys.exit(f"the stand-in cannot listen on 127.0.0.1:{self.port}: {e.strerror}")
        self.connector.server_activate()

    def accept(self):
        if self.state == "up":
            self.up_at = self.now()
        threading.Thread(target=self.connector.serve_forever, daemon=True).start()

    def context(self, state):
        self.state = state

    def die(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def index(self, seconds):
        """Whether Solr has reached the repository, and the part of the transactions that it has indexed."""
        if self.up_at is None:
            return False, 0.0
        working = (self.now() - self.up_at) * self.speed - FIRST_CONTACT
        return working >= 0, min(max(working / seconds, 0.0), self.scenario.index_stops_at)


class Yesterday(StandIn):
    """A start a day ago: over at once, without port and database."""

    def __init__(self, home, port):
        self.clock = time.time() - 86400
        super().__init__(YESTERDAY, home, port)

    def now(self):
        return self.clock

    def rest(self, seconds):
        self.clock += seconds

    def nothing(self):
        pass

    bind = accept = descriptor_written = nothing


def prepare(scenario, home, port):
    """Makes what an upgrade finds: the old version's database, and the log of its last start."""
    home.mkdir(parents=True, exist_ok=True)
    Database(home).create(scenario.database, time.time())
    (home / "logs" / "catalina.out").unlink(missing_ok=True)
    if origin_of(scenario.database) == V50:  # 3.4 had a Tomcat, and a log, of its own
        Yesterday(home, port).play(f"{YESTERDAY.blocks} stop")


class Stopped(Exception):
    pass


def stop(number, _frame):
    raise Stopped(number)


def serve(standin):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    pid_file = standin.home / "catalina.pid"
    pid_file.write_text(f"{os.getpid()}\n")
    try:
        standin.play(standin.scenario.blocks)
        while True:
            signal.pause()
    except Stopped as e:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        standin.play("stop")
        return 128 + e.args[0]
    finally:
        pid_file.unlink()


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def no_scenario(name):
    near = difflib.get_close_matches(name, SCENARIOS, n=1, cutoff=.4)
    return f"there is no scenario '{name}'; " + (f"did you mean '{near[0]}'?" if near else "see --list")


def speed_factor(text):
    factor = float(text)
    if not 0 < factor < float("inf"):
        raise ValueError
    return factor


def arguments():
    parser = Parser(description=__doc__)
    parser.add_argument("--list", nargs="?", const="", metavar="NAME",
                        help="the scenarios (or this one): name, verdict it must lead to, one sentence")
    parser.add_argument("--scenario", default="upgrade", metavar="NAME", help="what to play")
    parser.add_argument("--home", type=Path, metavar="DIR", help="where log, database and pid file are kept")
    parser.add_argument("--port", default=8080, type=int, help="where to listen on 127.0.0.1")
    parser.add_argument("--speed", default=1.0, type=speed_factor, metavar="FACTOR", help="2 is twice as fast")
    parser.add_argument("--prepare", action="store_true",
                        help="only put the home into the state before the start, and end")
    options = parser.parse_args()
    for name in (options.list or options.scenario, options.scenario):
        if name not in SCENARIOS:
            parser.error(no_scenario(name))
    if options.list is None and not options.home:
        parser.error("--home DIR is needed")
    return options


def main():
    options = arguments()
    if options.list is not None:
        for name in [options.list] if options.list else SCENARIOS:
            print(name, SCENARIOS[name].verdict, SCENARIOS[name].sentence, sep="\t")
        return 0
    home, scenario = options.home.absolute(), SCENARIOS[options.scenario]
    if options.prepare or not any(home.glob("alfresco.db*")):
        prepare(scenario, home, options.port)
    if options.prepare:
        return 0
    print(f"This is a stand-in, not Alfresco: it plays '{options.scenario}' and writes {home}/logs/catalina.out",
          flush=True)
    return serve(StandIn(scenario, home, options.port, options.speed))


if __name__ == "__main__":
    sys.exit(main())
