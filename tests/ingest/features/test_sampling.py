from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.features.sampling import Candidates, choose_points, choose_windows, wanted
from neuronkb.ingest.features.settings import Sampling
from neuronkb.schema import FeatureError


def column(positives: int, negatives: int, unused: int = 0) -> list[int]:
    return [1] * positives + [0] * negatives + [-1] * unused


@pytest.mark.parametrize(
    ("positives", "negatives", "share", "points", "expected"),
    [
        (50, 950, 0.2, 100, (20, 80)),
        (50, 950, 0.2, 1000, (50, 200)),
        (300, 700, 0.2, 100, (30, 70)),
        (900, 100, 0.2, 1000, (100, 100)),
        (50, 950, None, 10_000, (50, 950)),
        (0, 10, 0.2, 100, (0, 0)),
        (10, 0, 0.2, 100, (0, 0)),
    ],
)
def test_how_many_are_wanted(
    positives: int, negatives: int, share: float | None, points: int, expected: tuple[int, int]
) -> None:
    labels = np.array([column(positives, negatives, 7)], np.int8).T
    assert tuple(int(count[0]) for count in wanted(labels, share, points)) == expected


def candidates(labels: np.ndarray, windows: np.ndarray, mirrors: np.ndarray | None = None) -> Candidates:
    n = len(labels)
    points = np.stack([windows, np.arange(n), np.arange(n) + 1], axis=1).astype(np.int32)
    flags = np.zeros(labels.shape, bool) if mirrors is None else mirrors
    return Candidates(points, labels.astype(np.int8), flags, np.zeros(n, np.int32))


@given(st.integers(0, 2**16), st.integers(1, 4), st.integers(10, 200), st.sampled_from([0.1, 0.2, 0.5, None]))
def test_points_that_are_used_are_true_and_balanced(seed: int, features: int, points: int, share: float | None) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.choice([-1, 0, 0, 0, 1], (300, features))
    found = candidates(labels, np.zeros(300, int))
    used = choose_points(found, share, points, np.random.default_rng(seed))
    assert ((used == labels) | (used == -1)).all()
    positives, negatives = wanted(found.labels, share, points)
    assert ((used == 1).sum(axis=0) == positives).all()
    assert ((used == 0).sum(axis=0) == negatives).all()
    assert (used == choose_points(found, share, points, np.random.default_rng(seed))).all()


def test_features_share_points() -> None:
    labels = np.stack([column(200, 800), column(200, 800)], axis=1)
    used = choose_points(candidates(labels, np.zeros(1000, int)), 0.2, 100, np.random.default_rng(0))
    assert (used >= 0).any(axis=1).sum() == 100


def test_half_of_the_negatives_are_of_the_mirror() -> None:
    labels = np.array([column(100, 900)]).T
    mirrors = np.zeros((1000, 1), bool)
    mirrors[100:250] = True
    used = choose_points(candidates(labels, np.zeros(1000, int), mirrors), 0.2, 200, np.random.default_rng(0))
    chosen = np.flatnonzero(used[:, 0] == 0)
    assert (len(chosen), int(mirrors[chosen].sum())) == (160, 80)
    few = mirrors.copy()
    few[130:] = False
    used = choose_points(candidates(labels, np.zeros(1000, int), few), 0.2, 200, np.random.default_rng(0))
    chosen = np.flatnonzero(used[:, 0] == 0)
    assert (len(chosen), int(few[chosen].sum())) == (160, 30)


def test_windows_of_the_rare_feature_are_read() -> None:
    labels = np.zeros((1000, 2), int)
    labels[::10, 0] = 1
    labels[[15, 515, 995], 1] = 1
    found = candidates(labels, np.arange(1000) // 10)
    lengths = np.full(100, 10, np.int32)
    taken = choose_windows(found, lengths, 0.2, 1000, 200, np.random.default_rng(0))
    assert taken.sum() == 20
    assert taken[[1, 51, 99]].all()
    assert choose_windows(found, lengths, 0.2, 1000, 5000, np.random.default_rng(0)).all()
    assert choose_windows(found, lengths, None, 1000, 200, np.random.default_rng(0)).sum() == 20


def test_unknown_settings() -> None:
    with pytest.raises(FeatureError, match=r"unknown setting 'pionts' .*points"):
        Sampling.of({"pionts": 3})
    with pytest.raises(FeatureError, match="points is 3, expected 10 or more"):
        Sampling.of({"points": 3})
