"""Decodes the neurons of one layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue

import torch

from ...schema import ModelError
from ..subject.layer_weights import LayerWeights
from ..team import Team
from .convention import decoded_rows
from .moments import Moments, closed_form, moments
from .precision import Format, exact_products, formats
from .ranking import Ranking, Tally, rank
from .scores import TILE, block_rows
from .screen import candidate_scores, screen_of
from .settings import Settings
from .unembedding import Unembedding

Progress = Callable[[int], None]
"""Told how many more rows are decoded."""


@dataclass(frozen=True)
class Decoding:
    """One projection of one layer, a row a neuron. Axis 2 is the pole: 0 is +1, 1 is -1. Tensors on the CPU."""

    tokens: torch.Tensor
    """int64 `[d_mlp, 2, k]`: token ids, strongest first, ties by smaller id"""
    logits: torch.Tensor
    """float64 `[d_mlp, 2, k]`: pole x row . unembedding row, exact"""
    norm: torch.Tensor
    """float64 `[d_mlp]`: length of the decoded row"""
    moments: Moments
    coherence: torch.Tensor
    """float64 `[d_mlp, 2]`: mean pairwise cosine of the top tokens' centred unembedding rows; NaN for k = 1"""
    distinct: torch.Tensor
    """int64 `[d_mlp, 2]`: different case-folded words among the top tokens; those without a letter are not counted"""


@dataclass(frozen=True)
class LayerDecoding:
    """All projections of one layer."""

    layer: int
    convention: str
    n_ranked: int
    """tokens that were ranked"""
    projections: dict[str, Decoding]
    tally: Tally = field(default_factory=Tally)


def decode_layer(
    weights: LayerWeights, unembedding: Unembedding, settings: Settings, progress: Progress | None = None
) -> LayerDecoding:
    """Decode every neuron of a layer through every projection it has.

    Raises ModelError for weights that are not finite or do not fit the unembedding.
    """
    exact_products()
    tally = Tally()
    found = {}
    for projection in weights.rows:
        rows = decoded_rows(weights, projection, settings.convention)
        _check(rows, weights.layer, projection, unembedding)
        found[projection] = decode_rows(rows, unembedding, settings, progress, tally)
    return LayerDecoding(weights.layer, settings.convention, len(unembedding), found, tally)


