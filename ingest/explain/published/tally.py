"""What became of everything that was read: kept, merged, failed or skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from ..failures import failure, spoken
from .fields import Unfit

Kind = Literal["explanations", "scores", "windows", "statistics", "rows", "files"]
"""What is counted. Rows are those that turned out to be none of the others."""
NOTES = 100
REASONED = "texts taken without their explainer's reasoning or the label before them"


@dataclass
class Tally:
    """Everything read is in exactly one of kept, merged, failed and skipped."""

    read: Counter[str] = field(default_factory=Counter)
    """by kind, as are kept and merged"""
    kept: Counter[str] = field(default_factory=Counter)
    merged: Counter[str] = field(default_factory=Counter)
    """what was there already, from another file or another place in the same one"""
    failed: Counter[str] = field(default_factory=Counter)
    """by reason: what its own maker could not make, and files that cannot be read"""
    skipped: Counter[str] = field(default_factory=Counter)
    """by reason: what is of no use here"""
    remarks: Counter[str] = field(default_factory=Counter)
    """by what is remarkable: things that were kept"""
    notes: list[str] = field(default_factory=list)
    """`file: why` of the first hundred that failed or were damaged"""

    def keep(self, kind: Kind) -> None:
        """One that becomes evidence."""
        self.read[kind] += 1
        self.kept[kind] += 1

    def merge(self, kind: Kind) -> None:
        """One that is evidence already."""
        self.read[kind] += 1
        self.merged[kind] += 1

    def fail(self, kind: Kind, reason: str, note: str | None = None) -> None:
        """One that its maker failed at."""
        self.read[kind] += 1
        self.failed[reason] += 1
        self._note(note)

    def skip(self, kind: Kind, reason: str, note: str | None = None, n: int = 1) -> None:
        """`n` that nothing is made of."""
        if n:
            self.read[kind] += n
            self.skipped[reason] += n
            self._note(note)

    def sentence(self, text: str | None, where: str) -> str | None:
        """What an explainer says of a unit, without its reasoning; None where it says that it could not, counted."""
        reason = failure(text or "")
        if text is None or reason is not None:
            self.fail("explanations", reason or "", f"{where}: {reason}")
            return None
        said = spoken(text)
        if said != text:
            self.remarks[REASONED] += 1
        return said

    @contextmanager
    def unfit(self, kind: Kind, where: str) -> Iterator[None]:
        """Count what is found Unfit inside as skipped."""
        try:
            yield
        except Unfit as error:
            self.skip(kind, str(error), f"{where}: {error}")

    def summary(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: dict(value) if isinstance(value, Counter) else list(value) for name, value in vars(self).items()}

    def _note(self, note: str | None) -> None:
        if note is not None and len(self.notes) < NOTES:
            self.notes.append(note)
