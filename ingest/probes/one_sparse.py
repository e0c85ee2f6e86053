"""Probes of one neuron: balanced logistic regression of every feature on every neuron alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .classes import Classes, each, rows

STEPS = 100
ENOUGH = 1e-4
"""A Newton step of this size, against what it steps from, is the last: the next would be its square."""
NOTHING = 1e-6
"""Gradient a point at weight 0, of standardised values, that float32 sums make out of no difference at all."""
SMALLEST = 1e-30
"""Deviation below which float32 has no room left for values against it."""


@dataclass(frozen=True)
class Fits:
    """Linear probes: yes where weight x + bias > 0. All `[n_features, n_neurons]`."""

    weight: torch.Tensor
    """float64"""
    bias: torch.Tensor
    """float64"""
    converged: torch.Tensor
    """bool"""

    @property
    def threshold(self) -> torch.Tensor:
        """The neuron's value at which the answer changes, float64; NaN where it never does."""
        return torch.where(self.weight == 0, torch.nan, -self.bias / self.weight)


def one_sparse(X: torch.Tensor, labels: torch.Tensor, C: float = 1.0) -> Fits:
    """Fit of X `[n, n_neurons]` (float32) to labels `[n, n_features]`: for each pair the minimum over (w, b) of

        w^2 / 2 + C sum_i s_i log(1 + exp(-y_i (w x_i + b))),    s_i = n_used / (2 n_class),

    scikit-learn's LogisticRegression with L2 and balanced weights. Newton's method in two unknowns, on all pairs of
    a block at once, on values standardised inside (the penalty stays that of X as given). Sums are float32, steps
    float64, and what does not converge so is fitted again with float64 sums: in the tests weights and
    biases are within 1e-4 (1 + size) of scikit-learn's float64 optimum. A neuron that never varies gets weight 0 and
    bias 0, so it answers no.
    """
    classes = Classes.of(X, labels)
    weight = torch.zeros(len(classes.count), X.shape[1], dtype=torch.float64, device=X.device)
    fits = Fits(weight, torch.zeros_like(weight), torch.zeros_like(weight, dtype=torch.bool))
    sign = classes.negative - classes.positive
    pull = (classes.weights * C).float()

    def work(part: slice) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        values = rows(X, part)
        x, centre, scale, varies = _standardised(values)
        found, converged = _newton(x, 1.0 / scale**2, sign, pull)
        hard = varies & ~converged.all(1)
        if hard.any():  # values thousands of times all others: float32 has no room for those, float64 has
            x = (values[hard].double() - centre[hard, None]) / scale[hard, None]
            found[hard], converged[hard] = _newton(x, 1.0 / scale[hard] ** 2, sign.double(), pull.double())
        found = torch.where(varies[:, None, None], found, 0.0)
        slope = found[..., 0] / scale[:, None]
        return slope.T, (found[..., 1] - slope * centre[:, None]).T, (converged | ~varies[:, None]).T

    for part, (slope, bias, converged) in each(work, X.shape[1], sign.numel(), X.device):
        fits.weight[:, part], fits.bias[:, part], fits.converged[:, part] = slope, bias, converged
    return fits


def _standardised(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows with mean 0 and deviation 1; the mean and the deviation taken off, float64; and which rows vary at all."""
    centre = x.double().mean(1).float()
    x = x - centre[:, None]
    varies = x.amax(1) > x.amin(1)
    deviation = x.double().square().mean(1).sqrt().float()
    scale = torch.where(varies, deviation.clamp(min=SMALLEST), 1.0)
    return x / scale[:, None], centre.double(), scale.double(), varies


def _newton(
    x: torch.Tensor, ridge: torch.Tensor, sign: torch.Tensor, pull: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Slope and intercept, float64 `[n_neurons, n_features, 2]`, and who got there, of values x `[n_neurons, n]`.

    `ridge` `[n_neurons]` is the penalty of the slope, `sign` -y and `pull` C s, both `[n_features, n]`. The loss is
    convex, so along a step its slope only rises: where it has turned and grown, the step went too far and is halved.
    """
    powers = torch.stack([torch.ones_like(x), x, x * x], dim=1)
    at = torch.zeros(len(x), len(sign), 2, dtype=torch.float64, device=x.device)
    step, before = torch.zeros_like(at), torch.full(at.shape[:2], torch.inf, dtype=torch.float64, device=x.device)
    done = torch.zeros_like(before, dtype=torch.bool)
    space = [torch.empty(len(x), *sign.shape, dtype=x.dtype, device=x.device) for _ in range(2)]
    for _ in range(STEPS):
        gradient, curvature = _derivatives(powers, ridge, at, sign, pull, space)
        done |= (at == 0).all(2) & (gradient.abs() <= NOTHING * pull.sum(1)[:, None]).all(2)
        along = (gradient * step).sum(2)
        far = along > before
        newton = _solve(gradient, curvature)
        step = torch.where(done[..., None], 0.0, torch.where(far[..., None], step / 2, newton))
        at += torch.where(far[..., None], -step, step)
        before = torch.where(far, before / 2, -(gradient * step).sum(2))
        done |= ~far & (step.abs() <= ENOUGH * (1.0 + at.abs())).all(2)
        if done.all():
            break
    return at, done


def _derivatives(
    powers: torch.Tensor,
    ridge: torch.Tensor,
    at: torch.Tensor,
    sign: torch.Tensor,
    pull: torch.Tensor,
    space: list[torch.Tensor],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradient `[n_neurons, n_features, 2]` (slope, intercept) and curvature `[..., 3]` (both slope, mixed, both
    intercept), float64.

    sigmoid(-y z) is small where a point is well told, so its products lose no digits to the points that are.
    """
    miss, term = space
    slope, intercept = at[..., :1].to(powers.dtype), at[..., 1:].to(powers.dtype)
    torch.baddbmm(intercept, slope, powers[:, 1:2], out=miss)
    miss.mul_(sign).sigmoid_()
    torch.mul(miss, sign * pull, out=term)
    first = torch.bmm(powers[:, :2], term.transpose(1, 2)).double()
    torch.mul(miss, miss, out=term)
    torch.sub(miss, term, out=term)
    second = torch.bmm(powers, term.mul_(pull).transpose(1, 2)).double()
    penalty = ridge[:, None]
    gradient = torch.stack([first[:, 1] + penalty * at[..., 0], first[:, 0]], dim=2)
    return gradient, torch.stack([second[:, 2] + penalty, second[:, 1], second[:, 0]], dim=2)


def _solve(gradient: torch.Tensor, curvature: torch.Tensor) -> torch.Tensor:
    """Newton's step of each pair: minus the inverse of its 2 x 2 curvature times its gradient."""
    a, b, c = (curvature[..., i] for i in range(3))
    c = c.clamp(min=1e-12)
    # A curvature that rounding has made singular is lifted, which only shortens the step.
    determinant = torch.maximum(a * c - b * b, 1e-9 * a * c)
    g, h = gradient[..., 0], gradient[..., 1]
    return torch.stack([b * h - c * g, b * g - a * h], dim=2) / determinant[..., None]
