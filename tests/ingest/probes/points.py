"""Random labelled points, the nasty ones among them: constant, sparse, tied, far from 0, heavy-tailed, separable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import strategies as st

KINDS = ("normal", "constant", "sparse", "tied", "offset", "heavy", "tiny", "separable")


@dataclass(frozen=True)
class Points:
    """Activations float32 `[n, n_neurons]`, one neuron of each kind, and labels int8 `[n, n_features]`."""

    X: torch.Tensor
    labels: torch.Tensor

    def feature(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Activations, float64, and labels of the points that a feature uses."""
        used = self.labels[:, number] >= 0
        return self.X[used].double().numpy(), self.labels[used, number].numpy()


@st.composite
def points(draw: st.DrawFn, low: int = 4, high: int = 60, n_features: int = 3) -> Points:
    """Some points; feature 0 uses all of them, the others leave some out."""
    return make(draw(st.integers(low, high)), n_features, draw(st.integers(0, 2**32 - 1)))


def make(n: int, n_features: int, seed: int) -> Points:
    """The same from a seed."""
    random = np.random.default_rng(seed)
    labels = (random.random((n, n_features)) < random.uniform(0.05, 0.6, n_features)).astype(np.int8)
    labels[:, 1:][random.random((n, n_features - 1)) < 0.3] = -1
    labels[:2] = [[0], [1]]
    labels[2:4] = [[1], [0]]
    X = random.normal(size=(n, len(KINDS)))
    X[:, 1] = random.choice([0.0, 0.1, 3.0])
    X[:, 2] *= X[:, 2] > 1
    X[:, 3] = np.round(X[:, 3])
    X[:, 4] += 300
    X[:, 5] = np.exp(3 * X[:, 5])
    X[:, 6] *= 1e-6
    X[:, 7] = 3 * labels[:, 0] + np.abs(X[:, 7])
    return Points(torch.from_numpy(X.astype(np.float32)), torch.from_numpy(labels))
