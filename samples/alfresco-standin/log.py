# SPDX-License-Identifier: Apache-2.0
"""Tomcat's and Alfresco's layouts, both written to one file as the start script's redirection does."""
import time


def stamp(now, point="."):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now)) + f"{point}{int(now % 1 * 1000):03d}"


class CatalinaOut:
    def __init__(self, home):
        path = home / "logs" / "catalina.out"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "ab", buffering=0)

    def lines(self, lines):
        for line in lines:
            self.file.write(line.encode() + b"\n")

    def tomcat(self, now, level, thread, source, text, trace):
        when = time.strftime("%d-%b-%Y %H:%M:%S", time.localtime(now)) + f".{int(now % 1 * 1000):03d}"
        self.lines([f"{when} {level} [{thread}] {source} {text}", *trace])

    def alfresco(self, now, level, logger, text, trace):
        self.lines([f"{stamp(now, ',')}  {level:<5} [{logger}] [localhost-startStop-1] {text}"])
        self.file.write(b" ")  # the layout ends in "%m%n ": a blank begins whatever is written next
        self.lines(trace)
