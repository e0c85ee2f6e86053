"""The keeper of one local store: parent of its server, for as long as that runs.

Started by the process that finds no server in a folder (`python -m neuronkb.kb.stores.arcade.keeper FOLDER HEAP`), it
starts one, says `ready` or what went wrong on its standard output, and stays behind to
- stop the server when nobody has been connected for a while, on SIGTERM, or when the folder is gone or taken over,
- end queries whose client has gone (the server itself would work on them to the end),
- give signs of life to other hosts that see the folder.
When the keeper itself is killed the system ends the server with it.
"""

from __future__ import annotations

import ctypes
import math
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from types import FrameType

from . import java_cache, process, runtime
from .access import DATABASE, new_password, write_access
from .folder import HEARTBEAT, Folder, State, locked, this_host
from .http import Http, ServerError

IDLE_MINUTES = 10.0
START_SECONDS = 60.0
TICK = 1.0
"""Seconds between two looks at the server's connections."""
SETTLED = 60.0
"""Seconds after which who started the server is past the first rush, and Java's cache is made where there is none."""

OUT_OF_MEMORY = 3
"""What a Java machine under -XX:+ExitOnOutOfMemoryError ends with; the last thing it does is to say so in its log."""

OPTIONS = "NEURONKB_JAVA_OPTIONS"
"""The variable with further options for the server's Java."""

READY = "ready"
BUSY = "busy"


