"""The inner problem of optimal sparse probing: the best probe on a support, and the dual point that makes a cut.

With balanced weights w_i, classes y_i = +-1 and a loss l (hinge max(0, 1 - m), or logistic log(1 + exp(-m))), a support
s in {0, 1}^d costs

    c(s) = min over beta, b of  |beta|^2 / (2 gamma) + sum_i w_i l(y_i (sum_j s_j x_ij beta_j + b))
         = max over u of        sum_i conjugate_i(u_i) - gamma/2 sum_j s_j (sum_i y_i u_i x_ij)^2,
                                0 <= u_i <= w_i,  sum_i y_i u_i = 0,

where conjugate_i(u) is u for the hinge and w_i H(u / w_i) for the logistic loss, H the entropy in nats; the published
form has a_i = -y_i u_i. Any such u, optimal or not, bounds c from below at every s, and linearly in s: a cut. Any
(beta, b) bounds it from above. So an inexact solution costs tightness, never truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Loss = Literal["hinge", "logistic"]

STEPS = 100
TOLERANCE = 1e-7
"""Of the two bounds' difference against their size, at which a solution is good enough."""
NEAR = 0.995
"""Share of the way to the box's wall that an interior step goes."""


@dataclass(frozen=True)
class Points:
    """What is probed, by rows of neurons."""

    X: Array
    """`[d, n]`"""
    y: Array
    """+-1, `[n]`"""
    weights: Array
    """balanced, n / (2 n_class), `[n]`"""
    gamma: float
    loss: Loss = "hinge"

    def conjugate(self, u: Array) -> float:
        """The dual's part that does not depend on the support."""
        if self.loss == "hinge":
            return float(u.sum())
        share = u / self.weights
        return float(self.weights @ (_entropy(share) + _entropy(1.0 - share)))

    def losses(self, margins: Array) -> float:
        """Sum of the weighted losses at margins y (x beta + b)."""
        each = np.maximum(0.0, 1.0 - margins) if self.loss == "hinge" else np.logaddexp(0.0, -margins)
        return float(self.weights @ each)


@dataclass(frozen=True)
class Cut:
    """c(s) >= constant - slopes . s, for every support s."""

    constant: float
    slopes: Array
    """`[d]`, at least 0"""

    def at(self, chosen: npt.NDArray[np.int64]) -> float:
        """The bound at a support."""
        return self.constant - float(self.slopes[chosen].sum())


@dataclass(frozen=True)
class Solution:
    """The probe of one support, and what it proves."""

    weight: Array
    """beta, `[k]`"""
    bias: float
    objective: float
    """what this probe costs: c(s) is at most that"""
    cut: Cut
    """at this support it is below the objective by the error of the solution"""


def solve(points: Points, chosen: npt.NDArray[np.int64]) -> Solution:
    """The probe on the neurons `chosen` `[k]`, and its cut over all d."""
    design = np.vstack([points.X[chosen], np.ones_like(points.y)]) * points.y
    theta, u = METHODS[points.loss](points, design)
    scores = theta[:-1] @ points.X[chosen]
    bias = _hinge_bias(points, scores) if points.loss == "hinge" else float(theta[-1])
    margins = points.y * (scores + bias)
    objective = float(theta[:-1] @ theta[:-1]) / (2 * points.gamma) + points.losses(margins)
    return Solution(theta[:-1], bias, objective, cut_of(points, u))


def relaxed(points: Points, share: Array) -> Cut:
    """The best cut between supports: c is convex in s, and shares s_j in [0, 1] `[d]` scale x_j by sqrt(s_j)."""
    some = share > 1e-9
    scaled = points.X[some] * np.sqrt(share[some])[:, None]
    design = np.vstack([scaled, np.ones_like(points.y)]) * points.y
    return cut_of(points, METHODS[points.loss](points, design)[1])


def cut_of(points: Points, u: Array) -> Cut:
    """The cut of a dual point; it is made feasible first: clipped into the box, then the heavier class scaled down."""
    u = np.clip(u, 0.0, points.weights)
    sums = np.array([u[points.y < 0].sum(), u[points.y > 0].sum()])
    scale = sums.min() / np.maximum(sums, 1e-300)
    u = u * np.where(points.y > 0, scale[1], scale[0])
    return Cut(points.conjugate(u), points.gamma / 2 * (points.X @ (points.y * u)) ** 2)


