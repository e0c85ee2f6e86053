"""Labels of characters to labels of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .feature import Feature
from .header import At
from .record import Span
from .tokens import Encoded

Flags = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Names:
    """All names that spans carry, and where the features stand among them."""

    names: dict[str, int]

    @classmethod
    def of(cls, features: Sequence[Feature], spans: Sequence[Span]) -> Names:
        """The features' names first, then what else occurs or is named as opposite."""
        found = [name for f in features for name in (f.name, *f.against, *((f.mirror,) if f.mirror else ()))]
        found += [name for span in spans for name in span.names]
        ordered = dict.fromkeys([*(f.name for f in features), *found])
        return cls({name: number for number, name in enumerate(ordered)})

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Touched:
    """Which tokens of one text, `[n_tokens, n_names]`, a name stands for."""

    has: Flags
    """the token is labelled with the name"""
    partly: Flags
    """it is not, but a span of that name touches it"""
    lost: npt.NDArray[np.int64]
    """`[n_names]` spans that have no token of their own"""
    total: npt.NDArray[np.int64]
    """`[n_names]` spans"""


def touch(encoded: Encoded, text: str, spans: Sequence[Span], at: At, names: Names) -> Touched:
    """Bring the spans of a text to its tokens.

    With `every` a token has the names of all spans that hold it whole. With `last` (`first`) a span labels the last
    (first) token that it touches; where two spans would label one token, the span that starts first does.
    """
    n = len(encoded.tokens)
    has, partly = np.zeros((n, len(names)), bool), np.zeros((n, len(names)), bool)
    lost, total = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    taken = np.zeros(n, bool)
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        columns = [names.names[name] for name in span.names]
        total[columns] += 1
        first, behind = token_range(encoded, text, span)
        own = np.zeros(n, bool)
        if at == "every":
            start, end = trimmed(text, span)
            own[first:behind] = (encoded.starts[first:behind] >= start) & (encoded.ends[first:behind] <= end)
        elif first < behind:
            token = first if at == "first" else behind - 1
            own[token] = not taken[token]
            taken[token] = True
        if not own.any():
            lost[columns] += 1
        touched = np.zeros(n, bool)
        touched[first:behind] = True
        for column in columns:
            has[:, column] |= own
            partly[:, column] |= touched
    return Touched(has, partly & ~has, lost, total)


def trimmed(text: str, span: Span) -> tuple[int, int]:
    """The span without white space at its ends; the whole of it where it is nothing else."""
    written = text[span.start : span.end]
    word = written.strip()
    if not word:
        return span.start, span.end
    start = span.start + written.index(word)
    return start, start + len(word)


def token_range(encoded: Encoded, text: str, span: Span) -> tuple[int, int]:
    """The first token that a span touches and the one after the last; equal or crossed where it touches none."""
    start, end = trimmed(text, span)
    first = int(np.searchsorted(encoded.ends, start, "right"))
    return first, int(np.searchsorted(encoded.starts, end, "left"))


def token_labels(touched: Touched, features: Sequence[Feature], names: Names) -> Labels:
    """int8 `[n_tokens, n_features]`: 1 positive, 0 negative by the feature's rule, -1 neither."""
    labels = np.full((len(touched.has), len(features)), -1, np.int8)
    labelled: Flags = np.any(touched.has, axis=1)
    for number, feature in enumerate(features):
        own = names.names[feature.name]
        if feature.against:
            opposite: Flags = np.any(touched.has[:, [names.names[name] for name in feature.against]], axis=1)
        else:
            opposite = labelled if feature.negatives == "labelled" else np.ones(len(labelled), bool)
        labels[opposite & ~touched.partly[:, own], number] = 0
        labels[touched.has[:, own], number] = 1
    return labels
