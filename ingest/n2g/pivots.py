"""The firing tokens that a graph is built from, and what of their context they need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .engine import Engine, Question
from .laid import Ids, Text
from .settings import Settings
from .windows import Material, Window

LADDER = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
"""Lengths of context that are tried, the firing token counted, shortest first."""


@dataclass
class Pivot:
    """One firing token of one target."""

    target: int
    """its number in the engine"""
    window: Window
    at: int
    """position in the window"""
    maximum: float
    """the target's"""
    prompt: Ids = ()
    """the shortest context that keeps the activation, BOS first where windows have one"""
    held: float = 0.0
    """activation at the prompt's end"""
    importance: dict[int, float] = field(default_factory=dict)
    """share lost when the token so many steps back is masked"""
    gaps: set[int] = field(default_factory=set)
    """steps back of context that may also stand further away"""
    anchored: bool = False
    """whether the text must begin where the prompt does"""

    @property
    def value(self) -> float:
        """Activation in the window."""
        return float(self.window.values[self.at])

    def wide(self, bos: Ids, least: int) -> Ids:
        """The prompt with so many tokens of context, where the window has them."""
        return bos + self.before(max(len(self.prompt) - len(bos), least))

    def before(self, length: int) -> Ids:
        """The token and what is before it in the window: so many tokens, where there are as many."""
        return self.window.ids[max(0, self.at + 1 - length) : self.at + 1]

    def place(self, back: int) -> int:
        """Position in the prompt of the token so many steps back."""
        return len(self.prompt) - 1 - back

    def important(self, least: float) -> list[int]:
        """Steps back of the context that matters, nearest first."""
        return sorted(back for back, lost in self.importance.items() if back and lost >= least)


def find_pivots(target: int, material: Material, settings: Settings) -> list[Pivot]:
    """Tokens of the building windows that fire, strongest first; one for each token and token before it."""
    found: dict[tuple[int, ...], Pivot] = {}
    fires = settings.threshold * material.maximum
    for window in material.own["build"]:
        for at in np.flatnonzero(window.values >= fires).tolist():
            one = Pivot(target, window, at, material.maximum)
            key = window.ids[max(0, at - 1) : at + 1]
            if key not in found or found[key].value < one.value:
                found[key] = one
    ranked = sorted(found.values(), key=lambda pivot: (-pivot.value, pivot.window.number, pivot.at))
    return _varied(ranked)[: settings.pivots]


def _varied(ranked: Iterable[Pivot]) -> list[Pivot]:
    """The strongest of each token first, then the second of each, and so on."""
    turns: dict[int, int] = {}
    order = []
    for number, pivot in enumerate(ranked):
        token = pivot.window.ids[pivot.at]
        turns[token] = turns.get(token, 0) + 1
        order.append((turns[token], number, pivot))
    return [pivot for _, _, pivot in sorted(order, key=lambda entry: entry[:2])]


def prune(engine: Engine, pivots: Sequence[Pivot], bos: Ids, settings: Settings) -> None:
    """Give each pivot the shortest context on the ladder that keeps its activation; the longest where none does."""
    left = list(pivots)
    for length in LADDER:
        prompts = [bos + pivot.before(min(length, settings.longest)) for pivot in left]
        answers = engine.ask([(Text.whole(ids), pivot.target) for ids, pivot in zip(prompts, left, strict=True)])
        for pivot, prompt, held in zip(left, prompts, answers.tolist(), strict=True):
            pivot.prompt, pivot.held = prompt, held
        left = [
            pivot
            for pivot in left
            if pivot.held < settings.keep * pivot.value
            and len(pivot.prompt) - len(bos) < min(pivot.at + 1, settings.longest)
        ]


def weigh(engine: Engine, pivots: Sequence[Pivot], bos: Ids, mask: int, settings: Settings) -> None:
    """How much of each pivot's activation is lost when a token of its prompt is masked: 1 - masked / held."""
    asked: list[Question] = []
    places: list[tuple[Pivot, int]] = []
    for pivot in pivots:
        for back in range(len(pivot.prompt) - len(bos)):
            asked.append((Text.whole(pivot.prompt).with_token(pivot.place(back), mask), pivot.target))
            places.append((pivot, back))
    for (pivot, back), value in zip(places, engine.ask(asked).tolist(), strict=True):
        pivot.importance[back] = 1 - value / pivot.held if pivot.held > 0 else 0.0


def loosen(engine: Engine, pivots: Sequence[Pivot], bos: Ids, mask: int, settings: Settings) -> None:
    """Which context may stand further away, by two more tokens before what follows it; and which prompt needs to be
    the text's beginning, by a token before it."""
    asked: list[Question] = []
    told: list[tuple[Pivot, int]] = []
    for pivot in pivots:
        start = len(bos)
        for back in pivot.important(settings.importance) if settings.gaps else ():
            at = pivot.place(back) + 1
            asked.append((Text(pivot.prompt, at, (mask, mask, *pivot.prompt[at:])), pivot.target))
            told.append((pivot, back))
        if settings.anchors and len(pivot.prompt) - start == pivot.at + 1:
            asked.append((Text(pivot.prompt, start, (mask, *pivot.prompt[start:])), pivot.target))
            told.append((pivot, -1))
    for (pivot, back), value in zip(told, engine.ask(asked).tolist(), strict=True):
        kept = value >= settings.keep * pivot.held
        if back < 0:
            pivot.anchored = not kept
        elif kept:
            pivot.gaps.add(back)
