"""Java's cache of the server's classes, loaded and linked: with it a server is up in about half the time.

Java writes one when a program that was told to ends (JEP 514). So a server is started once in a folder of its own, set
up, asked a little and stopped: some 12 seconds of one core, in the background, at the lowest priority, a minute after
the first server of an installation. Java sees for itself whether a cache is of these jars and of this Java, and does
without it where it is not.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from ...place import cache_folder
from . import runtime
from .folder import Folder, locked

LAZIEST = 19
"""The lowest priority a process can have."""
ENDING = 300.0
"""Seconds that Java has to write the cache when its program ends; 6 with a core of its own."""
PARTS = "UNWIND range(1, 3) AS i CREATE (a:Token {id: toString(i), token: i})-[r:SPELLS]->(b:Term {id: 'word' + i})"
ASKED = (
    "MATCH (a:Token)-[r:SPELLS]->(b:Term) WHERE a.token > $least OPTIONAL MATCH (b)<-[:SPELLS]-(c:Token) "
    "RETURN b.id AS word, count(*) AS n, collect(DISTINCT c.id)[..5] AS tokens ORDER BY n DESC, word LIMIT 10"
)


def cache_file() -> Path:
    """Where the cache of the installed jars and Java lies, or would. Raises UnfitError."""
    files = [runtime.java(), *map(Path, runtime.class_path().split(":"))]
    known = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return cache_folder() / "java" / f"{hashlib.sha256(repr(known).encode()).hexdigest()[:16]}.aot"


def options() -> list[str]:
    """What Java is told, so that it uses the cache; nothing where there is none, or where others may write it."""
    with suppress(OSError):
        path = cache_file()
        held = path.stat()
        if held.st_uid == os.getuid() and not held.st_mode & 0o022:
            # A Java that knows no such cache would not start.
            return ["-XX:+IgnoreUnrecognizedVMOptions", f"-XX:AOTCache={path}"]
    return []


def make_aside() -> None:
    """Begin to make the cache, unless it is there: a process of its own, which nobody waits for."""
    with suppress(OSError):
        if not cache_file().exists():
            subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )


def make() -> None:
    """Make the cache, unless it is there or another process is at it. Raises UnfitError, ServerError or OSError."""
    path = cache_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(path.with_suffix(".lock"), 0) as got:
        if not got or path.exists():
            return
        with tempfile.TemporaryDirectory(prefix="neuronkb-java-") as where:
            fresh = path.with_suffix(f".{os.getpid()}")
            _train(Folder(Path(where).resolve() / "store"), fresh)
            with suppress(FileNotFoundError):  # a Java that knows no such cache wrote none
                fresh.chmod(0o600)
                fresh.replace(path)


def _train(folder: Folder, cache: Path) -> None:
    """Run a server as stores do, of which Java writes a cache."""
    from .access import DATABASE, READER
    from .drivers import connect, driver
    from .http import Http
    from .keeper import Keeper
    from .schema_sql import schema_script

    folder.create()
    keeper = Keeper(folder, "512m", 1.0, ("-XX:+IgnoreUnrecognizedVMOptions", f"-XX:AOTCacheOutput={cache}"))
    keeper.start()
    try:
        served = folder.read_state()
        if served is None or (reached := connect(served)) is None:
            return
        state, writer = reached
        http = Http(state.http, state.writer)
        http.command(schema_script(), "sqlscript")
        http.close()
        with writer, writer.session(database=DATABASE) as session:
            session.execute_write(lambda work: work.run(PARTS).consume())
        with driver(state, READER, pool=1) as reading, reading.session(database=DATABASE) as session:
            session.run(ASKED, {"least": 0}).consume()
    finally:
        keeper.stop(ENDING)


if __name__ == "__main__":
    os.nice(LAZIEST)
    make()
