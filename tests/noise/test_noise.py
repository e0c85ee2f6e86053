"""A few inputs for every parser; `make faults` tries thousands."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("mcp", reason="the mcp extra is not installed")

from tests.noise.parser import Met, Parser, meet
from tests.noise.table import parsers

COUNT, SEED = 60, 0
NAMES = 49
"""Parsers in the table: one that is lost is missed."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> list[Parser]:
    return parsers(tmp_path_factory.mktemp("samples"))


def test_noise_is_answered_or_refused_in_a_line(table: list[Parser], tmp_path: Path) -> None:
    found: list[Met] = [meet(parser, COUNT, SEED, tmp_path / "in") for parser in table]
    assert {met.parser: met.faults for met in found if met.faults} == {}
    assert len({met.parser for met in found}) == len(found) == NAMES
    # Noise that is always taken, or always refused, would try the first lines of a parser alone.
    assert not [met.parser for met in found if not met.answers]
