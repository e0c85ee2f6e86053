"""The ablation score: what is lost of the model's own predictions when a simulation takes the neuron's place.

1 - E[JSD(simulated, whole)] / E[JSD(mean-ablated, whole)], Jensen-Shannon divergences of the next-token distributions,
averaged over tokens and windows (Bills et al. 2023; the formula is the paper's, its code was not published). 1: as
good as the neuron itself; 0: no better than its mean. Of a gated model's neuron only the side in question is replaced:
where the hidden value has the other sign it stays, as another explanation's business, and the simulation is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..n2g.engine import Target
from ..subject.hooks import Values, hooked
from ..subject.live import LiveModel
from .material import Floats, Passage

NOISE = 1e-13
"""Nats a token that are no change but rounding."""
PIECE = 8
"""Positions whose distributions are compared at once."""


@dataclass(frozen=True)
class Ablated:
    """Summed divergences, nats, over the tokens of some windows."""

    simulated: float
    mean: float
    n: int

    @property
    def score(self) -> float | None:
        """None where mean ablation changes nothing: there is nothing to keep."""
        return 1 - self.simulated / self.mean if self.mean > NOISE * self.n else None


def ablation(
    live: LiveModel,
    target: Target,
    passages: Sequence[Passage],
    simulations: Sequence[Sequence[Floats]],
    mean: float,
    bos: Sequence[int] = (),
) -> list[Ablated]:
    """One result for each simulation, which has one array of activations a window, in the neuron's own units.

    `mean` is the side's mean activation; `bos` stands before each window and is left out of the divergences. Each
    window is one pass of the model for the truth, the mean and each simulation together.
    """
    sums = np.zeros(len(simulations) + 1)
    tokens = 0
    for number, passage in enumerate(passages):
        said = [np.full(len(passage.ids), mean), *(simulation[number] for simulation in simulations)]
        found = _divergences(live, target, passage, said, bos)
        sums += found.sum(1)
        tokens += found.shape[1]
    return [Ablated(float(one), float(sums[0]), tokens) for one in sums[1:]]


@torch.no_grad()
def _divergences(
    live: LiveModel, target: Target, passage: Passage, said: Sequence[Floats], bos: Sequence[int]
) -> Floats:
    """`[n_replacements, n_tokens]` divergence from the whole model at each token."""
    row = torch.tensor([[*bos, *passage.ids]], device=live.device)
    ids = row.expand(len(said) + 1, -1)
    replacing = torch.tensor(np.stack(said), dtype=torch.float32)

    def visit(layer: int, site: str, values: Values) -> Values:
        changed = values.clone()
        column = values[1:, len(bos) :, target.index]
        changed[1:, len(bos) :, target.index] = _replaced(column, replacing.to(column), target.pole, live.gated)
        return changed

    with hooked((live.model, live.body), live.blocks, {target.layer: ("hidden",)}, lambda shape: visit):
        logits = live.model(input_ids=ids, use_cache=False).logits[:, len(bos) :]
    pieces = range(0, len(passage.ids), PIECE)
    found = [divergence(logits[0, at : at + PIECE], logits[1:, at : at + PIECE]) for at in pieces]
    return np.concatenate(found, 1)


def _replaced(column: torch.Tensor, said: torch.Tensor, pole: int, gated: bool) -> torch.Tensor:
    """The simulation in the place of this side's part of the hidden value."""
    if not gated:
        return said
    return pole * said.clamp(min=0) + column - pole * (pole * column).clamp(min=0)


def divergence(whole: torch.Tensor, others: torch.Tensor) -> Floats:
    """Jensen-Shannon divergence, nats, of logits `[n_others, n_tokens, n_vocab]` from `[n_tokens, n_vocab]`.

    In float64: most neurons change a distribution by less than float32 can add up.
    """
    p, q = torch.log_softmax(whole.double(), -1), torch.log_softmax(others.double(), -1)
    half = torch.logaddexp(p, q) - float(np.log(2.0))
    found = 0.5 * ((p.exp() * (p - half)).sum(-1) + (q.exp() * (q - half)).sum(-1))
    numbers: Floats = np.maximum(found.cpu().numpy(), 0.0)
    return numbers
