"""Which process serves a folder. A number in a file proves nothing: the folder may be a copy of one that another server
serves, and the number may be another program's by now. So a process is asked where it runs and when it began."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .folder import Folder, State

if TYPE_CHECKING:
    import psutil

KEEPER = f"{__package__}.keeper"

SECONDS = 5.0
"""How far two readings of one process's start may lie apart: a system that sets its clock moves them."""


def exists(pid: int) -> bool:
    """Whether a process of this user's has the number and has not ended; cheap, and no proof of more."""
    try:
        os.kill(pid, 0)
        # An ended one keeps its number until its parent has seen that.
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b") ")[2][:1] not in b"ZX"
    except FileNotFoundError:
        return not os.path.isdir("/proc/self")
    except OSError:
        return False


def started(pid: int) -> float:
    """When a process began, in seconds of the epoch."""
    import psutil

    return psutil.Process(pid).create_time()


def server(folder: Folder, state: State) -> psutil.Process | None:
    """The process that runs the state's server in this very folder, or None."""
    return _process(folder, state.pid, state.started, f"-Dneuronkb.instance={state.instance}")


def keeper(folder: Folder, state: State) -> psutil.Process | None:
    """The process that keeps the state's server in this very folder, or None."""
    return _process(folder, state.keeper, state.keeper_started, KEEPER)


def _process(folder: Folder, pid: int, began: float, argument: str) -> psutil.Process | None:
    """Process `pid` if it has the argument, began then (0: it is not known when), and runs in the folder."""
    import psutil

    try:
        process = psutil.Process(pid)
        same = argument in process.cmdline() and os.path.samefile(process.cwd(), folder.root)
        return process if same and (not began or abs(process.create_time() - began) < SECONDS) else None
    except (psutil.Error, OSError, ValueError, TypeError):
        return None
