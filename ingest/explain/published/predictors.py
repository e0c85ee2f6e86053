"""Lists of tokens as explanations: what a token table or a decoded row says of a unit, without a sentence."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ....schema import fold
from ..records import Explanation, Kind, Unit

SHOWN = 20
"""Tokens that the text of the explanation names."""


def predictor(
    unit: Unit, kind: Kind, pole: int, tokens: Sequence[str], values: Sequence[float], method: str
) -> Explanation:
    """Tokens, strongest first, as an explanation of their kind: it mentions each one's word."""
    size = len(values) if len(values) == len(tokens) else 0
    order = sorted(range(len(tokens)), key=lambda i: -abs(values[i]) if i < size and values[i] == values[i] else 0.0)
    named = [json.dumps(tokens[i], ensure_ascii=False) for i in order[:SHOWN]]
    more = f" and {len(tokens) - SHOWN} more" if len(tokens) > SHOWN else ""
    written = json.dumps([list(tokens), [round(value, 4) for value in values[:size] if value == value]])
    terms = dict.fromkeys(term for i in order[:SHOWN] if (term := fold(tokens[i])))
    return Explanation(
        unit,
        ", ".join(named) + more,
        method,
        kind,
        pole,
        method=method,
        length=len(written.encode()),
        terms=tuple(terms),
    )
