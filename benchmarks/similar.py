"""Matching all pairs, and feeds, selection and control included, beside the fp32 matrix product of the same shapes."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from neuronkb.ingest.feeds.paths import Paths
from neuronkb.ingest.feeds.search import FeedSearch
from neuronkb.ingest.similar.search import ROWS, Search
from neuronkb.ingest.similar.weights import WeightRows
from neuronkb.ingest.subject.subject import Subject

from examples.demo.gemma import base_model

from .report import Row

ROUNDS = 3
K = 10
LARGE = (32, 14_336, 4096)
"""Layers, neurons a layer and width of an 8 B model: 458,752 neurons."""


def rates() -> Iterator[Row]:
    """GFLOP/s on Gemma 3 270M; the rounds of all contestants are interleaved."""
    folder = base_model(Path(os.environ.get("NEURONKB_CACHE", ".cache")))
    one, two = Subject.open(folder, "one"), Subject.open(folder, "two")
    cpu = torch.device("cpu")
    measure = WeightRows.of(one, two, cpu, 0)
    search = Search(measure, K, 1)
    # Every layer went by once: a run's thresholds are in place, and its profiles made.
    search.layer(0, slice(0, ROWS))
    left, right = measure.left(0)[:ROWS], measure.right(0, None)
    paths = Paths(one, cpu)
    feeds = FeedSearch(paths, range(len(paths.mlps)), K, True)
    feeds.take(0, 3)
    layers, width, d = len(paths.mlps), paths.width, one.architecture.d_model
    match_flops = 2 * 2 * ROWS * layers * width * left.shape[1]
    feeds_flops = 2 * len(paths.through) * 2 * width * width * d
    sent, rows = paths.sent(1, 3).float(), paths.rows(3, "gate")
    times = _interleaved(
        {
            "product": lambda: [left @ right.T for _ in range(2 * layers)],
            "match": lambda: search.layer(1, slice(0, ROWS)),
            "narrow": lambda: [
                sent[at : at + ROWS] @ rows.T for _ in range(2 * len(paths.through)) for at in range(0, width, ROWS)
            ],
            "feeds": lambda: feeds.take(1, 3),
        }
    )
    limit, narrow = match_flops / times["product"] / 1e9, feeds_flops / times["narrow"] / 1e9
    match, feed = match_flops / times["match"] / 1e9, feeds_flops / times["feeds"] / 1e9
    yield Row("similar", f"fp32 product, {ROWS} x {width} x {left.shape[1]}", limit, "GFLOP/s")
    what = f"match by weights, top {K} both ways, with its control"
    yield Row("similar", what, match, "GFLOP/s", "fp32 product", match / limit)
    yield Row("similar", f"fp32 product, {ROWS} x {width} x {d}", narrow, "GFLOP/s")
    what = f"feeds, top {K} both ways, with their control"
    yield Row("similar", what, feed, "GFLOP/s", "fp32 product", feed / narrow)
    n_layers, n, wide = LARGE
    flops = 2 * 2 * (n_layers * n) ** 2 * 3 * wide
    yield Row("similar", "projected: match of two models of 458,752 neurons", flops / match / 1e9 / 3600, "hours")
    flops = n_layers * (n_layers - 1) // 2 * 2 * 2 * 2 * n * n * wide
    yield Row("similar", "projected: feeds of a model of 458,752 neurons", flops / feed / 1e9 / 3600, "hours")


def _interleaved(contestants: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each, after one round that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(ROUNDS + 1):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}
