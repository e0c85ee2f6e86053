"""Which categories can be built, and from what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import languages, text_features
from .data_set import FeatureSet


@dataclass(frozen=True)
class Builder:
    """Makes the data set of one category."""

    doc: str
    build: Callable[[int], FeatureSet]
    """from what is installed, with a seed"""


BUILDERS: dict[str, Builder] = {
    "natural_language": Builder("which of 16 languages a text is in", languages.build),
    "text_features": Builder("what a token's own letters say", text_features.build),
}
"""By category."""
