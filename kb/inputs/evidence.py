"""What a store and its bundles hold about neurons, in the shape that explaining needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...queries import query
from ...queries.answers.activity import TOP, Activity, activities
from ...queries.answers.graphs import graph_nodes, graphs
from ...schema import BundleError, ModelError, NeuronId
from ..place import Place
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.corpus import Corpus
    from ...ingest.explain.known import Known, KnownGraph, TokenMeans, Weighted
    from ...ingest.explain.material import Passage
    from ...ingest.n2g.engine import Target
    from ...ingest.subject.subject import Subject


class StoredEvidence:
    """The newest complete runs of a model: what it does on a corpus, its decoding, its graphs."""

    def __init__(self, store: Store, place: Place, subject: Subject) -> None:
        self._store, self._place, self._subject = store, place, subject
        self._gated = subject.architecture.gated
        self._matrix = lru_cache(maxsize=1)(self._read_matrix)

    @cached_property
    def _runs(self) -> dict[str, dict[str, Any]]:
        """The newest run of each job that has an end and is of these weights."""
        rows = query("runs").run(self._store, job=None, model=self._subject.name).dicts()
        return {row["job"]: row for row in rows if row["ended"]}

    @cached_property
    def activations(self) -> dict[str, Any]:
        """The corpus pass. Raises ModelError where there is none."""
        found = self._runs.get("activations")
        if found is None:
            raise ModelError(
                f"no corpus pass of {self._subject.name} in the store; neuronkb activations ingest makes one"
            )
        return found

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that are used."""
        known = (self._runs.get(job) for job in ("activations", "lm-head", "n2g"))
        return tuple(row["run"] for row in known if row is not None)

    @property
    def divided(self) -> int:
        """As Evidence's."""
        return int(json.loads(self._runs.get("n2g", {}).get("parameters") or "{}").get("seed", 0))

    @property
    def dtype(self) -> str:
        """Of the corpus pass."""
        return str(json.loads(self.activations["parameters"])["dtype"])

    @cached_property
    def corpus(self) -> Corpus:
        """The windows of the corpus pass. Raises CorpusError where their folder is gone."""
        from ...ingest.corpus import Corpus

        return Corpus.open(Path(json.loads(self.activations["summary"])["corpus"]))

    def known(self, targets: Sequence[Target]) -> list[Known]:
        """As Evidence's."""
        facts: dict[str, _Facts] = {}
        made = []
        for target in targets:
            name = str(NeuronId(self._subject.name, target.layer, target.index))
            if name not in facts:
                facts = {name: self._facts(name)}
            made.append(self._side(target, facts[name]))
        return made

    def token_means(self, targets: Sequence[Target]) -> list[TokenMeans | None]:
        """As Evidence's."""
        from ...ingest.explain.known import TokenMeans

        made: list[TokenMeans | None] = []
        for target in targets:
            found = self._matrix(target.layer)
            if found is None:
                made.append(None)
                continue
            texts, means = found
            values = target.pole * means[:, target.index].astype(np.float64)
            if self._gated:
                values = np.maximum(values, 0.0)
            made.append(TokenMeans(dict(zip(texts, values.tolist(), strict=True))))
        return made

    def _facts(self, neuron: str) -> _Facts:
        decoded = query("neuron_tokens").run(self._store, neuron=neuron).dicts()
        return _Facts(
            [one for one in activities(self._store, neuron) if one.run == self.activations["run"]],
            [row for row in decoded if row["run"] == self._runs.get("lm-head", {}).get("run")],
            [row for row in graphs(self._store, neuron) if row["run"] == self._runs.get("n2g", {}).get("run")],
        )

    def _side(self, target: Target, facts: _Facts) -> Known:
        from ...ingest.explain.known import Known

        activity = next((one for one in facts.activity if one.pole == target.pole), None)
        if activity is None:
            return Known(target, 0.0, ())
        shown = tuple(self._passage(one) for one in activity.excerpts if one.band == TOP)
        strongest: Weighted = tuple((text, mean) for text, mean, _, _ in activity.tokens)
        if self._gated:
            strongest = tuple((text, mean) for text, mean in strongest if mean > 0)
        maximum = max((float(one.values.max(initial=0.0)) for one in shown), default=0.0)
        mean = max(0.0, activity.mean) if self._gated else activity.mean
        return Known(target, maximum, shown, self._decoded(target, facts), self._graph(target, facts), strongest, mean)

    def _passage(self, excerpt: Any) -> Passage:
        from ...ingest.explain.material import Passage

        start = int(self.corpus.bos)
        values = np.array(excerpt.activations[start:], np.float64)
        return Passage(
            excerpt.tokens[start:], np.maximum(values, 0.0) if self._gated else values, document=excerpt.document
        )

    def _decoded(self, target: Target, facts: _Facts) -> dict[str, Weighted]:
        """The gate opens above 0 whatever the side; up and down have the side's sign."""
        ends = {"gate": 1, "up": target.pole, "down": target.pole}
        found: dict[str, list[tuple[str, float]]] = {}
        for row in facts.decoded:
            if row["pole"] == ends.get(row["projection"]):
                found.setdefault(row["projection"], []).append((row["token"], row["z"]))
        return {name: tuple(tokens) for name, tokens in found.items()}

    def _graph(self, target: Target, facts: _Facts) -> KnownGraph | None:
        from ...ingest.explain.known import KnownGraph
        from ...ingest.n2g.tables import read_graph

        row = next((one for one in facts.graphs if one["pole"] == target.pole and not one["lossy"]), None)
        if row is None or not row["maximum"]:
            return None
        graph = read_graph(row["algorithm"], graph_nodes(self._store, row["graph"]))
        return KnownGraph(graph, row["maximum"], row["base"] or 0.0, row["run"])

    def _read_matrix(self, layer: int) -> tuple[list[str], np.ndarray[Any, np.dtype[np.float32]]] | None:
        """Token texts and the mean of every neuron on each, of one layer; None where the bundle is not at hand."""
        from ...ingest.bundle import Bundle
        from ...ingest.lm_head.job import shard_name

        try:
            bundle = Bundle.open(self._place.bundle(self.activations["run"]))
            entries = [e for e in bundle.shards[shard_name(layer)].files if e.table == "TokenActivations"]
            data = bundle.read(entries[0])
        except (BundleError, KeyError, IndexError):
            return None
        numbers = [int(name.rpartition("/T")[2]) for name in data["token"].to_pylist()]
        texts = self._subject.vocabulary.texts
        flat = data["mean"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return [texts[number] for number in numbers], flat.reshape(len(numbers), -1)


class _Facts:
    """Rows about one neuron."""

    def __init__(self, activity: list[Activity], decoded: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
        self.activity, self.decoded, self.graphs = activity, decoded, found
