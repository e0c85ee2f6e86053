"""What went wrong, counted by layer, and kept for the run's summary over interruptions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...schema.outside import parse_json, read_bytes
from ...schema.secrets import hidden

SIZE = 64 * 2**20
"""Bytes of the file that are read."""


@dataclass
class Tally:
    """One layer's counts."""

    sides: int = 0
    """neuron sides that were asked for"""
    dead: int = 0
    """those without windows to explain or to score on"""
    unexplained: int = 0
    """those for which no answer was an explanation"""
    explanations: int = 0
    asked: int = 0
    """questions to the explainer"""
    failures: dict[str, int] = field(default_factory=dict)
    """what was no explanation, no prediction or no verdict, by reason"""

    def __post_init__(self) -> None:
        # An older release may have kept what a server said as it came.
        if isinstance(self.failures, dict):
            self.failures = {hidden(str(reason)): n for reason, n in self.failures.items()}

    def is_sound(self) -> bool:
        """Whether all of it are counts: the file may have been cut or changed."""
        if not isinstance(self.failures, dict):
            return False
        counts = (self.sides, self.dead, self.unexplained, self.explanations, self.asked, *self.failures.values())
        return all(type(n) is int and 0 <= n < 2**53 for n in counts)

    def fail(self, who: str, reasons: Mapping[str, int]) -> None:
        """Add failures; `who` met them."""
        for reason, n in reasons.items():
            name = hidden(f"{who}: {reason}")
            self.failures[name] = self.failures.get(name, 0) + n


@dataclass
class Tallies:
    """Of all layers, in a small file beside an unfinished run."""

    path: Path
    found: dict[str, Tally] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path) -> Tallies:
        """Those of an earlier start, where there are any."""
        try:
            raw = parse_json(read_bytes(path, SIZE))
            found = {str(name): Tally(**one) for name, one in raw.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return cls(path)
        return cls(path, found) if all(one.is_sound() for one in found.values()) else cls(path)

    def keep(self, shard: str, tally: Tally) -> None:
        """Replace the file in one step."""
        self.found[shard] = tally
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps({name: asdict(one) for name, one in self.found.items()}), "utf-8")
        partial.replace(self.path)

    def total(self, shards: Collection[str]) -> dict[str, Any]:
        """Sums over some shards."""
        kept = [tally for name, tally in self.found.items() if name in shards]
        failures: Counter[str] = Counter()
        for tally in kept:
            failures.update(tally.failures)
        names = ("sides", "dead", "unexplained", "explanations", "asked")
        return {name: sum(getattr(one, name) for one in kept) for name in names} | {
            "failures": dict(failures.most_common())
        }
