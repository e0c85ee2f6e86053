"""The two nulls: other tokens for the same neuron, and other neurons for the same tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def matched_tokens(tokens: Ints, before: Floats, allowed: npt.NDArray[np.bool_], words: Ints, band: int) -> Ints:
    """For each token, the `band` tokens whose log-probability before the clamp is nearest: int64 `[n_tokens, <= band]`.

    `before` is `[d_vocab]`, the mean over the prompts: how frequent the model holds a token to be there. Only `allowed`
    tokens stand in, and none that spells a word of `tokens` (`words` numbers them, -1 for no word).
    """
    same = np.isin(words, words[tokens]) & (words >= 0)
    same[tokens] = True
    others = np.flatnonzero(allowed & ~same)
    others = others[np.argsort(before[others], kind="stable")]
    sorted_logs, n = before[others], min(band, len(others))
    found = np.empty((len(tokens), n), np.int64)
    for row, token in enumerate(tokens):
        at = int(np.searchsorted(sorted_logs, before[token]))
        near = np.arange(max(0, at - n), min(len(others), at + n))
        distance = np.abs(sorted_logs[near] - before[token])
        found[row] = others[near[np.argsort(distance, kind="stable")[:n]]]
    return found


def drawn_means(values: Floats, draws: int, seed: int) -> Floats:
    """Means over one stand-in a token, each drawn alone: `[..., n_tokens, band]` to `[..., draws]`."""
    n_tokens, band = values.shape[-2:]
    random = np.random.default_rng(seed)
    picks = random.integers(band, size=(draws, n_tokens))
    found: Floats = values[..., np.arange(n_tokens), picks].mean(-1)
    return found


def around(wanted: Sequence[float], sizes: Floats, n: int) -> Ints:
    """Places, ascending, of up to `n` candidates around the `wanted` sizes: each wanted size in turn takes the one
    whose ratio to it is nearest to 1 among those that are left. Candidates of size 0 are none."""
    usable = np.flatnonzero(sizes > 0)
    logs = np.log(sizes[usable])
    orders = [usable[np.argsort(np.abs(logs - _log(size)), kind="stable")] for size in wanted]
    taken: dict[int, None] = {}
    for places in zip(*orders, strict=True):
        for place in places:
            if len(taken) < n:
                taken[int(place)] = None
    return np.array(sorted(taken), np.int64)


def nearest(size: float, sizes: Floats, n: int) -> Ints:
    """Places of the `n` candidates whose ratio to `size` is nearest to 1, ascending."""
    distance = np.abs(np.log(sizes) - _log(size))
    return np.sort(np.argsort(distance, kind="stable")[:n]).astype(np.int64)


def p_value(effect: float, null: Floats) -> float:
    """One-sided: (1 + draws at least as large) / (1 + draws) (Phipson & Smyth 2010)."""
    return float((1 + (null >= effect).sum()) / (1 + len(null)))


def _log(size: float) -> float:
    """Of a size that may be 0: then the smallest candidates are the nearest."""
    return float(np.log(max(size, 1e-300)))
