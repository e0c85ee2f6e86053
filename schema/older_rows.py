"""Rows of bundles of schema version 1 in the form of version 2, which `ladder/version_2.py` asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from .compute import pc
from .headline import PROPERTIES, headline
from .levels import levels

Tables = Mapping[str, pa.Table]

FIRES_ON = ("Neuron.FIRES_ON.Excerpt", "Latent.FIRES_ON.Excerpt")
EXPLAINED_BY = ("Neuron.EXPLAINED_BY.Explanation", "Latent.EXPLAINED_BY.Explanation")


def fires_on(rows: pa.Table) -> pa.Table:
    """`levels` and `unit` in place of `activations`."""
    if "activations" not in rows.column_names:
        return rows
    texts, units = levels(rows.column("activations"), rows.column("activation"))
    place = rows.column_names.index("activations")
    return rows.set_column(place, "levels", texts).add_column(place + 1, "unit", units)


def graphs(rows: pa.Table, nodes: pa.Table | None) -> pa.Table:
    """With the number of each graph's nodes; null where a drawing is missing."""
    if "nodes" in rows.column_names:
        return rows
    ids = [] if nodes is None else [name.rpartition("/")[0] for name in nodes.column("id").to_pylist()]
    counted = dict(zip(*(part.tolist() for part in np.unique(np.array(ids, object), return_counts=True)), strict=True))
    lossy = rows.column("lossy").to_pylist() if "lossy" in rows.column_names else [None] * rows.num_rows
    found = [counted.get(graph, None if lost else 0) for graph, lost in zip(rows["id"].to_pylist(), lossy, strict=True)]
    return rows.append_column("nodes", pa.array(found, pa.int64()))


def explained_by(rows: pa.Table, tables: Tables) -> pa.Table:
    """With the headline of the scores that are in the same shard."""
    if "formula" in rows.column_names:
        return rows
    scores = _scores(tables)
    places = zip(*(rows.column(name).to_pylist() for name in ("start", "end", "pole")), strict=True)
    found = [headline(scores[place]) for place in places]
    kinds = pa.string(), pa.string(), pa.float64(), pa.float64(), pa.int64()
    for name, kind in zip(PROPERTIES, kinds, strict=True):
        rows = rows.append_column(name, pa.array([one[name] for one in found], kind))
    return rows


def _scores(tables: Tables) -> dict[tuple[str, str, int], list[dict[str, Any]]]:
    """Score rows by unit, explanation and pole; without a pole of both."""
    explanations = _ends(tables, "Explanation.SCORED.Score", "end", "start")
    units = {**_ends(tables, "Score.OF.Neuron", "start", "end"), **_ends(tables, "Score.OF.Latent", "start", "end")}
    found: dict[tuple[str, str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in tables["Score"].to_pylist() if "Score" in tables else ():
        if row["id"] in explanations and row["id"] in units:
            for pole in (1, -1) if row["pole"] is None else (row["pole"],):
                found[units[row["id"]], explanations[row["id"]], pole].append(row)
    return found


def _ends(tables: Tables, name: str, key: str, value: str) -> dict[str, str]:
    if name not in tables:
        return {}
    return dict(
        zip(*(pc.cast(tables[name].column(side), pa.string()).to_pylist() for side in (key, value)), strict=True)
    )
