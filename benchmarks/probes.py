"""Probes of all neurons at once beside scikit-learn's loop over neurons and features; the exact solver's table."""

from __future__ import annotations

import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import torch
from neuronkb.ingest.probes.l1 import l1_logistic
from neuronkb.ingest.probes.metrics import evaluate
from neuronkb.ingest.probes.moments import class_moments
from neuronkb.ingest.probes.normalisation import scale
from neuronkb.ingest.probes.one_sparse import one_sparse
from neuronkb.ingest.probes.optimal import Optimal, optimal
from neuronkb.ingest.probes.rankers import f_statistic, mean_difference, mutual_information
from sklearn import metrics
from sklearn.feature_selection import f_classif, mutual_info_classif
from sklearn.linear_model import LogisticRegression

from .report import Row

N, NEURONS, FEATURES = 5000, 3072, 20
SAMPLE = 200
"""Pairs of a neuron and a feature that the loop is timed on; its rate over all 61,440 would be the same."""
INFORMED = 20
"""Pairs whose nearest-neighbour mutual information is timed."""
ROUNDS = 3
PROBED = 5
"""Features that the exact solver is run on."""
KS = range(8, 0, -1)
NODES = 1_000
"""A probe at most; published: 60."""


def rates() -> Iterator[Row]:
    """Pairs a second, then the solver's table: seconds, cuts and gap for each k."""
    X, labels = planted()
    yield from _pairs(X, labels)
    yield from _information(X, labels)
    yield from _sparse(X, labels)
    yield from _solver(X, labels)


