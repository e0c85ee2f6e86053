"""What several methods say of a few neurons: corpus pass, N2G graphs, probes, explanations, each made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuronkb import KnowledgeBase
from neuronkb.schema import NeuronId

PASS: dict[str, Any] = {"k": 6, "per_band": 1, "least": 3}
"""A small corpus: fewer windows, and tokens that are in it a few times."""
GRAPHS: dict[str, Any] = {}
PROBES: dict[str, Any] = {"methods": ("mean_difference",), "ks": (1, 2, 4)}
EXPLAIN: dict[str, Any] = {"scores": ("correlation",), "sides": "stronger"}


@dataclass(frozen=True)
class Model:
    name: str
    folder: Path


@dataclass(frozen=True)
class Evidence:
    """The jobs, over the layers of `neurons`. What the store has of all of them is not made again."""

    kb: KnowledgeBase
    neurons: tuple[NeuronId, ...]
    """of the base"""
    corpus: Path
    """JSON lines of texts"""
    labels: Path
    """labelled texts"""

    @property
    def layers(self) -> list[int]:
        return sorted({neuron.layer for neuron in self.neurons})

    def corpus_pass(self, model: Model) -> None:
        """What every neuron of the layers does on the corpus."""
        if self._missing("activations", model, "FIRES_ON"):
            self.kb.activations.ingest(
                model.folder,
                self.corpus,
                name=model.name,
                layers=self.layers,
                settings=PASS | _dtype(),
                alongside=True,
            )

    def graphs(self, model: Model) -> None:
        """A graph of each side of the neurons."""
        if self._missing("n2g", model, "HAS_GRAPH"):
            self.kb.n2g.ingest(
                model.folder,
                self.corpus,
                name=model.name,
                neurons=[(neuron.layer, neuron.index) for neuron in self.neurons],
                settings=GRAPHS | _dtype(),
                alongside=True,
            )

    def probes(self, model: Model) -> None:
        """Every neuron of the layers against the labels."""
        if self._missing("probes", model, None):
            self.kb.probes.ingest(
                model.folder,
                features=[str(self.labels)],
                name=model.name,
                layers=self.layers,
                settings=PROBES | _dtype(),
                alongside=True,
            )

    def explanations(self, model: Model, explainer: Path) -> None:
        """Sentences on the neurons by a language model, scored beside what needs none."""
        if self._missing("explanations", model, "EXPLAINED_BY"):
            self.kb.explanations.ingest(
                model.name,
                explainer=explainer,
                neurons=self.ids(model),
                settings=EXPLAIN,
                alongside=True,
            )

    def ids(self, model: Model) -> list[str]:
        """The neurons as they are called in a model."""
        return [str(NeuronId(model.name, neuron.layer, neuron.index)) for neuron in self.neurons]

    def _missing(self, job: str, model: Model, relationship: str | None) -> bool:
        """Whether a job has work left: no finished run, or neurons (for probes: layers) without its evidence."""
        if not any(run["ended"] for run in self.kb.runs.list(job=job, model=model.name).dicts()):
            return True
        if relationship is None:
            asked, wanted = "MATCH (p:Probe {model: $model}) RETURN DISTINCT p.layer", set(self.layers)
            return not wanted <= self._rows(asked, model=model.name)
        asked = f"MATCH (n:Neuron)-[:{relationship}]->() WHERE n.id IN $neurons RETURN DISTINCT n.id"
        return not set(self.ids(model)) <= self._rows(asked, neurons=self.ids(model))

    def _rows(self, cypher: str, **parameters: str | Sequence[str]) -> set[object]:
        return {row[0] for row in self.kb.cypher(cypher, parameters).rows}


def _dtype() -> dict[str, str]:
    """What the model's products are made in: bfloat16 where that was measured to be quicker."""
    from .tail import has_fast_bf16

    return {"dtype": "bfloat16" if has_fast_bf16() else "float32"}
