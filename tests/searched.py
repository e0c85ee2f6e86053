"""A small model whose evidence means something on a few neurons alone, as a job would hand it over."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from neuronkb.ingest.bundle import RunInfo
from neuronkb.ingest.explain.records import Explanation
from neuronkb.ingest.explain.tables import record_tables
from neuronkb.ingest.probes.tables import FeatureRecord, detects_tables, feature_tables
from neuronkb.ingest.progress import Progress, silent
from neuronkb.schema import NeuronId, bundle_table, conform

MODEL, TOKENIZER = "m", "t"
LAYERS, WIDTH, K = 2, 30, 6
DOGS = ("dog", "hound", "terrier", "spaniel", "retriever", "poodle")
MONTHS = ("january", "february", "march", "april", "june", "july")
COOKING = ("oven", "saucepan", "frying", "recipe", "boiled", "simmer")
_OTHERS = """
table stone green seven politics engine music window contract river ladder silver quick memory border cotton
tunnel fiction velvet harbour mirror soldier pencil garden theory market battle candle justice desert signal
kettle bishop planet ribbon statue button copper winter column barrel hammer needle island marble thunder
"""
OTHERS = tuple(_OTHERS.split())
WORDS = (*DOGS, *MONTHS, *COOKING, *OTHERS)
DOG_NEURON, MONTH_NEURON, COOK_NEURON = "m/L1/N3", "m/L0/N7", "m/L1/N20"
"""The first decodes to dogs (down, +), the second fires on months, the graph of the third fires on cooking."""
SAID_NEURON, TOLD_NEURON = "m/L0/N11", "m/L1/N25"
"""The first is explained as firing on sailing ships; the second detects the feature is_french."""


@dataclass
class SearchedJob:
    """All evidence of one run; `shuffled` deals the decoded words out anew, so that no neuron means anything."""

    name: str = "hand-1"
    model: str = MODEL
    seed: int = 0
    shuffled: bool = False
    parts: tuple[str, ...] = ("decoded", "fires", "graph", "explanation", "feature")

    @property
    def run(self) -> RunInfo:
        return RunInfo(self.name, "hand", self.model, "f" * 64, TOKENIZER, {"seed": self.seed})

    def shards(
        self, done: Container[str] = (), progress: Progress = silent
    ) -> Iterator[tuple[str, dict[str, pa.Table]]]:
        tokens = [f"{TOKENIZER}/T{i}" for i in range(len(WORDS))]
        yield (
            "vocabulary",
            _tables(
                {
                    "Model": [{"id": self.model, "weights": "f" * 64, "n_layers": LAYERS, "d_mlp": WIDTH}],
                    "Token": [
                        {"id": t, "tokenizer": TOKENIZER, "token": i, "text": f" {WORDS[i].capitalize()}"}
                        for i, t in enumerate(tokens)
                    ],
                    "Term": [{"id": word} for word in WORDS],
                    "Token.SPELLS.Term": [{"start": t, "end": WORDS[i]} for i, t in enumerate(tokens)],
                }
            ),
        )
        ids = [NeuronId(self.model, layer, i) for layer in range(LAYERS) for i in range(WIDTH)]
        yield (
            "neurons",
            _tables(
                {
                    "Neuron": [{"id": str(n), "model": n.model, "layer": n.layer, "index": n.index} for n in ids],
                    "Neuron.IN_MODEL.Model": [{"start": str(n), "end": n.model} for n in ids],
                }
            ),
        )
        makers = {"decoded": self._decoded, "fires": self._fires, "graph": self._graph}
        for part in self.parts:
            if part in makers:
                yield part, _tables(makers[part]([str(n) for n in ids]))
        if "explanation" in self.parts:
            said = "activates on sailing vessels and ships at sea"
            other = "parentheses in program code"
            records = [
                Explanation(NeuronId.parse(self._own(SAID_NEURON)), said, "a person"),
                Explanation(NeuronId.parse(f"{self.model}/L0/N12"), other, "a person", pole=-1),
            ]
            yield "explanations", record_tables(records, self.name)
        if "feature" in self.parts:
            yield "features", self._features()

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        return {}

    def _own(self, neuron: str) -> str:
        return f"{self.model}{neuron.removeprefix(MODEL)}"

    def _draw(self, neurons: list[str], planted: str, words: tuple[str, ...]) -> list[list[str]]:
        """Six words a neuron: the planted one's are of a kind, those of the others are not."""
        random = np.random.default_rng(self.seed)
        drawn = [[str(w) for w in random.choice(OTHERS, K, replace=False)] for _ in neurons]
        drawn[neurons.index(self._own(planted))] = list(words)
        if self.shuffled:
            flat = random.permutation([word for side in drawn for word in side])
            drawn = [[str(w) for w in row] for row in flat.reshape(len(drawn), K)]
        return drawn

    def _decoded(self, neurons: list[str]) -> dict[str, list[dict[str, Any]]]:
        rows = []
        for neuron, words in zip(neurons, self._draw(neurons, DOG_NEURON, DOGS), strict=True):
            for rank, word in enumerate(dict.fromkeys(words), 1):
                numbers = {"rank": rank, "logit": 1.0, "z": 5.0 - 0.1 * rank, "probability": 0.1}
                side = {"projection": "down", "pole": 1, "convention": "folded", "run": self.name}
                rows.append({"start": neuron, "end": f"{TOKENIZER}/T{WORDS.index(word)}", **side, **numbers})
        return {"Neuron.DECODES_TO.Token": rows}

    def _fires(self, neurons: list[str]) -> dict[str, list[dict[str, Any]]]:
        rows = []
        for neuron, words in zip(neurons, self._draw(neurons, MONTH_NEURON, MONTHS), strict=True):
            for rank, word in enumerate(dict.fromkeys(words), 1):
                seen = {"pole": -1, "mean": 1.0 / rank, "max": 2.0, "n": 9, "run": self.name}
                rows.append({"start": neuron, "end": f"{TOKENIZER}/T{WORDS.index(word)}", **seen})
        return {"Neuron.FIRES_ON_TOKEN.Token": rows}

    def _graph(self, neurons: list[str]) -> dict[str, list[dict[str, Any]]]:
        fires, context = [], []
        for neuron, words in zip(neurons, self._draw(neurons, COOK_NEURON, COOKING), strict=True):
            for i, word in enumerate(dict.fromkeys(words)):
                row = {"start": neuron, "end": word, "pole": 1, "importance": 0.9, "tokens": [word], "run": self.name}
                if i < 4:
                    fires.append({**row, "activation": 0.8})
                else:
                    context.append(row)
        return {"Neuron.ACTIVATES_ON.Term": fires, "Neuron.HAS_CONTEXT.Term": context}

    def _features(self) -> dict[str, pa.Table]:
        features = [FeatureRecord("texts", "is_french"), FeatureRecord("texts", "is_python_code")]
        f1 = np.full((2, WIDTH), 0.3)
        f1[0, 25], f1[0, 26], f1[1, 4] = 0.95, 0.6, 0.9
        found = detects_tables(
            self.model,
            1,
            self.name,
            "logistic",
            [each.id for each in features],
            {"f1": f1, "mcc": f1 - 0.1, "coef": np.ones((2, WIDTH))},
            {"base_f1": (0.4, 0.4), "null": (0.45, 0.5), "n": (40, 40)},
            floor=0.5,
        )
        return {**feature_tables(features), **found}


def _tables(rows: dict[str, list[dict[str, Any]]]) -> dict[str, pa.Table]:
    return {name: conform(bundle_table(name), pa.Table.from_pylist(each)) for name, each in rows.items()}