def planted(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Activations float32 `[n, neurons]`, correlated, through GELU, on the published scale; labels int8
    `[n, features]`, each a noisy sum of 1 to 20 neurons, with base rates from 5 to 40 %."""
    generator = torch.Generator().manual_seed(seed)
    hidden, mixing = (torch.randn(shape, generator=generator) for shape in ((N, 200), (200, NEURONS)))
    X = torch.nn.functional.gelu(hidden @ mixing / 200**0.5 + 0.6 * torch.randn(N, NEURONS, generator=generator))
    X /= scale(X)
    labels = torch.empty(N, FEATURES, dtype=torch.int8)
    for feature in range(FEATURES):
        neurons = torch.randperm(NEURONS, generator=generator)[: 1 + feature]
        signal = X[:, neurons] @ torch.randn(len(neurons), generator=generator)
        noisy = signal / signal.std() + (0.3 + 0.1 * feature) * torch.randn(N, generator=generator)
        labels[:, feature] = noisy > noisy.quantile(0.95 - 0.35 * feature / FEATURES)
    return X, labels


def _pairs(X: torch.Tensor, labels: torch.Tensor) -> Iterator[Row]:
    """Mean difference, F, the one-neuron probe, its counts and area: the loop on a sample, here on all pairs."""
    random = np.random.default_rng(0)
    sample = zip(random.integers(NEURONS, size=SAMPLE), random.integers(FEATURES, size=SAMPLE), strict=True)
    begin = time.perf_counter()
    for neuron, feature in sample:
        _one_pair(X[:, neuron : neuron + 1].numpy(), labels[:, feature].numpy())
    loop = SAMPLE / (time.perf_counter() - begin)
    yield Row(
        "probes", f"scikit-learn, rank + fit + metrics, {SAMPLE} of {NEURONS * FEATURES:,} pairs", loop, "pairs/s"
    )
    peer = "scikit-learn's loop (50 wanted)"

    def ranking() -> None:
        moments = class_moments(X, labels)
        mean_difference(moments), f_statistic(moments)

    seconds = {
        "mean difference and F": _median(ranking),
        "one-neuron probes": _median(lambda: one_sparse(X, labels)),
    }
    fits = one_sparse(X, labels)
    seconds["metrics"] = _median(lambda: evaluate(X, labels, fits))
    for name, spent in seconds.items():
        yield Row("probes", f"{name}, {NEURONS:,} neurons x {FEATURES} features, n = {N:,}", spent, "s")
    rate = NEURONS * FEATURES / sum(seconds.values())
    yield Row("probes", "all three together", rate, "pairs/s", peer, rate / loop)


def _one_pair(x: np.ndarray, y: np.ndarray) -> None:
    """What a script does for one neuron and one feature; the default solver, the fastest on this."""
    abs(x[y == 1].mean() - x[y == 0].mean())
    f_classif(x, y)
    fit = LogisticRegression(class_weight="balanced").fit(x, y)
    score = fit.decision_function(x)
    answer = score > 0
    metrics.precision_recall_fscore_support(y, answer, average="binary", zero_division=0.0)
    metrics.matthews_corrcoef(y, answer)
    metrics.balanced_accuracy_score(y, answer)
    metrics.roc_auc_score(y, score)


def _information(X: torch.Tensor, labels: torch.Tensor) -> Iterator[Row]:
    begin = time.perf_counter()
    mutual_info_classif(X[:, :INFORMED].numpy(), labels[:, 0].numpy(), random_state=0)
    loop = INFORMED / (time.perf_counter() - begin)
    rate = NEURONS * FEATURES / _median(lambda: mutual_information(X, labels))
    yield Row("probes", "mutual information, quantile bins", rate, "pairs/s", "nearest neighbours", rate / loop)


def _sparse(X: torch.Tensor, labels: torch.Tensor) -> Iterator[Row]:
    """The L1 ranking on all neurons, beside saga on the first feature."""
    fit = LogisticRegression(C=0.1, l1_ratio=1.0, class_weight="balanced", solver="saga", max_iter=500)
    begin = time.perf_counter()
    fit.fit(X.numpy(), labels[:, 0].numpy())
    loop = 1.0 / (time.perf_counter() - begin)
    begin = time.perf_counter()
    l1_logistic(X, labels)
    rate = FEATURES / (time.perf_counter() - begin)
    yield Row("probes", "L1 ranking of all neurons", rate, "features/s", "saga, one feature", rate / loop)


def _solver(X: torch.Tensor, labels: torch.Tensor) -> Iterator[Row]:
    """Optimal sparse probes as published: 50 neurons, gamma = 1 / sqrt(n), k = 8 to 1, each begun from the last."""
    found: dict[int, list[tuple[Optimal, float]]] = {k: [] for k in KS}
    for feature in range(0, FEATURES, FEATURES // PROBED):
        start: torch.Tensor | list[int] = []
        for k in KS:
            begin = time.perf_counter()
            probe = optimal(X, labels[:, feature], k, start=start, nodes=NODES)
            found[k].append((probe, time.perf_counter() - begin))
            start = probe.support[probe.weight.abs().argsort(descending=True)]
    everything = [spent for each in found.values() for _, spent in each]
    yield Row("optimal", "hinge, median of all k", statistics.median(everything), "s", "1 s wanted")
    for k in reversed(KS):
        probes = [probe for probe, _ in found[k]]
        cuts, proved = statistics.median(p.cuts for p in probes), sum(p.status == "optimal" for p in probes)
        what = f"k = {k}: {cuts:g} cuts, gap at most {max(p.gap for p in probes):.0e}, {proved}/{len(probes)} proved"
        yield Row("optimal", what, statistics.median(spent for _, spent in found[k]), "s")
    if importlib.util.find_spec("abess"):
        yield from _heuristic(X, labels)


def _heuristic(X: torch.Tensor, labels: torch.Tensor) -> Iterator[Row]:
    """abess on the same 50 neurons with the logistic loss (without the ridge), beside the exact solver's logistic
    option; what its supports cost is that of the exact probe on them."""
    splicing = importlib.import_module("abess").LogisticRegression
    ours, theirs, dearer = [], [], [0.0]
    for k in (2, 4, 8):
        for feature in range(0, FEATURES, FEATURES // PROBED):
            y = labels[:, feature]
            begin = time.perf_counter()
            probe = optimal(X, y, k, loss="logistic", nodes=NODES)
            ours.append(time.perf_counter() - begin)
            kept = mean_difference(class_moments(X, y[:, None]))[0].topk(50).indices
            weight = np.where(y == 1, N / (2 * int(y.sum())), N / (2 * (N - int(y.sum()))))
            begin = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = splicing(support_size=k, thread=1)
                model.fit(X[:, kept].double().numpy(), y.numpy(), sample_weight=weight)
            theirs.append(time.perf_counter() - begin)
            support = kept[np.flatnonzero(model.coef_)]
            dearer.append(optimal(X[:, support], y, len(support), loss="logistic").objective / probe.objective - 1)
    what = f"abess, logistic, a heuristic: supports at most {max(dearer):.1%} dearer"
    yield Row("optimal", what, statistics.median(theirs), "s")
    yield Row("optimal", "exact, logistic, the same probes", statistics.median(ours), "s")


def _median(run: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)
