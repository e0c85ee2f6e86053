"""How well a predictor tells where a neuron fires, on windows of documents that no graph was built from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .baselines import BackOff, NGramLookup, TokenLookup
from .extract import base_of, building_windows
from .graph import Graph
from .predict import Predicting, predictor
from .settings import Settings
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
    varies = truth.size > 1 and float(truth.std()) > 0
    both_vary = varies and float(predicted.std()) > 0
    return Scores(
        both / many if many else None,
        both / support if support else None,
        f1,
        float(np.corrcoef(truth, predicted)[0, 1]) if both_vary else None,
        1 - float(((truth - predicted) ** 2).mean() / truth.var()) if varies else None,
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
    texts = [(window.tokens, material.share(window)) for window in building_windows(material, settings)]
    cut = settings.threshold if graph.algorithm == "paper" else settings.cut
    found = predictor(graph, 0.0 if graph.algorithm == "paper" else base)
    by_graph = _scored(found, material, settings, split, cut)
    by_token = _scored(TokenLookup.of(texts), material, settings, split, settings.threshold)
    by_gram = _scored(NGramLookup.of(texts, material.maximum), material, settings, split, settings.threshold)
    by_back_off = _scored(BackOff.of(texts, base=base), material, settings, split, settings.cut)
    return Judgement(*by_graph, by_token[0], by_gram[0], *by_back_off, by_token[1])


def _scored(
    found: Predicting, material: Material, settings: Settings, split: Split, cut: float
) -> tuple[Scores, Scores]:
    """On the target's own windows, and on the random ones."""
    own, shared = material.own[split], material.shared[split]
    truth = np.concatenate([np.zeros(0), *(material.share(window) for window in [*own, *shared])])
    predicted = found.predict_all([window.tokens for window in [*own, *shared]])
    many = sum(len(window.tokens) for window in own)
    first, second = (
        score(truth[part], predicted[part], settings.threshold, cut) for part in (slice(many), slice(many, None))
    )
    return first, second
