"""The neutral prompts that clamps are measured on."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from ...schema import ModelError, digest
from ...schema.outside import Unreadable, decode, read_bytes

SIZE = 16 * 2**20
"""Bytes of a file of prompts."""


def shipped() -> tuple[str, ...]:
    """Twenty beginnings after which almost any noun can come."""
    return _lines(files(__package__).joinpath("prompts.txt").read_text("utf-8"))


def read_prompts(path: str | Path) -> tuple[str, ...]:
    """One prompt a line. Raises ModelError for a file that cannot be read or holds none."""
    try:
        found = _lines(decode(read_bytes(Path(path), SIZE)))
    except OSError as error:
        raise ModelError(f"{path}: the prompts cannot be read ({error.strerror or error})") from None
    except Unreadable as error:
        raise ModelError(f"{path}: the prompts are not UTF-8 text ({error})") from None
    if not found:
        raise ModelError(f"{path}: no prompt in it; write one a line")
    return found


def prompts_hash(prompts: tuple[str, ...]) -> str:
    """Hex sha256 of the prompts in their order."""
    return digest({"prompts": list(prompts)})


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
