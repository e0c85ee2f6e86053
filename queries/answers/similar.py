"""Neurons like one neuron, as a match stored them."""

from __future__ import annotations

from dataclasses import dataclass

from ..catalogue.query import Reader, query


@dataclass(frozen=True)
class Neighbour:
    """One neuron like another."""

    measure: str
    neuron: str
    model: str
    score: float
    rank: int
    control: float | None
    """best score of the measure's null"""
    jaccard: float | None = None
    """of the top tokens, for the measure tokens"""
    run: str | None = None
    """the match that stored it; None where it was computed now"""


def similar_neurons(
    reader: Reader, neuron: str, *, by: str | None = None, model: str | None = None, top: int = 10
) -> list[Neighbour]:
    """What matches stored of a neuron's neighbours, by measure; empty where there is none."""
    rows = query("neuron_similar").run(reader, neuron=neuron, by=by, model=model, top=top).dicts()
    return [Neighbour(**row) for row in rows]
