"""All parsers of outside input."""

from __future__ import annotations

from pathlib import Path

from . import kept, models, published, said, texts
from .parser import Parser


def parsers(work: Path) -> list[Parser]:
    """With samples that are made in `work`."""
    work.mkdir(parents=True, exist_ok=True)
    return [*said.parsers(), *texts.parsers(), *published.parsers(), *models.parsers(work), *kept.parsers(work)]
