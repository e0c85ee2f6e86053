"""A layer's probes as evidence tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .layer import LayerProbes, Singles, Sparse, certificate
from .settings import Settings
from .tables import ProbeRecord, detects_tables, probe_tables, score_matrix

SINGLE = "logistic"
"""Method of the one-neuron probes."""
CHOSEN = "one_neuron"
"""Method of the probe of the one neuron that was chosen on points apart from those it is reported on."""

Tables = dict[str, pa.Table]


def layer_tables(
    found: LayerProbes, model: str, features: Sequence[str], aggregation: str, run: str, settings: Settings
) -> Tables:
    """Neuron, DETECTS, Probe, USES, FOR and the matrix of all scores of one layer; `features` are Feature ids."""
    how = "grouped" if settings.grouped else "ungrouped"
    count = len(features)
    of_feature: dict[str, Any] = {
        "base_f1": found.base_f1,
        "n": found.n,
        "positives": found.positives,
        "split": [how] * count,
        "aggregation": [aggregation] * count,
    }
    nulls = {}
    if found.control is not None:
        nulls = {"null": found.control.chosen.reported.tolist(), "null_mcc": found.control.chosen_mcc.tolist()}
    floor = np.maximum(settings.floor, np.nextafter(found.base_f1, 1.0))
    scores = _scores(found)
    detects = detects_tables(
        model,
        found.layer,
        run,
        SINGLE,
        features,
        scores,
        of_feature | nulls,
        floor=floor,
        most=settings.most,
    )
    probes = probe_tables(_records(found, model, features, of_feature), run)
    merged = detects | probes
    for shared in ("Neuron", "Neuron.IN_MODEL.Model"):
        merged[shared] = _distinct(pa.concat_tables([detects[shared], probes[shared]]))
    whole = {name: scores[name] for name in ("f1", "mcc", "auc")}
    whole["mean_difference"] = found.singles.mean_difference.cpu().double().numpy()
    return merged | score_matrix(found.layer, SINGLE, features, whole)


def _scores(found: LayerProbes) -> dict[str, npt.NDArray[np.float64]]:
    """Properties of DETECTS, `[n_features, n_neurons]`; a threshold is in units of the activation."""
    singles = found.singles
    report, fits = singles.report, singles.fits
    columns = {name: getattr(report, name) for name in ("f1", "precision", "recall", "mcc", "auc")}
    columns |= {"coef": fits.weight, "bias": fits.bias, "threshold": fits.threshold * found.scale.double()}
    return {name: values.cpu().double().numpy() for name, values in columns.items()}


def _records(found: LayerProbes, model: str, features: Sequence[str], of_feature: dict[str, Any]) -> list[ProbeRecord]:
    fixed = [{name: values[i] for name, values in of_feature.items()} for i in range(len(features))]
    records = [_chosen(found, model, features[i], i, fixed[i]) for i in range(len(features))]
    controls: list[Sparse | None] = list(found.sparse_control) or [None] * len(found.sparse)
    for one, control in zip(found.sparse, controls, strict=True):
        values: dict[str, Any] = fixed[one.feature] | one.scores | certificate(one.probe)
        values |= {"bias": float(one.probe.bias)}
        if control is not None:
            values |= {"null": control.scores["f1"], "null_mcc": control.scores["mcc"]}
        support, coefs = one.probe.support.tolist(), one.probe.weight.tolist()
        records.append(ProbeRecord(features[one.feature], model, found.layer, one.method, support, coefs, values))
    return records


def _chosen(found: LayerProbes, model: str, feature: str, number: int, fixed: dict[str, Any]) -> ProbeRecord:
    """The neuron that did best on the points to choose with, and what it scores on the others."""
    singles = found.singles
    neuron = int(singles.chosen.neuron[number])
    names = ("f1", "precision", "recall", "mcc", "auc")
    values = fixed | {name: float(getattr(singles.report, name)[number, neuron]) for name in names}
    values |= {"bias": float(singles.fits.bias[number, neuron]), "loss": "logistic"}
    if found.control is not None:
        values |= _null(found.control, number)
    coef = float(singles.fits.weight[number, neuron])
    return ProbeRecord(feature, model, found.layer, CHOSEN, [neuron], [coef], values)


def _null(control: Singles, number: int) -> dict[str, float]:
    return {"null": float(control.chosen.reported[number]), "null_mcc": float(control.chosen_mcc[number])}


def _distinct(rows: pa.Table) -> pa.Table:
    first = rows.column(0).combine_chunks().dictionary_encode().indices.to_numpy()
    return rows.take(pa.array(np.sort(np.unique(first, return_index=True)[1])))
