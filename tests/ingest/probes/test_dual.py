import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.probes.dual import Loss, Points, cut_of, relaxed, solve
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

LOSSES: tuple[Loss, ...] = ("hinge", "logistic")


def planted(seed: int, n: int = 60, d: int = 6, gamma: float = 0.1, loss: Loss = "hinge") -> Points:
    random = np.random.default_rng(seed)
    X = random.normal(size=(d, n))
    X[-1] = 0.0
    y = np.where(X[0] - X[1] + random.normal(size=n) > 0.7, 1.0, -1.0)
    y[:2] = 1.0, -1.0
    weights = np.where(y > 0, n / (2 * (y > 0).sum()), n / (2 * (y < 0).sum()))
    return Points(X, y, weights, gamma, loss)


@settings(deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from([1e-3, 0.1, 10.0]),
    st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True),
)
def test_the_hinge_probe_is_the_support_vector_machine(seed: int, gamma: float, support: list[int]) -> None:
    points = planted(seed, gamma=gamma)
    chosen = np.array(sorted(support))
    found = solve(points, chosen)
    machine = SVC(kernel="linear", C=gamma, class_weight="balanced", tol=1e-9).fit(points.X[chosen].T, points.y)
    weight, bias = machine.coef_[0], machine.intercept_[0]
    margins = points.y * (weight @ points.X[chosen] + bias)
    assert found.objective == pytest.approx(weight @ weight / (2 * gamma) + points.losses(margins), rel=1e-6)
    assert np.allclose(found.weight, weight, rtol=1e-3, atol=1e-3)
    assert found.cut.at(chosen) == pytest.approx(found.objective, rel=1e-6)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1e-3, 0.1, 10.0]))
def test_the_logistic_probe_is_logistic_regression(seed: int, gamma: float) -> None:
    points, chosen = planted(seed, gamma=gamma, loss="logistic"), np.array([0, 1, 3])
    found = solve(points, chosen)
    fit = LogisticRegression(C=gamma, class_weight="balanced", tol=1e-10, solver="newton-cholesky")
    fit.fit(points.X[chosen].T, points.y)
    assert np.allclose([*found.weight, found.bias], [*fit.coef_[0], *fit.intercept_], rtol=1e-5, atol=1e-6)
    assert found.cut.at(chosen) == pytest.approx(found.objective, rel=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.data())
def test_a_cut_holds_for_every_support_wherever_it_was_made(loss: Loss, seed: int, data: st.DataObject) -> None:
    """Also from dual points that are no solution, and none that obeys the box or the balance."""
    points = planted(seed, loss=loss)
    u = np.random.default_rng(seed).uniform(-1, 2, len(points.y)) * points.weights
    share = np.array(data.draw(st.lists(st.floats(0, 1), min_size=6, max_size=6)))
    cuts = [solve(points, np.array([0, 2])).cut, cut_of(points, u), relaxed(points, share)]
    for size in (1, 2, 6):
        chosen = np.array(data.draw(st.permutations(range(6)))[:size])
        cost = solve(points, chosen).objective
        assert all(cut.at(chosen) <= cost * (1 + 1e-9) for cut in cuts)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_cut_at_shares_of_all_is_that_of_all(loss: Loss) -> None:
    points, everything = planted(3, loss=loss), np.arange(6)
    whole = solve(points, everything)
    assert relaxed(points, np.ones(6)).at(everything) == pytest.approx(whole.cut.at(everything), rel=1e-9)


def test_where_any_bias_serves_the_middle_is_taken() -> None:
    """Scores are 0, so a bias from -1 to 1 costs the same: both losses change at the same rate."""
    points = Points(np.zeros((1, 4)), np.array([1.0, 1.0, -1.0, -1.0]), np.ones(4), 0.1)
    found = solve(points, np.array([0]))
    assert found.bias == pytest.approx(0.0)
    assert found.objective == pytest.approx(4.0)
