"""Labelled texts for probes: builds them, and tells what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...ingest.job import Progress, silent

if TYPE_CHECKING:
    from ...ingest.features.labelled import Labelled
    from ...ingest.features.shelf import Shelved


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


def categories() -> tuple[str, ...]:
    """Those that can be built."""
    from ...ingest.features.builders import BUILDERS

    return tuple(BUILDERS)


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
) -> list[FeatureRow]:
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
    names = [known_name(name, BUILDERS, "category") for name in categories] or list(BUILDERS)
    if source is not None and len(names) != 1:
        raise FeatureError(f"--source is for one category; name it with --category: {', '.join(BUILDERS)}")
    given = None if source is None else Source(str(source), seed, Columns(text, label, group))
    for number, name in enumerate(names):
        progress(f"building {name}", number, len(names))
        build(name, seed, given).write(folder / f"{name}.jsonl")
    progress("building", len(names), len(names))
    return [row for row in features(folder) if row.category in names]


def features(
    folder: Path, names: Sequence[str] = (), *, model: str | Path | None = None, progress: Progress = silent
) -> list[FeatureRow]:
    """The features of a folder's data sets, or those named by category, feature or file; empty where there are none.

    With `model`, a folder or hub id, its tokenizer brings the labels to tokens: the counts are those that probes get.
    Raises FeatureError, ModelError.
    """
    from ...ingest.features.shelf import find, shelf

    found = find(names, folder) if names else shelf(folder)
    if model is None:
        return [row for one in found for row in _rows(one)]
    from ...ingest.corpus import Tokenizer
    from ...ingest.features import FeatureSet, Labelled
    from ...ingest.subject.subject import Subject

    tokenizer = Tokenizer.of(Subject.open(model))
    rows = []
    for number, one in enumerate(found):
        progress("labelling tokens", number, len(found))
        rows += _labelled(one, Labelled.of(FeatureSet.open(one.path), tokenizer, features=one.features))
    progress("labelling tokens", len(found), len(found))
    return rows


def _rows(one: Shelved) -> list[FeatureRow]:
    from ...ingest.features.sampling import Sampling

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
    from ...ingest.features import CHOOSE, FIT, REPORT, split

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
