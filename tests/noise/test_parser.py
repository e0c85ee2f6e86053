"""The harness itself: what it must tell from a good parser."""

from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.schema import BundleError

from tests.noise.mutate import plain
from tests.noise.parser import Parser, meet


def raising(error: BaseException) -> object:
    raise error


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ValueError("x"), "ValueError: 'x'"),
        (RecursionError("deep"), "RecursionError"),
        (BundleError("without a name"), "an error that names no file"),
        (BundleError("in/f.json: fine"), None),
    ],
)
def test_only_a_line_that_names_the_file_is_a_refusal(tmp_path: Path, error: Exception, fault: str | None) -> None:
    def read(folder: Path) -> object:
        return (folder / "f.json").read_bytes() == b"good" or raising(error)

    met = meet(Parser("p", {"f.json": b"good"}, read, lambda data, random: b"noise"), 5, 0, tmp_path / "in")
    assert [name[: len(fault or "")] for name in met.faults] == ([fault] if fault else [])
    assert met.inputs == 5


def test_memory_that_a_small_input_takes_is_told(tmp_path: Path) -> None:
    def read(folder: Path) -> object:
        return (folder / "f").read_bytes() == b"good" or bytearray(300 * 2**20).find(1)

    met = meet(Parser("p", {"f": b"good"}, read, lambda data, random: b"noise"), 1, 0, tmp_path / "in")
    assert list(met.faults) == ["took more than 256 MiB"]
    assert met.worst_bytes > 256 * 2**20


def test_the_same_seed_is_the_same_noise(tmp_path: Path) -> None:
    def noise(seed: int) -> list[bytes]:
        seen: list[bytes] = []
        parser = Parser("p", {"f": b"some bytes"}, lambda folder: seen.append((folder / "f").read_bytes()), plain)
        meet(parser, 30, seed, tmp_path / "in")
        return seen

    assert noise(1) == noise(1)
    assert noise(1) != noise(2)
