"""A folder of published graphs as evidence: flagged as imported, on weights that nobody has checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from ...schema import NeuronId
from ..bundle import UNVERIFIED, RunInfo
from ..lm_head.job import shard_name
from ..progress import Progress, silent
from .alike import EDGES, SHARD, alike_table
from .dot import Drawing
from .published import Place, PublishedFolder, PublishedNeuron
from .similar import GraphMeasure, GraphSets
from .tables import Tables, Word, match_rows, neuron_rows, rows_tables, word_rows

JOB = "import-n2g"
METHOD = 3
"""Raised when the same folder would give other evidence."""
LEAST: dict[GraphMeasure, float] = {"n2g_overlap": 0.9, "n2g_subset": 0.9, "deepdecipher": 0.4}
"""From which score on each measure's authors list two neurons. Paths are not compared: a drawing joins them, and does
not tell what they predict."""


@dataclass
class PublishedJob:
    """Graphs of one model, pole +1: the published models have no gate."""

    folder: PublishedFolder
    model: str

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        parameters = {"folder": self.folder.path.name, "sha256": self.folder.sha256, "method": METHOD}
        return RunInfo.named(JOB, self.model, UNVERIFIED, None, parameters)

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """One a layer."""
        by_layer: dict[int, list[Place]] = defaultdict(list)
        for place in sorted(self.folder.neurons):
            by_layer[place[0]].append(place)
        finished = 0
        for layer, places in sorted(by_layer.items()):
            if shard_name(layer) not in done:
                yield shard_name(layer), self._layer(places)
            finished += len(places)
            progress("reading graphs", finished, len(self.folder.neurons))
        if SHARD not in done and find_spec("scipy") is not None and (tables := self._similar()):
            yield SHARD, tables

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """What was read and what was not."""
        found = self.folder.neurons.values()
        return {
            "imported": True,
            "neurons": len(self.folder.neurons),
            "drawings": sum(neuron.drawing is not None for neuron in found),
            "scored": sum(bool(neuron.scores) for neuron in found),
            "skipped": dict(self.folder.skipped),
            "notes": list(self.folder.notes),
        }

    def _similar(self) -> Tables:
        """The neurons most like each by the script's rules and by DeepDecipher's, from what these count on; what
        DeepDecipher lists itself stays as it is."""
        places = sorted(self.folder.neurons)
        neurons = [self.folder.neurons[place] for place in places]
        names = [str(NeuronId(self.model, *place)) for place in places]
        sets = GraphSets.of([neuron.activating for neuron in neurons], [neuron.important for neuron in neurons])
        listed = any(neuron.similar for neuron in neurons)
        least = {name: bound for name, bound in LEAST.items() if not (listed and name == "deepdecipher")}
        found = alike_table(sets, names, self.run.id, least)
        return {EDGES: found} if found.num_rows else {}

    def _layer(self, places: list[Place]) -> Tables:
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        rows["Model"].append({"id": self.model, "weights": UNVERIFIED})
        for place in places:
            self._neuron(NeuronId(self.model, *place), self.folder.neurons[place], rows)
        return rows_tables(rows)

    def _neuron(self, neuron: NeuronId, found: PublishedNeuron, rows: dict[str, list[dict[str, Any]]]) -> None:
        run, name = self.run.id, f"{neuron}/graph/1/{self.run.id}"
        neuron_rows(neuron, rows)
        nodes = None if found.drawing is None else len(found.drawing.nodes)
        facts = {"algorithm": "paper", "lossy": True, "nodes": nodes, **found.scores}
        rows["Graph"].append({"id": name, "pole": 1, "run": run, **facts})
        rows["Neuron.HAS_GRAPH.Graph"].append({"start": str(neuron), "end": name, "pole": 1, "run": run})
        if found.drawing is not None:
            _drawn_rows(name, found.drawing, run, rows)
        strengths = _strengths(found.drawing)
        activating: list[Word] = [(token, None, strengths.get((True, token))) for token in found.activating]
        context: list[Word] = [(token, strengths.get((False, token)), None) for token in found.important]
        word_rows(neuron, 1, run, activating, context, rows)
        for rank, (layer, index, score) in enumerate(found.similar, 1):
            other = NeuronId(self.model, layer, index)
            neuron_rows(other, rows)
            row = {"measure": "deepdecipher", "score": score, "rank": rank, "run": run}
            rows[EDGES].append({"start": str(neuron), "end": str(other), **row})


def _drawn_rows(name: str, drawing: Drawing, run: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    behind = {later for _, later in drawing.edges}
    for node in drawing.nodes:
        own = f"{name}/{node.number}"
        kind, told = ("activating", "activation") if node.activating else ("context", "importance")
        row = {"token": node.token, "key": node.token, "kind": kind, told: node.strength, "ends": node.ends}
        rows["GraphNode"].append({"id": own, "run": run, **row})
        if node.number not in behind:
            rows["Graph.STARTS_AT.GraphNode"].append({"start": name, "end": own, "run": run})
        match_rows(own, node.token or "", run, rows)
    for nearer, further in drawing.edges:
        ends = {"start": f"{name}/{nearer}", "end": f"{name}/{further}"}
        rows["GraphNode.PRECEDED_BY.GraphNode"].append({**ends, "run": run})


def _strengths(drawing: Drawing | None) -> dict[tuple[bool, str], float]:
    """The largest strength of a token's boxes, by colour."""
    found: dict[tuple[bool, str], float] = {}
    for node in drawing.nodes if drawing else ():
        if node.token is not None:
            key = node.activating, node.token
            found[key] = max(node.strength, found.get(key, 0.0))
    return found
