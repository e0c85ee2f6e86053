"""Reads the lines of a data set's file, and says where one is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...schema import FeatureError
from ...schema.outside import Unreadable, parse_json
from ..corpus.document import LIMIT
from .header import LONGEST, Header
from .record import Record, Span


def read_lines(path: Path, lines: Iterator[bytes]) -> tuple[Header, list[Record]]:
    """The header and records of a file's lines. Raises FeatureError with file and line."""
    header, records = Header(path.stem), []
    whole = spanned = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = parse_line(path, number, line)
        if number == 1 and "neuronkb_features" in row:
            header = parse_header(path, row)
            continue
        try:
            records.append(_record(row))
        except FeatureError as error:
            raise FeatureError(f"{path}:{number}: {error}") from None
        whole, spanned = whole or bool(records[-1].labels), spanned or bool(records[-1].spans)
        if whole and spanned:
            raise FeatureError(f"{path}:{number}: labels of whole texts and of spans in one file; make it two files")
    return header, records


def parse_header(path: Path, row: Mapping[str, Any]) -> Header:
    """The header in a first line. Raises FeatureError."""
    try:
        return Header.from_json(row, path.stem)
    except FeatureError as error:
        raise FeatureError(f"{path}:1: {error}") from None


def parse_line(path: Path, number: int, line: bytes) -> dict[str, Any]:
    """The JSON object of a line. Raises FeatureError."""
    if len(line) > LIMIT:
        raise FeatureError(f"{path}:{number}: a line longer than {LIMIT >> 20} MiB; split it")
    try:
        row = parse_json(line)
    except Unreadable as error:
        raise FeatureError(f"{path}:{number}: {error}; expected a JSON object a line") from None
    if not isinstance(row, dict):
        raise FeatureError(f"{path}:{number}: not a JSON object")
    return row


def _record(row: Mapping[str, Any]) -> Record:
    text, group = row.get("text"), row.get("group")
    if not isinstance(text, str) or not text:
        raise FeatureError("'text' is missing, empty or no text")
    if isinstance(group, bool) or not isinstance(group, str | int) or group == "":
        raise FeatureError("'group' is missing; name the document or section that the text is of")
    unknown = set(row) - {"text", "group", "labels", "spans"}
    if unknown:
        raise FeatureError(f"unknown key {min(unknown)!r}; expected text, group, and labels or spans")
    if "labels" in row and "spans" in row:
        raise FeatureError("has both 'labels' and 'spans'; give one of them")
    return Record(text, str(group), _labels(row.get("labels", {})), _spans(row.get("spans", []), len(text)))


def _labels(given: Any) -> dict[str, bool]:
    if not isinstance(given, dict) or not all(isinstance(value, bool) for value in given.values()):
        raise FeatureError(f"'labels' is {str(given)[:60]!r}, expected an object of feature names and true or false")
    return {_name(name): value for name, value in given.items()}


def _spans(given: Any, size: int) -> tuple[Span, ...]:
    if not isinstance(given, list):
        raise FeatureError("'spans' is no list; expected [[start, end, [names]], ...]")
    return tuple(_span(one, size) for one in given)


def _span(given: Any, size: int) -> Span:
    if not isinstance(given, list) or len(given) != 3 or not isinstance(given[2], list):
        raise FeatureError(f"span {str(given)[:60]}: expected [start, end, [names]]")
    start, end, names = given
    if any(isinstance(at, bool) or not isinstance(at, int) for at in (start, end)) or not 0 <= start < end <= size:
        raise FeatureError(f"span {start!r} to {end!r}: expected 0 <= start < end <= {size}, the text's characters")
    return Span(start, end, tuple(_name(name) for name in names))


def _name(given: Any) -> str:
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST:
        raise FeatureError(f"feature name {str(given)[:40]!r}: expected a text of 1 to {LONGEST} characters")
    return given
