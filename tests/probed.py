"""A small model whose probes are known: evidence of a run by hand, as a job that probes a model would hand it over."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from neuronkb.ingest.bundle import RunInfo
from neuronkb.ingest.probes.tables import FeatureRecord, ProbeRecord, detects_tables, feature_tables, probe_tables
from neuronkb.ingest.progress import Progress, silent
from neuronkb.schema import conform, table

MODEL = "m"
FEATURES = (
    FeatureRecord("texts", "is_french", aliases=("fr",), category="natural_language", n=100, positives=20),
    FeatureRecord("texts", "is_german", aliases=("de",), category="natural_language"),
    FeatureRecord("words", "noun", category="part_of_speech"),
)
BASE = (0.4, 0.4, 0.8)
"""F1 of always guessing yes, of each feature"""
F1 = {
    0: ((0.5, 0.7, 0.1, 0.2), (0.1, 0.2, 0.3, 0.3), (0.82, 0.8, 0.95, 0.1)),
    1: ((0.95, 0.2, 0.85, 0.4), (0.1, 0.2, 0.8, 0.3), (0.81, 0.1, 0.92, 0.1)),
}
"""by layer: `[n_features, n_neurons]`. L1/N0 tells French alone; L1/N2 French, German and nouns; L0/N2 nouns alone."""
K_F1 = {0: (0.7, 0.72, 0.9), 1: (0.95, 0.96, 0.97)}
"""of French, by layer, for k = 1, 2, 3"""


@dataclass
class ProbedJob:
    """One-neuron probes of both layers with an F1 of 0.6 or more, and k-sparse ones for French."""

    name: str = "probes-hand"
    floor: float = 0.6

    @property
    def run(self) -> RunInfo:
        return RunInfo(self.name, "probes", MODEL, "f" * 64, None, {"floor": self.floor})

    def shards(
        self, done: Container[str] = (), progress: Progress = silent
    ) -> Iterator[tuple[str, dict[str, pa.Table]]]:
        size = {"id": MODEL, "weights": "f" * 64, "n_layers": 2, "d_mlp": 4}
        yield "features", {"Model": conform(table("Model"), pa.Table.from_pylist([size])), **feature_tables(FEATURES)}
        for layer, f1 in F1.items():
            ids = [feature.id for feature in FEATURES]
            of_feature = {"base_f1": BASE, "null": (0.45, 0.5, 0.81), "n": (40, 40, 60)}
            yield (
                f"L{layer:03d}",
                detects_tables(
                    MODEL,
                    layer,
                    self.name,
                    "logistic",
                    ids,
                    {"f1": np.array(f1), "mcc": np.array(f1) - 0.1},
                    of_feature,
                    floor=self.floor,
                ),
            )
        yield "probes", probe_tables(self._probes(), self.name)

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        return {"floor": self.floor}

    def _probes(self) -> Iterator[ProbeRecord]:
        for layer, f1 in K_F1.items():
            for k, score in enumerate(f1, 1):
                values = {"f1": score, "null": 0.5, "base_f1": 0.4, "gap": 0.0, "status": "optimal"}
                yield ProbeRecord(
                    "texts/is_french", MODEL, layer, "optimal", range(k), [1.0 / (i + 1) for i in range(k)], values
                )
