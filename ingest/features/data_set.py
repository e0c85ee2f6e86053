"""Labelled texts of one category, as a file of JSON lines."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...schema import FeatureError
from ...schema.outside import is_text
from ..corpus.document import LIMIT
from .feature import Feature
from .header import MOST, Count, Header
from .reader import parse_header, parse_line, read_lines
from .record import Record
from .rules import check_rule

SIZE = 2**30
"""Bytes a file may have: its records are held in memory."""


@dataclass(frozen=True)
class FeatureSet:
    """The records of one category and the features they are labelled with."""

    header: Header
    """with all its features named"""
    records: tuple[Record, ...]
    hash: str = ""
    """hex sha256 of the file; empty where there is none"""

    @classmethod
    def make(cls, header: Header, records: Iterable[Record]) -> FeatureSet:
        """A data set with its features named and counted. Raises FeatureError: no texts, no features."""
        rows = tuple(records)
        if not rows:
            raise FeatureError(f"category {header.category!r} has no texts")
        seen = _names(rows)
        features = header.features or tuple(Feature(name, header.negatives) for name in sorted(seen))
        if not features or len(features) > MOST or len(seen) > MOST:
            raise FeatureError(f"category {header.category!r}: {len(features)} features, expected 1 to {MOST}")
        if len({feature.is_rule for feature in features}) > 1:
            raise FeatureError(f"category {header.category!r}: rules on tokens and labels in one file; make it two")
        for feature in features:
            check_rule(feature)
            if not feature.is_rule and feature.name not in seen:
                raise FeatureError(f"feature {feature.name!r} of category {header.category!r} labels no text")
        counts = {f.name: _count(f, rows) for f in features if not f.is_rule}
        return cls(replace(header, features=features, counts=counts), rows)

    @classmethod
    def open(cls, path: Path) -> FeatureSet:
        """Read a file. Raises FeatureError with file and line of what is wrong, and the mend."""
        try:
            with path.open("rb") as stream:
                if os.fstat(stream.fileno()).st_size > SIZE:
                    raise FeatureError(f"{path}: larger than {SIZE >> 30} GiB; split it")
                header, records = read_lines(path, iter(lambda: stream.readline(LIMIT + 1), b""))
                stream.seek(0)
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise FeatureError(f"{str(path)!r} cannot be read ({error.strerror or error})") from None
        try:
            return replace(cls.make(header, records), hash=digest)
        except FeatureError as error:
            raise FeatureError(f"{path}: {error}") from None

    def write(self, path: Path) -> FeatureSet:
        """Write it to a file, whole or not at all, and return it with its hash. Raises FeatureError."""
        part = path.with_name(f".{path.name}.part")
        whole = hashlib.sha256()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as stream:
                for row in (self.header.to_json(), *map(_to_json, self.records)):
                    line = _line(path, row)
                    whole.update(line)
                    stream.write(line)
            part.replace(path)
        except OSError as error:
            raise FeatureError(f"{str(path)!r} cannot be written ({error.strerror or error})") from None
        return replace(self, hash=whole.hexdigest())


def read_header(path: Path) -> Header:
    """The header of a file with its features counted: its first line, where that has all. Raises FeatureError."""
    try:
        with path.open("rb") as stream:
            row = parse_line(path, 1, stream.readline(LIMIT + 1))
    except OSError as error:
        raise FeatureError(f"{str(path)!r} cannot be read ({error.strerror or error})") from None
    header = parse_header(path, row) if "neuronkb_features" in row else Header(path.stem)
    whole = header.features and all(f.is_rule or f.name in header.counts for f in header.features)
    return header if whole else FeatureSet.open(path).header


def _line(path: Path, row: Mapping[str, Any]) -> bytes:
    text = json.dumps(row, ensure_ascii=False)
    if not is_text(text):
        shown = ascii(row.get("text", row.get("category")))[:60]
        raise FeatureError(f"{str(path)!r} cannot be written: {shown} holds half a character; mend the text")
    return text.encode() + b"\n"


def _to_json(record: Record) -> dict[str, Any]:
    row: dict[str, Any] = {"text": record.text, "group": record.group}
    if record.labels:
        row["labels"] = dict(record.labels)
    if record.spans:
        row["spans"] = [[span.start, span.end, list(span.names)] for span in record.spans]
    return row


def _names(records: Sequence[Record]) -> Counter[str]:
    """How often each name occurs as a label."""
    found: Counter[str] = Counter()
    for record in records:
        found.update(record.labels)
        for span in record.spans:
            found.update(span.names)
    return found


def _count(feature: Feature, records: Sequence[Record]) -> Count:
    """Texts or spans; for negatives that are the rest of a text only spans are counted."""
    positives = negatives = 0
    groups = set()
    for record in records:
        here = 0
        if feature.name in record.labels:
            here += record.labels[feature.name]
            negatives += not record.labels[feature.name]
        for span in record.spans:
            if feature.name in span.names:
                here += 1
            elif not feature.against or not set(feature.against).isdisjoint(span.names):
                negatives += 1
        positives += here
        if here:
            groups.add(record.group)
    return Count(positives, negatives, len(groups))
