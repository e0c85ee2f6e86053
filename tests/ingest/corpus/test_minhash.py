from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.corpus.minhash import BANDS, ROWS, band_keys, jaccard, shingles, whole_keys


def shingle_set(row: list[int]) -> set[tuple[int, ...]]:
    return {tuple(row[i : i + 5]) for i in range(len(row) - 4)}


@given(st.data())
def test_jaccard_is_that_of_the_sets(data: st.DataObject) -> None:
    length = data.draw(st.integers(5, 20))
    rows = st.lists(st.integers(0, 1), min_size=length, max_size=length)
    pairs = data.draw(st.lists(st.tuples(rows, rows), min_size=1, max_size=5))
    one, other = (np.array(side, np.int32) for side in zip(*pairs, strict=True))
    expected = [len(shingle_set(a) & shingle_set(b)) / len(shingle_set(a) | shingle_set(b)) for a, b in pairs]
    assert np.allclose(jaccard(one, other), expected, atol=1e-12)


def test_shingles_are_of_five_tokens_in_their_order() -> None:
    found = shingles(np.array([[1, 2, 3, 4, 5, 6], [9, 2, 3, 4, 5, 6], [2, 1, 3, 4, 5, 6]], np.int32))
    assert found.shape == (3, 2)
    assert len(set(found[:, 0].tolist())) == 3
    assert found[0, 1] == found[1, 1] != found[2, 1]


def test_pairs_meet_as_often_as_the_formula_says() -> None:
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 50_000, (2000, 63)).astype(np.int32)
    for changed in (1, 3, 5):
        other = tokens.copy()
        for row in other:
            row[rng.choice(63, changed, replace=False)] = rng.integers(50_000, 100_000, changed)
        met = (band_keys(tokens) == band_keys(other)).any(axis=1)
        expected = 1 - (1 - jaccard(tokens, other) ** ROWS) ** BANDS
        # Three standard errors of 2000 draws are 3.4 points at most.
        assert abs(met.mean() - expected.mean()) < 0.035
    assert not (band_keys(tokens) == band_keys(np.roll(tokens, 1, axis=0))).any()


def test_equal_windows_have_equal_keys_and_others_have_not() -> None:
    tokens = np.random.default_rng(1).integers(0, 3, (3000, 20)).astype(np.int32)
    _, number = np.unique(tokens, axis=0, return_inverse=True)
    assert len(np.unique(whole_keys(tokens))) == number.max() + 1
    assert (band_keys(tokens) == band_keys(tokens.copy())).all()
    swapped = tokens.copy()
    swapped[:, [0, 19]] = [0, 1]
    again = tokens.copy()
    again[:, [0, 19]] = [1, 0]
    assert (whole_keys(swapped) != whole_keys(again)).all()


def test_keys_are_the_same_in_every_process() -> None:
    code = (
        "import numpy as np; from neuronkb.ingest.corpus.minhash import band_keys, whole_keys;"
        "t = np.arange(40, dtype=np.int32).reshape(2, 20);"
        "print(int(band_keys(t).astype(np.uint64).sum()), int(whole_keys(t)[1]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tokens = np.arange(40, dtype=np.int32).reshape(2, 20)
    assert done.stdout.split() == [
        str(int(band_keys(tokens).astype(np.uint64).sum())),
        str(int(whole_keys(tokens)[1])),
    ]
