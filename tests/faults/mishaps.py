"""What befalls the server of a local store while a command runs: it is killed, or its disk is full."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from neuronkb.kb.stores.arcade.folder import Folder

from .calls import Call
from .trial import Outcome, Trials

Victim = Literal["server", "keeper", "server and command", "keeper and command"]
VICTIMS: tuple[Victim, ...] = ("server", "keeper", "server and command", "keeper and command")


def killed(trials: Trials, victim: Victim, number: int, moment: float) -> Outcome:
    """Kill the server's processes `moment` seconds after the command's start, with the command or without."""

    def strike(command: int) -> None:
        state = Folder(trials.bench.place.root).read_state()
        pids = [] if state is None else [state.pid if victim.startswith("server") else state.keeper]
        for pid in pids + [command] * victim.endswith("command"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def disturb() -> tuple[int, str]:
        timers: list[threading.Timer] = []

        def watch(thread: int, tid: int) -> None:
            if thread == 0:
                timers.append(threading.Timer(moment, strike, [tid]))
                timers[0].start()

        status = trials.bench.forks.run(*trials.line, watch=watch)
        hit = "" if timers[0].is_alive() else f"after {moment:.3f} s"
        timers[0].cancel()
        return status, hit

    return trials.judge("kill", Call(0, f"SIGKILL to {victim}", number, "while it runs"), disturb)


def filled(trials: Trials, number: int, room: int) -> Outcome:
    """Leave the file system of the store `room` bytes, run, and free the space again."""
    filler = trials.bench.place.root.parent / "filler"

    def disturb() -> tuple[int, str]:
        disk = os.statvfs(filler.parent)
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(disk.f_bavail * disk.f_frsize - room, 1))
        try:
            status = trials.bench.forks.run(*trials.line)
            return status, f"{room:,} bytes left" if status else ""  # it found room enough
        finally:
            filler.unlink()

    return trials.judge("full", Call(0, "disk filled", number, "all but the room for a part"), disturb)


@contextmanager
def small_disk(folder: Path, size: str = "256m") -> Iterator[Path | None]:
    """A file system of its own at `folder`, in memory; None where we may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
