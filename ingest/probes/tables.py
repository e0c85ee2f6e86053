"""What probes found, as evidence tables: features and their words, neurons that detect them, k-sparse probes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...schema import NeuronId, arrow_schema, bundle_table, conform, fold, table
from ...schema.scores import SCORES
from ..significant import significant

Tables = dict[str, pa.Table]
_WORD = re.compile(r"[^\W\d_]{2,}")
_PREFIXES = frozenset({"is", "has", "upos", "dep"})
"""First words of a feature's name that say what kind of label it is, not what is labelled."""
_FLOATS = frozenset(p.name for p in SCORES if p.kind == "float")


@dataclass(frozen=True)
class FeatureRecord:
    """One Feature node; all but the first two may be unknown. Fields as in the ontology's Feature."""

    dataset: str
    own_name: str
    """what the data set calls it"""
    name: str | None = None
    """what it is usually called; `own_name` unless given"""
    aliases: tuple[str, ...] = ()
    category: str | None = None
    aggregation: str | None = None
    description: str | None = None
    source: str | None = None
    seed: int | None = None
    split: str | None = None
    n: int | None = None
    positives: int | None = None
    base_rate: float | None = None
    groups: int | None = None
    status: str | None = None

    @property
    def id(self) -> str:
        """`{dataset}/{own_name}`"""
        return f"{self.dataset}/{self.own_name}"


@dataclass(frozen=True)
class ProbeRecord:
    """One k-sparse probe of one layer: what was found, and what it scores."""

    feature: str
    """id of the Feature"""
    model: str
    layer: int
    method: str
    support: Sequence[int]
    """neurons it uses, `[k]`"""
    coefs: Sequence[float]
    """`[k]`, in the support's order"""
    values: Mapping[str, Any] = field(default_factory=dict)
    """other properties of Probe by name: scores, loss, objective, bound, gap, cuts, status, ..."""

    def id(self, run: str) -> str:
        """`{feature}/{method}/{k}/L{layer}/{run}`"""
        return f"{self.feature}/{self.method}/{len(self.support)}/L{self.layer}/{run}"


