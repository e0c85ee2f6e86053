from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.features import Labelled
from neuronkb.ingest.features.split import CHOOSE, FIT, REPORT, split


def labelled(labels: np.ndarray, groups: np.ndarray) -> Labelled:
    n = len(labels)
    points = np.stack([np.arange(n), np.zeros(n), np.ones(n)], axis=1).astype(np.int32)
    ones = np.ones((n, 1), np.int32)
    return Labelled(ones, ones[:, 0], points, labels.astype(np.int8), groups.astype(np.int32), (), "none", "c", "", "")


@given(st.integers(0, 2**16), st.integers(1, 60), st.integers(1, 400), st.integers(1, 5))
def test_no_group_is_on_two_sides(seed: int, groups: int, points: int, features: int) -> None:
    rng = np.random.default_rng(seed)
    found = labelled(rng.choice([-1, 0, 1], (points, features)), rng.integers(0, groups, points))
    parts = split(found, seed)
    assert parts.dtype == np.int8
    assert set(parts.tolist()) <= {FIT, CHOOSE, REPORT}
    for group in set(found.groups.tolist()):
        assert len(set(parts[found.groups == group].tolist())) == 1
    assert (parts == split(found, seed)).all()


def test_shares_and_rare_features() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(300), 10)
    labels = (rng.random((3000, 3)) < [0.5, 0.1, 0.012]).astype(int)
    parts = split(labelled(labels, groups), 0)
    for column in (np.ones(3000, bool), *(labels[:, i] == 1 for i in range(3))):
        shares = [(parts[column] == part).mean() for part in (FIT, CHOOSE, REPORT)]
        assert np.allclose(shares, (0.5, 0.2, 0.3), atol=0.06)
    assert (split(labelled(labels, groups), 1) != parts).any()


def test_the_published_split_puts_a_document_on_both_sides() -> None:
    groups = np.repeat(np.arange(20), 50)
    found = labelled(np.zeros((1000, 1)), groups)
    parts = split(found, 42, grouped=False)
    assert [(parts == part).sum() for part in (FIT, CHOOSE, REPORT)] == [700, 0, 300]
    assert all(len(set(parts[groups == group].tolist())) == 2 for group in range(20))