class Keeper:
    """Runs the server of one folder."""

    def __init__(self, folder: Folder, heap: str, idle_minutes: float, java: Sequence[str]) -> None:
        self._folder = folder
        self._heap = heap
        self._options = java
        self._idle_seconds = idle_minutes * 60
        self._stopping = False

    def start(self) -> None:
        """Bring a server up and write the state. Raises UnfitError, ServerError or OSError."""
        self._end_orphan()
        for attempt in range(3):
            try:
                self._launch()
                return
            except _PortTakenError:
                if attempt == 2:
                    raise

    def run(self) -> None:
        """Stay until there is a reason to stop, then stop the server."""
        quiet = beat = time.monotonic()
        settled: float | None = quiet + SETTLED
        try:
            while not self._stopping and self._java.poll() is None:
                time.sleep(TICK)
                now = time.monotonic()
                if self._connections():
                    quiet = now
                if now - quiet > self._idle_seconds:
                    break
                if settled is not None and now > settled:
                    settled = None
                    java_cache.make_aside()
                if now - beat > HEARTBEAT:
                    beat = now
                    if not self._still_ours():
                        break
                    self._folder.beat()
        finally:
            self.stop()

    def stop(self, patience: float = 20.0) -> None:
        """Take the state away, so that nobody comes any more, and end the server: gracefully, if it ends within
        `patience` seconds."""
        if self._java.poll() == OUT_OF_MEMORY:
            log = self._folder.log / "server.log"
            self._folder.note_out_of_memory(self._state.instance, log.stat().st_mtime if log.exists() else time.time())
        with suppress(OSError):
            self._folder.remove_state(self._state.instance)
        end(self._java, patience)

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        """Signal handler: leave the loop."""
        self._stopping = True

    def _launch(self) -> None:
        ports = _free_ports()
        state = State(
            instance=token_hex(8),
            host=this_host(),
            keeper=os.getpid(),
            keeper_started=process.started(os.getpid()),
            pid=0,
            http=ports[0],
            bolt=ports[1],
            heap=self._heap,
            version=runtime.server_version(),
            writer=new_password(),
            reader=new_password(),
        )
        write_access(self._folder, state.writer, state.reader)
        log = self._folder.log / "server.log"
        command = runtime.command(self._folder, state.instance, state.heap, state.http, state.bolt, self._options)
        with log.open("wb") as out:
            self._java = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self._folder.root,
                env=_environment(),
                preexec_fn=_die_with_parent,
            )
        try:
            self._state = replace(state, pid=self._java.pid, started=process.started(self._java.pid))
            self._http = Http(state.http, state.writer, timeout=START_SECONDS)
            self._wait_until_ready(log)
            if not self._http.exists():
                self._http.server(f"create database {DATABASE}")
            self._http.close()
            self._folder.write_state(self._state)
        except BaseException:
            end(self._java)
            raise

    def _wait_until_ready(self, log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (_listens(self._state.bolt) and self._http.ready()):
            if self._java.poll() is not None or time.monotonic() > deadline:
                raise _start_failure(log)
            time.sleep(0.02)

    def _connections(self) -> int:
        """How many clients are connected; queries of those that have gone are ended."""
        import psutil

        try:
            found = psutil.Process(self._java.pid).net_connections("tcp")
        except psutil.Error:
            return 0
        ours = [c for c in found if c.raddr and c.laddr.port in (self._state.bolt, self._state.http)]
        gone = {c.raddr.port for c in ours if c.status == psutil.CONN_CLOSE_WAIT and c.laddr.port == self._state.bolt}
        if gone:
            self._end_queries(gone)
        return sum(c.status == psutil.CONN_ESTABLISHED for c in ours)

    def _end_queries(self, ports: set[int]) -> None:
        with suppress(OSError, ServerError):
            http = Http(self._state.http, self._state.writer, timeout=10)
            for query in http.server("list queries"):
                if int(query["clientAddress"].rpartition(":")[2]) in ports and not query["terminating"]:
                    http.server(f"terminate query {query['id']}")
            http.close()

    def _still_ours(self) -> bool:
        state = self._folder.read_state()
        return state is not None and state.instance == self._state.instance

    def _end_orphan(self) -> None:
        """End the server of a keeper that is gone, where the system has not."""
        import psutil

        state = self._folder.read_state()
        if state is None:
            return
        orphan = process.server(self._folder, state) if state.host == this_host() else None
        if orphan is not None:
            with suppress(psutil.Error):
                orphan.kill()
                orphan.wait(10)
        self._folder.remove_state(state.instance)


class _PortTakenError(OSError):
    """Another program took a port between our looking and the server's binding."""


def end(child: subprocess.Popen[bytes], patience: float = 20.0) -> None:
    """Ask a child to end, and kill it if it has not within `patience` seconds."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _start_failure(log: Path) -> OSError:
    """What the server's log says went wrong."""
    text = log.read_text(errors="replace")
    if "Address already in use" in text or "Unable to listen" in text:
        return _PortTakenError("no free port was found on 127.0.0.1")
    if "No space left on device" in text:
        return OSError(f"the disk is full: {log.parent.parent}; free some space and open the store again")
    telling = [line for line in text.splitlines() if "SEVER" in line or "Error" in line or "Exception" in line]
    return OSError(f"the server did not start: {(telling or text.splitlines() or ['no message'])[0]} (see {log})")


def _environment() -> dict[str, str]:
    """The server's: none of ours but the options for its Java that are named as such."""
    kept = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    given = os.environ.get(OPTIONS)
    return kept if given is None else kept | {"JDK_JAVA_OPTIONS": given}


def _die_with_parent() -> None:
    """In the child: ask Linux for SIGTERM when the parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _idle_minutes() -> float:
    try:
        found = float(os.environ.get("NEURONKB_IDLE", IDLE_MINUTES))
    except ValueError:
        return IDLE_MINUTES
    # Of NaN no time is longer: the server would stay for ever.
    return IDLE_MINUTES if math.isnan(found) else found


def _keep(folder: Folder, heap: str, word: int) -> None:
    """Serve the folder in this process; the file `word` hears how the start went."""
    with locked(folder.lock, 0) as got:
        if not got:
            _say(word, BUSY)
            return
        keeper = Keeper(folder, heap, _idle_minutes(), java_cache.options())
        signal.signal(signal.SIGTERM, keeper.ask_to_stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            keeper.start()
        except (OSError, ServerError, runtime.UnfitError) as error:
            _say(word, " ".join(str(error).split()))
            return
        _say(word, READY)
        keeper.run()


def _say(word: int, text: str) -> None:
    # Who started us may have been killed meanwhile: the server stays all the same, for the next to find.
    with suppress(BrokenPipeError):
        os.write(word, text.encode())
    os.close(word)


def _stay_behind(folder: Folder, heap: str, word: int) -> None:
    """Become a process of its own, without a terminal, and keep the folder."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    log = os.open(folder.log / "keeper.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream, target in ((0, null), (1, null), (2, log)):
        os.dup2(target, stream)
    try:
        _keep(folder, heap, word)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def main(folder: str, heap: str) -> None:
    """Leave a keeper behind; print READY once its server takes requests, BUSY where the folder has a keeper, or the
    error."""
    ear, word = os.pipe()
    if os.fork() == 0:
        os.close(ear)
        _stay_behind(Folder(Path(folder)), heap, word)
    os.close(word)
    with open(ear, "rb") as heard:
        print(heard.read().decode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
