"""The check of one layer: its cases' doses, and both nulls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from ..subject.clamp import Clamp
from .end import Case
from .last_token import LastToken
from .nulls import Floats, Ints, around, drawn_means, matched_tokens, nearest, p_value
from .settings import Settings

Tell = Callable[[int], None]
"""Told how many more clamps were run."""


@dataclass(frozen=True)
class TokenNull:
    """What a clamp did to tokens as frequent as the decoded ones."""

    mean: float
    low: float
    """5th percentile of the draws"""
    high: float
    """95th percentile"""
    p: float


@dataclass(frozen=True)
class NeuronNull:
    """What clamps of neurons that write as much did to the same tokens."""

    mean: float
    high: float
    """95th percentile of the neurons"""
    p: float
    ratio: float
    """median of their size over the tested neuron's"""


@dataclass(frozen=True)
class Dose:
    """One value of a case."""

    multiple: float
    value: float
    effect: float
    """mean over prompts and decoded tokens of the change in log-probability, nats"""
    kl: float
    """mean over prompts, nats"""
    tokens: TokenNull
    neurons: NeuronNull | None = None
    """at the reference only"""
    direct: float | None = None
    """effect of the direct path alone; at the reference only"""


@dataclass(frozen=True)
class Others:
    """The layer's neurons by pole, clamped in their hidden value: whom a tested one can be compared with."""

    neurons: Ints
    poles: Ints
    norms: Floats
    """lengths of the down columns"""
    maxima: Floats
    """observed maximum of pole x hidden value, 0 where the pole was never seen"""

    @property
    def sizes(self) -> Floats:
        """What each writes at most: length x maximum."""
        return self.norms * self.maxima


@dataclass(frozen=True)
class Vocabulary:
    """What a stand-in token must be."""

    allowed: npt.NDArray[np.bool_]
    """`[d_vocab]` tokens that were ranked"""
    words: Ints
    """`[d_vocab]` number of the word each spells, -1 for none"""
    before: Floats
    """`[d_vocab]` mean log-probability over the prompts, without a clamp"""


@dataclass(frozen=True)
class _Tested:
    """A case with its own doses measured."""

    case: Case
    doses: list[Dose]
    size: float
    """length of the down column x hidden value at the reference, a root mean square over the prompts"""


def check_layer(
    prompts: Sequence[LastToken],
    cases: Sequence[Case],
    norms: Floats,
    others: Others,
    vocabulary: Vocabulary,
    settings: Settings,
    tell: Tell,
) -> list[list[Dose]]:
    """The doses of each case, smallest first. `norms` are the lengths of the layer's down columns `[d_mlp]`."""
    if not cases:
        return []
    tested = _tested(prompts, cases, norms, vocabulary, settings, tell)
    # The stand-ins are clamped to the reference multiple of their maxima: so sizes are compared.
    sizes = settings.reference * others.sizes
    pool = around([one.size for one in tested], sizes, settings.pool)
    mine = [pool[others.neurons[pool] != one.case.side.neuron] for one in tested]
    matched = [
        places[nearest(one.size, sizes[places], settings.null_neurons)]
        for one, places in zip(tested, mine, strict=True)
    ]
    nulls = _effects(prompts, cases, matched, others, settings, tell)
    at = settings.doses.index(float(settings.reference))
    for one, places, null in zip(tested, matched, nulls, strict=True):
        if len(null):
            one.doses[at] = _with_neurons(one.doses[at], null, sizes[places], one.size)
    return [one.doses for one in tested]


