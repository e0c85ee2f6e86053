import numpy as np
import pytest
import torch
from hypothesis import given, settings
from neuronkb.ingest.probes.moments import class_moments
from neuronkb.ingest.probes.rankers import f_statistic, mean_difference, mutual_information, random_ranking
from sklearn.feature_selection import f_classif, mutual_info_classif
from sklearn.metrics import mutual_info_score

from tests.ingest.probes.points import Points, points


@settings(deadline=None)
@given(points())
def test_f_and_mean_difference_equal_scikit_learn(case: Points) -> None:
    moments = class_moments(case.X, case.labels)
    found, difference = f_statistic(moments), mean_difference(moments)
    for feature in range(case.labels.shape[1]):
        X, y = case.feature(feature)
        assert np.allclose(difference[feature], abs(X[y == 1].mean(0) - X[y == 0].mean(0)), rtol=1e-9, atol=1e-12)
        varies = X.std(0) > 0
        assert (found[feature, ~varies] == 0).all()
        # Centred, since scikit-learn loses the digits of a small variance on a large mean.
        with np.errstate(divide="ignore"):
            expected = f_classif(X[:, varies] - X[:, varies].mean(0), y)[0]
        # Beyond 1e20 either's spread within the classes is rounding.
        given = np.minimum(found[feature, varies].numpy(), 1e20)
        assert np.allclose(given, np.minimum(expected, 1e20), rtol=1e-6)


def test_between_the_classes_only_is_infinite() -> None:
    X = torch.tensor([[0.1], [0.1], [0.7], [0.7]])
    assert f_statistic(class_moments(X, torch.tensor([[0], [0], [1], [1]], dtype=torch.int8))).item() == torch.inf


@settings(deadline=None)
@given(points(8))
def test_information_is_that_of_the_quantile_bins(case: Points) -> None:
    found = mutual_information(case.X, case.labels, bins=4)
    for feature in range(case.labels.shape[1]):
        X, y = case.feature(feature)
        for neuron, x in enumerate(X.T):
            edges = np.sort(x)[[len(x) * i // 4 for i in (1, 2, 3)]]
            bins = np.searchsorted(edges, x, side="right")
            cells = len(set(zip(bins, y, strict=True)))
            correction = (cells - len(set(bins)) - 1) / (2 * len(x))
            expected = max(0.0, mutual_info_score(bins, y) - correction)
            assert found[feature, neuron].item() == pytest.approx(expected, abs=1e-12)


def test_information_is_near_the_nearest_neighbour_estimate() -> None:
    random = np.random.default_rng(0)
    y = (random.random((4000, 2)) < (0.1, 0.4)).astype(np.int8)
    X = random.normal(size=(4000, 4)) + np.outer(y[:, 0], [0, 0.5, 1.5, 4])
    found = mutual_information(torch.from_numpy(X).float(), torch.from_numpy(y))
    for feature in range(2):
        expected = mutual_info_classif(X, y[:, feature], random_state=0)
        assert np.allclose(found[feature], expected, atol=0.03)
    assert found[0].argsort().tolist() == [0, 1, 2, 3]
    assert found[1].max() < 0.01


def test_random_rankings_are_drawn_by_seed() -> None:
    assert torch.equal(random_ranking(2, 3, 5), random_ranking(2, 3, 5))
    assert not torch.equal(random_ranking(2, 3, 5), random_ranking(2, 3, 6))
