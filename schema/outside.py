"""JSON and TOML from outside, read with bounds: a value that can be stored, or one line that says why there is none."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

DEPTH = 100
"""Levels of lists and objects inside each other that a document may have."""
BRACKETS = 2**20
"""Lists and objects that any document may have; each costs some 70 bytes of memory for two of text."""
DENSITY = 16
"""Bytes of text for each bracket more: texts and numbers are what large documents are made of."""

_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Half a character, as JSON spells it; whole ones are two halves."""


class Unreadable(ValueError):
    """Why bytes are no document, in one line: `kind`, and after a colon where."""

    def __init__(self, kind: str, where: str = "", line: int = 1) -> None:
        super().__init__(f"{kind}: {where}" if where else kind)
        self.kind = kind
        self.line = line
        """on which it was met"""


def read_bytes(path: Path, most: int) -> bytes:
    """A file's bytes. Raises OSError, or Unreadable for more than `most` bytes or a path that cannot be one."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except ValueError:
        raise Unreadable("no file can have that name") from None
    if len(data) > most:
        raise Unreadable(f"larger than {_size(most)}")
    return data


def decode(data: bytes) -> str:
    """UTF-8 text, without the mark that may stand before it. Raises Unreadable that names the line."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable("not UTF-8", f"{error.reason} at byte {error.start}", line) from None


def parse_json(data: bytes | str, halves: bool = False) -> Any:
    """The value of JSON text; NaN and Infinity are taken as Python writes them.

    Raises Unreadable for what is no JSON or no UTF-8, for nesting deeper than DEPTH, for more brackets than memory
    should pay for, and, unless `halves`, for halves of characters (lone surrogates): nothing can store them.
    """
    text = decode(data) if isinstance(data, bytes) else data
    brackets = text.count("[") + text.count("{")
    if brackets > BRACKETS + len(text) // DENSITY:
        raise Unreadable("too many brackets", f"{brackets:,} in {_size(len(text))}")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated") or not text[error.pos :].strip()
        said = "cut off" if cut and text.strip() else "not JSON"
        raise Unreadable(said, f"{error.msg}{_place(error)}", error.lineno) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise Unreadable("not JSON", "a number of thousands of digits") from None
    if brackets > DEPTH:
        _check_depth(value)
    if not halves and (not isinstance(data, bytes) or _HALF.search(text)):
        _check_text(value)
    return value


def parse_toml(data: bytes) -> dict[str, Any]:
    """The tables of TOML text. Raises Unreadable."""
    text = decode(data)
    try:
        found = tomllib.loads(text)
    except RecursionError:
        raise _too_deep() from None
    except tomllib.TOMLDecodeError as error:
        raise Unreadable("not TOML", str(error)) from None
    except ValueError:
        raise Unreadable("not TOML", "a number of thousands of digits") from None
    _check_depth(found)
    return found


def is_text(value: str) -> bool:
    """Whether a text can be stored: none of its characters is half of one."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole_characters(value: str) -> str:
    """Text in which every half of a split character is the replacement character."""
    return value if is_text(value) else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_lines(path: Path, most: int) -> list[str]:
    """The lines of a text file. Raises OSError or Unreadable."""
    return decode(read_bytes(path, most)).splitlines()


def _check_depth(value: Any) -> None:
    level: Iterable[Any] = [value]
    for _ in range(DEPTH + 1):
        held = [one for one in level if isinstance(one, dict | list)]
        if not held:
            return
        level = [child for one in held for child in (one.values() if isinstance(one, dict) else one)]
    raise _too_deep()


def _check_text(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise Unreadable(f"holds half a character ({half!r}, a lone surrogate), which is no text") from None


def _place(error: json.JSONDecodeError) -> str:
    return f" at column {error.colno}" if error.lineno == 1 else f" at line {error.lineno}, column {error.colno}"


def _too_deep() -> Unreadable:
    return Unreadable(f"nested deeper than {DEPTH} levels")


def _size(n: int) -> str:
    return f"{n >> 20} MiB" if n >= 2**20 else f"{n:,} bytes"
