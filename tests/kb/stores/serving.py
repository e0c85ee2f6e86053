"""Looks at a local store's server from outside: who runs it, what it is asked, and other processes that open it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from neuronkb.kb.stores.arcade.folder import Folder, State
from neuronkb.kb.stores.local import LocalStore

OPEN = """
import sys
from pathlib import Path
from neuronkb.kb.stores.local import LocalStore
with LocalStore.open(Path(sys.argv[1])) as store:
    print(store.read("RETURN 1 AS x").rows[0][0], store.status().pid)
"""


def state(folder: Path) -> State:
    found = Folder(folder).read_state()
    assert found is not None
    return found


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def others(folder: Path, count: int, **environment: str) -> list[subprocess.Popen[str]]:
    """So many processes that open the folder at once."""
    command = [sys.executable, "-c", OPEN, str(folder)]
    env = {**os.environ, **environment}
    return [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) for _ in range(count)]


def said(processes: list[subprocess.Popen[str]]) -> list[str]:
    return [process.communicate(timeout=120)[0].strip() for process in processes]


def queries(store: LocalStore) -> str:
    return " ".join(str(row[6]) for row in store.write("SHOW TRANSACTIONS").rows)
