"""One neuron's rows and decoded ends in base and fine-tune, each beside the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ...schema import POLES, PROJECTIONS
from ..catalogue.evidence import MAKERS, command
from ..catalogue.query import Reader
from .decoded import DecodedEnd, decoded_ends

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Side:
    """One of the two."""

    neuron: str
    model: str
    layer: int
    jobs: frozenset[str]
    """that were run on the model"""

    def made(self, maker: str) -> bool:
        """Whether evidence of a kind was made for the model."""
        return not self.jobs.isdisjoint(MAKERS[maker].jobs)


@dataclass(frozen=True)
class RowBeside:
    """One row of weights in both models."""

    projection: str
    cosine: float
    noise: float | None
    """cosine that random noise as long as the change would leave: 1 / sqrt(1 + change^2)"""
    change: float | None
    """norm of the change over the norm of the base's row"""


@dataclass(frozen=True)
class EndBeside:
    """One end of one projection's ranking in both models. Tokens are in the order of the model that has them."""

    projection: str
    pole: int
    same_top: bool | None
    """same top token, each model through its own unembedding"""
    same_top_rows: bool | None
    """the same, both through the base's unembedding"""
    same_top_null: bool | None
    """whether noise as large as the change kept it; None where none was drawn"""
    jaccard: float | None
    base: DecodedEnd | None
    tuned: DecodedEnd | None
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    note: str | None = None
    """which model alone has it, and the command that makes it for the other; None where both have it"""


def lacking(maker: str, sides: tuple[Side, Side], has: tuple[bool, bool], made: bool | None = None) -> str | None:
    """Which of the two alone has something, and, where the other was never looked at, the command that does it.

    `made` says whether it was, where the runs on the model do not.
    """
    if has[0] == has[1]:
        return None
    here, there = sides if has[0] else sides[::-1]
    done = there.made(maker) if made is None else made
    return f"only in {here.model}" + ("" if done else f"; {command(maker, MODEL=there.model)}")


def joined(base: Mapping[K, V], tuned: Mapping[K, V]) -> Iterator[tuple[K, V | None, V | None]]:
    """What either has, by what it is, None for what one lacks; the base's first."""
    for key in dict.fromkeys([*base, *tuned]):
        yield key, base.get(key), tuned.get(key)


def rows_beside(measures: Mapping[str, Any]) -> tuple[RowBeside, ...]:
    """What a COUNTERPART says of the rows."""
    rows = []
    for projection in PROJECTIONS:
        cosine, change = measures.get(f"cos_{projection}"), measures.get(f"delta_{projection}")
        if cosine is not None:
            noise = None if change is None else 1 / math.sqrt(1 + change * change)
            rows.append(RowBeside(projection, cosine, noise, change))
    return tuple(rows)


def ends_beside(
    reader: Reader, sides: tuple[Side, Side], measures: Mapping[str, Any], runs: tuple[str | None, str | None]
) -> tuple[EndBeside, ...]:
    """The ends of the two decodings that a link compared, those of any decoding where it names none."""
    base, tuned = (_by_end(decoded_ends(reader, side.neuron), run) for side, run in zip(sides, runs, strict=True))
    places = [(projection, pole) for projection in PROJECTIONS for pole in POLES]
    return tuple(
        _end(place, base.get(place), tuned.get(place), measures, sides)
        for place in places
        if place in base or place in tuned
    )


def _by_end(ends: Iterable[DecodedEnd], run: str | None) -> dict[tuple[str, int], DecodedEnd]:
    return {(end.projection, end.pole): end for end in ends if run in (None, end.run)}


def _end(
    place: tuple[str, int],
    base: DecodedEnd | None,
    tuned: DecodedEnd | None,
    measures: Mapping[str, Any],
    sides: tuple[Side, Side],
) -> EndBeside:
    projection, pole = place
    name = f"{projection}_{POLES[pole]}"
    before, after = ([text for text, *_ in end.tokens] if end else [] for end in (base, tuned))
    both = base is not None and tuned is not None
    return EndBeside(
        projection,
        pole,
        measures.get(f"same_top_{name}"),
        measures.get(f"same_top_rows_{name}"),
        measures.get(f"same_top_null_{name}"),
        measures.get(f"jaccard_{name}"),
        base,
        tuned,
        kept=tuple(text for text in before if text in after),
        lost=tuple(text for text in before if text not in after) if both else (),
        gained=tuple(text for text in after if text not in before) if both else (),
        note=lacking("lm-head", sides, (base is not None, tuned is not None)),
    )
