"""All that is known of one neuron."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...schema import RELATIONSHIPS, SHARED, NeuronId
from ..catalogue.corpora import corpora
from ..catalogue.query import Reader, query
from ..result.line import UNMADE, Line
from ..result.record import Record
from ..result.section import Section
from .activity import Activity, activities
from .clamps import ClampCurve, clamp_curves
from .decoded import DecodedEnd, decoded_ends
from .explanations import ExplanationView, explanations
from .feeds import Feed, neuron_feeds
from .graphs import graphs
from .known import known_neuron
from .lines import lines_of
from .method import methods
from .probes import Detection, detections
from .similar import Neighbour, similar_neurons

MOST = 5
"""Neurons like it by each measure, and driven or driving neurons each way, that a card has."""
TYPES = sorted({rel.type for rel in RELATIONSHIPS.values()})


@dataclass(frozen=True)
class Counterpart:
    """The same neuron in a fine-tune or in the base."""

    relation: str
    """fine-tune or base: what the other model is to this one."""
    neuron: str
    run: str
    measures: dict[str, Any]
    corpus: str | None = None
    """What the text is called that both read."""


@dataclass(frozen=True, repr=False)
class NeuronCard(Record):
    """One neuron, and what is known of it. Words that methods agree on stand in `agree`."""

    neuron: str
    model: str
    layer: int
    index: int
    layers: int | None
    """of the model; None of an imported one whose size is not known"""
    width: int | None
    ends: tuple[DecodedEnd, ...]
    counterparts: tuple[Counterpart, ...]
    activity: tuple[Activity, ...] = ()
    """What it did on each corpus, by pole."""
    clamps: tuple[ClampCurve, ...] = ()
    """What clamping it did to its decoded tokens."""
    detects: tuple[Detection, ...] = ()
    """Features that it alone tells, best first."""
    explanations: tuple[ExplanationView, ...] = ()
    """What was said of it, and how well each predicts it."""
    graphs: tuple[dict[str, Any], ...] = ()
    """Graphs of what it fires on: their scores, as `neuron_graphs` has them."""
    similar: tuple[Neighbour, ...] = ()
    """Neurons like it, the nearest by each measure."""
    feeds: tuple[Feed, ...] = ()
    """Neurons that it drives most, and that drive it."""
    findings: tuple[dict[str, Any], ...] = ()
    """What people noted about it, or carried to it."""
    own: tuple[dict[str, Any], ...] = ()
    """Relationships that people put in: type, whether it goes out, properties, and the other end."""
    more: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """What further methods say of it, by method."""
    runs: tuple[dict[str, Any], ...] = ()
    """The runs behind all this: job, corpus, statements about the neuron."""
    expert: int | None = None
    """of a mixture of experts: which; -1 is the shared one"""
    line: Line = UNMADE
    """The sentence that stands beside its id."""

    def sections(self) -> tuple[Section, ...]:
        """All of it, as every door shows it."""
        from .neuron_sections import sections

        return sections(self)

    def brief(self) -> dict[str, Any]:
        """Without what is not there, without histograms; the strongest excerpts as text."""
        card = self.json()
        for activity in card["activity"]:
            for name in ("quantiles", "edges", "histogram"):
                activity.pop(name, None)
            activity["excerpts"] = [_as_text(excerpt) for excerpt in activity["excerpts"][:MOST]]
        return {name: value for name, value in card.items() if value not in (None, [])}

    @property
    def title(self) -> str:
        """The neuron."""
        return self.neuron

    @property
    def lead(self) -> str:
        """Its line, where it is; and that nothing is known, where it is so."""
        line = f"{self.line.whole}. " if self.line.text else ""
        return line + self.place.capitalize() + ("" if self.sections() else ". Nothing is known of this neuron yet.")

    @property
    def place(self) -> str:
        """`layer 3 of 6, neuron 609 of 2048`, with the expert that it is of"""
        layers, width = ("" if n is None else f" of {n}" for n in (self.layers, self.width))
        expert = {None: "", SHARED: ", shared expert"}.get(self.expert, f", expert {self.expert}")
        return f"layer {self.layer}{layers}{expert}, neuron {self.index}{width}"


def _as_text(excerpt: Mapping[str, Any]) -> dict[str, Any]:
    """A window as text, with the token on which the neuron is largest and the signs of gate and up there."""
    values = list(excerpt["activations"])
    peak = values.index(max(values)) if values else None
    return {
        "band": excerpt["band"],
        "activation": excerpt["activation"],
        "text": "".join(excerpt["tokens"]),
        "peak": None if peak is None else excerpt["tokens"][peak],
        "signs": excerpt["signs"][peak] if excerpt["signs"] and peak is not None else None,
    }


def card(reader: Reader, neuron: NeuronId) -> NeuronCard:
    """Everything the store holds about a neuron. Raises QueryError when it is not there."""
    place = known_neuron(reader, neuron)
    others = query("neuron_counterparts").run(reader, neuron=str(neuron)).dicts()
    called = corpora(reader)
    return NeuronCard(
        neuron=place["neuron"],
        model=place["model"],
        layer=place["layer"],
        index=place["index"],
        expert=place["expert"],
        layers=place["layers"],
        width=place["width"],
        ends=decoded_ends(reader, str(neuron)),
        counterparts=tuple(Counterpart(**row, corpus=called.get(row["run"])) for row in others),
        activity=activities(reader, str(neuron), called),
        clamps=clamp_curves(reader, str(neuron)),
        detects=detections(reader, str(neuron)),
        explanations=explanations(reader, str(neuron)),
        graphs=tuple(graphs(reader, str(neuron))),
        similar=tuple(similar_neurons(reader, str(neuron), top=MOST)),
        feeds=tuple(neuron_feeds(reader, str(neuron), top=MOST)),
        findings=tuple(query("neuron_findings").run(reader, neuron=str(neuron)).dicts()),
        own=tuple(query("neuron_own").run(reader, neuron=str(neuron), known=TYPES).dicts()),
        more={name: rows for name, method in methods().items() if (rows := method.rows(reader, str(neuron)))},
        runs=tuple(_runs(reader, str(neuron), called)),
        line=lines_of(reader, [neuron])[str(neuron)],
    )


def _runs(reader: Reader, neuron: str, called: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Runs that say something of the neuron, oldest first."""
    found: dict[str, dict[str, Any]] = {}
    for row in query("neuron_runs").run(reader, neuron=neuron).dicts():
        head = {name: row[name] for name in ("run", "job", "started")}
        known = found.setdefault(row["run"], {**head, "corpus": called.get(row["run"]), "statements": 0})
        known["statements"] += row["statements"]
    yield from sorted(found.values(), key=lambda run: (run["started"] or "", run["run"]))
