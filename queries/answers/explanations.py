"""What a neuron or latent is explained by, and how good each explanation is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ...schema import IdError, NeuronId, NotFoundError, QueryError
from ..catalogue.corpora import corpora
from ..catalogue.query import Reader, query
from ..result.picture import ExcerptView
from ..result.record import Record
from ..result.section import Excerpts, Section
from .known import known_neuron

HEADLINE = ("correlation", "ev-correlation")
"""Scorer and formula that every kind of explanation has."""
PROTOCOLS = ("top-and-random", "random-only")
PREDICTOR = 100
"""Characters of what a predictor holds that are shown."""


@dataclass(frozen=True)
class ScoreView:
    """One score of an explanation on the unit it explains."""

    run: str
    scorer: str
    formula: str
    split: str | None
    value: float | None
    null: float | None
    n: int | None
    failed: int | None
    positives: int | None
    simulator: str | None
    rater: str | None
    seed: int | None


@dataclass(frozen=True)
class ExplanationView:
    """One explanation of one pole of a unit."""

    id: str
    unit: str
    run: str
    pole: int
    rank: int | None
    """1 is the one chosen of its candidates"""
    kind: str
    text: str
    explainer: str | None
    method: str | None
    length: int | None
    """bytes of its whole written form"""
    embedder: str | None
    scores: tuple[ScoreView, ...]
    corpus: str | None = None
    """what the corpus is called that it was made and scored on"""

    def value(self, formula: str = HEADLINE[1], split: str | None = PROTOCOLS[0]) -> ScoreView | None:
        """The score of a formula on a split; None where there is none."""
        return next((one for one in self.scores if (one.formula, one.split) == (formula, split)), None)

    @property
    def headline(self) -> ScoreView | None:
        """The one score that stands for all: the correlation where it has one."""
        return self.value() or next(iter(self.scores), None)

    @property
    def side(self) -> str:
        """`+ text`, and which candidate it is where it was not chosen."""
        candidate = "" if self.rank in (None, 1) else f", candidate {self.rank}"
        return f"{'+' if self.pole > 0 else '-'} {self.kind}{candidate}"

    @property
    def heading(self) -> str:
        """Who wrote it from what, how long it is, and its id."""
        by = self.explainer or "an unnamed explainer"
        made = (f" from {self.method}" if self.method else "") + (f" on {self.corpus}" if self.corpus else "")
        size = "" if self.length is None else f", {self.length:,} bytes"
        return f"{self.unit} {self.side} by {by}{made}{size}, id {self.id[:12]}"

    @property
    def line(self) -> str:
        """A sentence whole, what a predictor holds cut: it may list a vocabulary."""
        text = " ".join(self.text.split())
        return text if self.kind == "text" or len(text) <= PREDICTOR else f"{text[: PREDICTOR - 1]}…"

    def section(self) -> Section:
        """Every score beside its null, under what it is."""
        if not self.scores:
            return Section.lines(self.heading, (self.line, "no scores"))
        judges = {score.rater or score.simulator for score in self.scores} - {None}
        caption = f"{self.heading}: {self.line}" + (
            f"; scored by {', '.join(map(str, judges))}" if len(judges) == 1 else ""
        )
        rows = [
            (
                f"{score.scorer}: {score.formula}",
                score.split,
                score.value,
                score.null,
                score.n,
                score.failed,
                (score.rater or score.simulator) if len(judges) > 1 else None,
            )
            for score in self.scores
        ]
        return Section.table(caption, ("score", "windows", "value", "null", "n", "failed", "by"), rows)


@dataclass(frozen=True, repr=False)
class Explained(Record):
    """What one neuron or latent is explained by, or one explanation on all that it explains."""

    name: str
    explanations: tuple[ExplanationView, ...]
    every: bool = False
    """show every score; all are in `explanations`"""
    fires_on: tuple[ExcerptView, ...] = ()
    """example windows of a latent; a neuron's are on its card"""

    @property
    def title(self) -> str:
        """Whose they are."""
        return self.name

    @property
    def lead(self) -> str:
        """What else there is to see."""
        scores = sum(len(view.scores) for view in self.explanations)
        return "" if self.every or scores <= len(self.explanations) else f"`every` shows all {scores:,} scores and ids"

    def sections(self) -> tuple[Section, ...]:
        """The headline of each, then every score where that is asked for."""
        every = self.explanations if self.every else ()
        first = replace(headlines(self.explanations), of=("unit_explanations", "unit_scores"))
        return (first, *(view.section() for view in every), *self._windows())

    def _windows(self) -> Iterator[Section]:
        for pole in (1, -1):
            if found := tuple(view for view in self.fires_on if view.pole == pole):
                yield Section(
                    f"Excerpts, pole {'+' if pole > 0 else '-'}", picture=Excerpts(found), of=("unit_excerpts",)
                )


