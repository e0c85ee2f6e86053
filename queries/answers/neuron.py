"""All that is known of one neuron."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...schema import RELATIONSHIPS, NeuronId, QueryError
from ...schema.visible import plain
from ..catalogue.corpora import corpora
from ..catalogue.query import Reader, query
from ..result.near import near
from ..result.section import Section
from .activity import Activity, activities
from .clamps import ClampCurve, clamp_curves
from .explanations import ExplanationView, explanations
from .feeds import Feed, neuron_feeds
from .graphs import graphs
from .probes import Detection, detections
from .similar import Neighbour, similar_neurons

MOST = 5
"""Neurons like it by each measure, and driven or driving neurons each way, that a card has."""
TYPES = sorted({rel.type for rel in RELATIONSHIPS.values()})


@dataclass(frozen=True)
class DecodedSide:
    """One end of one projection's ranking, with its confidence."""

    run: str
    convention: str
    projection: str
    pole: int
    tokens: tuple[tuple[str, float, float], ...]
    """(text, z-score, probability), strongest first."""
    kurtosis: float | None
    """Excess kurtosis of the logits: above 10 the row singles out few tokens."""
    coherence: float | None
    """Mean pairwise cosine of the tokens' unembedding rows."""


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
class NeuronCard:
    """One neuron, and what is known of it. Words that methods agree on stand in `agree`."""

    neuron: str
    model: str
    layer: int
    index: int
    layers: int | None
    """of the model; None of an imported one whose size is not known"""
    width: int | None
    sides: tuple[DecodedSide, ...]
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
    runs: tuple[dict[str, Any], ...] = ()
    """The runs behind all this: job, corpus, statements about the neuron."""

    def sections(self) -> tuple[Section, ...]:
        """All of it, as every door shows it."""
        from .neuron_sections import sections

        return sections(self)

    def __repr__(self) -> str:
        from ..result.markdown import document

        return document(self.neuron, self.lead, self.sections(), plain)

    def markdown(self) -> str:
        """The same as Markdown, texts from outside without markup of their own."""
        from ..result.markdown import document

        return document(self.neuron, self.lead, self.sections())

    def _repr_html_(self) -> str:
        from ..result.html import record

        return record(self.neuron, self.lead, self.sections())

    @property
    def lead(self) -> str:
        """Where it is; and that nothing is known, where it is so."""
        return self.place.capitalize() + ("" if self.sections() else ". Nothing is known of this neuron yet.")

    @property
    def place(self) -> str:
        """`layer 3 of 6, neuron 609 of 2048`"""
        layers, width = ("" if n is None else f" of {n}" for n in (self.layers, self.width))
        return f"layer {self.layer}{layers}, neuron {self.index}{width}"


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
        layers=place["layers"],
        width=place["width"],
        sides=_sides(reader, str(neuron)),
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
        runs=tuple(_runs(reader, str(neuron), called)),
    )


def known_neuron(reader: Reader, neuron: NeuronId) -> dict[str, Any]:
    """Where a neuron is. Raises QueryError when the store does not have it."""
    found = query("neuron").run(reader, neuron=str(neuron)).dicts()
    if not found:
        raise QueryError(_absent(reader, neuron))
    return found[0]


def _runs(reader: Reader, neuron: str, called: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Runs that say something of the neuron, oldest first."""
    found: dict[str, dict[str, Any]] = {}
    for row in query("neuron_runs").run(reader, neuron=neuron).dicts():
        head = {name: row[name] for name in ("run", "job", "started")}
        known = found.setdefault(row["run"], {**head, "corpus": called.get(row["run"]), "statements": 0})
        known["statements"] += row["statements"]
    yield from sorted(found.values(), key=lambda run: (run["started"] or "", run["run"]))


def _sides(reader: Reader, neuron: str) -> tuple[DecodedSide, ...]:
    rows = query("neuron_tokens").run(reader, neuron=neuron).dicts()
    stats = {
        (row["run"], row["projection"], row["pole"]): row
        for row in query("neuron_stats").run(reader, neuron=neuron).dicts()
        if row["kind"] == "weights"
    }
    sides: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for row in rows:
        sides.setdefault((row["run"], row["projection"], row["pole"]), []).append(row)
    order = {"gate": 0, "up": 1, "down": 2}
    found = []
    for key, tokens in sorted(sides.items(), key=lambda item: (item[0][0], order[item[0][1]], -item[0][2])):
        numbers = stats.get(key, {})
        words = tuple((t["token"], t["z"], t["probability"]) for t in tokens)
        convention = tokens[0]["convention"]
        found.append(
            DecodedSide(key[0], convention, key[1], key[2], words, numbers.get("kurtosis"), numbers.get("coherence"))
        )
    return tuple(found)


def _absent(reader: Reader, neuron: NeuronId) -> str:
    models = {row["model"]: row for row in query("models").run(reader).dicts()}
    if neuron.model not in models:
        return f"no model {neuron.model!r} in the store{near(neuron.model, models)}; neuronkb ingest lm-head adds one"
    model = models[neuron.model]
    if model["layers"] is None or model["d_mlp"] is None:
        return f"no neuron {str(neuron)!r} in the store, which holds only what was imported of {neuron.model}"
    return (
        f"no neuron {str(neuron)!r} in the store; {neuron.model} has layers 0-{model['layers'] - 1} "
        f"and neurons 0-{model['d_mlp'] - 1}; --layers may have left some out, and an import brings only those it names"
    )
