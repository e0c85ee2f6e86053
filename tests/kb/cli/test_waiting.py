"""Whom a command waits for is said also where there is no terminal to draw a bar on."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
from click.testing import CliRunner
from neuronkb.ingest.bundle import BundleWriter, RunInfo
from neuronkb.kb.cli.main import cli
from neuronkb.kb.stores.local import LocalStore
from neuronkb.schema import bundle_table, conform


def test_a_load_says_whom_it_waits_for(local_store: LocalStore, local_folder: Path, tmp_path: Path) -> None:
    run = RunInfo("lm-head-00000000abcd", "lm-head", "m", "w" * 64, None, {})
    with BundleWriter.open(tmp_path / "b", run) as writer:
        writer.write("all", {"Model": conform(bundle_table("Model"), pa.table({"id": ["m"]}))})
        writer.finish()
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with local_store.loading(print):
            held.set()
            release.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    timer = threading.Timer(2, release.set)
    timer.start()
    done = CliRunner().invoke(cli, ["load", str(tmp_path / "b"), "--store", str(local_folder)])
    holder.join()
    timer.join()
    assert done.exit_code == 0, done.output
    said = [line for line in done.stderr.splitlines() if line.startswith("waiting for process ")]
    assert len(said) == 1
    assert said[0].endswith("to finish loading")
