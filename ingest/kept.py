"""What is found out once a user and machine, and kept as JSON in the user's cache folder."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..schema.outside import Unreadable, parse_json, read_bytes

MOST = 1 << 20
"""Bytes of a file that is read back."""


def read_kept(file: Path) -> Any:
    """The value in a file; None where there is none that can be read."""
    try:
        return parse_json(read_bytes(file, MOST))
    except (OSError, Unreadable):
        return None


def keep(file: Path, value: Any) -> None:
    """Write a value whole or not at all. Where no folder can be written, each process finds out for itself."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(value, indent=1), "utf-8")
        draft.replace(file)
