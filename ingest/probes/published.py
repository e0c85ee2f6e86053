"""Reads the tables that sparse-probing papers publish: one neuron's probe a row.

Columns as in wesg52/sparse-probing-paper (Gurnee et al. 2023): layer, neuron, feature, test_mcc, test_f1_score, ...;
each file has its own, some without precision and recall, model or feature.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...schema import NeuronId, PublishedError
from ...schema.numbers import whole_number
from .publications import WITHOUT_FEATURE, Shape, model_in, model_name, shape

SIZE = 256 * 2**20
"""Bytes a table may have."""
ROWS = 2_000_000
CELL = 1_000
"""Characters a cell may have."""
SCORES = {
    "test_f1_score": "f1",
    "test_precision": "precision",
    "test_recall": "recall",
    "test_mcc": "mcc",
    "test_roc_auc": "auc",
    "coef": "coef",
}
"""Column of a table -> property of DETECTS."""
MEASURES = tuple(name for name in SCORES if name != "coef")
RANGES = {"f1": (0.0, 1.0), "precision": (0.0, 1.0), "recall": (0.0, 1.0), "auc": (0.0, 1.0), "mcc": (-1.0, 1.0)}
PLACES = ("model", "dataset", "feature", "layer", "neuron", "aggregation", "hook_loc", "k")
NEURON_HOOKS = frozenset({"", "mlp.hook_post", "hook_post"})
"""Where a neuron's activation is read; any other hook's units are not neurons."""


@dataclass(frozen=True)
class Row:
    """One neuron's probe."""

    line: int
    neuron: NeuronId
    dataset: str
    feature: str
    aggregation: str | None
    scores: Mapping[str, float | None]


@dataclass
class PublishedTable:
    """One file: what can be imported, and what cannot, with the reason."""

    path: Path
    sha256: str
    rows: list[Row] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    """rows by reason"""
    ignored: tuple[str, ...] = ()
    """columns that nothing is made of"""
    models: set[str] = field(default_factory=set)
    """names of models as the table has them"""

    @property
    def total(self) -> int:
        """Rows of the file."""
        return len(self.rows) + self.skipped.total()


@dataclass(frozen=True)
class Given:
    """What the caller says of tables that do not say it."""

    model: str | None = None
    dataset: str | None = None
    feature: str | None = None
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """of models that are known already"""


def read_published(path: Path, given: Given | None = None) -> PublishedTable:
    """Read one table. Raises PublishedError with file and line of what is damaged or contradicts itself; a file that
    holds no probe results, and rows that are none of a neuron, are counted with their reason."""
    data = _bytes(path)
    table = PublishedTable(path, hashlib.sha256(data).hexdigest())
    header, lines = _lines(path, data)
    known = {*PLACES, *SCORES}
    table.ignored = tuple(name for name in header if name not in known)
    missing = _missing(path, header, given or Given())
    if missing:
        table.skipped[missing] += sum(1 for _ in lines)
        return table
    reader = _Reader(path, header, given or Given())
    for line, cells in lines:
        reader.take(line, dict(zip(header, cells, strict=True)), table)
    table.models = reader.names
    return table


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(SIZE + 1)
    except OSError as error:
        raise PublishedError(f"{str(path)!r} cannot be read ({error.strerror or error})") from None
    if len(data) > SIZE:
        raise PublishedError(f"{path}: larger than {SIZE >> 20} MiB; split it")
    return data


