"""Completion in a shell: verbs, choices, and the names of the store, from a file beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from neuronkb.kb.names import keep_names, kept_names
from neuronkb.kb.place import Place
from neuronkb.kb.stores.local import LocalStore

from tests import everything
from tests.conftest import held


@pytest.fixture(scope="module")
def folder(local_folder: Path) -> Path:
    with LocalStore.open(local_folder) as store:
        held(store, everything.load)
        keep_names(Place(str(local_folder)), store)
    return local_folder


def completed(words: str, folder: Path) -> list[str]:
    """What the shell would offer for the last word. The store's folder is there under another name, where no server
    runs: nothing but its file is read."""
    given = {
        "_NEURONKB_COMPLETE": "bash_complete",
        "COMP_WORDS": f"neuronkb {words}",
        "COMP_CWORD": str(len(words.split(" "))),
        "NEURONKB_STORE": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-m", "neuronkb"], env={**os.environ, **given}, capture_output=True, text=True, check=True
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_names_come_from_the_file_and_start_no_server(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "store"
    alone.mkdir()
    (alone / "names.json").write_bytes((folder / "names.json").read_bytes())
    assert completed("links diff gem", alone) == [everything.BASE, everything.TUNED]
    runs = kept_names(Place(str(alone)))["RUN"]
    assert completed("n2g show x --run n2g", alone) == [name for name in runs if name.startswith("n2g")]
    assert {path.name for path in alone.iterdir()} == {"names.json"}


def test_verbs_and_choices(tmp_path: Path) -> None:
    assert "show" in completed("n2g s", tmp_path)
    assert completed("lm-head ingest x --convention f", tmp_path) == ["folded"]
    assert "words" in completed("wor", tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"MODEL": 7}', '{"MODEL": [7, "a"]}'])
def test_a_damaged_file_offers_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "names.json").write_text(text)
    assert kept_names(Place(str(tmp_path))).get("MODEL", []) in ([], ["a"])
