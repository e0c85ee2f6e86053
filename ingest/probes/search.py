"""Cutting planes over the supports of k neurons."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .dual import Points, Solution, relaxed, solve
from .master import Master

GAP = 1e-4
"""Between the best cost and the bound, relative to the cost, at which a support counts as optimal; as published."""
PATIENCE = 4
"""Programs solved over whole supports before the bound is raised over shares of neurons, which most never need."""
ROUNDS = 40
STALLED = 1e-5
"""Rise of the bound, against itself, that counts for nothing; after STILL such rounds no more are made. A single one is
no sign: a cut at the middle need not cut off the program's solution."""
STILL = 4

Numbers = npt.NDArray[np.int64]


class Search:
    """The best support so far and what is proved of all others."""

    best: Solution
    chosen: Numbers
    """rising, `[k]`"""

    def __init__(self, points: Points, k: int) -> None:
        self._points, self._k = points, k
        self._master = Master(len(points.X), k)
        self._seen: set[bytes] = set()
        self.bound = 0.0
        self.cuts = 0
        self._left = 0
        """nodes of branch and bound that may still be spent"""

    @property
    def gap(self) -> float:
        """(cost - bound) / cost, at least 0."""
        return max(0.0, 1.0 - self.bound / self.best.objective)

    def run(self, start: Numbers, nodes: int) -> None:
        """Search from a support, of any size, until proved or until so many nodes of branch and bound are spent.

        The probe on all neurons comes first: its cut is the only one that knows all of them, and its heaviest
        neurons are a support to try, or fill up the one given.
        """
        whole = solve(self._points, np.arange(len(self._points.X)))
        self._master.add(whole.cut, whole.objective)
        self.cuts += 1
        heaviest = np.argsort(-np.abs(whole.weight), kind="stable")
        self._try(heaviest[: self._k])
        self._try(np.concatenate([start, heaviest[~np.isin(heaviest, start)]])[: self._k])
        self._left, number = nodes, 0
        while self.gap > GAP and self._left > 0 and self._step():
            number += 1
            if number == PATIENCE:
                self._relax()

    def _step(self) -> bool:
        """Solve the master and try what it proposes; false when that is nothing new.

        A support that comes again has its cut already, so the bound is as good as the solvers' tolerances.
        """
        chosen, bound, spent = self._master.solve(self.chosen, self.best.objective, GAP / 10, self._left)
        self._left -= spent
        self.bound = max(self.bound, bound)
        return chosen is not None and self._try(chosen)

    def _try(self, chosen: Numbers) -> bool:
        """Solve a support, take its cut, and keep it if it is the best; false if it was tried before."""
        chosen = np.sort(chosen)
        if chosen.tobytes() in self._seen:
            return False
        self._seen.add(chosen.tobytes())
        found = solve(self._points, chosen)
        self._master.add(found.cut, found.objective)
        self.cuts += 1
        if len(self._seen) == 1 or found.objective < self.best.objective:
            self.best, self.chosen = found, chosen
        return True

    def _relax(self) -> None:
        """Raise the bound with cuts at shares of neurons, halfway from the last such point to the linear program's:
        where many neurons serve nearly alike, one of these is worth many cuts at whole supports. Cuts at the program's
        own solution, a corner, would leap about (Kelley's method); the middle settles."""
        middle, before, still = np.full(len(self._points.X), self._k / len(self._points.X)), 0.0, 0
        for _ in range(ROUNDS):
            share, bound = self._master.relaxed()
            self.bound = max(self.bound, bound)
            still = still + 1 if bound < before * (1.0 + STALLED) else 0
            if self.gap <= GAP or still == STILL:
                break
            middle, before = (middle + share) / 2, bound
            self._master.add(relaxed(self._points, middle), self.best.objective)
            self.cuts += 1
        self._try(np.argsort(-middle, kind="stable")[: self._k])
