"""Probes of a few neurons: balanced logistic regression on a given support."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .classes import Classes, blocks
from .metrics import Metrics, evaluate
from .one_sparse import Fits

STEPS = 100
ENOUGH = 1e-6
"""A Newton step of this size, against what it steps from, is the last: the next would be its square."""
ROOM = 32
"""Times the usual room for temporaries: a support's matrices are worked through as a whole."""


@dataclass(frozen=True)
class Probe:
    """Yes where the support's values times the weights, plus the bias, exceed 0."""

    support: torch.Tensor
    """int64 `[k]`"""
    weight: torch.Tensor
    """float64 `[k]`"""
    bias: float

    def score(self, X: torch.Tensor) -> torch.Tensor:
        """Of X `[n, n_neurons]`: float64 `[n]`; yes above 0."""
        return X[:, self.support].double() @ self.weight + self.bias


@dataclass(frozen=True)
class Probes:
    """Several supports of one size for each feature, of several methods say."""

    support: torch.Tensor
    """int64 `[n_features, n_supports, k]`"""
    weight: torch.Tensor
    """float64 `[n_features, n_supports, k]`"""
    bias: torch.Tensor
    """float64 `[n_features, n_supports]`"""

    def probe(self, feature: int, number: int = 0) -> Probe:
        """One of them."""
        place = feature, number
        return Probe(self.support[place], self.weight[place], self.bias[place].item())


def k_sparse(X: torch.Tensor, y: torch.Tensor, support: torch.Tensor, C: float = 1.0) -> Probe:
    """The probe of one feature, y `[n]`, on the neurons `support` `[k]` of X `[n, n_neurons]`."""
    return k_sparse_all(X, y[:, None], support[None, None].to(X.device), C).probe(0)


def k_sparse_all(X: torch.Tensor, labels: torch.Tensor, supports: torch.Tensor, C: float = 1.0) -> Probes:
    """All features' probes, labels `[n, n_features]`, on `supports` `[n_features, n_supports, k]`. Each is the minimum

        |w|^2 / 2 + C sum_i s_i log(1 + exp(-y_i (w x_i + b))),    s_i = n_used / (2 n_class),

    as scikit-learn's LogisticRegression with L2 and balanced classes, by Newton's method on many at once in float64;
    in the tests within 1e-5 (1 + size) of scikit-learn's optimum.
    """
    classes = Classes.of(X, labels)
    sign, pull = classes.negative - classes.positive, classes.weights * C
    n_features, n_supports, k = supports.shape
    flat = supports.reshape(-1, k)
    found = torch.zeros(len(flat), k + 1, dtype=torch.float64, device=X.device)
    for part in blocks(len(flat), len(X) * (k + 1) // ROOM, X.device):
        feature = torch.arange(part.start, part.stop, device=X.device) // n_supports
        design = torch.ones(len(feature), k + 1, len(X), dtype=torch.float64, device=X.device)
        design[:, :k] = X.T[flat[part]]
        found[part] = _newton(design, sign[feature].double(), pull[feature])
    found = found.view(n_features, n_supports, k + 1)
    return Probes(supports, found[..., :k], found[..., k])


def evaluate_all(X: torch.Tensor, labels: torch.Tensor, probes: Probes) -> Metrics:
    """Metrics `[n_features, n_supports]` of probes on X `[n, n_neurons]` and labels `[n, n_features]`."""
    found = []
    for feature, (support, weight) in enumerate(zip(probes.support, probes.weight, strict=True)):
        scores = torch.einsum("nsk,sk->ns", X[:, support].double(), weight) + probes.bias[feature]
        one = torch.ones(1, len(support), dtype=torch.float64, device=X.device)
        fits = Fits(one, torch.zeros_like(one), one.bool())
        found.append(evaluate(scores.float(), labels[:, feature, None], fits))
    columns = zip(*((m.hits, m.false_hits, m.count, m.auc) for m in found), strict=True)
    return Metrics(*(torch.cat(column) for column in columns))


def _newton(design: torch.Tensor, sign: torch.Tensor, pull: torch.Tensor) -> torch.Tensor:
    """Weights and bias `[m, k + 1]` of designs `[m, k + 1, n]`, the last row ones; -y and C s `[m, n]`.

    Along a step the slope of a convex loss only rises: where it has turned and grown, the step is halved.
    """
    ridge = torch.ones(design.shape[1], dtype=torch.float64, device=design.device)
    ridge[-1] = 0.0
    at = torch.zeros(design.shape[:2], dtype=torch.float64, device=design.device)
    step, before = torch.zeros_like(at), torch.full_like(at[:, 0], torch.inf)
    done = torch.zeros_like(before, dtype=torch.bool)
    for _ in range(STEPS):
        miss = torch.sigmoid(sign * (at[:, None] @ design)[:, 0])
        gradient = (design @ (miss * sign * pull)[..., None])[..., 0] + ridge * at
        far = (gradient * step).sum(1) > before
        weighted = design * (miss * (1.0 - miss) * pull)[:, None]
        curvature = weighted @ design.transpose(1, 2) + torch.diag(ridge)
        # All points told beyond doubt leave the bias without curvature.
        curvature[:, -1, -1] += 1e-9
        newton = -torch.linalg.solve(curvature, gradient)
        step = torch.where(done[:, None], 0.0, torch.where(far[:, None], step / 2, newton))
        at = at + torch.where(far[:, None], -step, step)
        before = torch.where(far, before / 2, -(gradient * step).sum(1))
        done |= ~far & (step.abs() <= ENOUGH * (1.0 + at.abs())).all(1)
        if done.all():
            break
    return at
