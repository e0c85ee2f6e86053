"""Whom a command waits for is said also where there is no terminal to draw a bar on."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
from neuronkb.ingest.bundle import Bundle, BundleWriter, RunInfo
from neuronkb.kb.load.loader import load
from neuronkb.kb.stores.local import LocalStore
from neuronkb.schema import bundle_table, conform
from neuronkb.tests.lined import CHANCE, bundles


def after_waiting(store: LocalStore, *words: str) -> str:
    """What a command says that begins while somebody else loads, who has done once the command says that it waits."""
    command = [sys.executable, "-m", "neuronkb", *words]
    with store.loading(print):
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert child.stderr is not None
        silent = threading.Timer(120, child.kill)  # one that says nothing would wait for us as we for it
        silent.start()
        said = child.stderr.readline()
        silent.cancel()
    shown, errors = child.communicate(timeout=300)
    assert said.startswith("waiting for process ")
    assert said.endswith(" to finish loading\n")
    assert (child.returncode, "waiting for" in errors) == (0, False), errors
    return shown


def test_a_load_says_whom_it_waits_for(local_store: LocalStore, local_folder: Path, tmp_path: Path) -> None:
    run = RunInfo("lm-head-00000000abcd", "lm-head", "m", "w" * 64, None, {})
    with BundleWriter.open(tmp_path / "b", run) as writer:
        writer.write("all", {"Model": conform(bundle_table("Model"), pa.table({"id": ["m"]}))})
        writer.finish()
    assert "rows" in after_waiting(local_store, "bundles", "load", str(tmp_path / "b"), "--store", str(local_folder))


def test_a_line_that_is_set_says_so_too(local_store: LocalStore, local_folder: Path, tmp_path: Path) -> None:
    load(local_store, Bundle.open(bundles(tmp_path)["lm-head-1"]))
    words = ("neurons", "set-line", CHANCE, "mine", "--store", str(local_folder))
    assert "mine" in after_waiting(local_store, *words)
