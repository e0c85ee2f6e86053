"""Builds the graphs of many neurons together: all ask their questions at once."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...schema import fold
from .calibrate import Observation, calibrate, simplify
from .engine import Engine, Question
from .graph import Graph
from .laid import Ids, Text
from .pivots import Pivot, find_pivots, loosen, prune, weigh
from .propose import Proposer, Slot
from .settings import Settings
from .trie import Step, Trie
from .windows import Material, Window


@dataclass(frozen=True)
class Surroundings:
    """What every extraction of a run shares."""

    bos: Ids
    """one token, or none where windows have no BOS"""
    mask: int
    """token that stands for nothing"""
    texts: Sequence[str]
    """surfaces by token number"""
    proposer: Proposer


@dataclass(frozen=True)
class Trial:
    """A word tried in a place of a pivot's prompt, and what the neuron did."""

    pivot: Pivot
    back: int
    """steps back from the firing token"""
    token: int
    share: float
    """activation as a share of the maximum"""


@contextmanager
def unscanned() -> Iterator[None]:
    """What is in memory is left out by the garbage collector, which the many nodes of graphs call often, and which
    goes through a model's and a vocabulary's objects each time: a fifth of the time of building."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@unscanned()
def extract(engine: Engine, materials: Sequence[Material], around: Surroundings, settings: Settings) -> list[Graph]:
    """One graph for each of the engine's targets, from their building windows. Dead ones get an empty graph."""
    pivots = [
        pivot
        for target, material in enumerate(materials)
        if material.maximum > 0
        for pivot in find_pivots(target, material, settings)
    ]
    prune(engine, pivots, around.bos, settings)
    held = [pivot for pivot in pivots if pivot.held > 0]
    weigh(engine, held, around.bos, around.mask, settings)
    loosen(engine, held, around.bos, around.mask, settings)
    trials = _try_words(engine, held, around, settings)
    by_target: dict[int, list[Pivot]] = defaultdict(list)
    for pivot in held:
        by_target[pivot.target].append(pivot)
    tried: dict[int, list[Trial]] = defaultdict(list)
    for trial in trials:
        tried[trial.pivot.target].append(trial)
    return [
        _build(material, by_target[number], tried[number], around, settings) if material.maximum > 0 else Graph(())
        for number, material in enumerate(materials)
    ]


def base_of(material: Material, settings: Settings) -> float:
    """What is predicted where nothing is known: the mean over the random building windows, at least 0."""
    shared = material.shared["build"]
    if not shared or material.maximum <= 0 or not settings.random_seen:
        return 0.0
    return max(0.0, float(np.mean([window.values.mean() for window in shared])) / material.maximum)


def building_windows(material: Material, settings: Settings) -> list[Window]:
    """The target's own, and the random ones where they are wanted; each once."""
    found = {window.number: window for window in material.own["build"]}
    if settings.random_seen:
        found |= {window.number: window for window in material.shared["build"]}
    return list(found.values())


def _try_words(engine: Engine, pivots: Sequence[Pivot], around: Surroundings, settings: Settings) -> list[Trial]:
    """Substitutes for the firing token and for the context that matters most, in more context than it needs: what is
    measured is then what the neuron does in such texts."""
    slots: dict[Slot, list[tuple[Pivot, int]]] = defaultdict(list)
    for pivot in pivots:
        context = sorted(pivot.important(settings.importance), key=lambda back: (-pivot.importance[back], back))
        for back in [0, *context][: settings.places]:
            wide = pivot.wide(around.bos, settings.surround)
            slots[wide, len(wide) - 1 - back].append((pivot, back))
    trials: list[Trial] = []
    for part in around.proposer.parts(list(slots), settings.substitutes) if settings.substitutes else ():
        asked: list[Question] = []
        told: list[tuple[Pivot, int, int]] = []
        for (prompt, at), tokens in part.words.items():
            for token in tokens:
                text = Text.whole(prompt).with_token(at, token)
                asked += [(text, pivot.target) for pivot, _ in slots[prompt, at]]
                told += [(pivot, back, token) for pivot, back in slots[prompt, at]]
        answers = engine.ask(asked, part.past).tolist()
        trials += [Trial(*one, value / one[0].maximum) for one, value in zip(told, answers, strict=True)]
    return trials


