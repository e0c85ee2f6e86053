"""People rate explanations: what they are shown, what is kept of it, and how far they agree."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...ingest.bundle import UNVERIFIED, BundleWriter, RunInfo
from ...queries import query
from ...queries.answers.activity import TOP, Activity, Excerpt, activities
from ...queries.answers.known import known_neuron
from ...queries.answers.ratings import Candidate, Side, candidates, ratings
from ...queries.catalogue.corpora import corpora
from ...queries.catalogue.scope import check_models
from ...schema import NeuronId, QueryError
from ...schema.numbers import check_seed
from ..inputs.neurons import named_neuron
from ..load.known_runs import known_as
from ..load.loader import Loader
from ..place import Place
from ..stores.base import Store
from .revisions import given_again, sheets_in

Way = Literal["rate", "rank"]
RATE, RANK = "rating-1-5", "rank-of-shown"
"""Formula ids. rating-1-5: the number given, 5 best. rank-of-shown: 1 for the best of those shown, 0 for the worst, in
equal steps between."""
FORMULAS: Mapping[Way, str] = {"rate": RATE, "rank": RANK}
SHOWN = 5
"""Explanations shown together."""
EXCERPTS, WEAK = 8, 4
"""Strongest excerpts shown, and excerpts from the neuron's weaker bands."""


@dataclass(frozen=True)
class Sheet:
    """What a person is shown of one side of a neuron. Where the explanations come from is not for their eyes."""

    neuron: str
    pole: int
    excerpts: tuple[Excerpt, ...]
    shown: tuple[Candidate, ...]
    """shuffled; some are another neuron's"""
    corpus: str | None = None
    """what the corpus is called that the excerpts are of"""

    @property
    def own(self) -> tuple[int, ...]:
        """Places of the neuron's own explanations in `shown`."""
        return tuple(i for i, one in enumerate(self.shown) if one.side == (self.neuron, self.pole))


def sheets(
    store: Store,
    model: str,
    rater: str,
    *,
    way: Way = "rate",
    neuron: str | None = None,
    count: int = 10,
    seed: int = 0,
) -> list[Sheet]:
    """Sides that this person has not judged this way yet, in an order that the seed decides.

    A neuron that is named comes again, to be judged anew. Up to four of a side's own explanations are shown, filled
    up to five with explanations of other neurons of its layer: what these get is the null. Raises QueryError where
    there is nothing to show.
    """
    check_seed("seed", seed, QueryError)
    asked = None if neuron is None else str(named_neuron(neuron, model, model))
    every = candidates(store, model)
    if asked is not None and not any(side[0] == asked for side in every):
        known_neuron(store, NeuronId.parse(asked))
        raise QueryError(f"{asked} has no explanation in words; neuronkb explanations ingest makes some")
    if not every:
        check_models(store, model)
        raise QueryError(f"no explanations of {model!r} in words; neuronkb explanations ingest makes some")
    given = [] if asked else ratings(store, model, "", None)
    done = {(one.neuron, one.pole) for one in given if _by(one, rater, way)}
    sides = [side for side in every if side not in done and asked in (None, side[0])]
    random.Random(f"{seed}/{model}").shuffle(sides)
    found: list[Sheet] = []
    called = corpora(store)
    for side in sides:
        if len(found) == count:
            break
        sheet = _sheet(store, side, every, seed, called)
        if sheet is not None:
            found.append(sheet)
    return found


def save(
    store: Store, place: Place, sheet: Sheet, rater: str, given: Sequence[float], *, way: Way = "rate", seed: int = 0
) -> int:
    """Keep what a person gave: a value for each of `sheet.shown`. On disk when this returns; also how many scores.

    Of `rank` the values are places, 1 the best. What the person gave again counts from then on; what it was before
    stays in the bundle.
    """
    from ...ingest.explain.records import Score

    values = _checked(given, sheet, way)
    others = [values[i] for i in range(len(values)) if i not in sheet.own]
    null = sum(others) / len(others) if others else None
    unit, run = NeuronId.parse(sheet.neuron), known_as(store, place, _run(store, sheet, rater))
    scores = [
        (
            sheet.shown[i].explanation,
            unit,
            Score(
                "human",
                FORMULAS[way],
                values[i],
                null,
                n=len(sheet.shown),
                split="shown",
                seed=seed,
                rater=rater,
                pole=sheet.pole,
            ),
        )
        for i in sheet.own
    ]
    folder = place.bundle(run.id)
    name = f"{way}-{unit.layer}-{unit.index}-{'p' if sheet.pole > 0 else 'm'}"
    with BundleWriter.open(folder, run) as writer:
        loader = Loader(store, writer.run)
        loader.describe(writer.run)
        for entry in given_again(writer, name, scores):
            loader.shards(writer.bundle(), [entry])
        loader.finish(writer.finish(summary={"rater": rater, "sheets": sheets_in(writer.refresh())}))
    return len(scores)


def _sheet(
    store: Store, side: Side, every: Mapping[Side, list[Candidate]], seed: int, called: Mapping[str, str]
) -> Sheet | None:
    neuron, pole = side
    own_side = [found for found in activities(store, neuron, called) if found.pole == pole]
    excerpts = _excerpts(own_side)
    if not excerpts:
        return None
    draw = random.Random(f"{seed}/{neuron}/{pole}")
    own = every[side][: SHOWN - 1]
    words = {one.text.strip() for one in every[side]}
    layer = own[0].layer
    others = [some[0] for other, some in every.items() if other[0] != neuron and some[0].layer == layer]
    distinct = {one.text.strip(): one for one in others if one.text.strip() not in words}
    others = [distinct[text] for text in sorted(distinct)]
    shown = [*own, *draw.sample(others, min(len(others), SHOWN - len(own)))]
    draw.shuffle(shown)
    return Sheet(neuron, pole, excerpts, tuple(shown), own_side[-1].corpus)


def _run(store: Store, sheet: Sheet, rater: str) -> RunInfo:
    """One run a model and rater: what they rate later goes on with it."""
    model = NeuronId.parse(sheet.neuron).model
    held = {row["model"]: row for row in query("models").run(store).dicts()}.get(model, {})
    weights = held.get("weights") or UNVERIFIED
    said = {"rater": rater, "model": model, "weights": weights}
    return RunInfo.named("ratings", model, weights, held.get("tokenizer"), said)


def _by(one: object, rater: str, way: Way) -> bool:
    return (getattr(one, "rater", None), getattr(one, "formula", None)) == (rater, FORMULAS[way])


def _checked(given: Sequence[float], sheet: Sheet, way: Way) -> list[float]:
    """The values that are stored, higher better. Raises QueryError."""
    n = len(sheet.shown)
    if way == "rank":
        if sorted(given) != list(range(1, n + 1)):
            raise QueryError(f"the ranking is {list(given)!r}, expected the places 1 to {n}, each once")
        return [(n - place) / (n - 1) if n > 1 else 1.0 for place in given]
    if len(given) != n or any(value not in range(1, 6) for value in given):
        raise QueryError(f"the ratings are {list(given)!r}, expected {n} whole numbers from 1 to 5")
    return [float(value) for value in given]


def _excerpts(found: Sequence[Activity]) -> tuple[Excerpt, ...]:
    """The strongest of the newest corpus, and some of each weaker band, strongest first."""
    if not found:
        return ()
    own = found[-1].excerpts
    top = [one for one in own if one.band == TOP][:EXCERPTS]
    rest = [one for one in own if one.band != TOP]
    step = max(1, len(rest) // WEAK)
    return (*top, *sorted(rest[::step][:WEAK], key=lambda one: -one.activation))
