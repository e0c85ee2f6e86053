"""Published files written by hand, and what a reader makes of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuronkb.ingest.explain.published.formats import READERS
from neuronkb.ingest.explain.published.items import Format, Given, Item, Reader, Statistics, Window
from neuronkb.ingest.explain.published.tally import Tally
from neuronkb.ingest.explain.records import Explanation, Score


@dataclass
class Found:
    """All that a reader handed on, and its count."""

    items: list[Item]
    tally: Tally
    reader: Reader

    @property
    def explanations(self) -> list[Explanation]:
        return [each for each in self.items if isinstance(each, Explanation)]

    @property
    def windows(self) -> list[Window]:
        return [each for each in self.items if isinstance(each, Window)]

    @property
    def statistics(self) -> list[Statistics]:
        return [each for each in self.items if isinstance(each, Statistics)]

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(str(each.unit), each.text) for each in self.explanations]

    def score(self, formula: str, number: int = 0) -> Score:
        return next(score for score in self.explanations[number].scores if score.formula == formula)


def read(format: Format, paths: Path | Iterable[Path], **given: Any) -> Found:
    tally = Tally()
    reader = READERS[format](Given(**given))
    parts = reader.parts([paths] if isinstance(paths, Path) else list(paths), tally)
    items = [item for part in parts for item in reader.items(part, tally)]
    return Found(items, tally, reader)


def write(path: Path, value: Any) -> Path:
    """JSON, lines of JSON or text by the file's name; packed where it ends so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if ".jsonl" in path.name:
        text = "".join(json.dumps(row) + "\n" for row in value)
    else:
        text = value if isinstance(value, str) else json.dumps(value)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path