def headlines(views: Sequence[ExplanationView]) -> Section:
    """A row an explanation: its headline score beside that of another neuron's explanation."""
    several = len({view.corpus for view in views} - {None}) > 1
    units = len({view.unit for view in views}) > 1
    rows = []
    for view in views:
        score = view.headline
        value, null = (score.value, score.null) if score else (None, None)
        formula = score.formula if score and (score.scorer, score.formula) != HEADLINE else None
        unit, corpus = view.unit if units else None, view.corpus if several else None
        rows.append((unit, view.side, value, null, formula, corpus, view.explainer, view.line))
    columns = ("unit", "explanation", "r", "null", "formula", "corpus", "by", "text")
    caption = "Explanations: correlation on held-out windows, or another formula, beside another neuron's explanation"
    return Section.table(caption, columns, rows)


def explained(reader: Reader, name: str, every: bool = False) -> Explained:
    """The explanations of a neuron or latent, or one explanation by the beginning of its id, with all scores.

    Raises QueryError where there is none.
    """
    neuron = None
    with suppress(IdError):
        neuron = NeuronId.parse(name)
    unit = str(neuron or name)
    views = explanations(reader, unit)
    if not views and "/" not in name:
        views = explanation(reader, name)
        unit = f"explanation {views[0].id[:12]}"
    if not views:
        if neuron is not None:
            known_neuron(reader, neuron)
        raise QueryError(f"{unit} has no explanation in the store; neuronkb explanations ingest makes some")
    return Explained(unit, views, every, () if neuron is not None else tuple(_windows(reader, unit)))


def _windows(reader: Reader, unit: str) -> Iterator[ExcerptView]:
    """A latent's, those with a value a token, the strongest of each pole first."""
    for pole in (1, -1):
        for row in query("unit_excerpts").run(reader, unit=unit, pole=pole).dicts():
            if len(row["activations"]) == len(row["tokens"]):
                tokens, values = tuple(row["tokens"]), tuple(row["activations"])
                yield ExcerptView(tokens, values, row["activation"], row["band"], pole, row["corpus"] or "")


def explanations(reader: Reader, unit: str) -> tuple[ExplanationView, ...]:
    """Of one neuron or latent, by run and pole; empty where it has none."""
    rows = query("unit_explanations").run(reader, unit=unit).dicts()
    if not rows:
        return ()
    scores: dict[tuple[str, int], list[ScoreView]] = defaultdict(list)
    for row in query("unit_scores").run(reader, unit=unit).dicts():
        key = (row.pop("id"), row.pop("pole"))
        scores[key].append(ScoreView(null=row.pop("null_value"), **row))
    called = corpora(reader)
    return tuple(
        ExplanationView(unit=unit, scores=tuple(scores[row["id"], row["pole"]]), corpus=called.get(row["run"]), **row)
        for row in rows
    )


def explanation(reader: Reader, name: str) -> tuple[ExplanationView, ...]:
    """One explanation, by its id or a beginning of it that no other has, on every unit it explains.

    Raises QueryError where there is none or several.
    """
    rows = query("explanation").run(reader, start=name, limit=1000).dicts() if name else []
    ids = sorted({row["id"] for row in rows})
    if not ids:
        raise NotFoundError(
            f"no explanation {name!r} in the store; give a neuron such as MODEL/L3/N17, or an id that it shows"
        )
    if len(ids) > 1:
        raise QueryError(f"{len(ids)} explanations begin with {name!r}; give more of the id")
    of_units = (explanations(reader, row["unit"]) for row in rows)
    return tuple(view for views in of_units for view in views if view.id == ids[0])
