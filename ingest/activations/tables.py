"""What a layer did on a corpus, as evidence tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from ...schema import MlpId, bundle_table, conform, table
from ...schema.levels import levels
from .examples import Examples
from .histogram import HALF, quantiles
from .layer import Layer
from .settings import BANDS
from .signs import texts

QUANTILES = (0.5, 0.9, 0.99, 0.999, 0.9999)
"""Of pole x value over the corpus."""

Tables = dict[str, pa.Table]


def band_name(band: int) -> str:
    """`0.5-0.9` for the second band."""
    low, high = BANDS[band]
    return f"{low:g}-{high:g}"


@dataclass(frozen=True)
class Windows:
    """What stands for the corpus's windows, by their number."""

    excerpts: npt.NDArray[np.object_]
    """Excerpt ids, None where no node was made"""
    lengths: npt.NDArray[np.int32]
    """tokens, BOS included"""


def layer_tables(layer: Layer, model: str, run: str, windows: Windows, tokens: pa.Array, at: MlpId) -> Tables:
    """Neuron, Stats, FIRES_ON and FIRES_ON_TOKEN of one MLP. `tokens` are the Token ids of the token table's rows."""
    n = layer.moments.low.shape[0]
    neurons = np.array([f"{model}/{at}/N{i}" for i in range(n)], dtype=object)
    stats = [_stats(layer, pole, neurons, run) for pole in layer.poles]
    has = [{"start": neurons, "end": found["id"], "run": [run] * n} for found in stats]
    fires = [_fires(found, neurons, windows, pole, "top", run) for pole, found in layer.top.items()]
    fires += [
        _fires(found, neurons, windows, pole, band_name(band), run) for (pole, band), found in layer.bands.items()
    ]
    made = mlp_neurons(model, at, n) | {
        "Stats": pa.concat_tables(pa.table(found) for found in stats),
        "Neuron.HAS_STATS.Stats": pa.concat_tables(pa.table(found) for found in has),
        "Neuron.FIRES_ON.Excerpt": pa.concat_tables(conform(table("Neuron.FIRES_ON.Excerpt"), part) for part in fires),
    }
    if layer.settings.tokens and len(tokens):
        rows = [_tokens(layer, pole, neurons, tokens, run) for pole in layer.poles]
        made["Neuron.FIRES_ON_TOKEN.Token"] = pa.concat_tables(rows)
        if layer.reached is None:
            made["TokenActivations"] = _matrix(layer, tokens)
    return {name: conform(bundle_table(name), data.combine_chunks()) for name, data in made.items()}


def mlp_neurons(model: str, at: MlpId, n: int) -> Tables:
    """The neurons of an MLP and the model they belong to."""
    made = {
        "Neuron": {
            "id": [f"{model}/{at}/N{i}" for i in range(n)],
            "model": [model] * n,
            "layer": [at.layer] * n,
            "index": range(n),
            "expert": pa.array([at.expert] * n, pa.int64()),
        },
        "Neuron.IN_MODEL.Model": {"start": [f"{model}/{at}/N{i}" for i in range(n)], "end": [model] * n},
    }
    return {name: conform(bundle_table(name), pa.table(columns)) for name, columns in made.items()}


def used_windows(layers: list[Layer]) -> npt.NDArray[np.int64]:
    """Numbers of the windows that are an example of some neuron, ascending."""
    kept = [found.windows for layer in layers for found in (*layer.top.values(), *layer.bands.values())]
    numbers = np.unique(np.concatenate([w.cpu().numpy().ravel() for w in kept]))
    return numbers[numbers >= 0].astype(np.int64)


def _stats(layer: Layer, pole: int, neurons: npt.NDArray[np.object_], run: str) -> dict[str, Any]:
    moments, n = layer.moments, len(neurons)
    mean, std, skewness, kurtosis = (found.cpu().numpy() for found in moments.central())
    low, high = (end.cpu().double().numpy() for end in (moments.low, moments.high))
    counts = layer.histogram.counts.cpu().numpy().astype(np.int64)
    if pole < 0:
        low, high, counts = -high, -low, counts[:, ::-1]
    share = counts[:, HALF:].sum(1) / moments.count
    counts = counts.copy()
    counts[:, HALF] += layer.histogram.zeros.cpu().numpy()
    return {
        "id": [f"{neuron}/activations//{pole}/{run}" for neuron in neurons],
        "kind": ["activations"] * n,
        "pole": [pole] * n,
        "run": [run] * n,
        "n": [moments.count if layer.reached is None else layer.reached.positions] * n,
        "routed": pa.array([None if layer.reached is None else moments.count] * n, pa.int64()),
        "mean": pole * mean,
        "std": std,
        "skewness": _numbers(pole * skewness),
        "kurtosis": _numbers(kurtosis),
        "min": low,
        "max": high,
        "nonzero": share,
        "quantiles": pa.array(list(quantiles(counts, QUANTILES, low, high))),
        "histogram": pa.array(list(counts)),
        "signs": _signs(layer, n),
        **_roles(layer, pole, n),
    }


