"""A graph of made-up decodings, as Arrow tables: random tokens, no claim about any neuron."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from neuronkb.schema import Table, conform, table

MODEL, TOKENIZER, RUN = "synthetic", "synthetic", "lm-head-synthetic"
TUNED, LINK = "synthetic-tuned", "link-synthetic"
WIDTH = 2048
"""Neurons a layer."""
K = 10
PROJECTIONS = ("gate", "up", "down")
SIDES = 2 * len(PROJECTIONS)
EDGES = WIDTH * SIDES * K
"""DECODES_TO relationships a layer: 122,880."""
TOKENS = 32_000


def layers_for(edges: int) -> int:
    """Layers that hold about so many relationships."""
    return max(1, round(edges / EDGES))


def nodes(layers: int) -> Iterator[tuple[Table, pa.Table]]:
    """The model, its run, its neurons, the tokens and their terms."""
    yield _rows("Model", {"id": [MODEL], "tokenizer": [TOKENIZER], "n_layers": [layers], "d_mlp": [WIDTH]})
    yield _rows("Run", {"id": [RUN], "job": ["lm-head"], "model": [MODEL], "summary": ["{}"], "parameters": ["{}"]})
    numbers = range(TOKENS)
    words = [f"word{i}" for i in numbers]
    yield _rows("Term", {"id": words})
    yield _rows(
        "Token",
        {
            "id": [f"{TOKENIZER}/T{i}" for i in numbers],
            "tokenizer": [TOKENIZER] * TOKENS,
            "token": list(numbers),
            "text": [f" {word}" for word in words],
        },
    )
    yield _rows("Token.SPELLS.Term", {"start": [f"{TOKENIZER}/T{i}" for i in numbers], "end": words})
    for layer in range(layers):
        yield _rows(
            "Neuron",
            {
                "id": _neurons(layer),
                "model": [MODEL] * WIDTH,
                "layer": [layer] * WIDTH,
                "index": list(range(WIDTH)),
            },
        )
        yield _rows("Neuron.IN_MODEL.Model", {"start": _neurons(layer), "end": [MODEL] * WIDTH})


def fine_tune(layers: int, seed: int = 1) -> Iterator[tuple[Table, pa.Table]]:
    """A fine-tune of the model, linked to it: random cosines and correlations."""
    random = np.random.default_rng(seed)
    shape = {"tokenizer": [TOKENIZER], "n_layers": [layers], "d_mlp": [WIDTH]}
    yield _rows("Model", {"id": [TUNED], **shape})
    parameters = json.dumps({"base": MODEL, "layers": layers})
    yield _rows("Run", {"id": [LINK], "job": ["link"], "model": [TUNED], "summary": ["{}"], "parameters": [parameters]})
    yield _rows("Model.FINE_TUNED_FROM.Model", {"start": [TUNED], "end": [MODEL], "run": [LINK]})
    for layer in range(layers):
        names = [f"{TUNED}/L{layer}/N{i}" for i in range(WIDTH)]
        place = {"model": [TUNED] * WIDTH, "layer": [layer] * WIDTH, "index": list(range(WIDTH))}
        yield _rows("Neuron", {"id": names, **place})
        yield _rows("Neuron.IN_MODEL.Model", {"start": names, "end": [TUNED] * WIDTH})
        measures: dict[str, object] = {"run": [LINK] * WIDTH, "activation_r": 1 - random.random(WIDTH) ** 4}
        measures |= {"null_r": 0.2 * random.random(WIDTH), "activation_se": np.full(WIDTH, 0.02)}
        for projection in PROJECTIONS:
            cosine = 1 - 0.2 * random.random(WIDTH) ** 4
            measures |= {f"cos_{projection}": cosine, f"delta_{projection}": np.sqrt(2 - 2 * cosine)}
        yield _rows("Neuron.COUNTERPART.Neuron", {"start": _neurons(layer), "end": names, **measures})


def decodings(layers: int, seed: int = 0) -> Iterator[tuple[Table, pa.Table]]:
    """DECODES_TO of each layer: ten different tokens a side, some tokens far more often than others."""
    for layer in range(layers):
        yield _rows("Neuron.DECODES_TO.Token", _layer(layer, np.random.default_rng([seed, layer])))


def _layer(layer: int, random: np.random.Generator) -> dict[str, object]:
    sides = WIDTH * SIDES
    # Squared uniforms crowd the low numbers; an odd stride keeps the tokens of a side apart.
    first = (TOKENS * random.random(sides) ** 2).astype(np.int64)
    stride = 1 + 2 * random.integers(0, TOKENS // 2, sides)
    tokens = (first[:, None] + np.arange(K) * stride[:, None]) % TOKENS
    z = -np.sort(-(4 + random.exponential(0.5, (sides, K))), axis=1)
    names = pa.array([f"{TOKENIZER}/T{i}" for i in range(TOKENS)])
    projection = np.tile(np.repeat(np.array(PROJECTIONS), 2 * K), WIDTH)
    return {
        "start": pa.array(_neurons(layer)).take(pa.array(np.repeat(np.arange(WIDTH), SIDES * K))),
        "end": names.take(pa.array(tokens.ravel())),
        "projection": projection,
        "pole": np.tile(np.repeat(np.array([1, -1]), K), WIDTH * len(PROJECTIONS)),
        "convention": np.full(EDGES, "folded"),
        "rank": np.tile(np.arange(1, K + 1), sides),
        "logit": (z * 0.37).ravel(),
        "z": z.ravel(),
        "probability": np.exp(z - 12).ravel(),
        "run": np.full(EDGES, RUN),
    }


def _neurons(layer: int) -> list[str]:
    return [f"{MODEL}/L{layer}/N{i}" for i in range(WIDTH)]


def _rows(name: str, columns: dict[str, object]) -> tuple[Table, pa.Table]:
    return table(name), conform(table(name), pa.table(columns))