def _tested(
    prompts: Sequence[LastToken],
    cases: Sequence[Case],
    norms: Floats,
    vocabulary: Vocabulary,
    settings: Settings,
    tell: Tell,
) -> list[_Tested]:
    """Every dose of every case, with the null of other tokens."""
    numbers = [np.array(case.side.tokens, np.int64) for case in cases]
    stand_ins = [
        matched_tokens(tokens, vocabulary.before, vocabulary.allowed, vocabulary.words, settings.band)
        for tokens in numbers
    ]
    watched = np.unique(np.concatenate([*numbers, *(found.ravel() for found in stand_ins)]))
    multiples, layer = settings.doses, cases[0].side.layer
    clamps = [Clamp(layer, case.side.neuron, case.value(m), site=case.site) for case in cases for m in multiples]
    reference = torch.arange(len(cases)) * len(multiples) + multiples.index(float(settings.reference))
    change, direct = np.zeros((len(clamps), len(watched))), np.zeros((len(cases), len(watched)))
    kl, squared = np.zeros(len(clamps)), np.zeros(len(cases))
    for prompt in prompts:
        out = prompt.clamped(clamps, torch.from_numpy(watched), settings.batch)
        held = prompt.direct(
            layer, out.stream[reference.to(out.stream.device)], torch.from_numpy(watched), settings.batch
        )
        change += out.change.numpy() / len(prompts)
        direct += held.numpy() / len(prompts)
        kl += out.kl.numpy() / len(prompts)
        squared += out.hidden[reference].numpy() ** 2 / len(prompts)
        tell(len(clamps))
    found = []
    for i, case in enumerate(cases):
        rows, own = slice(i * len(multiples), (i + 1) * len(multiples)), np.searchsorted(watched, numbers[i])
        draws = drawn_means(
            change[rows][:, np.searchsorted(watched, stand_ins[i])], settings.null_tokens, settings.seed
        )
        doses = [
            Dose(m, clamp.value, float(effect), float(moved), _token_null(float(effect), null))
            for m, clamp, effect, moved, null in zip(
                multiples, clamps[rows], change[rows][:, own].mean(1), kl[rows], draws, strict=True
            )
        ]
        at = multiples.index(float(settings.reference))
        doses[at] = replace(doses[at], direct=float(direct[i, own].mean()))
        found.append(_Tested(case, doses, float(norms[case.side.neuron] * squared[i] ** 0.5)))
    return found


def _token_null(effect: float, draws: Floats) -> TokenNull:
    low, high = np.quantile(draws, (0.05, 0.95))
    return TokenNull(float(draws.mean()), float(low), float(high), p_value(effect, draws))


def _effects(
    prompts: Sequence[LastToken],
    cases: Sequence[Case],
    matched: Sequence[Ints],
    others: Others,
    settings: Settings,
    tell: Tell,
) -> list[Floats]:
    """For each case the effects `[n matched]` of its matched neurons on its tokens; every neuron is run once."""
    used = np.unique(np.concatenate(matched))
    if not len(used):
        return [np.empty(0) for _ in cases]
    layer, total = cases[0].side.layer, [np.zeros(len(used)) for _ in cases]
    values = settings.reference * others.poles * others.maxima
    clamps = [Clamp(layer, int(others.neurons[i]), float(values[i])) for i in used]
    numbers = [np.array(case.side.tokens, np.int64) for case in cases]
    ends = np.cumsum([len(tokens) for tokens in numbers])
    watched = torch.from_numpy(np.concatenate(numbers))
    for prompt in prompts:
        change = prompt.clamped(clamps, watched, settings.batch).change.numpy()
        for effects, mine in zip(total, np.split(change, ends[:-1], axis=1), strict=True):
            effects += mine.mean(1) / len(prompts)
        tell(len(clamps))
    return [effects[np.searchsorted(used, places)] for effects, places in zip(total, matched, strict=True)]


def _with_neurons(dose: Dose, null: Floats, sizes: Floats, size: float) -> Dose:
    found = NeuronNull(
        mean=float(null.mean()),
        high=float(np.quantile(null, 0.95)),
        p=p_value(dose.effect, null),
        ratio=float(np.median(sizes) / max(size, 1e-300)),
    )
    return replace(dose, neurons=found)
