"""A neuron of a base and the same neuron of its fine-tune, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...schema import NeuronId, QueryError
from ..catalogue.corpora import corpora
from ..catalogue.evidence import command
from ..catalogue.query import Reader, query
from ..catalogue.scope import check_models
from ..result.line import UNMADE, Line
from ..result.record import Record
from ..result.section import Section
from .beside_evidence import (
    ActivityBeside,
    ExplanationBeside,
    FeatureBeside,
    GraphBeside,
    activity_beside,
    explanations_beside,
    features_beside,
    graphs_beside,
)
from .beside_parts import EndBeside, RowBeside, Side, ends_beside, rows_beside
from .findings import Carry, carries
from .known import known_neuron
from .lines import lines_of

EVIDENCE = ("activations", "n2g", "probes", "explanations")
"""Kinds of evidence, as keys of MAKERS, that are looked for in both models."""


@dataclass(frozen=True)
class SameText:
    """What both do on the same text, where the link read one: correlations of hidden values, place by place."""

    r: float
    r_pos: float | None
    """of what is above 0"""
    r_neg: float | None
    """of what is below 0"""
    null_r: float | None
    """with another neuron of the fine-tune's layer"""
    error: float | None
    """standard error of r, from two halves of the text"""
    corpus: str | None
    """what the text is called"""


@dataclass(frozen=True)
class FindingBeside:
    """A finding about either, or one that was carried to the fine-tune's neuron."""

    finding: str
    text: str
    author: str
    about: str
    """the neuron that it was noted about"""
    verdict: str | None
    """what became of it in the fine-tune: holds, weakened, moved, lost or untested; None where it was not carried"""
    neuron: str | None
    """where it went"""
    reason: str | None
    note: str | None = None
    """the command that carries it, where it was not"""


@dataclass(frozen=True)
class Missing:
    """A kind of evidence that was never made for one of the models."""

    evidence: str
    model: str
    command: str
    """what makes it"""


def no_text(base: str, tuned: str) -> Missing:
    """That a link read no text."""
    link = command("link", BASE=base, TUNED=tuned)
    return Missing("correlation on the same text", tuned, f"{link} --corpus TEXTS")


@dataclass(frozen=True, repr=False)
class Beside(Record):
    """The same neuron in a base and in its fine-tune."""

    base: str
    """the base's neuron"""
    tuned: str
    """the fine-tune's"""
    base_model: str
    tuned_model: str
    layer: int
    index: int
    run: str
    """the link"""
    others: tuple[str, ...]
    """counterparts in other models"""
    rows: tuple[RowBeside, ...]
    same_text: SameText | None
    """None where the link read no text, or the neuron stands still on it"""
    ends: tuple[EndBeside, ...]
    base_line: Line = UNMADE
    tuned_line: Line = UNMADE
    features: tuple[FeatureBeside, ...] = ()
    explanations: tuple[ExplanationBeside, ...] = ()
    activity: tuple[ActivityBeside, ...] = ()
    graphs: tuple[GraphBeside, ...] = ()
    findings: tuple[FindingBeside, ...] = ()
    missing: tuple[Missing, ...] = ()
    """what was not computed, and the command that does"""

    @property
    def title(self) -> str:
        """The two neurons."""
        return f"{self.tuned} beside {self.base}"

    @property
    def lead(self) -> str:
        """The link, and where the neuron is linked too."""
        others = f"; also linked: {', '.join(self.others)}" if self.others else ""
        return f"The same neuron in a fine-tune and in its base, {self.run}{others}"

    def sections(self) -> tuple[Section, ...]:
        """Rows and activations first, then each kind of evidence in both, then what was not computed."""
        from .beside_sections import sections

        return sections(self)


def beside(reader: Reader, neuron: NeuronId, model: str | None = None) -> Beside:
    """A neuron in a base and in its fine-tune, from either of the two; `model` is the other model.

    Without it the counterpart that was linked last is taken. Raises QueryError where the neuron or the model is not
    there, or the two are not linked.
    """
    known_neuron(reader, neuron)
    runs = query("runs").run(reader).dicts()
    link, others = _linked(reader, neuron, model, runs)
    measures, called = link["measures"], corpora(reader)
    parameters = next(json.loads(run["parameters"] or "{}") for run in runs if run["run"] == link["run"])
    pair: tuple[str, str] = (
        (str(neuron), link["neuron"]) if link["relation"] == "fine-tune" else (link["neuron"], str(neuron))
    )
    sides = _side(pair[0], runs), _side(pair[1], runs)
    lines = lines_of(reader, pair)
    explained = explanations_beside(reader, sides)
    return Beside(
        *pair,
        base_model=sides[0].model,
        tuned_model=sides[1].model,
        layer=neuron.layer,
        index=neuron.index,
        run=link["run"],
        others=others,
        rows=rows_beside(measures),
        same_text=_same_text(measures, called.get(link["run"])),
        ends=ends_beside(reader, sides, measures, parameters.get("runs") or (None, None)),
        base_line=lines[pair[0]],
        tuned_line=lines[pair[1]],
        features=features_beside(reader, sides),
        explanations=explained,
        activity=activity_beside(reader, sides, called),
        graphs=graphs_beside(reader, sides),
        findings=tuple(_findings(reader, sides)),
        missing=tuple(_missing(sides, "text" in parameters or measures.get("activation_r") is not None, explained)),
    )