def _interior(points: Points, design: Array) -> tuple[Array, Array]:
    """theta = (beta, b) `[k + 1]` and u `[n]` for the hinge, by Mehrotra's predictor and corrector (interior point).

    `design` `[k + 1, n]` holds y x_j and, last, y. Each step solves k + 1 equations, so it costs n k^2.
    """
    half, ones = points.weights / 2, np.ones_like(points.y)
    now = _Inside(design, _ridge(points, design), np.zeros(len(design)), half, half, ones, ones)
    for _ in range(STEPS):
        if now.gap <= TOLERANCE * float(now.u.sum()) and np.abs(now.slack).max() <= TOLERANCE:
            break
        ahead = now.changes(-now.p * now.u, -now.q * now.t)
        left = now.moved(ahead, min(1.0, now.reach(ahead))).gap
        aim = now.gap / (2 * len(ones)) * (left / now.gap) ** 3
        _, du, dp, dq = ahead
        change = now.changes(aim - now.p * now.u - dp * du, aim - now.q * now.t + dq * du)
        now = now.moved(change, min(1.0, NEAR * now.reach(change)))
    return now.theta, now.u


Changes = tuple[Array, Array, Array, Array]
"""of theta, u, p and q; t changes by minus the change of u"""


@dataclass(frozen=True)
class _Inside:
    """A point inside the box: with t = w - u and multipliers p of u >= 0, q of t >= 0 the optimum has

    design' theta - 1 = p - q,    ridge theta = design u,    p u = 0,    q t = 0.
    """

    design: Array
    ridge: Array
    theta: Array
    u: Array
    t: Array
    p: Array
    q: Array

    @property
    def gap(self) -> float:
        """How far p u and q t are from 0, in all."""
        return float(self.p @ self.u + self.q @ self.t)

    @cached_property
    def slack(self) -> Array:
        """What the first equation lacks."""
        return self.theta @ self.design - 1.0 - self.p + self.q

    @cached_property
    def _system(self) -> tuple[Array, Array, Array]:
        """Each point's stiffness, the design over it, and the equations left for theta."""
        stiff = self.p / self.u + self.q / self.t
        scaled = self.design / stiff
        return stiff, scaled, scaled @ self.design.T + np.diag(self.ridge)

    def changes(self, low: Array, high: Array) -> Changes:
        """Newton's step by which the equations hold and p u and q t change by `low` and `high`."""
        stiff, scaled, system = self._system
        force = low / self.u - high / self.t - self.slack
        balance = self.ridge * self.theta - self.design @ self.u
        dtheta = np.asarray(np.linalg.solve(system, scaled @ force - balance))
        du = (force - dtheta @ self.design) / stiff
        return dtheta, du, (low - self.p * du) / self.u, (high + self.q * du) / self.t

    def reach(self, changes: Changes) -> float:
        """How many times the changes can be taken before u, t, p or q reaches 0 somewhere."""
        _, du, dp, dq = changes
        pairs = ((self.u, du), (self.t, -du), (self.p, dp), (self.q, dq))
        return 1.0 / max(1e-3, *(float((-change / value).max()) for value, change in pairs))

    def moved(self, changes: Changes, by: float) -> _Inside:
        """The point so many changes on."""
        dtheta, du, dp, dq = (by * change for change in changes)
        u, t = self.u + du, self.t - du
        return _Inside(self.design, self.ridge, self.theta + dtheta, u, t, self.p + dp, self.q + dq)


def _newton(points: Points, design: Array) -> tuple[Array, Array]:
    """The same for the logistic loss, by Newton's method; a step past the lowest point of its line is halved."""
    ridge = _ridge(points, design)
    theta: Array = np.zeros(len(design))
    step: Array = theta
    before = np.inf
    for _ in range(STEPS):
        miss = 0.5 * (1.0 - np.tanh(theta @ design / 2))
        u = points.weights * miss
        gradient = ridge * theta - design @ u
        if gradient @ step > before:
            step, before = step / 2, before / 2
            theta = theta - step
            continue
        step = -np.asarray(np.linalg.solve((design * (u * (1.0 - miss))) @ design.T + np.diag(ridge), gradient))
        before = -float(gradient @ step)
        if before <= TOLERANCE**2 * len(points.y):
            break
        theta = theta + step
    return theta, u


def _ridge(points: Points, design: Array) -> Array:
    """The penalty's curvature: 1 / gamma, and next to none for the bias, so that every system can be solved."""
    return np.append(np.full(len(design) - 1, 1.0 / points.gamma), 1e-9)


def _entropy(share: Array) -> Array:
    """-p log p, 0 at 0."""
    return -share * np.log(np.where(share > 0, share, 1.0))


def _hinge_bias(points: Points, scores: Array) -> float:
    """The best bias for given scores x beta: where the loss, piecewise linear in it, stops falling.

    A positive's loss falls until the bias is 1 - score, a negative's rises from -1 - score on; so the sum's slope
    begins at minus the positives' weight and grows by w_i at each y_i - score_i. Where it is 0 for a while, the middle.
    """
    turns = points.y - scores
    order = np.argsort(turns)
    slope = points.weights[order].cumsum() - points.weights[points.y > 0].sum()
    little = 1e-9 * slope[-1]
    return float(turns[order][[np.argmax(slope >= -little), np.argmax(slope > little)]].mean())


METHODS: dict[Loss, Callable[[Points, Array], tuple[Array, Array]]] = {"hinge": _interior, "logistic": _newton}
