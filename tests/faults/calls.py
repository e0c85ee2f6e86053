"""System calls that write, read from what strace prints."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

OPENS = ("openat", "open", "creat")
BY_NAME = ("mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "link", "linkat")
BY_NUMBER = ("write", "writev", "pwrite64", "pwritev", "pwritev2", "fsync", "fdatasync", "ftruncate", "fallocate")
TALKS = ("sendto", "sendmsg", "recvfrom", "recvmsg")
"""To and from the server: who is killed while he waits for an answer leaves the server at work."""
WRITES = (*OPENS, *BY_NAME, *BY_NUMBER, *TALKS)
NEEDS_NO_ROOM = ("unlink", "unlinkat", "rmdir", *TALKS)
"""Calls that a full disk does not refuse."""

SERVER = "connection to the server"

_LINE = re.compile(r"(?:(?P<tid>\d+)\s+)?(?P<name>[a-z0-9_]+)\((?P<rest>.*)")
_FILE = re.compile(r"\d+<(/[^>]*)>")
_NAMED = re.compile(r'(?:(?:\d+|AT_FDCWD)<(?P<folder>[^>]*)>, |AT_FDCWD, )?"(?P<path>(?:[^"\\]|\\.)*)"')
_VARYING = (
    (r"\.\d+-[0-9a-f]{8}\.partial", ".#.partial"),
    (r"[^/]+\.partial/[^/]+\.parquet", "*.partial/*.parquet"),
    (r"[^/]+\.partial/shard\.json", "*.partial/shard.json"),
    (r"\.tmp\w{6}$", ".tmp#"),
    (r"[0-9a-f]{12,}|\d+", "#"),
)


@dataclass(frozen=True)
class Call:
    """One call of a run: the `number`-th of its `name` in a thread, from 1."""

    thread: int
    """0 is the main one; others in the order in which they were started"""
    name: str
    number: int
    where: str
    """The file, or SERVER."""

    def __str__(self) -> str:
        return f"{self.name} {self.number} of thread {self.thread}: {self.where}"


def calls(thread: int, lines: Iterable[str], roots: Iterable[Path]) -> Iterator[Call]:
    """The calls of one thread's trace that write inside `roots` or to the server."""
    kept = tuple(f"{root}{os.sep}" for root in roots)
    seen: Counter[str] = Counter()
    reading = False
    for line in lines:
        found = _LINE.match(line)
        if found is None or found["name"] not in WRITES:
            continue
        name = found["name"]
        seen[name] += 1
        where = written(name, found["rest"])
        if where == SERVER:
            before, reading = reading, name.startswith("recv")
            if before and reading:
                continue  # more of the same answer
        if where == SERVER or f"{where}{os.sep}".startswith(kept):
            yield Call(thread, name, seen[name], where)


def writers(lines: Iterable[str], roots: Iterable[Path]) -> set[int]:
    """Thread ids in a trace of all threads that write inside `roots` or to the server."""
    kept = tuple(f"{root}{os.sep}" for root in roots)
    found = set()
    for line in lines:
        match = _LINE.match(line)
        if match is not None and match["tid"] and match["name"] in WRITES:
            where = written(match["name"], match["rest"])
            if where == SERVER or f"{where}{os.sep}".startswith(kept):
                found.add(int(match["tid"]))
    return found


def written(name: str, rest: str) -> str:
    """What a call writes to, of the part of its line behind `name(`; empty where it writes nothing of interest."""
    if name in OPENS and not ("O_CREAT" in rest or "O_TRUNC" in rest or name == "creat"):
        return ""
    if name in OPENS or name in BY_NAME:
        named = list(_NAMED.finditer(rest.partition(") = ")[0]))
        return os.path.join(named[-1]["folder"] or "", named[-1]["path"]) if named else ""
    if "<TCP" in rest[:24]:
        return SERVER
    if name in TALKS:
        return ""
    file = _FILE.match(rest)
    return file[1].removesuffix(" (deleted)") if file else ""


def kind(where: str, roots: Iterable[Path]) -> str:
    """A path inside a root without what varies from run to run or stands for many: `bundles/lm-head-#/run.json`."""
    for root in roots:
        if where.startswith(f"{root}{os.sep}"):
            where = where[len(str(root)) + 1 :]
            for pattern, sign in _VARYING:
                where = re.sub(pattern, sign, where)
    return where
