"""SIMILAR relationships between neurons whose graphs are alike, each beside what chance reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from ...schema import conform, table
from ..significant import significant
from .similar import Alike, Floats, GraphMeasure, GraphSets, Ints, best_by_chance, most_alike_by

EDGES = "Neuron.SIMILAR.Neuron"
SHARD = "similar"
NEAREST = 10
"""How many others of each neuron are kept."""
DIGITS = 7
"""Of a float32."""


def alike_table(
    sets: GraphSets,
    neurons: Sequence[str],
    run: str,
    least: Mapping[GraphMeasure, float],
    starts: Ints | None = None,
) -> pa.Table:
    """From each neuron to those most like it, by each measure of `least`, from this score on.

    `neurons` names the owner of each graph; `starts` is as in `most_alike`. `null` is the best score of the neuron's
    own graphs with those of which all words and paths were dealt out anew.
    """
    starts = np.arange(len(sets)) if starts is None else starts
    names = pa.array(neurons, pa.string()).take(pa.array(starts))
    dealt = sets.dealt(np.random.default_rng(0))
    null = best_by_chance(sets, least, dealt, starts)
    alike: dict[GraphMeasure, list[Alike]] = {measure: [] for measure in least}
    for measure, one in most_alike_by(sets, least, NEAREST, starts):
        alike[measure].append(one)
    found = pa.concat_tables([_edges(alike[measure], null[measure], measure) for measure in least])
    for end in ("start", "end"):
        found = found.set_column(found.schema.get_field_index(end), end, names.take(found.column(end)))
    return conform(table(EDGES), found.append_column("run", pa.repeat(pa.scalar(run), found.num_rows)))


def without(rows: pa.Table, known: pa.Table) -> pa.Table:
    """The rows whose neurons are not `known` to be alike by their measure."""
    key = ["start", "end", "measure"]
    numbered = rows.select(key).append_column("row", pa.array(np.arange(rows.num_rows)))
    left = numbered.join(known.select(key), keys=key, join_type="left anti")
    return rows.take(left.column("row").sort())


def _edges(alike: Sequence[Alike], null: Floats, measure: GraphMeasure) -> pa.Table:
    """One row a pair, neurons by number."""
    counts = np.array([len(one.others) for one in alike], np.int64)
    start = np.repeat(np.arange(len(alike)), counts)
    scores = np.concatenate([np.zeros(0, np.float32), *(one.scores for one in alike)])
    columns = {
        "start": start,
        "end": np.concatenate([np.zeros(0, np.int64), *(one.others for one in alike)]),
        "measure": pa.repeat(pa.scalar(measure), len(start)),
        "score": significant(scores.astype(np.float64), DIGITS),
        "rank": np.arange(len(start)) - np.repeat(np.cumsum(counts) - counts, counts) + 1,
        "null": significant(null[start].astype(np.float64), DIGITS),
    }
    return pa.table(columns)
