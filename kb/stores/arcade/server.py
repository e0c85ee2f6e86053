"""Finding the server of a folder, starting it where there is none, and stopping it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ....schema import StoreBusyError, StoreError
from . import process, runtime
from .folder import SILENCE, Folder, State, locked, this_host

T = TypeVar("T")

START_SECONDS = 90.0
STOP_SECONDS = 30.0

ROOM = 32 << 20
"""Bytes of disk without which no server is started."""


def attach(folder: Folder, heap: str, connect: Callable[[State], T | None]) -> T:
    """`connect`'s answer for the folder's server, which is started if need be.

    `connect` gives None for a state whose server does not answer. However many processes come at once, one server is
    started. Raises StoreError or StoreBusyError.
    """
    if (found := _running(folder, connect)) is not None:
        return found
    _prepare(folder, heap)
    with locked(folder.open_lock, START_SECONDS) as got:
        if not got:
            raise StoreBusyError(f"{folder.root}: another process has been starting its server for {START_SECONDS:g} s")
        deadline = time.monotonic() + START_SECONDS
        _forget_others(folder)
        while (found := _running(folder, connect)) is None:
            if _start(folder, heap):
                continue
            # It has a keeper that is still starting, or just stopping: what began that was killed, or is at it.
            if time.monotonic() > deadline:
                raise StoreBusyError(f"{folder.root} is held by a keeper that does not answer; see {folder.log}")
            time.sleep(0.1)
    return found


def stop(folder: Folder) -> bool:
    """Stop the folder's server; whether there was one. Raises StoreError or StoreBusyError."""
    state = folder.read_state()
    if state is None:
        return False
    _check_host(folder, state)
    if not _signal(folder, state):
        folder.remove_state(state.instance)
        return False
    with locked(folder.lock, STOP_SECONDS) as got:
        if not got:
            raise StoreError(f"{folder.root}: its server (process {state.pid}) does not stop; end it by hand")
    return True


def alive(folder: Folder) -> State | None:
    """The folder's state if its server runs on this host."""
    state = folder.read_state()
    return state if state is not None and _is_ours(folder, state) else None


def _running(folder: Folder, connect: Callable[[State], T | None]) -> T | None:
    state = folder.read_state()
    if state is None:
        return None
    _check_host(folder, state)
    if state.host != this_host() or not _kept(folder):
        return None
    found = connect(state)
    # A folder that was copied holds the state of another's server, until this folder's keeper is started.
    if found is not None and folder.read_state() != state:
        return None
    return found


def _is_ours(folder: Folder, state: State) -> bool:
    """Whether the state's server runs here, in this folder."""
    return state.host == this_host() and process.server(folder, state) is not None


def _forget_others(folder: Folder) -> None:
    """Take away a state that came with a copied folder, or that a server left which is gone."""
    state = folder.read_state()
    if state is not None and state.host == this_host() and not _kept(folder) and not _is_ours(folder, state):
        folder.remove_state(state.instance)


def _kept(folder: Folder) -> bool:
    """Whether a keeper lives. Without one the server is on its way out, though it may still answer."""
    if not folder.lock.exists():
        return False
    with locked(folder.lock, 0) as got:
        return not got


def _check_host(folder: Folder, state: State) -> None:
    if state.host == this_host():
        return
    silence = folder.silence()
    if silence < SILENCE:
        raise StoreBusyError(
            f"{folder.root} is in use on host {state.host!r} (last seen {max(silence, 0):.0f} s ago); run `neuronkb "
            f"store stop` there, or wait {SILENCE:g} s if that host is gone"
        )


def _prepare(folder: Folder, heap: str) -> None:
    """Everything that can be told to be wrong before a server is started."""
    if folder.root.exists() and not folder.root.is_dir():
        raise StoreError(f"{folder.root} is a file; name a folder for the store")
    try:
        folder.create()
        room = os.statvfs(folder.root)
    except OSError as error:
        raise StoreError(f"{folder.root} cannot be written: {error.strerror}; name another folder") from error
    if not os.access(folder.root, os.W_OK | os.X_OK):
        raise StoreError(f"{folder.root} cannot be written: Permission denied; name another folder")
    if room.f_bavail * room.f_frsize < ROOM:
        raise StoreError(f"the disk is full: {folder.root} has less than 32 MiB left; free some space")
    try:
        runtime.check_here()
        runtime.check_heap(heap)
        runtime.java()
    except runtime.UnfitError as error:
        raise StoreError(str(error)) from error


def _start(folder: Folder, heap: str) -> bool:
    """Leave a keeper behind whose server runs; False where the folder has a keeper. Raises StoreError."""
    # Imported late: a process that attaches needs neither.
    import subprocess

    from .keeper import BUSY, READY

    done = subprocess.run(
        [sys.executable, "-m", process.KEEPER, str(folder.root), heap],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=folder.root,
        env=_environment(),
        text=True,
        check=False,
    )
    answer = done.stdout.strip()
    if answer in (READY, BUSY):
        return answer == READY
    why = answer or (done.stderr.strip().splitlines() or ["the keeper ended without a word"])[-1]
    raise StoreError(f"{folder.root}: {why}")


def _environment() -> dict[str, str]:
    """Ours, with the folder this package was imported from in front of the path where it goes by its own name."""
    package = Path(__file__).parents[3]
    paths = [str(package.parent)] if package.name == "neuronkb" else []
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, *filter(None, [os.environ.get("PYTHONPATH")])])}


def _signal(folder: Folder, state: State) -> bool:
    """Ask the keeper, or the server itself where that is gone, to stop; whether either was there."""
    import psutil

    keeper, server = process.keeper(folder, state), process.server(folder, state)
    with suppress(psutil.Error):
        if keeper is not None:
            keeper.terminate()
            return True
        if server is not None:
            server.terminate()
            server.wait(STOP_SECONDS)
            return True
    return False