def base_f1(rate: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """F1 of always guessing yes at base rate p: precision p, recall 1, so 2p / (1 + p)."""
    p = np.asarray(rate, np.float64)
    return np.asarray(2 * p / (1 + p))


def feature_words(name: str) -> list[str]:
    """The terms a feature's name spells, folded: `is_french` french; `prime-factors` prime, factors."""
    words = [fold(word) for word in _WORD.findall(name)]
    if len(words) > 1 and words[0] in _PREFIXES:
        words = words[1:]
    return list(dict.fromkeys(words))


def feature_tables(features: Iterable[FeatureRecord]) -> Tables:
    """Feature, Term and NAMED."""
    nodes, named = [], []
    for feature in features:
        node = {key: value for key, value in asdict(feature).items() if key != "own_name"}
        name = feature.name or feature.own_name
        names = dict.fromkeys((*feature.aliases, feature.own_name))
        nodes.append(node | {"id": feature.id, "name": name, "aliases": [n for n in names if n != name]})
        named += [(feature.id, word) for word in feature_words(name)]
    words = list(dict.fromkeys(word for _, word in named))
    return {
        "Feature": rows_table("Feature", nodes),
        "Term": _columns("Term", {"id": words}),
        "Feature.NAMED.Term": _columns(
            "Feature.NAMED.Term", {"start": [s for s, _ in named], "end": [e for _, e in named]}
        ),
    }


def neuron_tables(neurons: Iterable[NeuronId]) -> Tables:
    """Neuron and IN_MODEL of those named, each once."""
    each = list(dict.fromkeys(neurons))
    columns = {
        "id": [str(neuron) for neuron in each],
        "model": [neuron.model for neuron in each],
        "layer": [neuron.layer for neuron in each],
        "index": [neuron.index for neuron in each],
    }
    ends = {"start": columns["id"], "end": columns["model"]}
    return {"Neuron": _columns("Neuron", columns), "Neuron.IN_MODEL.Model": _columns("Neuron.IN_MODEL.Model", ends)}


def detects_tables(
    model: str,
    layer: int,
    run: str,
    method: str,
    features: Sequence[str],
    scores: Mapping[str, npt.ArrayLike],
    of_feature: Mapping[str, Sequence[Any] | npt.NDArray[Any]] | None = None,
    *,
    floor: npt.ArrayLike = 0.0,
    best: int = 1,
    most: int | None = None,
) -> Tables:
    """Neuron, IN_MODEL and DETECTS of one layer.

    `features` are Feature ids, `[n_features]`; `scores` are properties of DETECTS by name, `[n_features, n_neurons]`,
    f1 among them; `of_feature` those that are the same for all neurons (base_f1, null, n, positives, split,
    aggregation), `[n_features]`. Kept are the pairs with an F1 of at least `floor` (one for all, or one a feature), at
    most the `most` best of each feature, and, whatever their F1, the `best` ones: so that a layer that was tested never
    looks untested. Scores that are no number are null.
    """
    f1 = np.nan_to_num(np.asarray(scores["f1"], np.float64), nan=-1.0)
    order = np.argsort(-f1, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(1, f1.shape[1] + 1)[None, :], axis=1)
    bar = np.broadcast_to(np.asarray(floor, np.float64), len(features))[:, None]
    within = rank <= (f1.shape[1] if most is None else most)
    feature, neuron = np.nonzero(((f1 >= bar) & within | (rank <= best)) & (f1 >= 0))
    columns: dict[str, Any] = {
        "start": [f"{model}/L{layer}/N{i}" for i in neuron],
        "end": [features[int(i)] for i in feature],
        "method": [method] * len(feature),
        "rank": rank[feature, neuron],
        "imported": [False] * len(feature),
        "run": [run] * len(feature),
    }
    for name, values in scores.items():
        columns[name] = _numbers(np.asarray(values)[feature, neuron])
    for name, given in (of_feature or {}).items():
        columns[name] = _picked(name, given, feature)
    found = neuron_tables(NeuronId(model, layer, int(i)) for i in np.unique(neuron))
    return found | {"Neuron.DETECTS.Feature": _columns("Neuron.DETECTS.Feature", columns)}


def score_matrix(
    layer: int, method: str, features: Sequence[str], scores: Mapping[str, npt.ArrayLike]
) -> dict[str, pa.Table]:
    """ProbeScores of one layer, for the bundle alone: `scores` by the matrix's column (f1, mcc, auc,
    mean_difference), `[n_features, n_neurons]` each; features as in `detects_tables`, none left out."""
    columns: dict[str, Any] = {
        "layer": [layer] * len(features),
        "feature": list(features),
        "method": [method] * len(features),
    }
    for name, values in scores.items():
        columns[name] = pa.array(list(np.asarray(values, np.float32)), pa.list_(pa.float32()))
    return {"ProbeScores": conform(bundle_table("ProbeScores"), pa.table(columns))}


def probe_tables(probes: Iterable[ProbeRecord], run: str) -> Tables:
    """Probe, FOR, USES, and the neurons used with IN_MODEL."""
    each = list(probes)
    nodes, used, neurons = [], [], []
    for probe in each:
        node = {"id": probe.id(run), "k": len(probe.support), "run": run, "imported": False}
        fixed = {"model": probe.model, "layer": probe.layer, "method": probe.method}
        nodes.append(node | fixed | {name: _plain(value) for name, value in probe.values.items()})
        by_size = sorted(range(len(probe.support)), key=lambda i: -abs(float(probe.coefs[i])))
        for rank, i in enumerate(by_size, 1):
            neuron = NeuronId(probe.model, probe.layer, int(probe.support[i]))
            neurons.append(neuron)
            used.append((node["id"], str(neuron), float(probe.coefs[i]), rank))
    ends = {"start": [node["id"] for node in nodes], "end": [probe.feature for probe in each]}
    uses = {name: [row[i] for row in used] for i, name in enumerate(("start", "end", "coef", "rank"))}
    return neuron_tables(neurons) | {
        "Probe": rows_table("Probe", nodes),
        "Probe.FOR.Feature": _columns("Probe.FOR.Feature", ends | {"run": [run] * len(nodes)}),
        "Probe.USES.Neuron": _columns("Probe.USES.Neuron", uses | {"run": [run] * len(used)}),
    }


def rows_table(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of one kind as its table; a property that a row does not name is null in it."""
    if not rows:
        return arrow_schema(table(name)).empty_table()
    keys = dict.fromkeys(key for row in rows for key in row)
    return _columns(name, {key: [row.get(key) for row in rows] for key in keys})


def _columns(name: str, columns: Mapping[str, Any]) -> pa.Table:
    """A conforming table; a column without rows or values takes its type from the ontology."""
    return conform(table(name), pa.table(dict(columns)))


def _picked(name: str, given: Sequence[Any] | npt.NDArray[Any], rows: npt.NDArray[np.intp]) -> Any:
    if name in _FLOATS:
        return _numbers(np.asarray([np.nan if value is None else value for value in given], np.float64)[rows])
    return [_plain(given[i]) for i in rows]


def _numbers(values: npt.NDArray[Any]) -> pa.Array:
    """Numbers to nine digits; what is none is null, since the store holds numbers only."""
    if not np.issubdtype(values.dtype, np.floating):
        return pa.array(values)
    finite = np.isfinite(values)
    return pa.array(significant(np.where(finite, values, 0.0).astype(np.float64)), mask=~finite)


def _plain(value: Any) -> Any:
    """A NumPy scalar as Python's own; a float that is no number as None."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not np.isfinite(plain) else plain
