"""Labelled texts for probes: builds them, and tells what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...ingest.progress import Progress, silent
from ...queries.result.record import Record, rows_of
from ...queries.result.section import Section
from ...schema import StoreError
from .models import located

if TYPE_CHECKING:
    from ...ingest.features.labelled import Labelled
    from ...ingest.features.shelf import Shelved
    from ..session import Session


@dataclass(frozen=True)
class FeatureRow:
    """One feature with its balance: of texts or spans, or of a model's tokens where a model was named."""

    feature: str
    category: str
    unit: str
    """what is counted: texts, spans, tokens or windows; rules are counted only in a model's tokens"""
    positives: int | None
    negatives: int | None
    groups_positive: int | None
    base_rate: float | None
    parts: tuple[int, int, int] | None
    """points to fit, choose and report on; with a model"""
    testable: bool | None
    """has enough positive groups; None where that is not known without a model"""
    why: str
    silver: bool
    """labels are a model's, not a person's"""
    unaligned: int | None
    """spans without a token of their own; with a model"""
    dataset: str
    aggregation: str
    seed: int
    provenance: str
    licence: str
    file: str


@dataclass(frozen=True, repr=False)
class FeatureRows(Record):
    """Features of labelled texts."""

    rows: tuple[FeatureRow, ...]
    folder: str
    """of the data sets, unless files were named"""

    @property
    def title(self) -> str:
        """How many, and where."""
        folders = sorted({str(Path(row.file).parent) for row in self.rows}) or [self.folder]
        return f"{len(self.rows):,} feature{'' if len(self.rows) == 1 else 's'} in {', '.join(folders)}"

    @property
    def lead(self) -> str:
        """How to make some, where there is none."""
        return (
            ""
            if self.rows
            else f"None is built here yet: neuronkb features build makes them, of {', '.join(categories())}"
        )

    def sections(self) -> tuple[Section, ...]:
        """A table a category, then where their texts come from."""
        return tuple(self._sections())

    def _sections(self) -> Iterator[Section]:
        origins = {}
        for category in dict.fromkeys(row.category for row in self.rows):
            rows = [row for row in self.rows if row.category == category]
            columns = ("feature", "with", "without", "groups", "share", "split", "testable")
            split = "; split: points to fit, choose and report on" if any(row.parts for row in rows) else ""
            caption = f"{category}: {rows[0].unit or 'rules on tokens'} with the feature and without{split}"
            yield Section.table(caption, columns, [_cells(row) for row in rows])
            origins[category] = _origin_line(rows[0])
        if origins:
            yield Section.facts("Where the texts come from", origins)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The features in full."""
        return rows_of(FeatureRow, self.rows)


def _cells(row: FeatureRow) -> tuple[Any, ...]:
    testable = row.why or ("by token" if row.testable is None else "yes")
    parts = None if row.parts is None else "/".join(map(str, row.parts))
    return row.feature, row.positives, row.negatives, row.groups_positive, row.base_rate, parts, testable


def _origin_line(row: FeatureRow) -> str:
    seeded = (row.dataset, f"seed {row.seed}") if row.dataset else ()
    silver = ("silver labels",) if row.silver else ()
    return "; ".join((*seeded, *silver, row.provenance))


def categories() -> tuple[str, ...]:
    """Those that can be built."""
    from ...ingest.features.builders import BUILDERS

    return tuple(BUILDERS)


def separate(names: Sequence[str]) -> list[str]:
    """Each name of texts that may hold several with commas; one that is a file's stays whole."""
    parts = (part for text in names for part in ([text] if os.path.exists(text) else text.split(",")))
    return [part.strip() for part in parts if part.strip()]


