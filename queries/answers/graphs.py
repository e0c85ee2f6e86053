"""What N2G graphs say: of one neuron, by word, by layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...schema import ModelError, NeuronId, QueryError, fold
from ...schema.visible import visible
from ..catalogue.corpora import corpora, with_corpora
from ..catalogue.query import Reader, query
from ..catalogue.scope import check_scope
from ..result.picture import ExcerptView
from ..result.record import Record
from ..result.result import Result
from ..result.section import Excerpts, Graph, LayerScores, Section
from .known import known_neuron

SCORES = {
    "precision": "precision",
    "recall": "recall",
    "F1": "f1",
    "by token": "f1_token",
    "5-gram": "f1_5gram",
    "back-off": "f1_backoff",
    "random": "f1_random",
    "r": "correlation",
    "fires": "support",
}
"""Heads of a graph's scores, narrow enough for 80 columns: its F1, that of the lookups, and its own on random text."""
FIRES = 0.4
"""Share of the maximum from which a predicted value is named."""


@dataclass(frozen=True)
class GraphCard:
    """One graph of one neuron."""

    neuron: str
    facts: dict[str, Any]
    """run, what its corpus is called, pole, algorithm, status and scores"""
    nodes: tuple[dict[str, Any], ...]
    """with `parent`, the id of the node one token nearer to the firing token"""

    @property
    def heading(self) -> str:
        """`side +, neuronkb, n2g-12ab: accepted, 31 nodes`"""
        facts = self.facts
        on = f" on {facts['corpus']}" if facts.get("corpus") else ""
        size = "" if facts["nodes"] is None else f", {facts['nodes']:,} nodes"
        side = f"side {'+' if facts['pole'] > 0 else '-'}"
        return f"{side}, {facts['algorithm']}, {facts['run']}{on}: {facts['status']}{size}"

    def paths(self) -> list[tuple[float | None, int | None, str]]:
        """What a match predicts, how often it was seen, and the path as it stands in text, the firing token last."""
        nodes = {node["id"]: node for node in self.nodes}
        rows = []
        for node in nodes.values():
            if node["ends"]:
                words, at = [_word(node)], node["parent"]
                while at is not None and len(words) < len(nodes):
                    words.append(_word(nodes[at]))
                    at = nodes[at]["parent"]
                rows.append((node["value"], node["n"], " ".join(words)))
        return sorted(rows, key=lambda row: (-(row[0] or 0.0), row[2]))


@dataclass(frozen=True, repr=False)
class NeuronGraphs(Record):
    """The graphs of one neuron."""

    neuron: str
    graphs: tuple[GraphCard, ...]
    shown: int = 20
    """paths of a graph that are shown; all are in `nodes`"""
    drawn: int = 40
    """nodes of a drawing"""

    @property
    def title(self) -> str:
        """The neuron."""
        return self.neuron

    def sections(self) -> tuple[Section, ...]:
        """Scores and paths of each graph, the best one drawn."""
        return tuple(self._sections())

    def _sections(self) -> Iterator[Section]:
        best = max(self.graphs, key=lambda graph: graph.facts["f1"] or 0.0, default=None)
        for graph in self.graphs:
            scores = tuple(graph.facts[name] for name in SCORES.values())
            yield Section(
                graph.heading, tuple(SCORES), (scores,), Graph(graph.nodes, self.drawn) if graph is best else None
            )
            paths = graph.paths()
            of = f", {self.shown} of {len(paths):,}" if len(paths) > self.shown else ""
            if paths:
                yield Section(f"Paths{of}", ("predicts", "seen", "path"), tuple(paths[: self.shown]))


@dataclass(frozen=True)
class Prediction:
    """What a graph says of a text."""

    neuron: str
    run: str
    pole: int
    tokens: tuple[str, ...]
    values: tuple[float, ...]
    """predicted activation at each token, as a share of `maximum`"""
    maximum: float
    """largest pole x hidden value in the building texts"""
    corpus: str | None = None
    """what these texts are called"""


@dataclass(frozen=True, repr=False)
class Predictions(Record):
    """What the graphs of one neuron say of a text."""

    neuron: str
    text: str
    predictions: tuple[Prediction, ...]

    @property
    def title(self) -> str:
        """The neuron."""
        return self.neuron

    def sections(self) -> tuple[Section, ...]:
        """The text, coloured by what each graph predicts, and the tokens on which it fires."""
        return tuple(map(_predicted, self.predictions))


