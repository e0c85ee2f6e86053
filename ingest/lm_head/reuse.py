"""One model's layer as another's, where everything that enters their decoding is equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ...schema import MlpId
from .tables import Tables


@dataclass(frozen=True)
class _Names:
    """The parts of a layer's ids that are not its own numbers."""

    neurons: str
    """`{model}/L{layer}`, with the expert"""
    tokens: str
    """tokenizer hash"""
    run: str


def relabel(tables: Mapping[str, pa.Table], model: str, at: MlpId, tokenizer: str, run: str) -> Tables:
    """The tables of one decoded MLP under another model, place, tokenizer hash and run. The numbers stay."""
    edges, neurons = tables["Neuron.DECODES_TO.Token"], tables["Neuron"]
    old = _Names(
        neurons["id"][0].as_py().rpartition("/N")[0],
        edges["end"][0].as_py().rpartition("/T")[0],
        edges["run"][0].as_py(),
    )
    new = _Names(f"{model}/{at}", tokenizer, run)
    ids = _head(neurons["id"], old.neurons, new.neurons)
    stats, has, member = tables["Stats"], tables["Neuron.HAS_STATS.Stats"], tables["Neuron.IN_MODEL.Model"]
    return {
        "Neuron": _with(
            neurons,
            id=ids,
            model=_all(model, neurons),
            layer=_all(at.layer, neurons),
            expert=pa.array([at.expert] * neurons.num_rows, pa.int64()),
        ),
        "Neuron.IN_MODEL.Model": _with(
            member, start=_head(member["start"], old.neurons, new.neurons), end=_all(model, member)
        ),
        "Stats": _with(stats, id=_stats(stats["id"], old, new), run=_all(run, stats)),
        "Neuron.HAS_STATS.Stats": _with(
            has,
            start=_head(has["start"], old.neurons, new.neurons),
            end=_stats(has["end"], old, new),
            run=_all(run, has),
        ),
        "Neuron.DECODES_TO.Token": _with(
            edges,
            start=_head(edges["start"], old.neurons, new.neurons),
            end=_head(edges["end"], old.tokens, new.tokens),
            run=_all(run, edges),
        ),
    }


def _with(table: pa.Table, **columns: pa.ChunkedArray | pa.Array) -> pa.Table:
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), values)
    return table


def _all(value: str | int, table: pa.Table) -> pa.Array:
    return pa.repeat(pa.scalar(value), table.num_rows)


def _head(ids: pa.ChunkedArray, old: str, new: str) -> pa.ChunkedArray:
    """Ids that begin with `old`, beginning with `new`."""
    return pc.utf8_replace_slice(ids, 0, len(old), new)


def _stats(ids: pa.ChunkedArray, old: _Names, new: _Names) -> pa.ChunkedArray:
    """`{neuron}/weights/{projection}/{pole}/{run}`: both ends exchanged."""
    body = pc.utf8_slice_codeunits(_head(ids, old.neurons, new.neurons), 0, -len(old.run))
    return pc.binary_join_element_wise(body, new.run, "")
