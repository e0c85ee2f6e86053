"""The graphs of a model's neurons, as a job that yields evidence layer by layer."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...schema import NeuronId, digest
from ..bundle import Bundle, RunInfo
from ..corpus.corpus import Corpus
from ..live_job import LiveJob, scope_of, some_neurons
from ..lm_head.job import shard_name
from ..lm_head.tables import Tables, model_table
from ..progress import Progress, silent
from ..subject.live import LiveModel
from .alike import EDGES, SHARD, alike_table, without
from .engine import Engine, Target
from .evaluate import Judgement, judge
from .extract import Surroundings, base_of, extract, status_of
from .graph import Graph
from .paper import extract_paper
from .passes import Passes
from .propose import MaskedProposer, Proposer, SubjectProposer, proposer_name
from .settings import Settings
from .similar import GRAPH_MEASURES
from .stored import StoredSets
from .tables import GraphRecord, record_tables
from .windows import Material, read, select

SIDES = 4096
"""Neuron sides whose windows are held in memory at once: layers are read together up to so many."""
PART = 128
"""Neurons of a shard: no more are made again after a crash."""


@dataclass
class N2GJob(LiveJob):
    """Builds and judges graphs. `open` makes one; `shards` does the work."""

    live: LiveModel
    corpus: Corpus
    settings: Settings
    neurons: Mapping[int, tuple[int, ...]]
    """indices by layer"""
    whole: bool
    """whether all neurons of these layers are asked for"""
    work: Path | None = None
    """folder of the values of an unfinished run, None to keep none"""
    bundle: Path | None = None
    """folder into which the shards are written: finished graphs are read there to be compared, None to compare none"""

    @classmethod
    def open(
        cls,
        live: LiveModel,
        corpus: Corpus,
        work: Path | None = None,
        *,
        layers: Sequence[int] | None = None,
        neurons: Sequence[tuple[int, int]] | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
    ) -> N2GJob:
        """A job over all neurons of `layers` (all unless given), or over `neurons`, pairs of layer and index.

        Raises ModelError for neurons that are not there, and for a corpus of other tokens than the model's.
        """
        wanted = some_neurons(live, neurons, layers)
        job = cls(live, corpus, Settings.of(settings), wanted, neurons is None, work)
        job.check_corpus(corpus)
        return job

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        identity = {
            **self.settings.identity,
            "corpus": self.corpus.hash,
            "proposer": proposer_name(self.settings.proposer),
            "mask": self.mask,
        }
        scope = scope_of(self.neurons, self.live.d_mlp)
        return self.run_info("n2g", identity, dataset=self.corpus.hash, scope=scope)

    @cached_property
    def mask(self) -> int:
        """The token that stands for nothing."""
        if self.settings.mask is not None:
            return self.settings.mask
        tokenizer = self.live.tokenizer
        known = (tokenizer.pad_token_id, tokenizer.unk_token_id, 0)
        return int(next(token for token in known if token is not None and 0 <= token < len(self.subject.vocabulary)))

    @cached_property
    def proposer(self) -> Proposer:
        """The masked language model that was named, or the subject itself."""
        vocabulary = self.subject.vocabulary
        if self.settings.proposer:
            return MaskedProposer.open(self.settings.proposer, vocabulary, str(self.live.device))
        return SubjectProposer(self.live, vocabulary, Engine(self.live, (), self.settings.positions))

    @cached_property
    def surroundings(self) -> Surroundings:
        """What all extractions share."""
        bos = (int(self.corpus.tokens[0, 0]),) if self.corpus.bos else ()
        return Surroundings(bos, self.mask, self.subject.vocabulary.texts, self.proposer)

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """The model, each layer in parts, then which graphs are alike; those in `done` are left out."""
        if "model" not in done:
            yield "model", {"Model": model_table(self.subject)}
        left = {name for parts in self._parts.values() for name in parts if name not in done}
        total = sum(len(part) for parts in self._parts.values() for name, part in parts.items() if name in left)
        finished = 0
        for layers in self._together():
            if not any(name in left for layer in layers for name in self._parts[layer]):
                continue
            passes, materials = self._materials(layers, progress)
            for layer in layers:
                for name in [name for name in self._parts[layer] if name in left]:
                    records: list[GraphRecord] = []
                    some = [materials[layer, i, pole] for i in self._parts[layer][name] for pole in self.poles]
                    for start in range(0, len(some), self.settings.chunk):
                        records += self._records(some[start : start + self.settings.chunk])
                        progress("building graphs", finished + len(records) // len(self.poles), total)
                    finished += len(self._parts[layer][name])
                    yield name, record_tables(records, self.run.id)
            passes.drop()
        if self.bundle is not None and self._alike not in done and find_spec("scipy") is not None:
            progress("comparing graphs", 0, 1)
            yield self._alike, {EDGES: self._similar(Bundle.open(self.bundle))}

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """What the job reports about the whole run."""
        return {
            "source": self.subject.source,
            "corpus": str(self.corpus.folder),
            "corpus_name": self.corpus.name,
            "window_tokens": self.corpus.settings.length,
            "tails": self.corpus.settings.tails,
            "windows": len(self.corpus),
            "algorithm": self.settings.algorithm,
            "proposer": proposer_name(self.settings.proposer),
            "mask": self.subject.vocabulary.texts[self.mask],
            "poles": list(self.poles),
            "shards": sorted(name for name in done if name.startswith("L")),
        }

    @cached_property
    def _parts(self) -> dict[int, dict[str, tuple[int, ...]]]:
        """Neurons by layer and shard. One of some of a layer's neurons bears their hash, so that all of them can still
        come later."""
        found: dict[int, dict[str, tuple[int, ...]]] = {}
        for layer, every in self.neurons.items():
            parts = [every[start : start + PART] for start in range(0, len(every), PART)]
            found[layer] = {shard_name(layer) + self._suffix(part, len(parts)): part for part in parts}
        return found

    @cached_property
    def _alike(self) -> str:
        """Shard of the relationships between neurons that are alike: its name tells which were compared."""
        if self.whole and len(self.neurons) == self.live.n_layers:
            return SHARD
        return f"{SHARD}-{digest({str(layer): list(every) for layer, every in self.neurons.items()})[:8]}"

    def _similar(self, bundle: Bundle) -> pa.Table:
        """The neurons most like each, of those asked for; pairs that the same run has of other parts are left out."""
        found = StoredSets.read(bundle, [name for parts in self._parts.values() for name in parts])
        least = dict.fromkeys(GRAPH_MEASURES, 0.0)
        rows = alike_table(found.sets(), found.neurons, self.run.id, least, found.starts)
        others = [entry for shard in bundle.shards.values() for entry in shard.files if entry.table == EDGES]
        for known in map(bundle.read, others):
            rows = without(rows, known)
        return rows

    def _suffix(self, part: tuple[int, ...], parts: int) -> str:
        if not self.whole:
            return "-" + digest({"neurons": list(part)})[:8]
        return f"-{part[0]:06d}" if parts > 1 else ""

    def _together(self) -> Iterator[list[int]]:
        """Layers whose windows are read in one pass, whatever is done already: a pass that was kept is found again."""
        part: list[int] = []
        for layer in sorted(self.neurons):
            sides = sum(len(self.neurons[one]) for one in [*part, layer]) * len(self.poles)
            if part and sides > SIDES:
                yield part
                part = []
            part.append(layer)
        if part:
            yield part

    def _materials(
        self, layers: Sequence[int], progress: Progress
    ) -> tuple[Passes, dict[tuple[int, int, int], Material]]:
        """By layer, index and pole."""
        targets = [Target(layer, i, pole) for layer in layers for i in self.neurons[layer] for pole in self.poles]
        passes = Passes(self.live, self.corpus, targets, self.settings.batch, self.work)
        chosen = select(passes, self.settings, progress)
        materials = read(passes, self.subject.vocabulary.texts, chosen, progress)
        return passes, {(m.target.layer, m.target.index, m.target.pole): m for m in materials}

    def _records(self, materials: Sequence[Material]) -> list[GraphRecord]:
        graphs = self.build(materials)
        found = []
        for graph, material in zip(graphs, materials, strict=True):
            judgement = judge(graph, material, self.settings)
            target = material.target
            neuron = NeuronId(self.subject.name, target.layer, target.index)
            found.append(GraphRecord(neuron, target.pole, graph, _facts(material, judgement, self.settings)))
        return found

    def build(self, materials: Sequence[Material], share: bool = True) -> list[Graph]:
        """A graph for each, by the algorithm that is set; without `share` each text is run whole, for itself."""
        paper = self.settings.algorithm == "paper"
        targets = [material.target for material in materials]
        engine = Engine(self.live, targets, self.settings.positions, share)
        return (extract_paper if paper else extract)(engine, materials, self.surroundings, self.settings)


def _facts(material: Material, found: Judgement, settings: Settings) -> dict[str, Any]:
    """Properties of the Graph node."""
    status = status_of(material, settings)
    silent_one = status == "ok" and not found.graph.predicted and not found.random.predicted
    if status == "dead":
        return {"status": status, "maximum": material.maximum, "support": 0, "lossy": False}
    return {
        "status": "silent" if silent_one else status,
        "maximum": material.maximum,
        "base": base_of(material, settings) if settings.algorithm == "neuronkb" else 0.0,
        "lossy": False,
        "precision": found.graph.precision,
        "recall": found.graph.recall,
        "f1": found.graph.f1,
        "correlation": found.graph.correlation,
        "r2": found.graph.r2,
        "support": found.graph.support,
        "f1_random": found.random.f1,
        "support_random": found.random.support,
        "f1_token": found.token.f1,
        "f1_5gram": found.five_gram.f1,
        "f1_backoff": found.backoff.f1,
        "null": found.null,
    }
