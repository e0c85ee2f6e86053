"""Which tokens two vocabularies have in common, by what they write."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...schema import LinkError
from ..subject.subject import Subject
from ..subject.vocabulary import Vocabulary

LEAST = 100
"""Fewer ordinary tokens in common are no ground for a comparison."""


def shared_tokens(one: Vocabulary, two: Vocabulary) -> NDArray[np.int64]:
    """int64 `[n, 2]`: numbers of the ordinary tokens that write the same bytes in both, by the first's number."""
    if one.hash == two.hash:
        both = np.flatnonzero(one.ordinary & two.ordinary)
        return np.stack([both, both], 1).astype(np.int64)
    known = {piece: number for number, piece in reversed(list(enumerate(two.pieces))) if two.ordinary[number]}
    pairs = [
        (number, known[piece]) for number, piece in enumerate(one.pieces) if one.ordinary[number] and piece in known
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def tokens_in_common(one: Subject, two: Subject) -> NDArray[np.int64]:
    """As `shared_tokens`. Raises LinkError where too few are shared, with the measures that still work."""
    found = shared_tokens(one.vocabulary, two.vocabulary)
    least = min(LEAST, int(one.vocabulary.ordinary.sum()), int(two.vocabulary.ordinary.sum()))
    if len(found) < max(2, least):
        same = one.architecture.d_model == two.architecture.d_model
        others = ["weights"] * same + ["activation", "explanation"]
        raise LinkError(
            f"{one.name!r} and {two.name!r} share {len(found)} tokens, too few to compare what neurons write by; "
            f"measures that still work: {', '.join(others)}"
        )
    return found
