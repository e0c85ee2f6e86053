import numpy as np
import torch
from neuronkb.ingest.probes.normalisation import scale


def test_ten_deviations_and_a_floor() -> None:
    X = np.array([[0.0, 5.0, 1e-5], [2.0, 5.0, 0.0], [4.0, 5.0, 0.0]], np.float32)
    expected = 10 * np.maximum(X.std(0), 1e-3)
    assert np.allclose(scale(torch.from_numpy(X)), expected)
    assert np.allclose(expected, [10 * np.sqrt(8 / 3), 0.01, 0.01])
