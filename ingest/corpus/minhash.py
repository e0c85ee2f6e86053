"""Keys under which windows that resemble each other meet: MinHash signatures in bands, and Jaccard similarity.

MinHash after Broder, "On the resemblance and containment of documents" (1997); banding after Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", section 3.4. Two windows of Jaccard similarity s share a key of at least one of
b bands of r rows with probability 1 - (1 - s^r)^b.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .tokenizer import Ints

SHINGLE = 5
"""Tokens of a shingle."""
BANDS, ROWS = 16, 5
"""A pair of similarity .8 is missed with probability .002, of .9 with 2e-6; of .5 it is looked at with .4."""
_SEED = 20_240_229
_BLOCK = 512
"""Windows hashed at a time: their shingles stay in the cache."""

Keys = npt.NDArray[np.uint64]
BandKeys = npt.NDArray[np.uint32]


def shingles(tokens: Ints) -> Keys:
    """Hashes of each window's runs of 5 tokens, uint64 `[n_windows, length - 4]`.

    A run may begin on a window's last tokens and end in the padding (below 0) behind them, so that a text of fewer than
    5 has one too; what begins in the padding is no run, and _NONE stands for it.
    """
    count = tokens.shape[1] - SHINGLE + 1
    found = np.zeros((len(tokens), count), np.uint64)
    for k in range(SHINGLE):
        found = _mixed(np.bitwise_xor(found, tokens[:, k : k + count].astype(np.uint64)))
    return np.where(tokens[:, :count] < 0, _NONE, found)


def whole_keys(tokens: Ints) -> Keys:
    """A hash of each window, uint64 `[n_windows]`."""
    found = np.zeros(len(tokens), np.uint64)
    for column in tokens.T:
        found = _mixed(found ^ column.astype(np.uint64))
    return found


def band_keys(tokens: Ints) -> BandKeys:
    """One key a band for each window, uint32 `[n_windows, 16]`."""
    found = np.empty((len(tokens), BANDS), np.uint32)
    for start in range(0, len(tokens), _BLOCK):
        runs = shingles(tokens[start : start + _BLOCK])
        # Padding stands for a run that is there already: it moves no least hash.
        part = (np.where(runs == _NONE, runs[:, :1], runs) >> np.uint64(32)).astype(np.uint32)
        for band, rows in enumerate(_permutations()):
            key = np.zeros(len(part), np.uint64)
            for factor, offset in rows:
                key = _mixed(key ^ (part * factor + offset).min(axis=1).astype(np.uint64))
            found[start : start + len(part), band] = key >> np.uint64(32)
    return found


def jaccard(one: Ints, other: Ints) -> npt.NDArray[np.float64]:
    """Jaccard similarity of the sets of 5-grams of two windows, row by row of two `[n, length]` arrays."""
    a, n_a = _distinct(shingles(one))
    b, n_b = _distinct(shingles(other))
    both = np.sort(np.concatenate([a, b], axis=1), axis=1)
    # Within a window all are different, so two alike are one of each.
    common = ((both[:, 1:] == both[:, :-1]) & (both[:, 1:] != _NONE)).sum(axis=1)
    return np.asarray(common / (n_a + n_b - common), np.float64)


_NONE = np.uint64(2**64 - 1)


def _distinct(values: Keys) -> tuple[Keys, npt.NDArray[np.int64]]:
    """Each row sorted, repeats turned into _NONE, and how many are different, without _NONE."""
    values = np.sort(values, axis=1)
    repeats = np.zeros(values.shape, bool)
    repeats[:, 1:] = values[:, 1:] == values[:, :-1]
    repeats |= values == _NONE
    return np.where(repeats, _NONE, values), (~repeats).sum(axis=1)


def _permutations() -> Iterator[list[tuple[np.uint32, np.uint32]]]:
    """Odd factors and offsets of the hash functions, `ROWS` a band: the same in every process."""
    numbers = np.random.Generator(np.random.PCG64(_SEED)).integers(0, 2**32, (BANDS, ROWS, 2), np.uint32)
    numbers[..., 0] |= np.uint32(1)
    for band in numbers:
        yield [(factor, offset) for factor, offset in band]


def _mixed(values: Keys) -> Keys:
    """SplitMix64's finaliser: every bit of the input moves every bit of the output."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