def decode_rows(
    rows: torch.Tensor,
    unembedding: Unembedding,
    settings: Settings,
    progress: Progress | None = None,
    tally: Tally | None = None,
) -> Decoding:
    """Decode rows at hand: float64 `[n, d_model]`, n at least 1."""
    device = unembedding.rows.device
    ladder = _ladder(rows, unembedding, settings)
    size = min(len(rows), block_rows(len(unembedding), ladder[0], settings.buffer))
    blocks = torch.split(rows, size)
    n_tiles = -(-len(unembedding) // TILE)
    free: SimpleQueue[torch.Tensor] = SimpleQueue()

    def work(block: torch.Tensor) -> Part:
        buffer = free.get()
        try:
            return _block(block.to(device), unembedding, settings, ladder, buffer)
        finally:
            free.put(buffer)

    parts = []
    with Team(device, len(blocks)) as team:
        for buffer in unembedding.scratch((team.size, n_tiles, size, TILE), ladder[0].dtype):
            free.put(buffer)
        for part in team.map(work, blocks):
            parts.append(part)
            if tally is not None:
                tally.add(part.tally)
            if progress is not None:
                progress(len(part.norms))
    return _join(parts, unembedding)


PIECE = 2**18
"""Numbers of the top tokens' rows compared at a time, so that they stay in cache."""

TINY = 1e-30


@dataclass(frozen=True)
class Part:
    """A block of rows, decoded."""

    ranking: Ranking
    moments: Moments
    norms: torch.Tensor
    coherence: torch.Tensor
    tally: Tally


def _ladder(rows: torch.Tensor, unembedding: Unembedding, settings: Settings) -> tuple[Format, ...]:
    """The formats that serve these rows, fastest first."""
    ladder = formats(settings.precision, unembedding.rows.device, rows.shape[1])
    longest = float(rows.norm(dim=1).max()) * unembedding.max_norm if settings.statistics else 0.0
    fitting = [form for form in ladder if longest <= form.longest]
    return tuple(form for form in fitting if not form.whole or screen_of(unembedding) is not None)


def _block(
    rows: torch.Tensor,
    unembedding: Unembedding,
    settings: Settings,
    ladder: tuple[Format, ...],
    buffer: torch.Tensor,
) -> Part:
    tally = Tally()
    norms = rows.norm(dim=1)
    # A zero row has no direction to scale: it stands in as the first axis and is blanked afterwards.
    dead = norms == 0
    alive = torch.where(dead[:, None], torch.eye(1, rows.shape[1], dtype=rows.dtype, device=rows.device), rows)
    k = min(settings.k, len(unembedding))
    scores = candidate_scores(alive, unembedding, ladder[0], buffer)
    ranking = rank(scores, alive, unembedding, k, ladder[1:], tally)
    if settings.statistics:
        numbers = moments(scores, alive, unembedding, ranking)
    else:
        numbers = _bare(*closed_form(alive, unembedding))
    if dead.any():
        _blank(dead, ranking, numbers, len(unembedding))
    return Part(ranking, numbers, norms, _coherence(ranking.positions, unembedding), tally)


def _blank(dead: torch.Tensor, ranking: Ranking, numbers: Moments, n: int) -> None:
    """What a zero row decodes to: all logits 0, the first tokens, a uniform softmax."""
    ranking.positions[dead] = torch.arange(ranking.positions.shape[2], device=dead.device)
    ranking.logits[dead] = 0.0
    numbers.mean[dead] = numbers.std[dead] = 0.0
    numbers.skewness[dead] = numbers.kurtosis[dead] = torch.nan
    uniform = torch.log(torch.tensor(float(n), dtype=torch.float64, device=dead.device))
    numbers.logsumexp[dead] = torch.where(numbers.logsumexp[dead].isnan(), torch.nan, uniform)
    numbers.entropy[dead] = numbers.logsumexp[dead]


def _bare(mean: torch.Tensor, std: torch.Tensor) -> Moments:
    absent = torch.full_like(mean, torch.nan)
    both = torch.stack([absent, absent], dim=1)
    return Moments(mean, std, absent, absent.clone(), both, both.clone())


def _coherence(positions: torch.Tensor, unembedding: Unembedding) -> torch.Tensor:
    """`[n_rows, 2]`: mean cosine over the k (k - 1) ordered pairs of top tokens, in float32.

    The unembedding's mean row is taken off first: what all tokens share is no likeness.
    """
    k = positions.shape[2]
    mean = unembedding.mean.float()
    found = []
    for part in torch.split(positions.reshape(-1, k), max(1, PIECE // (k * len(mean)))):
        centred = unembedding.rows[part].float().sub_(mean)
        products = centred @ centred.transpose(1, 2)
        squares = products.diagonal(dim1=1, dim2=2)
        scale = squares.clamp(min=TINY).rsqrt() * (squares > 0)
        cosines = products * scale[:, :, None] * scale[:, None, :]
        found.append(cosines.sum((1, 2)) - (squares > 0).sum(1))
    pairs = torch.cat(found).double().view(-1, 2)
    return pairs / (k * (k - 1)) if k > 1 else torch.full_like(pairs, torch.nan)


def _distinct(positions: torch.Tensor, unembedding: Unembedding) -> torch.Tensor:
    words = unembedding.words[positions].sort(dim=-1).values
    new = torch.ones_like(words, dtype=torch.bool)
    new[..., 1:] = words[..., 1:] != words[..., :-1]
    return (new & (words >= 0)).sum(-1)


def _join(parts: list[Part], unembedding: Unembedding) -> Decoding:
    positions = torch.cat([part.ranking.positions for part in parts])
    columns = ("mean", "std", "skewness", "kurtosis", "logsumexp", "entropy")
    joined = {name: torch.cat([getattr(part.moments, name) for part in parts]).cpu() for name in columns}
    return Decoding(
        unembedding.ids[positions].cpu(),
        torch.cat([part.ranking.logits for part in parts]).cpu(),
        torch.cat([part.norms for part in parts]).cpu(),
        Moments(**joined),
        torch.cat([part.coherence for part in parts]).cpu(),
        _distinct(positions, unembedding).cpu(),
    )


def _check(rows: torch.Tensor, layer: int, projection: str, unembedding: Unembedding) -> None:
    width = unembedding.rows.shape[1]
    if rows.shape[1] != width:
        raise ModelError(
            f"layer {layer}: {projection} rows are {rows.shape[1]} wide, the unembedding is {width} wide; "
            "a model with a projection between stream and unembedding is not supported"
        )
    bad = (~rows.isfinite().all(dim=1)).nonzero()[:, 0]
    if len(bad):
        raise ModelError(
            f"layer {layer}: {projection} row {int(bad[0])} is not finite ({len(bad)} such rows); "
            "the checkpoint is damaged"
        )
