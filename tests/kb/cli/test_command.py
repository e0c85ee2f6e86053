"""A command whose progress is drawn: the bars are away before anything is said, and the answer is whole."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from neuronkb.ingest.bundle import Bundle
from neuronkb.kb.cli.command import Bars
from neuronkb.kb.load.loader import load
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.tests.lined import NEURONS, bundles
from neuronkb.tests.terminal import terminal

LINES = ("neurons", "lines", "m")
"""Progress is told of it, then there is an answer."""


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("command") / "store"
    with LocalStore.open(folder) as store:
        store.setup()
        load(store, Bundle.open(bundles(folder.parent / "made")["lm-head-1"]))
    yield str(folder)
    stop(folder)


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_an_answer_in_a_file_is_whole_beside_bars_on_a_terminal(where: str, form: str, tmp_path: Path) -> None:
    out = tmp_path / "answer"
    command = (sys.executable, "-m", "neuronkb", *LINES, "--format", form)
    drawn = terminal(*command, out=out, NEURONKB_STORE=where, COLUMNS="200")
    answer = out.read_text("utf-8")
    assert "\x1b[" in drawn  # a bar
    assert "\x1b" not in answer
    assert "decoded" in answer
    assert "decoded" not in drawn
    if form == "json":
        assert json.loads(answer)["neurons"] == len(NEURONS)


def test_an_answer_on_the_same_terminal_stands_once_under_the_bars(where: str) -> None:
    shown = terminal(sys.executable, "-m", "neuronkb", *LINES, "--json", NEURONKB_STORE=where)
    answer = shown[shown.index("{") :]
    assert json.loads(answer)["neurons"] == len(NEURONS)


def test_bars_give_both_streams_back_and_come_again() -> None:
    before = sys.stdout, sys.stderr
    bars = Bars()
    bars.close()
    for step in ("reading", "writing"):
        bars(step, 1, 2)
        assert sys.stdout is not before[0]
        bars.close()
        assert (sys.stdout, sys.stderr) == before
