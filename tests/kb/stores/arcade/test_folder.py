"""Who serves a folder, by a file that anybody may have written."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from neuronkb.kb.stores.arcade import server
from neuronkb.kb.stores.arcade.folder import Folder, State, this_host

GOOD = State("abc", this_host(), 1, os.getpid(), 3, 4, "2g", "ArcadeDB", "w", "r")


def test_what_was_written_is_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write_state(GOOD)
    assert folder.read_state() == GOOD


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pid", "7"),
        ("pid", None),
        ("pid", -1),
        ("pid", 2**40),
        ("pid", 1.5),
        ("keeper", [1]),
        ("http", True),
        ("bolt", 70_000),
        ("host", 3),
        ("host", "a\x1b[2J"),
        ("instance", "\ud800"),
        ("writer", None),
        ("unknown", 1),
    ],
)
def test_a_value_that_is_none_of_ours_is_nobody(tmp_path: Path, name: str, value: Any) -> None:
    folder = Folder(tmp_path)
    folder.state.write_text(json.dumps(asdict(GOOD) | {name: value}))
    assert folder.read_state() is None
    assert server.alive(folder) is None
    assert server.stop(folder) is False


@pytest.mark.parametrize(
    "data", [b"", b"[" * 100_000, b"9" * 5000, b"[]", b"null", b"\xff", b"{}", b" " * 2**20 + b"{}"]
)
def test_a_file_of_noise_is_nobody(tmp_path: Path, data: bytes) -> None:
    folder = Folder(tmp_path)
    folder.state.write_bytes(data)
    assert folder.read_state() is None
