"""Neurons of which methods contradict each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..catalogue.query import Reader, query
from ..result.places import row_name
from ..result.record import Record, rows_of
from ..result.section import Section, Tokens
from ..statistics.adjusted import benjamini_hochberg
from .agree import SHARE, AgreeReport, Told, agreements, compared_line, tested_clamps
from .compared import Agreement, MethodPair, agreements_section, pairs_section
from .named import find_runs

SHOWN = 6
"""Tokens of a clear statement that are shown."""


@dataclass(frozen=True)
class Pushed:
    """A clamp that lowers the tokens which the row decodes to."""

    neuron: str
    projection: str
    pole: int
    words: tuple[str, ...]
    effect: float
    """change in log-probability, nats"""
    p: float
    """that a clamp lowers them so much: 1 - the smaller of both nulls' p-values, and the least p there is for 0"""
    q: float
    """adjusted over the tested clamps of the run"""


@dataclass(frozen=True)
class Unshared:
    """A coherent row and a good N2G graph of one side without a word in common."""

    neuron: str
    projection: str
    pole: int
    coherence: float
    decoded: tuple[str, ...]
    f1: float
    fires_on: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class DisagreeReport(Record):
    """The three kinds of contradiction."""

    model: str
    tested: int
    pairs: tuple[MethodPair, ...]
    opposite: tuple[Agreement, ...]
    """the same words on opposite sides; pole is that of the first method"""
    pushed: tuple[Pushed, ...]
    unshared: tuple[Unshared, ...]
    runs: tuple[str, ...] = ()
    """that were listened to"""
    corpora: Mapping[str, str] = field(default_factory=dict)
    """as in an AgreeReport"""
    unheard: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The model."""
        return self.model

    @property
    def lead(self) -> str:
        """How much was compared, and over which corpora."""
        return compared_line(self.tested, self.corpora, self.unheard)

    def sections(self) -> tuple[Section, ...]:
        """How often pairs of methods contradict each other, then the contradictions of each kind."""
        sections = (
            pairs_section(self.pairs),
            agreements_section(self.opposite, self.model, "The same words on opposite sides of the hidden value"),
            self._pushed(),
            self._unshared(),
        )
        return tuple(section for section in sections if section.rows)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All that is known of each contradiction, of the first kind that there is any of."""
        kinds = ((Agreement, self.opposite), (Pushed, self.pushed), (Unshared, self.unshared))
        return next((rows_of(kind, rows) for kind, rows in kinds if rows), ((), []))

    def _pushed(self) -> Section:
        rows = tuple(
            (self._place(one.neuron), row_name(one.projection, one.pole), one.effect, one.q, Tokens(one.words))
            for one in self.pushed
        )
        caption = "Clamps that push the decoded tokens the other way"
        return Section(caption, ("neuron", "row", "effect", "q", "tokens"), rows)

    def _unshared(self) -> Section:
        rows = tuple(
            (
                self._place(one.neuron),
                row_name(one.projection, one.pole),
                one.coherence,
                one.f1,
                Tokens(one.decoded[:SHOWN]),
                Tokens(one.fires_on[:SHOWN]),
            )
            for one in self.unshared
        )
        caption = "A coherent row and a good graph without a word in common"
        return Section(caption, ("neuron", "row", "coherence", "F1", "decodes to", "fires on"), rows)

    def _place(self, neuron: str) -> str:
        return neuron.removeprefix(f"{self.model}/")


def disagreements(
    reader: Reader,
    model: str,
    *,
    runs: Sequence[str] = (),
    layers: Sequence[int] = (),
    share: float = SHARE,
    coherence: float = 0.3,
    f1: float = 0.5,
    top: int = 20,
    progress: Told = lambda step, done, total: None,
) -> DisagreeReport:
    """The same words on opposite sides beside the null of `agreements`; clamps that go against both nulls; and clear
    statements that share no word. Raises QueryError as `agreements` does."""
    opposite = agreements(
        reader, model, runs=runs, layers=layers, share=share, top=top, opposite=True, progress=progress
    )
    return with_clamps(reader, opposite, runs, coherence=coherence, f1=f1, top=top)


def with_clamps(
    reader: Reader, opposite: AgreeReport, runs: Sequence[str], *, coherence: float, f1: float, top: int
) -> DisagreeReport:
    """The words on opposite sides with the other two kinds of contradiction."""
    model = opposite.model
    unshared = query("unshared_words").run(reader, model=model, coherence=coherence, f1=f1, top=top, timeout=None)
    return DisagreeReport(
        model,
        opposite.tested,
        opposite.pairs,
        opposite.agreements,
        _pushed(reader, tested_clamps(reader, find_runs(reader, model, runs)), top),
        tuple(
            Unshared(**{**row, "decoded": tuple(row["decoded"]), "fires_on": tuple(row["fires_on"])})
            for row in unshared.dicts()
        ),
        opposite.runs,
        opposite.corpora,
        opposite.unheard,
    )


def _pushed(reader: Reader, rows: Sequence[Mapping[str, Any]], top: int) -> tuple[Pushed, ...]:
    if not rows:
        return ()
    # p = (1 + draws at least as large) / (1 + draws): its smallest value over the run stands for one draw.
    least = min(min(row["p_tokens"], row["p_neurons"]) for row in rows)
    against = [min(1.0, 1.0 - min(row["p_tokens"], row["p_neurons"]) + least) for row in rows]
    found = []
    for row, p, q in zip(rows, against, benjamini_hochberg(against), strict=True):
        if row["effect"] < 0 and p <= 0.05 + least:
            side = {"neurons": [row["neuron"]], "projection": row["projection"]}
            tokens = query("side_tokens").run(reader, **side).dicts()
            words = next((tuple(t["tokens"]) for t in tokens if t["pole"] == row["pole"]), ())
            found.append(Pushed(row["neuron"], row["projection"], row["pole"], words, row["effect"], p, q))
    return tuple(sorted(found, key=lambda one: (one.q, one.effect, one.neuron))[:top])
