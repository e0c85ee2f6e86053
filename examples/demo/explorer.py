"""The explorer of the demo's store, in the browser from the first answer on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HINT = "neuronkb serve"


class Explorer:
    """`neuronkb serve` in a process of its own, where somebody sits at a terminal; else only the command is told."""

    def __init__(self, store: Path, terminal: bool) -> None:
        self._store = store
        self._terminal = terminal
        self._process: subprocess.Popen[str] | None = None
        self.address: str | None = None

    def begin(self) -> str:
        """Start it, once, and open its first page; what to say of it."""
        if not self._terminal:
            return f"To look at it in the browser: .venv/bin/{HINT}\n"
        if self._process is None:
            command = [sys.executable, "-m", "neuronkb", "serve", "--port", "0", "--store", str(self._store)]
            self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
            assert self._process.stderr is not None
            found = re.search(r"http://\S+", self._process.stderr.readline())
            self.address = None if found is None else found[0]
        if self.address is None:
            return f"The explorer did not start; .venv/bin/{HINT} says why.\n"
        return f"Look at it in the browser, now and while the rest follows: {self.address}\n"

    def stay(self) -> None:
        """Go on until Ctrl-C."""
        if self._process is not None and self.address is not None:
            print(f"\nThe explorer stays at {self.address} until Ctrl-C; later .venv/bin/{HINT} shows it again.")
            self._process.wait()

    def end(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            if self._process.stderr is not None:
                self._process.stderr.close()