def _signs(layer: Layer, n: int) -> pa.Array:
    """Shares of the positions in each combination of signs."""
    if layer.signs is None:
        return pa.nulls(n, pa.list_(pa.float64()))
    return pa.array(list(layer.signs.counts.T.cpu().numpy() / layer.moments.count))


def _roles(layer: Layer, pole: int, n: int) -> dict[str, Any]:
    """Numbers of pole x value by role, lists of one length; no columns where roles are not told apart."""
    if layer.roles is None:
        return {}
    found, counts = layer.roles, np.array(list(layer.role_counts.values()))
    on, extreme = (found.above, found.high) if pole > 0 else (found.below, -found.low)
    return {
        "roles": [list(layer.role_counts)] * n,
        "role_n": [counts] * n,
        "role_mean": pa.array(list(pole * found.sums.T.cpu().numpy() / counts)),
        "role_nonzero": pa.array(list(on.T.cpu().numpy() / counts)),
        "role_max": pa.array(list(extreme.T.double().cpu().numpy())),
    }


def _fires(
    found: Examples,
    neurons: npt.NDArray[np.object_],
    of: Windows,
    pole: int,
    band: str,
    run: str,
) -> pa.Table:
    """One row a neuron and window; values are pole x activation at each token."""
    windows = found.windows.cpu().numpy()
    neuron, place = np.nonzero(windows >= 0)
    values = pole * found.values.float().cpu().numpy()[neuron, place]
    numbers = windows[neuron, place]
    strongest = found.scores.cpu().numpy()[neuron, place] if band == "top" else _largest(values, of.lengths[numbers])
    peaks = pa.array(strongest.astype(np.float64))
    lengths = of.lengths[numbers]
    ends = pa.array(np.concatenate([[0], lengths.cumsum()]), pa.int32())
    inside = np.arange(values.shape[1]) < lengths[:, None]
    written, unit = levels(pa.ListArray.from_arrays(ends, pa.array(values[inside])), peaks)
    codes = found.signs
    return pa.table(
        {
            "start": neurons[neuron],
            "end": of.excerpts[numbers],
            "pole": np.full(len(neuron), pole),
            "activation": peaks,
            "levels": written,
            "unit": unit,
            "signs": pa.nulls(len(neuron)) if codes is None else texts(codes.cpu().numpy()[neuron, place], lengths),
            "band": [band] * len(neuron),
            "run": [run] * len(neuron),
        }
    )


def _largest(values: npt.NDArray[np.float32], lengths: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    """Of the first `lengths` of each row."""
    inside = np.where(np.arange(values.shape[1]) < lengths[:, None], values, np.float32(-np.inf))
    found: npt.NDArray[np.float32] = inside.max(1, initial=-np.inf)
    return found


def _tokens(layer: Layer, pole: int, neurons: npt.NDArray[np.object_], tokens: pa.Array, run: str) -> pa.Table:
    """The tokens with the highest mean of pole x value, strongest first."""
    seen = layer.token_counts
    means = pole * layer.table.sums / seen[:, None]
    k = min(layer.settings.tokens, len(tokens))
    if layer.reached is not None:
        # What seldom reaches the expert is no habit of its neurons.
        often = seen >= max(1, layer.settings.least)
        means, k = means.masked_fill(~often[:, None], -torch.inf), min(k, int(often.sum()))
    best = means.topk(k, dim=0)
    mean, slot = best.values.T.cpu().numpy(), best.indices.T.cpu().numpy()
    highest = layer.table.high if pole > 0 else -layer.table.low
    high = highest.gather(0, best.indices).T.cpu().numpy()
    size = mean.size
    return pa.table(
        {
            "start": np.repeat(neurons, k),
            "end": tokens.take(pa.array(slot.ravel())),
            "pole": np.full(size, pole),
            "mean": mean.ravel().astype(np.float64),
            "max": high.ravel().astype(np.float64),
            "n": seen.cpu().numpy()[slot.ravel()],
            "run": [run] * size,
        }
    )


def _matrix(layer: Layer, tokens: pa.Array) -> pa.Table:
    """The whole token table, a row a token."""
    seen = layer.token_counts
    columns = {"mean": layer.table.sums / seen[:, None], "min": layer.table.low, "max": layer.table.high}
    offsets = pa.array(np.arange(len(tokens) + 1) * layer.table.sums.shape[1], pa.int32())
    lists = {
        name: pa.ListArray.from_arrays(offsets, pa.array(values.float().cpu().numpy().ravel()))
        for name, values in columns.items()
    }
    return pa.table({"layer": [layer.layer] * len(tokens), "token": tokens, "n": seen.cpu().numpy(), **lists})


def _numbers(values: npt.NDArray[np.float64]) -> pa.Array:
    return pa.array(values, mask=~np.isfinite(values))
