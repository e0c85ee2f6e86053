"""A tiny Llama with a neuron that fires on weekdays, and texts with the weekdays marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from neuronkb.ingest.features import Feature, FeatureSet, Header, Record, Span
from neuronkb.tests import planted

NEURON = 7
"""Of layer 0: its gate and up rows read a direction that the embeddings of weekdays share."""


def model(folder: Path) -> Path:
    """The model, saved as transformers saves one."""
    from transformers import AutoModelForCausalLM

    made: Any = AutoModelForCausalLM.from_pretrained(planted.base(folder))  # its parts are not typed
    direction = torch.randn(planted.D_MODEL, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        rows = made.get_input_embeddings().weight
        rows.copy_(0.3 * torch.randn(rows.shape, generator=torch.Generator().manual_seed(4)))
        for number, token in enumerate(planted.TOKENS):
            if token.removeprefix("▁") in planted.WEEKDAYS:
                rows[number] += direction
        mlp = made.model.layers[0].mlp
        mlp.gate_proj.weight[NEURON] = mlp.up_proj.weight[NEURON] = direction
    made.save_pretrained(folder)
    return folder


def texts(documents: int = 60) -> FeatureSet:
    """Documents of random words: every weekday is a positive of `is_weekday`, every month of `is_month`, other words of
    neither; `is_rare` marks one word of two documents."""
    random = np.random.default_rng(5)
    words = (*planted.FILLER[:20], *planted.MONTHS, *planted.WEEKDAYS * 2)
    records = []
    for document in range(documents):
        text, spans = "", []
        for number, word in enumerate(random.choice(words, 20)):
            start = len(text) + 1
            text += f" {word}"
            names = [n for n, of in (("is_weekday", planted.WEEKDAYS), ("is_month", planted.MONTHS)) if word in of]
            rare = ["is_rare"] * (document < 2 and number == 12)
            spans.append(Span(start, start + len(word), (*names, *rare) or ("other",)))
        records.append(Record(text.strip(), f"d{document}", spans=tuple(_shifted(spans))))
    features = tuple(Feature(name, "labelled") for name in ("is_weekday", "is_month", "is_rare"))
    return FeatureSet.make(Header("kinds", dataset="planted", features=features, skip=2, length=24), records)


def _shifted(spans: list[Span]) -> list[Span]:
    """The text loses its first character, a space."""
    return [Span(span.start - 1, span.end - 1, span.names) for span in spans]
