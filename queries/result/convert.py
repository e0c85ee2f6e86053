"""A result as an Arrow table, a pandas DataFrame or a networkx graph; each library is imported when asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ...schema import QueryError
from .entity import entities, plain

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    import pyarrow as pa

    from .result import Result


def to_arrow(result: Result) -> pa.Table:
    """One column a name, types inferred; a column of mixed types becomes JSON text."""
    import pyarrow as pa

    columns = []
    for position in range(len(result.columns)):
        values = [plain(row[position]) for row in result.rows]
        try:
            columns.append(pa.array(values))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            columns.append(pa.array([None if v is None else json.dumps(v, default=str) for v in values]))
    return pa.Table.from_arrays(columns, names=list(result.columns))


def to_pandas(result: Result) -> pd.DataFrame:
    """A DataFrame of the rows. Raises QueryError when pandas is not installed."""
    try:
        import pandas as pd
    except ImportError:
        raise QueryError("Result.to_pandas() needs pandas: pip install 'neuronkb[pandas]'") from None
    return pd.DataFrame.from_records([tuple(map(plain, row)) for row in result.rows], columns=list(result.columns))


def to_networkx(result: Result) -> nx.MultiDiGraph[str]:
    """Nodes by their `id` with `labels` and properties; edges by type with theirs. Other values are left out."""
    import networkx as nx

    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for entity in (found for row in result.rows for value in row for found in entities(value)):
        if entity.start is None or entity.end is None:
            name = str(entity.properties.get("id"))
            graph.add_node(name)
            graph.nodes[name].update({**entity.properties, "labels": list(entity.labels)})
        else:
            kind = entity.labels[0]
            key = json.dumps([kind, entity.properties], sort_keys=True, default=str)
            graph.add_edge(entity.start, entity.end, key)
            graph.edges[entity.start, entity.end, key].update({**entity.properties, "type": kind})
    return graph
