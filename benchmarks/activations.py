"""The corpus pass beside the forward pass that it needs: the model's body, without the LM head, on the same windows."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
from neuronkb.ingest.activations.job import ActivationsJob
from neuronkb.ingest.activations.settings import Settings
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.ingest.team import Team

from examples.demo.gemma import base_model
from examples.demo.texts import sample_texts

from .report import Row

PART = 128
"""Windows a round."""
ROUNDS = 3
WARM = 512
"""Windows read first: the first windows of a corpus are among the strongest so far, and cost more."""


def rates() -> Iterator[Row]:
    """Tokens/s on Gemma 3 270M: all layers, both poles, k = 20; rounds of the two are interleaved."""
    cache = Path(os.environ.get("NEURONKB_CACHE", ".cache"))
    settings = Settings()
    live = LiveModel.open(base_model(cache), dtype=settings.dtype_on(torch.device("cpu")), device="cpu")
    assert live.subject is not None
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        texts = read_documents(sample_texts(cache / "texts.jsonl"))
        corpus = Corpus.build(texts, Tokenizer.of(live.subject), Path(folder) / "corpus")
        job = ActivationsJob.open(live, corpus, Path(folder), settings=settings)
        team = opened.enter_context(Team(live.device))
        layers = job.new_layers()
        numbers = corpus.reading_order(np.arange(len(corpus)))
        job.reduce(numbers[:WARM], layers, team)
        times: dict[str, list[float]] = {"pass": [], "body": []}
        for start in range(WARM, WARM + ROUNDS * PART, PART):
            part = numbers[start : start + PART]
            begin = time.perf_counter()
            job.reduce(part, layers, team)
            times["pass"].append(time.perf_counter() - begin)
            begin = time.perf_counter()
            _body(live, corpus, part, settings.batch)
            times["body"].append(time.perf_counter() - begin)
        tokens = PART * corpus.settings.length
    body, whole = (tokens / statistics.median(times[name]) for name in ("body", "pass"))
    dtype = str(live.model.dtype).removeprefix("torch.")
    yield Row("activations", f"forward pass of the body, {dtype}, {settings.batch} windows of 64", body, "tokens/s")
    yield Row(
        "activations",
        f"corpus pass, all layers, both poles, k = {settings.k}, after {WARM:,} windows",
        whole,
        "tokens/s",
        "body (0.6 wanted)",
        whole / body,
    )


@torch.no_grad()
def _body(live: LiveModel, corpus: Corpus, windows: np.ndarray, batch: int) -> None:
    for first in range(0, len(windows), batch):
        ids = torch.from_numpy(corpus.tokens[windows[first : first + batch]].astype(np.int64))
        live.body(input_ids=ids, use_cache=False)
