"""What a process shows where its standard error is a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import termios
from pathlib import Path


def terminal(*command: str, out: Path | None = None, **environ: str) -> str:
    """What a process writes to a terminal: its standard input and error, and its output unless that is `out`."""
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (40, 1000))
    env = {**os.environ, "TERM": "xterm-256color", **environ}
    stdout = slave if out is None else os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    done = subprocess.Popen(command, stdin=slave, stdout=stdout, stderr=slave, env=env, close_fds=True)
    for end in {slave, stdout}:
        os.close(end)
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(master)
    done.wait()
    return re.sub("\r+\n", "\n", shown.decode())
