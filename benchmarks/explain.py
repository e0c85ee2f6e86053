"""Simulation of a neuron: all tokens of a window from one pass, beside one question a token.

On Gemma 3 270M: how long it takes and whether both say the same, not how good the simulation is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from neuronkb.ingest.explain.simulators.all_at_once import AllAtOnce
from neuronkb.ingest.explain.simulators.one_at_a_time import OneAtATime
from neuronkb.ingest.explain.simulators.simulator import Expected, Simulator, Window
from neuronkb.ingest.llm.local import LocalClient

from examples.demo.gemma import base_model

from .report import Row

TEXT = (
    " The ferry left the harbour in the rain on 3 May 1921 with forty passengers , a dozen sheep and the post . By noon"
    " the wind had turned , and the captain , who had crossed the strait every week for twenty years , told his mate to"
    " make fast whatever could still move . Nobody on board was afraid yet , though some of them would be"
)
WINDOW = tuple(f" {word}" for word in TEXT.split())[:64]
WANTED = 10.0


def rates() -> Iterator[Row]:
    """Seconds a window of 64 tokens in one thread; both ways read what the prompts share once."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    cache = Path(os.environ.get("NEURONKB_CACHE", ".cache"))
    client = LocalClient.open(base_model(cache), dtype="float32", device="cpu")
    at_once, found = _timed(AllAtOnce(client), [WINDOW])
    singly, wanted = _timed(OneAtATime(client), [WINDOW])
    torch.set_num_threads(threads)
    apart = float(np.abs(found - wanted).max())
    what = f"a window of {len(WINDOW)} tokens simulated by Gemma 3 270M, one thread"
    yield Row("explain", what, at_once, "s", f"less: one question a token ({WANTED:g} wanted)", singly / at_once)
    yield Row("explain", "largest difference of the two, scale 0 to 10", apart, "", "of the 1e-4 allowed", apart / 1e-4)


def _timed(simulator: Simulator, windows: list[Window]) -> tuple[float, Expected]:
    simulator.simulate("sailing", [WINDOW[:4]])  # what the first call alone does is not counted
    begin = time.perf_counter()
    (found,) = simulator.simulate("words for weather", windows)
    return time.perf_counter() - begin, found
