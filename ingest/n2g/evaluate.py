"""How well a predictor tells where a neuron fires, on windows of documents that no graph was built from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .baselines import BackOff, NGramLookup, Seen, TokenLookup
from .extract import base_of, building_windows
from .graph import Graph
from .predict import predictor
from .settings import Settings
from .texts import Texts
from .windows import Material, Split

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Over all tokens of some windows together. None stands for what is not defined."""

    precision: float | None
    """None where no firing was predicted"""
    recall: float | None
    """None where the neuron did not fire"""
    f1: float | None
    """None where the neuron did not fire"""
    correlation: float | None
    """Pearson's; None where the truth or the prediction does not vary"""
    r2: float | None
    """1 - mean squared error / variance, which the 2023 script calls correlation; None where the truth is constant"""
    support: int
    """tokens on which the neuron fired"""
    predicted: int
    """tokens on which it was said to"""


def score(truth: Floats, predicted: Floats, threshold: float = 0.5, cut: float = 0.5) -> Scores:
    """Both `[n]`, shares of the maximum. The neuron fires from `threshold` on; a prediction says so from `cut` on."""
    fires, said = truth >= threshold, predicted >= cut
    both, support, many = int((fires & said).sum()), int(fires.sum()), int(said.sum())
    f1 = 2 * both / (support + many) if support else None
    own, other = truth - truth.mean() if truth.size else truth, predicted - predicted.mean() if truth.size else truth
    variance, spread = float(own @ own), float(other @ other)
    varies = truth.size > 1 and variance > 0
    wrong = truth - predicted
    return Scores(
        both / many if many else None,
        both / support if support else None,
        f1,
        float(own @ other) / (variance * spread) ** 0.5 if varies and spread > 0 else None,
        1 - float(wrong @ wrong) / variance if varies else None,
        support,
        many,
    )


@dataclass(frozen=True)
class Judgement:
    """One graph beside the lookups made from the same windows."""

    graph: Scores
    random: Scores
    """the graph on random windows of the same documents"""
    token: Scores
    five_gram: Scores
    backoff: Scores
    random_backoff: Scores
    random_token: Scores

    @property
    def null(self) -> float | None:
        """Best F1 of the lookups; None where the neuron did not fire."""
        return max((s.f1 for s in (self.token, self.five_gram, self.backoff) if s.f1 is not None), default=None)


def judge(graph: Graph, material: Material, settings: Settings, split: Split = "report") -> Judgement:
    """Score a graph, and token, 5-gram and back-off lookup, on a split's windows.

    The paper's algorithm and its two lookups predict a firing from the threshold on, as in the paper; neuronkb's graphs
    and the back-off lookup, both means, from `cut` on.
    """
    base = base_of(material, settings)
    seen = Seen.of([(window.tokens, material.share(window)) for window in building_windows(material, settings)])
    own, shared = material.own[split], material.shared[split]
    tokens = [window.tokens for window in [*own, *shared]]
    truth = np.concatenate([np.zeros(0), *(material.share(window) for window in [*own, *shared])])
    many = sum(len(window.tokens) for window in own)
    first, second = slice(many), slice(many, None)
    laid = Texts.of(tokens, seen.numbers)

    def scored(predicted: Floats, part: slice, cut: float) -> Scores:
        return score(truth[part], predicted[part], settings.threshold, cut)

    paper = graph.algorithm == "paper"
    by_graph = predictor(graph, 0.0 if paper else base).predict_all(tokens)
    by_token = TokenLookup.of(seen).at(laid)
    by_back_off = BackOff.of(seen, base=base).at(laid)
    fires, cut = settings.threshold, settings.threshold if paper else settings.cut
    return Judgement(
        graph=scored(by_graph, first, cut),
        random=scored(by_graph, second, cut),
        token=scored(by_token, first, fires),
        five_gram=scored(NGramLookup.of(seen, material.maximum).at(laid), first, fires),
        backoff=scored(by_back_off, first, settings.cut),
        random_backoff=scored(by_back_off, second, settings.cut),
        random_token=scored(by_token, second, fires),
    )
