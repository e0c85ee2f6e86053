"""Decoded tokens of one layer as arrays, from the rows of a bundle or of a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...schema import LinkError

Tops = dict[tuple[str, int], NDArray[np.int64]]
"""(projection, pole) -> token numbers `[n_neurons, k]`, strongest first, by neuron index."""


def tops(rows: pa.Table, n_neurons: int, what: str) -> Tops:
    """Token numbers by side from DECODES_TO rows (`start`, `end`, `projection`, `pole`, `rank`) of one layer.

    Raises LinkError when a neuron of the layer has no tokens; `what` names the layer in the message.
    """
    columns = {
        "neuron": _number(rows.column("start"), "N"),
        "token": _number(rows.column("end"), "T"),
        "rank": rows.column("rank").to_numpy(),
        "pole": rows.column("pole").to_numpy(),
        "projection": rows.column("projection").to_numpy(zero_copy_only=False),
    }
    found: Tops = {}
    for projection in sorted(set(columns["projection"])):
        for pole in (1, -1):
            here = (columns["projection"] == projection) & (columns["pole"] == pole)
            found[projection, pole] = _side(columns, here, n_neurons, what)
    if not found:
        raise LinkError(f"{what} is not decoded; run neuronkb lm-head ingest on the whole model first")
    return found


def _side(columns: Mapping[str, Any], here: NDArray[np.bool_], n: int, what: str) -> NDArray[np.int64]:
    neuron, rank = columns["neuron"][here], columns["rank"][here]
    k = int(rank.max(initial=0))
    if len(neuron) != n * k or k == 0:
        raise LinkError(f"{what} is decoded in part; run neuronkb lm-head ingest on the whole layer first")
    side = np.full((n, k), -1, np.int64)
    side[neuron, rank - 1] = columns["token"][here]
    return side


def _number(ids: pa.ChunkedArray, letter: str) -> NDArray[np.int64]:
    """The number after the last `/N` or `/T` of each id."""
    digits = pc.struct_field(pc.extract_regex(ids, f"/{letter}(?P<number>[0-9]+)$"), "number")
    return np.asarray(pc.cast(digits, pa.int64()).to_numpy())


def translated(side: NDArray[np.int64], shared: Mapping[int, int]) -> NDArray[np.int64]:
    """The fine-tune's token numbers as the base's; a token the base has not becomes a number nobody has."""
    limit = int(side.max(initial=0)) + 1
    table = -2 - np.arange(limit, dtype=np.int64)
    for tuned, base in shared.items():
        if tuned < limit:
            table[tuned] = base
    return table[side]
