"""What feeds a neuron, and what it feeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ..catalogue.query import Reader, query
from ..result.line import UNMADE, Line
from ..result.record import Record, rows_of
from ..result.section import Section
from .lines import with_lines


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
    line: Line = UNMADE
    """what the other neuron does"""


@dataclass(frozen=True, repr=False)
class NeuronFeeds(Record):
    """The neurons that one drives most, and those that drive it."""

    neuron: str
    feeds: tuple[Feed, ...]

    @property
    def title(self) -> str:
        """The neuron."""
        return self.neuron

    @property
    def lead(self) -> str:
        """What the numbers mean."""
        return (
            "A weight is what one unit of the earlier neuron's value adds to the gate or up of the later one, before "
            "the norms divide; the null is the largest that shuffled rows reach"
        )

    def sections(self) -> tuple[Section, ...]:
        """Each way, by run."""
        return (*self._way("down", f"{self.neuron} feeds"), *self._way("up", f"{self.neuron} is fed by"))

    def _way(self, way: str, caption: str) -> Iterator[Section]:
        by_run: dict[str, list[Feed]] = {}
        for feed in self.feeds:
            if feed.way == way:
                by_run.setdefault(feed.run, []).append(feed)
        columns = ("through", "rank", "neuron", "weight", "null", "line")
        model = self.neuron.rpartition("/L")[0]
        for run, feeds in by_run.items():
            rows = [
                (f.through, f.rank, f.neuron.removeprefix(f"{model}/"), f.weight, f.control, f.line.cell) for f in feeds
            ]
            yield Section.table(f"{caption} ({run})", columns, rows)
        if not by_run:
            yield Section.lines(caption, ("nothing that is stored",))

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Both ways in one table."""
        return rows_of(Feed, self.feeds)


def neuron_feeds(reader: Reader, neuron: str, *, run: str | None = None, top: int = 10) -> list[Feed]:
    """Downstream first, by projection and rank; empty where no feeds are stored."""
    found = [Feed(**row) for row in query("neuron_feeds").run(reader, neuron=neuron, run=run, top=top).dicts()]
    ranked = sorted(found, key=lambda feed: (feed.way, feed.run, feed.through, feed.rank))
    return list(with_lines(reader, ranked, lambda feed: feed.neuron))
