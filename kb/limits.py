"""What one answer may cost, whatever an agent asks for."""

from __future__ import annotations

from dataclasses import dataclass

from ..schema import QueryError
from ..schema.numbers import check_number


@dataclass(frozen=True)
class Limits:
    """Ceilings of a server. A call may ask for less."""

    seconds: float = 30.0
    """a query may take"""
    rows: int = 500
    """an answer may have"""
    characters: int = 40_000
    """an answer's JSON may have, where a call asks for more than usual"""
    usual: int = 8_000
    """an answer's JSON has at most unless a call asks otherwise"""

    def __post_init__(self) -> None:
        for name in ("seconds", "rows", "characters", "usual"):
            check_number(name, getattr(self, name), QueryError, above=0)

    def time(self, asked: float | None) -> float:
        """Seconds for a call that asks for so many. Raises QueryError for none at all."""
        return float(self._least("seconds", asked, self.seconds))

    def count(self, asked: int | None) -> int:
        """Rows for a call that asks for so many. Raises QueryError for none at all."""
        return int(self._least("limit", asked, self.rows))

    def room(self, asked: int | None) -> int:
        """Characters for a call that asks for so many. Raises QueryError for none at all."""
        return int(
            self._least("characters", min(self.usual, self.characters) if asked is None else asked, self.characters)
        )

    def _least(self, name: str, asked: float | None, ceiling: float) -> float:
        if asked is None:
            return ceiling
        if not asked > 0:
            raise QueryError(f"{name} is {asked!r}, expected more than 0 and at most {ceiling:g}")
        return min(asked, ceiling)
