"""What a fine-tune kept of its base, by layer, beside what noise of the same size would keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..catalogue.corpora import corpora
from ..catalogue.query import Reader, query
from ..result.line import UNMADE, Line
from ..result.record import Record, rows_of
from ..result.section import Section, Tokens
from .lines import with_lines
from .link_layers import LayerDrift, LayerShare, drift_section, layer_drift, layer_shares, newest_link, shares_section

FIRST = 6
"""Tokens of a changed neuron's list in the base that are shown."""


@dataclass(frozen=True)
class Change:
    """One neuron's row that moved, with its tokens on the pole that changed more."""

    base: str
    tuned: str
    projection: str
    pole: int
    cosine: float
    before: tuple[str, ...]
    after: tuple[str, ...]
    line: Line = UNMADE
    """what the neuron does in the base"""

    @property
    def lost(self) -> tuple[str, ...]:
        """Tokens of the base's list that the fine-tune's has not."""
        return tuple(t for t in self.before if t not in self.after)

    @property
    def gained(self) -> tuple[str, ...]:
        """Tokens of the fine-tune's list that the base's has not."""
        return tuple(t for t in self.after if t not in self.before)


@dataclass(frozen=True, repr=False)
class Diff(Record):
    """A base and its fine-tune."""

    base: str
    tuned: str
    run: str
    mean_cosine: float
    layers: tuple[LayerShare, ...]
    changes: tuple[Change, ...]
    """Most changed first."""
    drift: tuple[LayerDrift, ...] = ()
    """By layer; empty where the link read no text."""
    corpus: str | None = None
    """What the text is called."""

    @property
    def title(self) -> str:
        """The two models."""
        return f"{self.tuned} beside its base {self.base}"

    @property
    def lead(self) -> str:
        """The link, and how alike the two are."""
        return f"{self.run}, mean cosine of their rows {self.mean_cosine:.5f}"

    def sections(self) -> tuple[Section, ...]:
        """By layer what was kept, and what the neurons do on the same text; then the neurons that changed most."""
        moved = (drift_section(self.drift, self.corpus),) if self.drift else ()
        drawn = (shares_section(self.layers), *moved, self._changes())
        return tuple(section for section in drawn if section.rows)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """What was kept by layer and projection, at full precision."""
        return rows_of(LayerShare, self.layers)

    def _changes(self) -> Section:
        rows = [
            (
                change.base.removeprefix(f"{self.base}/"),
                f"{change.projection} {'+' if change.pole > 0 else '-'}",
                f"{change.cosine:.4f}",
                Tokens(change.before[:FIRST]),
                Tokens(change.lost) if change.lost else "none",
                Tokens(change.gained) if change.gained else "none",
                change.line.cell,
            )
            for change in self.changes
        ]
        columns = ("neuron", "row", "cosine", "top tokens in the base", "lost", "gained", "line")
        return Section.table("Most changed neurons", columns, rows)


def diff_models(reader: Reader, base: str, tuned: str, *, top: int = 10) -> Diff:
    """What the newest link between two models says. Raises LinkError when they are not linked."""
    link = newest_link(reader, base, tuned)
    changed = query("diff_changed").run(reader, top=top, **link.scope).dicts()
    changes = with_lines(reader, _changes(reader, changed, link.decodings), lambda change: change.base)
    shares, drift = layer_shares(reader, link), layer_drift(reader, link)
    return Diff(base, tuned, link.run, link.mean_cosine, shares, changes, drift, corpora(reader).get(link.run))


def _changes(reader: Reader, rows: list[dict[str, Any]], runs: Sequence[str | None]) -> tuple[Change, ...]:
    lists: dict[tuple[str, str, int], tuple[str, ...]] = {}
    for projection in {row["projection"] for row in rows}:
        for side, run in (("base", runs[0]), ("tuned", runs[1])):
            ids = [row[side] for row in rows if row["projection"] == projection]
            for neuron, _, pole, tokens in query("side_tokens").run(
                reader, neurons=ids, projection=projection, run=run
            ):
                lists[neuron, projection, pole] = tuple(tokens)
    found = []
    for row in rows:
        pole = 1 if (row["jaccard_pos"] or 0) <= (row["jaccard_neg"] or 0) else -1
        before, after = (lists.get((row[side], row["projection"], pole), ()) for side in ("base", "tuned"))
        found.append(Change(row["base"], row["tuned"], row["projection"], pole, row["cosine"], before, after))
    return tuple(found)