def _linked(
    reader: Reader, neuron: NeuronId, model: str | None, runs: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The newest counterpart, of `model` where it is given, and the counterparts in other models."""
    order = {run["run"]: place for place, run in enumerate(runs)}
    rows = query("neuron_counterparts").run(reader, neuron=str(neuron)).dicts()
    rows.sort(key=lambda row: -order.get(row["run"], -1))
    wanted = [row for row in rows if model in (None, NeuronId.parse(row["neuron"]).model)]
    if not wanted:
        raise QueryError(_unlinked(reader, neuron, model, [row["neuron"] for row in rows]))
    others = dict.fromkeys(row["neuron"] for row in rows if row["neuron"] != wanted[0]["neuron"])
    return wanted[0], tuple(others)


def _unlinked(reader: Reader, neuron: NeuronId, model: str | None, known: Sequence[str]) -> str:
    """Why there is no counterpart, and the command that makes it."""
    check_models(reader, model)
    if model == neuron.model:
        return f"{model!r} is the model of {neuron}; give the other one, or leave it out"
    bases = {row["model"]: row["bases"] for row in query("models").run(reader).dicts()}
    pairs = [(base, tuned) for tuned, each in bases.items() for base in each if neuron.model in (base, tuned)]
    linked = next((pair for pair in pairs if model in (None, *pair)), None)
    if linked is not None:
        mend = f"{command('link', BASE=linked[0], TUNED=linked[1])} --layers {neuron.layer}"
        return f"{neuron} has no counterpart, though its model is linked; its layer may be left out: {mend}"
    where = "" if model is None else f" in {model!r}"
    has = f" (it has {', '.join(dict.fromkeys(known))})" if known else ""
    return f"{neuron} has no counterpart{where}{has}; neuronkb links make BASE TUNED links a fine-tune to its base"


def _side(neuron: str, runs: Sequence[Mapping[str, Any]]) -> Side:
    place = NeuronId.parse(neuron)
    jobs = frozenset(str(run["job"]) for run in runs if run["model"] == place.model)
    return Side(neuron, place.model, place.layer, jobs)


def _same_text(measures: Mapping[str, Any], corpus: str | None) -> SameText | None:
    r = measures.get("activation_r")
    if r is None:
        return None
    poles = measures.get("activation_r_pos"), measures.get("activation_r_neg")
    return SameText(r, *poles, measures.get("null_r"), measures.get("activation_se"), corpus)


def _findings(reader: Reader, sides: tuple[Side, Side]) -> Iterator[FindingBeside]:
    """The base's with what became of them, what was carried to the fine-tune's from elsewhere, the fine-tune's own."""
    base, tuned = sides
    carried = [
        carry
        for carry in carries(reader, base=base.model, tuned=tuned.model)
        if carry.superseded_by is None and (carry.source == base.neuron or carry.neuron == tuned.neuron)
    ]
    fates = {carry.finding: carry for carry in carried if carry.source == base.neuron}
    for row in query("neuron_findings").run(reader, neuron=base.neuron).dicts():
        fate = fates.get(row["finding"]) if row["verdict"] is None else None
        yield _finding(row, fate, base, tuned)
    for row in query("neuron_findings").run(reader, neuron=tuned.neuron).dicts():
        from_here = [carry for carry in carried if carry.finding == row["finding"] and carry.source == row["about"]]
        if row["verdict"] is None or (from_here and row["about"] != base.neuron):
            yield _finding(row, from_here[0] if row["verdict"] else None, base, tuned)


def _finding(row: Mapping[str, Any], carry: Carry | None, base: Side, tuned: Side) -> FindingBeside:
    head = (row["finding"], row["text"], row["author"], row["about"])
    if carry is not None:
        return FindingBeside(*head, carry.verdict, carry.neuron, carry.reason)
    if row["verdict"] is not None:
        return FindingBeside(*head, row["verdict"], base.neuron, None)
    carries_it = row["about"] == base.neuron
    note = command("carry", BASE=base.model, TUNED=tuned.model) if carries_it else f"only in {tuned.model}"
    return FindingBeside(*head, None, None, None, note)


def _missing(sides: tuple[Side, Side], text: bool, explained: Sequence[ExplanationBeside]) -> Iterator[Missing]:
    base, tuned = sides
    if not text:
        yield no_text(base.model, tuned.model)
    for maker in EVIDENCE:
        for side, which in ((base, "base"), (tuned, "tuned")):
            has = any(row.of in (which, "both") for row in explained) if maker == "explanations" else side.made(maker)
            if not has:
                yield Missing(maker, side.model, command(maker, MODEL=side.model))
