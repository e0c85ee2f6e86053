"""strace on one thread of a running process: listing its writes, or making one of them the last or a failure."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .calls import WRITES, Call

SECONDS = 20.0
"""To attach, and to end when the thread has."""


class NoStraceError(Exception):
    """strace is not here or may not trace; the message says which."""


def attach(tid: int, out: Path, *options: str) -> subprocess.Popen[str] | None:
    """Attach strace to a thread, its lines to go to `out`, and wait until it is; None where the thread has ended.

    Raises NoStraceError.
    """
    if shutil.which("strace") is None:
        raise NoStraceError("there is no strace on the PATH; on Debian: apt-get install strace")
    names = ",".join(f"?{name}" for name in WRITES)
    command = ["strace", "-yy", "-s", "0", "-o", str(out), "-e", f"trace={names}", *options, "-p", str(tid)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = process.stderr.readline()
    if "attached" not in said:
        process.kill()
        process.communicate()
        if "No such process" in said:
            return None
        raise NoStraceError(f"strace may not trace here: {said.strip() or 'no word'}")
    return process


def end(process: subprocess.Popen[str]) -> None:
    """Wait for strace to end, as it does after its thread."""
    try:
        process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def killing(call: Call) -> tuple[str, str]:
    """Options that end the process by SIGKILL before the call is made."""
    return "-e", f"inject={call.name}:signal=KILL:when={call.number}"


def refusing(call: Call) -> tuple[str, str]:
    """Options that answer the call with "no space left on device"."""
    return "-e", f"inject={call.name}:error=ENOSPC:when={call.number}"


def check() -> None:
    """Raise NoStraceError where strace is missing or may not trace."""
    child = subprocess.Popen(["sleep", "60"])
    try:
        tracer = attach(child.pid, Path("/dev/null"))
    finally:
        child.kill()
        child.wait()
    if tracer is not None:
        end(tracer)
