"""The models of a store, and what evidence there is of each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from ..catalogue.query import Reader, query
from ..result.result import Result
from ..result.section import Section

UNSEEN = ("weights", "gated")
"""Columns that a table leaves to JSON."""


@dataclass(frozen=True, repr=False)
class Models(Result):
    """A row a model: its sizes, the bases it is a fine-tune of, and as `evidence` the jobs that were run on it."""

    def sections(self) -> tuple[Section, ...]:
        """The models without their weights' hashes."""
        heads = [name for name in self.columns if name not in UNSEEN]
        rows = [[_listed(row[name]) for name in heads] for row in self.dicts()]
        return (Section.table("", heads, rows),)


def models(reader: Reader) -> Models:
    """The models of a store by name."""
    jobs: dict[str, set[str]] = defaultdict(set)
    for row in query("runs").run(reader).dicts():
        jobs[row["model"]].add(row["job"])
    held = query("models").run(reader)
    return Models((*held.columns, "evidence"), [(*row, sorted(jobs[row[0]])) for row in held.rows])


def _listed(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