def _predicted(said: Prediction) -> Section:
    on = f" on {said.corpus}" if said.corpus else ""
    caption = f"side {'+' if said.pole > 0 else '-'}, {said.run}{on}"
    fires = tuple(
        (visible(token), value) for token, value in zip(said.tokens, said.values, strict=True) if value >= FIRES
    )
    caption += "" if fires else ": does not fire"
    view = ExcerptView(said.tokens, said.values, max(said.values, default=0.0), "predicted", said.pole, "")
    return Section(caption, ("fires on", "predicts"), fires, Excerpts((view,)) if said.tokens else None)


def graphs(reader: Reader, neuron: str) -> list[dict[str, Any]]:
    """A neuron's graphs with their scores, by run, pole +1 first."""
    return query("neuron_graphs").run(reader, neuron=neuron).dicts()


def graph_nodes(reader: Reader, graph: str) -> list[dict[str, Any]]:
    """A graph's nodes with their parents; a node of a drawing may come once for each of several."""
    return query("graph_nodes").run(reader, graph=graph).dicts()


def neuron_graphs(
    reader: Reader,
    neuron: str,
    *,
    run: str | None = None,
    pole: str | None = None,
    paths: int = 20,
    nodes: int = 40,
) -> NeuronGraphs:
    """A neuron's graphs with their nodes. Raises ModelError where the store has none, QueryError where it has no such
    neuron."""
    named = NeuronId.parse(neuron)
    rows = [facts for facts in graphs(reader, str(named)) if run in (None, facts["run"])]
    rows = [facts for facts in rows if pole is None or ("+" if facts["pole"] > 0 else "-") == pole] or rows
    if not rows:
        known_neuron(reader, named)
        raise ModelError(f"{named} has no N2G graph in the store; neuronkb n2g ingest makes one")
    called = corpora(reader)
    cards = [
        GraphCard(str(named), {**facts, "corpus": called.get(facts["run"])}, tuple(graph_nodes(reader, facts["graph"])))
        for facts in rows
    ]
    return NeuronGraphs(str(named), tuple(cards), paths, nodes)


def by_graph(
    reader: Reader,
    activates_on: str | None = None,
    context: str | None = None,
    *,
    exact: bool = False,
    model: str | None = None,
    run: str | None = None,
    top: int = 20,
    timeout: float | None = 60.0,
) -> Result:
    """Neurons whose graph fires on a word, needs a word as context, or both, strongest first.

    Any spelling of a word counts; with `exact` only that very token text, as the graph compares it. Raises QueryError
    without a word.
    """
    scope: dict[str, Any] = {"model": model, "run": run, "top": top, "timeout": timeout}
    if activates_on is not None and context is not None:
        scope |= {"context": _term(context), "context_text": context if exact else None}
        found = query("find_in_context").run(
            reader, word=_term(activates_on), text=activates_on if exact else None, **scope
        )
        return _looked_into(found, reader, model, run)
    word = activates_on if activates_on is not None else context
    if word is None:
        raise QueryError("no word to look for; give one that a graph fires on, or one of its context")
    name = "find_activates" if activates_on is not None else "find_context"
    found = query(name).run(reader, word=_term(word), text=word if exact else None, **scope)
    return _looked_into(found, reader, model, run)


def _looked_into(found: Result, reader: Reader, model: str | None, run: str | None) -> Result:
    if not found.rows:
        check_scope(reader, model, run, ("n2g",))
    return with_corpora(reader, found)


def graph_report(reader: Reader, model: str, run: str | None = None) -> Result:
    """Graphs by run and layer: counts, and mean scores beside the lookups'. Raises QueryError where there are none."""
    report = _looked_into(query("graph_layers").run(reader, model=model, run=run), reader, model, run)
    return replace(report, caption=f"graphs of {model}", picture=LayerScores(tuple(report.dicts())))


def _term(word: str) -> str:
    """What is all spaces or line breaks is its own word."""
    term = fold(word) or word
    if not term:
        raise QueryError("no word to look for; an empty text is no token")
    return term


def _word(node: Mapping[str, Any]) -> str:
    if node["match"] in ("any", "gap"):
        return "*" if node["match"] == "any" else "..."
    if node["kind"] == "anchor":
        return "^"
    return "?" if node["token"] is None else visible(node["token"]) or "''"
