"""Words of a query that stand in the evidence as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...queries import query
from ...queries.answers import find
from ...queries.catalogue.query import Reader
from ...schema import fold
from .fusion import fused
from .meaning import Scope
from .sources import Kind

_WORD = re.compile(r"\w+")
_EMPTY = """
a about an and are as at be been but by can did do does for from had has have how i if in into is it its me
most my no not of on or our so some such than that the their them then there these they this those to too up
us very was we were what when where which who why will with you your
"""
EMPTY = frozenset(_EMPTY.split())
"""Words that say nothing of what is meant, where others stand beside them."""


@dataclass(frozen=True)
class Typed:
    """A unit in whose evidence typed words stand."""

    unit: str
    words: tuple[str, ...]
    run: str | None
    projection: str | None
    pole: int | None
    text: str | None = None
    by_chance: float | None = None
    share: float = 1.0
    """of the typed words that are words of this unit"""


def typed_words(text: str) -> list[str]:
    """The words to look for, each once."""
    words = [fold(word) for word in _WORD.findall(text)]
    return list(dict.fromkeys([word for word in words if word not in EMPTY] or words))


def typed(reader: Reader, text: str, kinds: Sequence[Kind], depth: int, scope: Scope) -> list[Typed]:
    """Units by the words that stand in their decoded tokens, corpus tokens, graphs and explanations: the four
    rankings fused, best first."""
    words = typed_words(text)
    if not words:
        return []
    found: dict[str, list[Typed]] = {}
    if "decoded" in kinds:
        found["decoded"] = _decoded(reader, words, depth, scope)
    for kind, name in (("fires", "fires_on_words"), ("graph", "graphs_on_words")):
        if kind in kinds:
            rows = query(name).run(reader, words=words, model=scope.model, top=depth).dicts()
            found[kind] = [Typed(r["neuron"], tuple(sorted(r["words"])), r["run"], None, r["pole"]) for r in rows]
    if "explanation" in kinds:
        rows = query("explanations_with_words").run(reader, words=" ".join(words), top=depth).dicts()
        found["explanation"] = [
            Typed(r["unit"], _among(words, r["text"]), r["run"], None, r["pole"], r["text"]) for r in rows
        ]
    first: dict[str, Typed] = {}
    rankings: dict[str, list[str]] = {}
    for kind, units in found.items():
        kept = [each for each in units if in_scope(each.unit, scope)]
        rankings[kind] = list(dict.fromkeys(each.unit for each in kept))
        for each in kept:
            share = max(1, len(each.words)) / len(words)
            if each.unit not in first or share > first[each.unit].share:
                first[each.unit] = replace(each, share=share)
    return [first[name] for name, _ in fused(rankings)][:depth]


def _among(words: Sequence[str], text: str) -> tuple[str, ...]:
    there = {fold(word) for word in _WORD.findall(text)}
    return tuple(word for word in words if word in there)


def _decoded(reader: Reader, words: Sequence[str], depth: int, scope: Scope) -> list[Typed]:
    ends = find.naming(reader, words, least=1, model=scope.model, top=depth)
    wanted = set(words)
    return [
        Typed(
            end.neuron,
            tuple(dict.fromkeys(word for word in map(fold, end.tokens) if word in wanted)),
            end.run,
            end.projection,
            end.pole,
            by_chance=end.by_chance,
        )
        for end in ends
    ]


def in_scope(unit: str, scope: Scope) -> bool:
    """Whether a unit, by its id, is of the model and layers asked for."""
    from .entries import layer_of

    if scope.model is not None and not unit.startswith(f"{scope.model}/"):
        return False
    return scope.layers is None or layer_of(unit) in scope.layers
