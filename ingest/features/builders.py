"""Which categories can be built, and from what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from . import code, compounds, data_source, facts, grammar, languages, latex, text_features
from .data_set import FeatureSet
from .names import known_name
from .sources import Source, from_source


@dataclass(frozen=True)
class Builder:
    """Makes the data set of one category."""

    doc: str
    build: Callable[[int], FeatureSet]
    """from what is installed, with a seed"""


BUILDERS: dict[str, Builder] = {
    "part_of_speech": Builder("universal parts of speech", partial(grammar.build, "part_of_speech")),
    "dependency": Builder("a word's relation to its head", partial(grammar.build, "dependency")),
    "morphology": Builder("number, tense, person, gender ... of a word", partial(grammar.build, "morphology")),
    "programming_language": Builder("which of 13 languages a source file is in", code.build),
    "natural_language": Builder("which of 16 languages a text is in", languages.build),
    "text_features": Builder("what a token's own letters say", text_features.build),
    "data_source": Builder("which collection a text is from", data_source.build),
    "compound_words": Builder("the second word of a frequent bigram", compounds.build),
    "latex": Builder("parts of formulas, titles and references", latex.build),
    "facts": Builder("sex and occupation of people", facts.build),
}
"""By category."""


def build(category: str, seed: int = 0, source: Source | None = None) -> FeatureSet:
    """The data set of a category, from what is installed or from a source of the user's.

    Raises FeatureError: an unknown category, a package or a file that is not there, texts without enough of it.
    """
    builder = BUILDERS[known_name(category, BUILDERS, "category")]
    return builder.build(seed) if source is None else from_source(category, source)
