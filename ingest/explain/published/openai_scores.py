"""Scores of a neuron's simulated activations, as OpenAI's files and Delphi's simulation scorer write them."""

from __future__ import annotations

from collections.abc import Iterator

from ..records import Score
from .fields import Row, items, mapping, number, numbers

TOP = 5
"""Of the scored sequences, how many are among the strongest; the others are random."""
SPLIT = "top-and-random"
FORMULAS = {
    "ev_correlation_score": "ev-correlation",
    "rsquared_score": "r2-uncentred",
    "absolute_dev_explained_score": "absolute-deviation-from-0",
}
"""Field of a file -> formula, of all tokens of all sequences together (OpenAI's scoring.py)."""


def correlation(value: float | None, n: int | None = None, failed: int = 0, split: str | None = SPLIT) -> Score:
    """Pearson correlation of true activations and the simulator's expected ones over all tokens."""
    return Score("correlation", FORMULAS["ev_correlation_score"], value, n=n, failed=failed, split=split)


def simulation_scores(simulation: Row) -> Iterator[Score]:
    """The scores of a ScoredSimulation, with the tokens that went into them. Raises Unfit."""
    n, failed = counted(simulation)
    for name, formula in FORMULAS.items():
        if name in simulation:
            yield Score("correlation", formula, number(simulation, name), n=n, failed=failed, split=SPLIT)


def counted(simulation: Row) -> tuple[int | None, int]:
    """Tokens of its sequences, and those among them that have no number. Raises Unfit."""
    sequences = items(simulation, "scored_sequence_simulations")
    if not sequences:
        return None, 0
    values = [each for one in sequences for each in numbers(mapping(one, "scored sequence"), "true_activations")]
    lost = sum(each != each for each in values)
    return len(values) - lost, lost