def build_features(
    folder: Path,
    categories: Sequence[str] = (),
    *,
    source: str | Path | None = None,
    text: str = "text",
    label: str | None = None,
    group: str = "group",
    seed: int = 0,
    progress: Progress = silent,
) -> FeatureRows:
    """Build categories, all unless given, into a folder: from installed packages, or one of them from `source`.

    Raises FeatureError.
    """
    from ...ingest.features.builders import BUILDERS, build
    from ...ingest.features.names import known_name
    from ...ingest.features.sources import Source
    from ...ingest.features.tables import Columns
    from ...schema import FeatureError
    from ...schema.numbers import check_seed

    check_seed("seed", seed, FeatureError)
    names = [known_name(name, BUILDERS, "category") for name in separate(categories)] or list(BUILDERS)
    if source is not None and len(names) != 1:
        raise FeatureError(f"a source is for one category; name it: {', '.join(BUILDERS)}")
    columns = Columns(text, label, group)
    if source is None and columns != Columns():
        named = [repr(column) for column in (text, label, group) if column not in ("text", None, "group")]
        raise FeatureError(f"columns are of a source's texts, and {', '.join(named)} have none; give it with --source")
    given = None if source is None else Source(str(source), seed, columns)
    for number, name in enumerate(names):
        progress(f"building {name}", number, len(names))
        build(name, seed, given).write(folder / f"{name}.jsonl")
    progress("building", len(names), len(names))
    return FeatureRows(tuple(row for row in features(folder).rows if row.category in names), str(folder))


def features(
    folder: Path, names: Sequence[str] = (), *, model: str | Path | None = None, progress: Progress = silent
) -> FeatureRows:
    """The features of a folder's data sets, or those named by category, feature or file; empty where there are none.

    With `model`, a folder or hub id, its tokenizer brings the labels to tokens: the counts are those that probes get.
    Raises FeatureError, ModelError.
    """
    from ...ingest.features.shelf import find, shelf

    found = find(separate(names), folder) if names else shelf(folder)
    if model is None:
        return FeatureRows(tuple(row for one in found for row in _rows(one)), str(folder))
    from ...ingest.corpus import Tokenizer
    from ...ingest.features import FeatureSet, Labelled
    from ...ingest.subject.subject import Subject

    tokenizer = Tokenizer.of(Subject.open(model))
    rows: list[FeatureRow] = []
    for number, one in enumerate(found):
        progress("labelling tokens", number, len(found))
        rows += _labelled(one, Labelled.of(FeatureSet.open(one.path), tokenizer, features=one.features))
    progress("labelling tokens", len(found), len(found))
    return FeatureRows(tuple(rows), str(folder))


def files_of(session: Session, model: str | Path) -> str | Path:
    """Where a model's files are; the store is opened for what is no folder, and a hub id needs none."""
    if Path(model).expanduser().exists():
        return model
    try:
        return located(session.store, model)[0]
    except StoreError:
        return model


def _rows(one: Shelved) -> list[FeatureRow]:
    from ...ingest.features.settings import Sampling

    least = Sampling().groups
    rows = []
    for name in one.features:
        count = one.header.counts.get(name)
        known = None if count is None else count.groups_positive >= least
        why = f"positives in {count.groups_positive} groups, fewer than {least}" if count and not known else ""
        total = count.positives + count.negatives if count else 0
        rows.append(
            FeatureRow(
                feature=name,
                unit="" if count is None else "texts or spans",
                positives=count.positives if count else None,
                negatives=count.negatives if count else None,
                groups_positive=count.groups_positive if count else None,
                base_rate=count.positives / total if count and total else None,
                parts=None,
                testable=known,
                why=why,
                unaligned=None,
                **_origin(one),
            )
        )
    return rows


def _origin(one: Shelved) -> dict[str, Any]:
    header = one.header
    return {
        "category": header.category,
        "silver": header.silver,
        "dataset": header.dataset,
        "aggregation": header.aggregation,
        "seed": header.seed,
        "provenance": header.provenance,
        "licence": header.licence,
        "file": str(one.path),
    }


def _labelled(one: Shelved, found: Labelled) -> list[FeatureRow]:
    from ...ingest.features.split import CHOOSE, FIT, REPORT, split

    parts = split(found)
    rows = []
    for number, info in enumerate(found.features):
        used = found.labels[:, number] >= 0
        sizes = [int((used & (parts == part)).sum()) for part in (FIT, CHOOSE, REPORT)]
        rows.append(
            FeatureRow(
                feature=info.name,
                unit="tokens" if info.aggregation == "none" else "windows",
                positives=info.positives,
                negatives=info.negatives,
                groups_positive=info.groups_positive,
                base_rate=info.base_rate,
                parts=(sizes[0], sizes[1], sizes[2]),
                testable=info.testable,
                why=info.why,
                unaligned=info.unaligned,
                **_origin(one),
            )
        )
    return rows