def _build(
    material: Material, pivots: Sequence[Pivot], trials: Sequence[Trial], around: Surroundings, settings: Settings
) -> Graph:
    trie = Trie()
    steps = {id(pivot): _steps(pivot, around, settings) for pivot in pivots}
    for pivot in pivots:
        for path in _paths(pivot, steps[id(pivot)], settings):
            trie.add(path)
    for trial in trials:
        # A firing token that was tried and does not fire is no path: nothing is predicted for it anyway.
        if trial.back or trial.share >= settings.threshold:
            strict = steps[id(trial.pivot)].copy()
            surface = around.texts[trial.token]
            strict[trial.back] = strict[trial.back]._replace(key=surface, token=surface)
            for path in _paths(trial.pivot, strict, settings):
                trie.add(path)
    seen = [Observation(window.tokens, material.share(window)) for window in building_windows(material, settings)]
    _add_seen(trie, seen, settings)
    tried = _tried(trials, around, settings)
    base = base_of(material, settings)
    done = calibrate(trie.tree(), [*seen, *tried], threshold=settings.threshold, weight=settings.weight, base=base)
    return simplify(done, settings.least).graph()


def _steps(pivot: Pivot, around: Surroundings, settings: Settings) -> list[Step]:
    """The tokens that matter with wildcards between them, at their places."""
    chosen = {0, *pivot.important(settings.importance)}
    steps = []
    for back in range(max(chosen) + 1):
        surface = around.texts[pivot.prompt[pivot.place(back)]]
        lost = pivot.importance.get(back, 0.0)
        steps.append(Step("token", surface, surface, lost) if back in chosen else Step("any", "", surface, lost))
    return steps


def _paths(pivot: Pivot, strict: list[Step], settings: Settings) -> Iterator[list[Step]]:
    """The steps at their places, and with the gaps that were found."""
    anchor = [Step("start")] if pivot.anchored and len(strict) == pivot.at + 1 else []
    yield [*strict, *anchor]
    if pivot.gaps:
        runs = _runs([back for back, step in enumerate(strict) if step.match == "token"], pivot.gaps)
        loose: list[Step] = []
        for back, step in enumerate(strict):
            if step.match == "token":
                loose += [*([Step("gap")] if back in pivot.gaps else []), step]
            elif not any(near < back < far for near, far in runs):
                loose.append(step)
        yield [*loose, *anchor]
    if settings.fold and any(map(str.isalpha, strict[0].key)):
        yield [Step("fold", fold(strict[0].key), strict[0].token, strict[0].importance)]


def _runs(chosen: Sequence[int], gaps: set[int]) -> list[tuple[int, int]]:
    """Between which words a gap stands in for the wildcards."""
    return [(near, far) for near, far in pairwise(chosen) if far in gaps]


def _add_seen(trie: Trie, seen: Sequence[Observation], settings: Settings) -> None:
    """Exact paths of what stands before every token that fires somewhere in the building windows."""
    if not settings.ngram:
        return
    fires = {one.tokens[at] for one in seen for at in np.flatnonzero(one.values >= settings.threshold).tolist()}
    trie.add_seen([one.tokens for one in seen], fires, settings.ngram)
    for token in fires if settings.fold else ():
        if any(map(str.isalpha, token)):
            trie.add([Step("fold", fold(token), token)])


def _tried(trials: Sequence[Trial], around: Surroundings, settings: Settings) -> Iterator[Observation]:
    """What was measured on substituted words."""
    texts: dict[int, list[str]] = {}
    for trial in trials:
        if id(trial.pivot) not in texts:
            wide = trial.pivot.wide(around.bos, settings.surround)
            texts[id(trial.pivot)] = [around.texts[token] for token in wide[len(around.bos) :]]
        tokens = texts[id(trial.pivot)].copy()
        tokens[-1 - trial.back] = around.texts[trial.token]
        yield Observation(tokens, np.array([trial.share]))


def status_of(material: Material, settings: Settings) -> str:
    """dead: never above 0 in the building documents; constant: hardly varies; dense: fires on more than half of
    random tokens; else ok."""
    if material.maximum <= 0:
        return "dead"
    values = np.concatenate([window.values for window in [*material.own["build"], *material.shared["build"]]])
    if float(values.std()) <= 1e-6 * float(np.abs(values).max()):
        return "constant"
    random = np.concatenate([window.values for window in material.shared["build"]])
    return "dense" if float((random >= settings.threshold * material.maximum).mean()) > 0.5 else "ok"
