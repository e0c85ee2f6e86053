"""How likely chance is."""

from __future__ import annotations

from math import exp, lgamma


def hypergeometric(population: int, marked: int, drawn: int, hits: int) -> float:
    """Probability of exactly `hits` marked items among `drawn` without replacement."""
    if not max(0, drawn - (population - marked)) <= hits <= min(drawn, marked):
        return 0.0
    return exp(
        _log_choose(marked, hits) + _log_choose(population - marked, drawn - hits) - _log_choose(population, drawn)
    )


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
