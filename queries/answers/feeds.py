"""What feeds a neuron, and what it feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..catalogue.query import Reader, query


@dataclass(frozen=True)
class Feed:
    """One neuron at the other end of a path through the residual stream."""

    way: Literal["down", "up"]
    """down: it is later and driven; up: it is earlier and drives"""
    through: str
    """gate or up row of the later neuron"""
    rank: int
    neuron: str
    weight: float
    control: float | None
    """largest size of a weight with shuffled rows"""
    run: str


def neuron_feeds(reader: Reader, neuron: str, *, run: str | None = None, top: int = 10) -> list[Feed]:
    """Downstream first, by projection and rank; empty where no feeds are stored."""
    found = [Feed(**row) for row in query("neuron_feeds").run(reader, neuron=neuron, run=run, top=top).dicts()]
    return sorted(found, key=lambda feed: (feed.way, feed.run, feed.through, feed.rank))
