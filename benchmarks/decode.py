"""Decoding, selection included, beside the fp32 matrix product of the same shapes in the same run."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from neuronkb.ingest.links.pair import ranked_unembedding
from neuronkb.ingest.lm_head.convention import decoded_rows
from neuronkb.ingest.lm_head.decode import decode_rows
from neuronkb.ingest.lm_head.precision import has_bf16
from neuronkb.ingest.lm_head.ranking import Tally
from neuronkb.ingest.lm_head.settings import Settings
from neuronkb.ingest.subject.layer_weights import read_layer
from neuronkb.ingest.subject.subject import Subject

from examples.demo.gemma import base_model

from .report import Row

ROWS = 512
LAYER = 9
ROUNDS = 5
TILE = 4096
"""Columns of one product: the tile that the decoding uses."""


def rates() -> Iterator[Row]:
    """GFLOP/s on rows of Gemma 3 270M against its vocabulary; the rounds of all contestants are interleaved."""
    subject = Subject.open(base_model(Path(os.environ.get("NEURONKB_CACHE", ".cache"))))
    unembedding = ranked_unembedding(subject, Settings())
    weights = read_layer(subject.checkpoint, subject.architecture, LAYER)
    rows = torch.cat([decoded_rows(weights, name, "folded")[: ROWS // 2] for name in ("gate", "down")])
    full = unembedding.rows.float()
    flops = 2 * rows.shape[0] * full.numel()
    tally = Tally()
    contestants: dict[str, Callable[[], object]] = {
        "fp32": lambda: _product(rows.float(), full),
        "bare": lambda: decode_rows(rows, unembedding, Settings(statistics=False)),
        "whole": lambda: decode_rows(rows, unembedding, Settings(), tally=tally),
        "fp32 decode": lambda: decode_rows(rows, unembedding, Settings(statistics=False, precision="fp32")),
    }
    times = _interleaved(contestants)
    limit = flops / times["fp32"] / 1e9
    yield Row("decode", f"fp32 product, {len(rows)} rows x {len(unembedding):,} tokens", limit, "GFLOP/s")
    native = "bf16 candidates" if has_bf16(torch.device("cpu")) else "fp32 candidates"
    for name, what in (
        ("bare", f"exact top-10 of both poles, {native}"),
        ("whole", f"the same with all statistics, {native}"),
        ("fp32 decode", "exact top-10 of both poles, fp32 candidates"),
    ):
        rate = flops / times[name] / 1e9
        yield Row("decode", what, rate, "GFLOP/s", "fp32 product", rate / limit)
    yield Row("decode", "statistics, share of the whole", 1 - times["bare"] / times["whole"], "of the time")
    yield Row("decode", "rows whose certificate needed a sharper format", tally.sharper / tally.rows, "of the rows")


def _product(rows: torch.Tensor, full: torch.Tensor) -> None:
    out = torch.empty(256, TILE)
    for first in range(0, len(rows), 256):
        block = rows[first : first + 256]
        for start in range(0, full.shape[0] - TILE + 1, TILE):
            torch.mm(block, full[start : start + TILE].T, out=out[: len(block)])
        torch.mm(block, full[full.shape[0] // TILE * TILE :].T)


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
