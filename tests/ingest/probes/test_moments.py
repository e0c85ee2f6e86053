import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from neuronkb.ingest.probes.moments import class_moments

from tests.ingest.probes.points import Points, points


@settings(deadline=None)
@given(points())
def test_equal_to_numpy_class_by_class(case: Points) -> None:
    found = class_moments(case.X, case.labels)
    X = case.X.double().numpy()
    for feature, column in enumerate(case.labels.T.numpy()):
        for value in (0, 1):
            part = X[column == value]
            assert found.count[feature, value] == len(part)
            near = 1e-12 * np.abs(X).max()
            assert np.allclose(found.mean[feature, value], part.mean(0), rtol=1e-12, atol=near)
            assert np.allclose(found.variance[feature, value], part.var(0), rtol=1e-9, atol=near * np.abs(X).max())


@given(arrays.arrays(np.float32, 3, elements=st.floats(-1e6, 1e6, width=32)))
def test_a_neuron_that_never_varies_has_no_variance(values: np.ndarray) -> None:
    X = torch.from_numpy(values).expand(7, 3)
    found = class_moments(X, torch.tensor([[1], [0], [0], [1], [0], [1], [1]], dtype=torch.int8))
    assert found.variance.tolist() == [[[0.0] * 3] * 2]
    assert found.mean.tolist() == [[X[0].tolist()] * 2]


def test_small_variance_on_a_large_mean_is_not_lost() -> None:
    """The naive E[x^2] - E[x]^2 of float32 gives 0 or less here."""
    X = torch.tensor([[1e6], [1e6 + 1], [1e6], [1e6 + 1], [1e6 + 2]])
    found = class_moments(X, torch.tensor([[1], [1], [0], [0], [0]], dtype=torch.int8))
    assert torch.allclose(found.variance[0, :, 0], torch.tensor([2 / 3, 0.25], dtype=torch.float64), rtol=1e-12)
