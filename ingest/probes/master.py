"""The outer problem of optimal sparse probing: the support that all cuts together leave cheapest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...schema import FeatureError
from .dual import Cut

if TYPE_CHECKING:
    import highspy

FINE = 1e-6
"""To which the solver meets its rows, of costs near 1: a bound may be too high by that, and is lowered by it."""
OPTIONS = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 0,
    "mip_abs_gap": 0.0,
    "mip_feasibility_tolerance": FINE,
    "primal_feasibility_tolerance": FINE / 10,
    "dual_feasibility_tolerance": FINE / 10,
}


class Master:
    """min t over t, s with t >= every cut at s, s in {0, 1}^d of k ones: a mixed-integer program, solved by HiGHS.

    It grows by a row a cut and is solved anew each time, from the best support known. Costs are divided by that of
    the first solution, which makes the solver's tolerances relative.
    """

    def __init__(self, d: int, k: int) -> None:
        self._d, self._size = d, 0.0
        self._solver = _solver(d, k)

    def add(self, cut: Cut, size: float) -> None:
        """t + slopes . s >= constant; `size` is the cost of the support it was made for."""
        self._size = self._size or size
        columns = np.arange(self._d + 1, dtype=np.int32)
        row = np.append(cut.slopes / self._size, 1.0)
        self._solver.addRow(cut.constant / self._size, self._solver.inf, self._d + 1, columns, row)

    def relaxed(self) -> tuple[npt.NDArray[np.float64], float]:
        """The cheapest s with any share of each neuron, in [0, 1]; and its cost, a bound too."""
        self._solver.setOptionValue("solve_relaxation", True)
        self._solver.run()
        self._solver.setOptionValue("solve_relaxation", False)
        values = np.array(self._solver.getSolution().col_value)
        return np.clip(values[: self._d], 0.0, 1.0), (values[self._d] - FINE) * self._size

    def solve(
        self, chosen: npt.NDArray[np.int64], value: float, gap: float, nodes: int
    ) -> tuple[npt.NDArray[np.int64] | None, float, int]:
        """The cheapest support found, int64 `[k]` or None, a bound below the cost of every support, and the nodes of
        the branch-and-bound tree that it took, at least 1.

        Starts from the support `chosen`, whose cost is `value`; stops at a gap relative to the cost, or after so many
        nodes, with what it has by then. Nodes, and not a time: the same question has the same answer everywhere.
        """
        point = np.zeros(self._d + 1)
        point[chosen], point[self._d] = 1.0, value / self._size
        self._solver.setSolution(self._d + 1, np.arange(self._d + 1, dtype=np.int32), point)
        self._solver.setOptionValue("mip_rel_gap", gap)
        self._solver.setOptionValue("mip_max_nodes", nodes)
        self._solver.run()
        info = self._solver.getInfo()
        bound = (info.mip_dual_bound - FINE) * self._size if np.isfinite(info.mip_dual_bound) else -np.inf
        spent = max(1, int(info.mip_node_count))
        if info.primal_solution_status != 2:
            return None, bound, spent
        values = np.array(self._solver.getSolution().col_value[: self._d])
        return np.flatnonzero(values > 0.5), bound, spent


def _solver(d: int, k: int) -> highspy.Highs:
    """An empty program: columns s, then t, and the row that makes k of s one."""
    try:
        import highspy
    except ImportError as error:
        raise FeatureError("optimal probes need the solver HiGHS: pip install 'neuronkb[probes]'") from error
    make: Callable[[], highspy.Highs] = highspy.Highs
    solver = make()
    for name, value in OPTIONS.items():
        solver.setOptionValue(name, value)
    columns = np.arange(d, dtype=np.int32)
    solver.addVars(d, np.zeros(d), np.ones(d))
    solver.addVar(0.0, solver.inf)
    solver.changeColCost(d, 1.0)
    solver.changeColsIntegrality(d, columns, np.array([highspy.HighsVarType.kInteger] * d))
    solver.addRow(float(k), float(k), d, columns, np.ones(d))
    return solver
