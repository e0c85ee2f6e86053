"""Decoding, selection included, beside the fp32 matrix product of the same shapes in the same run."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from neuronkb.ingest.links.pair import ranked_unembedding
from neuronkb.ingest.lm_head.convention import decoded_rows
from neuronkb.ingest.lm_head.decode import decode_rows
from neuronkb.ingest.lm_head.ranking import Tally
from neuronkb.ingest.lm_head.screen import screen_of
from neuronkb.ingest.lm_head.settings import PRECISIONS, Settings
from neuronkb.ingest.lm_head.unembedding import Unembedding
from neuronkb.ingest.products import LEFT, WAYS
from neuronkb.ingest.products import rates as product_rates
from neuronkb.ingest.subject.layer_weights import read_layer
from neuronkb.ingest.subject.subject import Subject

from examples.demo.gemma import base_model

from .report import Row

ROWS = 512
LAYER = 9
ROUNDS = 3
TILE = 4096
"""Columns of one product: the tile that the decoding uses."""


def rates() -> Iterator[Row]:
    """GFLOP/s on rows of Gemma 3 270M against its vocabulary, of one thread's processor time: products alone, then
    decoding from each. The rounds of all contestants are interleaved."""
    torch.set_num_threads(1)
    subject = Subject.open(base_model(Path(os.environ.get("NEURONKB_CACHE", ".cache"))))
    unembedding = ranked_unembedding(subject, Settings())
    weights = read_layer(subject.checkpoint, subject.architecture, LAYER)
    rows = torch.cat([decoded_rows(weights, name, "raw")[: ROWS // 2] for name in ("gate", "down")])
    flops = 2 * rows.shape[0] * unembedding.rows.numel()
    yield from _formats(unembedding.rows.shape[1])
    formats = [name for name in PRECISIONS if name in product_rates(rows.shape[1])]
    tallies = {name: Tally() for name in formats}
    contestants: dict[str, Callable[[], object]] = {}
    for product in product_rates(rows.shape[1]):
        contestants[f"{product} product"] = partial(_product, product, rows, unembedding)
    for name in formats:
        for statistics_too in (False, True):
            settings = Settings(statistics=statistics_too, precision=name)
            what = f"{name} candidates" + (", all statistics" if statistics_too else "")
            contestants[what] = partial(decode_rows, rows, unembedding, settings, tally=tallies[name])
    times = _interleaved(contestants)
    limit = flops / times["fp32 product"] / 1e9
    yield Row("decode", f"fp32 product, {len(rows)} rows x {len(unembedding):,} tokens", limit, "GFLOP/s")
    for what, seconds in times.items():
        if what != "fp32 product":
            rate = flops / seconds / 1e9
            yield Row("decode", what, rate, "GFLOP/s", "fp32 product", rate / limit)
    for name, tally in tallies.items():
        yield Row(
            "decode", f"{name}: tokens multiplied in float64", tally.candidates / 2 / tally.rows, "a row and pole"
        )
        yield Row("decode", f"{name}: rows that needed a sharper format", tally.sharper / tally.rows, "of the rows")


def _formats(width: int) -> Iterator[Row]:
    """What the choice of a format goes by."""
    found = product_rates(width)
    for name, rate in found.items():
        yield Row("decode", f"{name}, as measured once a machine", rate, "GFLOP/s", "fp32", rate / found["fp32"])


def _product(name: str, rows: torch.Tensor, unembedding: Unembedding) -> None:
    """All rows against all whole tiles of tokens, 256 rows at a time."""
    multiply, numbers, results = WAYS[name]
    screen = screen_of(unembedding) if name == "int8" else None
    tokens = screen.codes if screen is not None else unembedding.cast(numbers)[0]
    left = (rows / rows.abs().max() * LEFT).to(numbers)
    out = torch.empty(256, TILE, dtype=results)
    for first in range(0, len(rows), 256):
        for start in range(0, len(tokens) - TILE + 1, TILE):
            multiply(left[first : first + 256], tokens[start : start + TILE], out)


def _interleaved(contestants: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of processor time of each, after one round that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(ROUNDS + 1):
        for name, run in contestants.items():
            start = time.thread_time()
            run()
            if number:
                times[name].append(time.thread_time() - start)
    return {name: statistics.median(values) for name, values in times.items()}
