"""Commands run in forks of a process that has everything imported: imports take seconds, and runs are hundreds.

    python -m neuronkb.tests.faults.forks

reads one request a line: {"import": [module, ...]} or {"args": [...], "said": file, "gate": socket}. A run's threads
wait at the gate until they are let go, so that strace can be attached to each before it does anything.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 180.0
"""After which a run counts as hung."""

Watch = Callable[[int, int], None]
"""Told a thread's number and its id before it starts."""


class Forks:
    """The client: runs `neuronkb` commands, one at a time."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._gate = socket.socket(socket.AF_UNIX)
        self._gate.bind(str(folder / "gate"))
        self._gate.listen(64)
        paths = os.pathsep.join(filter(None, [str(ROOT / "build" / "names"), os.environ.get("PYTHONPATH")]))
        self._running = 0
        """process id of the run in hand"""
        self._server = subprocess.Popen(
            [sys.executable, "-m", __spec__.name if __spec__ else __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths, **environ},
            cwd=folder,
        )

    def warm(self, *args: str) -> int:
        """Run a command, then import into the server what it imported; its exit status."""
        modules = self._folder / "modules"
        status = self.run(*args, modules=modules)
        self._ask({"import": modules.read_text().split()})
        self._answer()
        return status

    def run(self, *args: str, watch: Watch | None = None, modules: Path | None = None) -> int:
        """Run a command to its end; its exit status, negative for a signal. Raises TimeoutError."""
        self._forget()
        request = {"args": args, "said": str(self.said), "gate": str(self._folder / "gate")}
        self._ask(request | ({"modules": str(modules)} if modules else {}))
        self._running = int(self._answer()["pid"])
        stop = threading.Timer(SECONDS, _kill, [self._running])
        stop.start()
        try:
            status = self._attend(watch)
        finally:
            stop.cancel()
        self._running = 0
        return status

    @property
    def said(self) -> Path:
        """What the last run printed."""
        return self._folder / "said"

    def close(self) -> None:
        """End the server, and a run that goes on."""
        self._gate.close()
        if self._running:
            _kill(self._running)
        with suppress(BrokenPipeError):
            self._server.communicate()

    def _attend(self, watch: Watch | None) -> int:
        """Let each thread go as it comes to the gate, until the run has ended."""
        import selectors

        assert self._server.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(self._gate, selectors.EVENT_READ)
            ready.register(self._server.stdout, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    if key.fileobj is not self._gate:
                        return int(self._answer()["status"])
                    self._let_go(watch)

    def _let_go(self, watch: Watch | None) -> None:
        connection, _ = self._gate.accept()
        with connection:
            number, tid = map(int, connection.recv(64).split() or (0, 0))
            if tid and watch is not None:
                watch(number, tid)
            with suppress(BrokenPipeError):
                connection.sendall(b".")

    def _forget(self) -> None:
        """Turn away threads of a killed run that nobody let in."""
        self._gate.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                self._gate.accept()[0].close()
        self._gate.setblocking(True)

    def _ask(self, request: dict[str, Any]) -> None:
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(request).encode() + b"\n")
        self._server.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        return dict(json.loads(self._server.stdout.readline()))


def main() -> None:
    """Serve requests until the client has gone."""
    _die_with_parent()
    for line in sys.stdin:
        request = json.loads(line)
        if "import" in request:
            _import(request["import"])
            _reply({})
            continue
        pid = os.fork()
        if pid == 0:
            _command(request)
        _reply({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _reply({"status": os.waitstatus_to_exitcode(status)})


def _command(request: dict[str, Any]) -> None:
    """In the fork: run one command and end."""
    status = 1
    _die_with_parent()
    try:
        said = os.open(request["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream, target in ((0, os.open(os.devnull, os.O_RDONLY)), (1, said), (2, said)):
            os.dup2(target, stream)
        _gated(request["gate"])
        from neuronkb.kb.cli.main import cli

        cli.main(request["args"], prog_name="neuronkb")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        if "modules" in request:
            Path(request["modules"]).write_text("\n".join(sys.modules))
        sys.stdout.flush()
        os._exit(status)


def _gated(gate: str) -> None:
    """Wait at the gate, and have each thread that is started wait there too."""
    numbers = itertools.count(1)

    def hook(frame: FrameType, event: str, argument: object) -> None:
        sys.setprofile(None)
        _wait(gate, next(numbers))

    threading.setprofile(hook)
    _wait(gate, 0)


def _wait(gate: str, number: int) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(gate)
        connection.sendall(b"%d %d" % (number, threading.get_native_id()))
        connection.recv(1)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, of Linux, as strace is


def _import(modules: list[str]) -> None:
    import importlib

    for name in modules:
        # Some can only be imported as part of another.
        with suppress(Exception):
            importlib.import_module(name)


def _reply(answer: dict[str, Any]) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