def _lines(path: Path, data: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The column names, and each row with its line number."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PublishedError(f"{path}:{line}: not UTF-8 ({error.reason}); save it as UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = _rows(path, reader)
    _, header = next(rows, (0, []))
    names = [name.strip() for name in header]
    if not names:
        raise PublishedError(f"{path}: empty; expected a CSV with column names in its first line")
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise PublishedError(f"{path}:1: column {double!r} is there twice")
    return names, _checked(path, names, rows)


def _rows(path: Path, reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with the line they begin on."""
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise PublishedError(f"{path}:{line}: not CSV ({error})") from None


def _checked(path: Path, names: list[str], rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    for number, (line, cells) in enumerate(rows, 1):
        if number > ROWS:
            raise PublishedError(f"{path}:{line}: more than {ROWS:,} rows; split it")
        if len(cells) != len(names):
            raise PublishedError(f"{path}:{line}: {len(cells)} cells under {len(names)} columns")
        if max(map(len, cells)) > CELL:
            raise PublishedError(f"{path}:{line}: a cell of more than {CELL:,} characters")
        yield line, cells


def _missing(path: Path, header: list[str], given: Given) -> str | None:
    """Why a file holds no probe results, or None."""
    for name in ("layer", "neuron"):
        if name not in header:
            return f"no column {name!r}"
    if not any(name in header for name in MEASURES):
        return f"no score of a probe ({', '.join(MEASURES)})"
    said = {"model": given.model or model_of(path), "dataset": given.dataset, "feature": given.feature}
    for name, value in (said | WITHOUT_FEATURE.get(path.name, {})).items():
        if name not in header and value is None:
            return f"no column {name!r}; name it with --{name}"
    return None


def model_of(path: Path) -> str | None:
    """The model that a file's name mentions, or its folder's."""
    return model_in(path.name) or model_in(path.parent.name)


class _Reader:
    """Makes rows of one file's cells."""

    def __init__(self, path: Path, header: list[str], given: Given) -> None:
        self.path, self.header, self.given = path, header, given
        self.names: set[str] = set()
        """models the table names"""
        self._seen: dict[tuple[str, str, str], Row] = {}
        self._unsaid: dict[str, str | None] = {
            "model": given.model or model_of(path),
            "dataset": given.dataset,
            "feature": given.feature,
            **WITHOUT_FEATURE.get(path.name, {}),
        }

    def take(self, line: int, cells: Mapping[str, str], table: PublishedTable) -> None:
        """Add one row to the table, or count it as skipped."""
        if reason := self._unfit(cells):
            table.skipped[reason] += 1
            return
        row = self._row(line, cells)
        if not any(value is not None for name, value in row.scores.items() if name != "coef"):
            table.skipped["no score in the row"] += 1
            return
        key = (str(row.neuron), row.dataset, row.feature)
        before = self._seen.setdefault(key, row)
        if before is row:
            table.rows.append(row)
        elif before.scores == row.scores:
            table.skipped["the same row again"] += 1
        else:
            raise self._wrong(line, f"{row.neuron} and {row.feature!r} have other scores in line {before.line}")

    def _unfit(self, cells: Mapping[str, str]) -> str | None:
        hook = cells.get("hook_loc", "").strip()
        if hook not in NEURON_HOOKS:
            return f"units of {hook!r} are not neurons"
        k = cells.get("k", "1").strip()
        return None if not k or whole_number(k) == 1 else f"a probe of k={k} neurons without its support"

    def _row(self, line: int, cells: Mapping[str, str]) -> Row:
        name = cells.get("model", "").strip()
        self.names |= {name} - {""}
        model = self.given.model or (model_name(name) if name else self._said(line, cells, "model"))
        dataset, feature = self._said(line, cells, "dataset"), self._said(line, cells, "feature")
        neuron = NeuronId(model, self._index(line, cells, "layer"), self._index(line, cells, "neuron"))
        self._fits(line, neuron)
        scores = {to: self._score(line, cells, name, to) for name, to in SCORES.items() if name in cells}
        return Row(line, neuron, dataset, feature, cells.get("aggregation", "").strip() or None, scores)

    def _said(self, line: int, cells: Mapping[str, str], name: str) -> str:
        """A cell, or what the caller or the file's name says instead."""
        text = cells.get(name, "").strip() or self._unsaid[name]
        if not text:
            raise self._wrong(line, f"no {name}; name it with --{name}")
        return text

    def _index(self, line: int, cells: Mapping[str, str], name: str) -> int:
        if (found := whole_number(cells[name])) is None:
            raise self._wrong(line, f"{name} is {cells[name]!r}, expected a whole number from 0")
        return found

    def _fits(self, line: int, neuron: NeuronId) -> None:
        size = self.given.shapes.get(neuron.model) or shape(neuron.model)
        for name, value, end in (("layer", neuron.layer, size.n_layers), ("neuron", neuron.index, size.d_mlp)):
            if end is not None and value >= end:
                raise self._wrong(line, f"{name} {value}, and {neuron.model} has {name}s 0 to {end - 1}")

    def _score(self, line: int, cells: Mapping[str, str], name: str, to: str) -> float | None:
        text = cells[name].strip()
        if text.casefold() in ("", "nan"):
            return None
        try:
            value = float(text)
        except ValueError:
            raise self._wrong(line, f"{name} is {text!r}, expected a number") from None
        low, high = RANGES.get(to, (-math.inf, math.inf))
        if not math.isfinite(value) or not low <= value <= high:
            raise self._wrong(line, f"{name} is {text}, expected {low:g} to {high:g}")
        return value

    def _wrong(self, line: int, what: str) -> PublishedError:
        return PublishedError(f"{self.path}:{line}: {what}")
