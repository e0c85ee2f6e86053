"""One box for a neuron, words, a feature or a phrase; it says which it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ....schema import IdError, NeuronId
from ..address import ServerAddresses
from ..page import Block, Desk, Moved, Page

WAYS = {"words": "words", "feature": "a feature", "meaning": "a phrase by meaning"}
EVIDENCE = ("decoded", "fires", "graph", "explanation", "feature", "word")
FEW = 2
"""Words without a comma between them that are taken as words; more are a phrase."""


@dataclass(frozen=True)
class Wanted:
    """What was typed, and how it is taken."""

    text: str
    way: str
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, features: frozenset[str], way: str | None) -> Wanted:
        """By what is there: a feature's name is one; words are one or two, or have commas between; else a phrase."""
        parts = tuple(part.strip() for part in text.split(",") if part.strip())
        if way in WAYS:
            return cls(text, way, parts if len(parts) > 1 else tuple(text.split()))
        if text in features:
            return cls(text, "feature")
        if len(parts) > 1:
            return cls(text, "words", parts)
        words = tuple(text.split())
        return cls(text, "words", words) if len(words) <= FEW else cls(text, "meaning")


def search(desk: Desk, given: Mapping[str, str]) -> Page | Moved:
    """Neurons for what was typed; a neuron's id leads to its page."""
    text = given.get("q", "").strip()
    models = [str(row["model"]) for row in desk.rows("models")]
    filters = {name: given.get(name, "") for name in ("model", "layers", "evidence", "least", "way", "top")}
    frame: dict[str, Any] = {"q": text, "filters": filters, "models": models, "ways": WAYS, "evidence": EVIDENCE}
    if not text:
        return Page("search", "Search", more={**frame, "wanted": None, "hits": None})
    if (named := _neuron(text, models)) is not None:
        return Moved(ServerAddresses().neuron(named))
    wanted = Wanted.of(text, _features(desk), filters["way"] or None)
    block = _asked(desk, wanted, filters)
    hits = getattr(block.record, "hits", None) if wanted.way == "meaning" else None
    more = {**frame, "wanted": wanted, "hits": hits}
    return Page("search", f"{text}: search", [block], more=more, of_store=wanted.way != "meaning")


def _asked(desk: Desk, wanted: Wanted, filters: Mapping[str, str]) -> Block:
    scope: dict[str, Any] = {name: filters[name] or None for name in ("model", "layers", "top")}
    if wanted.way == "meaning":
        found: dict[str, Any] = {"evidence": filters["evidence"] or None, "least": filters["least"] or None}
        return desk.try_("search", text=wanted.text, **scope, **found)
    if wanted.way == "feature":
        return desk.try_("find", feature=wanted.text, **scope)
    return desk.try_("find", words=wanted.words, **scope)


def _features(desk: Desk) -> frozenset[str]:
    rows = desk.rows("features")
    return frozenset(str(name) for row in rows for name in (row["id"], row["name"], *(row["aliases"] or ())) if name)


def _neuron(text: str, models: list[str]) -> str | None:
    """The neuron that a text names; of the store's only model where it names none."""
    for name in (text, *(f"{model}/{text}" for model in models[:1])):
        try:
            at = NeuronId.parse(name)
        except IdError:
            continue
        if at.model in models:
            return str(at)
    return None
