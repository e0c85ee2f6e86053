"""Features that a token's own text decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ...schema import FeatureError
from .feature import Feature
from .names import near

BROKEN = "\ufffd"
"""What a token decodes to that is part of a character."""

PREDICATES: dict[str, Callable[[str], bool]] = {
    "contains_digit": lambda t: any(c.isdigit() for c in t),
    "all_digits": lambda t: t.strip().isdigit(),
    "contains_capital": lambda t: any(c.isupper() for c in t),
    "leading_capital": lambda t: t.strip()[:1].isupper(),
    "all_capitals": lambda t: t.strip().isalpha() and t.isupper(),
    "contains_whitespace": lambda t: any(c.isspace() for c in t),
    "has_leading_space": lambda t: t.startswith(" "),
    "no_leading_space_and_loweralpha": lambda t: t.isalpha() and t.islower(),
    "contains_all_whitespace": lambda t: t.isspace(),
    "is_not_alphanumeric": lambda t: not t.isspace() and not any(c.isalnum() for c in t),
    "is_not_ascii": lambda t: not t.isascii(),
}
"""On a token's text with its leading space; the eleven text features of Gurnee et al. 2023 (2305.01610), table 4."""


def check_rule(feature: Feature) -> None:
    """Raises FeatureError for a predicate that is not known, or an empty prefix or suffix."""
    if feature.predicate is not None and feature.predicate not in PREDICATES:
        raise FeatureError(
            f"feature {feature.name!r}: no predicate {feature.predicate!r}{near(feature.predicate, PREDICATES)}"
        )
    if "" in (feature.prefix, feature.suffix):
        raise FeatureError(f"feature {feature.name!r}: its prefix or suffix is empty")
    if sum(rule is not None for rule in (feature.predicate, feature.prefix, feature.suffix)) > 1:
        raise FeatureError(f"feature {feature.name!r}: expected one of predicate, prefix and suffix")


def holds(feature: Feature, text: str) -> bool:
    """Whether a token of this text has the feature."""
    if feature.predicate is not None:
        return PREDICATES[feature.predicate](text)
    word = text.strip().casefold()
    if feature.prefix is not None:
        return word.isalpha() and word.startswith(feature.prefix) and len(word) > len(feature.prefix)
    suffix = feature.suffix or ""
    return word.isalpha() and word.endswith(suffix) and len(word) > len(suffix)


def token_labels(features: Sequence[Feature], texts: Sequence[str]) -> npt.NDArray[np.int8]:
    """int8 `[d_vocab, n_features]`: 1 where a token has the feature, else 0; -1 for parts of characters and no text."""
    labels = np.zeros((len(texts), len(features)), np.int8)
    for number, text in enumerate(texts):
        labels[number] = -1 if not text or BROKEN in text else [holds(feature, text) for feature in features]
    return labels
