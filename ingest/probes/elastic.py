"""Balanced logistic regression with an L1 penalty, of every feature on all columns at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .classes import Classes

STEPS = 20_000
CHECK = 20
"""Steps between two looks at how far the solution is off."""
POWER = 40


@dataclass(frozen=True)
class Solution:
    """Of all features."""

    weight: torch.Tensor
    """float64 `[n_features, n_columns]`"""
    bias: torch.Tensor
    """float64 `[n_features]`"""
    residual: torch.Tensor
    """float64 `[n_features]`: the most by which a condition of the optimum is missed, in units of the loss's slope"""


def elastic(
    X: torch.Tensor,
    classes: Classes,
    C: float,
    l1_ratio: float = 1.0,
    start: tuple[torch.Tensor, torch.Tensor] | None = None,
    tolerance: float = 1e-4,
) -> Solution:
    """For each feature the minimum over (w, b), X `[n, n_columns]`, of

        l1_ratio |w|_1 + (1 - l1_ratio) |w|^2 / 2 + C sum_i s_i log(1 + exp(-y_i (w x_i + b))),

    with the balanced s_i = n_used / (2 n_class): scikit-learn's LogisticRegression, elastic net. In float64 by
    accelerated proximal steps with restarts (Beck and Teboulle 2009; O'Donoghue and Candes 2015): two matrix products
    a step for all features together. Done when every residual is at most `tolerance`.
    """
    values = X.double()
    centre = values.mean(0)
    values = values - centre
    pull = classes.weights * C
    largest = _largest(values, pull)
    # The bias is one more column, as long as the others' principal axis, so that it neither slows nor is slowed.
    unit = (largest / pull.sum(1)).amax().sqrt()
    unit = torch.where(unit > 0, unit, 1.0)
    design = torch.cat([values, unit.expand(len(values), 1)], dim=1)
    step = 1.0 / (0.25 * 1.05 * (largest + pull.sum(1) * unit**2) + 1.0 - l1_ratio)[:, None]
    problem = _Problem(design, (classes.positive - classes.negative).double(), pull, l1_ratio)
    at = torch.zeros(len(pull), design.shape[1], dtype=torch.float64, device=X.device)
    if start is not None:
        at[:, :-1], at[:, -1] = start[0], (start[1] + start[0] @ centre) / unit
    at = _descend(problem, at, step, tolerance)
    weight = at[:, :-1].clone()
    return Solution(weight, at[:, -1] * unit - weight @ centre, problem.residual(at, step))


@dataclass(frozen=True)
class _Problem:
    design: torch.Tensor
    """float64 `[n, n_columns + 1]`, the last column the bias"""
    sign: torch.Tensor
    """float64 `[n_features, n]`: 1, -1, or 0 where not used"""
    pull: torch.Tensor
    """float64 `[n_features, n]`: C s"""
    l1_ratio: float

    def stepped(self, at: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """One proximal step from `at` `[n_features, n_columns + 1]`."""
        miss = torch.sigmoid(-self.sign * (at @ self.design.T)) * self.pull * self.sign
        moved = at + step * (miss @ self.design)
        slopes = moved[:, :-1]
        slopes -= step * (1.0 - self.l1_ratio) * at[:, :-1]
        slopes.copy_(slopes.sign() * (slopes.abs() - step * self.l1_ratio).clamp(min=0.0))
        return moved

    def residual(self, at: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        """`[n_features]`: the step a proximal step would take, as a slope; 0 at the optimum and only there."""
        return ((self.stepped(at, step) - at) / step).abs().amax(1)


def _descend(problem: _Problem, at: torch.Tensor, step: torch.Tensor, tolerance: float) -> torch.Tensor:
    ahead, momentum = at, torch.ones(len(at), 1, dtype=torch.float64, device=at.device)
    for number in range(STEPS):
        new = problem.stepped(ahead, step)
        if number % CHECK == 0 and bool((((new - ahead) / step).abs().amax(1) <= tolerance).all()):
            return new
        # Momentum that points against the last step has overshot, and starts anew.
        back = ((ahead - new) * (new - at)).sum(1, keepdim=True) > 0
        momentum = torch.where(back, 1.0, momentum)
        following = (1.0 + (1.0 + 4.0 * momentum**2).sqrt()) / 2.0
        ahead = new + (momentum - 1.0) / following * (new - at)
        at, momentum = new, following
    return at


def _largest(values: torch.Tensor, pull: torch.Tensor) -> torch.Tensor:
    """Largest eigenvalue of X' diag(C s) X of each feature, `[n_features]`, by power iteration from a fixed start."""
    generator = torch.Generator().manual_seed(0)
    vector = torch.randn(len(pull), values.shape[1], dtype=torch.float64, generator=generator).to(values.device)
    size = vector.new_zeros(len(pull), 1)
    for _ in range(POWER):
        vector = vector / vector.norm(dim=1, keepdim=True).clamp(min=1e-300)
        vector = ((vector @ values.T) * pull) @ values
        size = vector.norm(dim=1, keepdim=True)
    return size[:, 0]
