"""The strongest feeds as evidence: one FEEDS a pair of neurons and projection, whichever end it is strong for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...schema import MlpId, conform, table
from ..significant import significant
from .search import Strongest

EDGES = "Neuron.FEEDS.Neuron"

Ints = NDArray[np.int64]


def edges_of(found: Strongest, layer: int, width: int, way: str) -> dict[str, NDArray[Any]]:
    """The rows of one MLP's neurons, one way: numbers of both ends, weight, rank and null; the other way's are
    absent (rank 0, null NaN)."""
    row, place = (found.ids >= 0).nonzero(as_tuple=True)
    own = (layer * width + row).numpy()
    other = found.ids[row, place].numpy()
    rank, null = place.numpy() + 1, found.null[row].numpy()
    none, nothing = np.zeros_like(rank), np.full(len(rank), np.nan)
    down = way == "down"
    return {
        "start": own if down else other,
        "end": other if down else own,
        "weight": found.weights[row, place].numpy(),
        "rank": rank if down else none,
        "rank_in": none if down else rank,
        "null": null if down else nothing,
        "null_in": nothing if down else null,
    }


def merged(parts: list[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """A row a pair: what both ends say of it together, by start and end."""
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    _, first, inverse = np.unique(
        np.stack([whole["start"], whole["end"]]), axis=1, return_index=True, return_inverse=True
    )
    found = {name: whole[name][first] for name in ("start", "end", "weight")}
    for name in ("rank", "rank_in", "null", "null_in"):
        values = np.nan_to_num(whole[name].astype(np.float64), nan=-1.0)
        best = np.full(len(first), -1.0)
        np.maximum.at(best, inverse.reshape(-1), values)
        found[name] = best
    return found


def feeds_table(
    rows: dict[str, NDArray[Any]], model: str, mlps: Sequence[MlpId], width: int, through: str, run: str
) -> pa.Table:
    """FEEDS rows of `merged`, whose ends are numbers of `mlps` x width + index."""
    ranks = {name: pa.array(rows[name].astype(np.int64), mask=rows[name] < 1) for name in ("rank", "rank_in")}
    nulls = {name: pa.array(significant(rows[name]), mask=rows[name] < 0) for name in ("null", "null_in")}
    n = len(rows["start"])
    columns: dict[str, Any] = {
        "start": names_of(model, mlps, rows["start"] // width, rows["start"] % width),
        "end": names_of(model, mlps, rows["end"] // width, rows["end"] % width),
        "weight": pa.array(significant(rows["weight"])),
        "through": pa.repeat(pa.scalar(through), n),
        **ranks,
        **nulls,
        "run": pa.repeat(pa.scalar(run), n),
    }
    return conform(table(EDGES), pa.table(columns))


def names_of(model: str, mlps: Sequence[MlpId], number: Ints, index: Ints) -> pa.Array:
    """Ids of neurons by the number of their MLP and their index in it."""
    before = pa.array([f"{model}/{mlp}/N" for mlp in mlps]).take(pa.array(number))
    return pc.binary_join_element_wise(before, pc.cast(pa.array(index), pa.string()), "")
