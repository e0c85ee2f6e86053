"""Nearest neurons as evidence tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schema import MlpId, conform, table
from ..lm_head.tables import numbered, same
from ..significant import significant
from .measure import MatchedModel, Measure
from .search import Nearest

Tables = dict[str, pa.Table]
EDGES = "Neuron.SIMILAR.Neuron"


def neuron_tables(side: MatchedModel, layer: int) -> Tables:
    """The neurons of a layer and the model they belong to."""
    return mlp_tables(side.model, MlpId(layer), side.width)


def mlp_tables(model: str, at: MlpId, n: int) -> Tables:
    """The n neurons of an MLP and the model they belong to."""
    ids = numbered(f"{model}/{at}/N", np.arange(n))
    nodes = {
        "id": ids,
        "model": same(model, n),
        "layer": pa.array(np.full(n, at.layer)),
        "index": pa.array(np.arange(n)),
        "expert": pa.array([at.expert] * n, pa.int64()),
    }
    made = {"Neuron": nodes, "Neuron.IN_MODEL.Model": {"start": ids, "end": nodes["model"]}}
    return {name: conform(table(name), pa.table(columns)) for name, columns in made.items()}


def neuron_ids(model: str, layers: Any, indices: Any) -> pa.Array:
    """`{model}/L{layer}/N{index}` of each pair."""
    parts = (pa.array(np.asarray(values, np.int64)).cast(pa.string()) for values in (layers, indices))
    first, second = parts
    return pc.binary_join_element_wise(f"{model}/L", first, "/N", second, "")


def similar_table(found: Nearest, layer: int, measure: Measure, name: str, run: str, forward: bool) -> pa.Table:
    """SIMILAR from each neuron of `layer`, of `one` where `forward`, else of `two`."""
    own, other = (measure.one, measure.two) if forward else (measure.two, measure.one)
    row, place = (found.layers >= 0).nonzero(as_tuple=True)
    layers, indices = found.layers[row, place], found.indices[row, place]
    columns: dict[str, Any] = {
        "start": neuron_ids(own.model, np.full(len(row), layer), row.numpy()),
        "end": neuron_ids(other.model, layers.numpy(), indices.numpy()),
        "measure": pa.repeat(pa.scalar(name), len(row)),
        "score": pa.array(significant(found.scores[row, place].numpy())),
        "rank": pa.array(place.numpy() + 1),
        "run": pa.repeat(pa.scalar(run), len(row)),
    }
    if len(found.null):
        columns["null"] = pa.array(significant(found.null[:, row].amax(0).numpy()))
    for extra, values in _more(row, layers, indices, layer, measure, forward).items():
        columns[extra] = pa.array(significant(values))
    return conform(table(EDGES), pa.table(columns))


def _more(row: Any, layers: Any, indices: Any, layer: int, measure: Measure, forward: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for other in sorted(set(layers.tolist())):
        at = (layers == other).nonzero()[:, 0]
        mine, theirs = row[at].to(measure.device), indices[at].to(measure.device)
        pair = (layer, mine, other, theirs) if forward else (other, theirs, layer, mine)
        for name, values in measure.more(*pair).items():
            found.setdefault(name, np.zeros(len(row)))[at.numpy()] = values.cpu().numpy()
    return found
