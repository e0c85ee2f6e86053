"""How the demo's steps say how far they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the description of a step, the units done and their total; `done == total` ends the step."""


def silent(description: str, done: int, total: int) -> None:
    """The `Progress` of a caller who does not want to know."""
