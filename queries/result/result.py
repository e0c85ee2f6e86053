"""The answer to a query: rows under named columns, and whether a limit cut them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .entity import plain
from .row import Row

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class Result:
    """Rows of plain values: numbers, text, lists, dicts, `Entity` for nodes and relationships.

    `rows` are tuples; going through the result gives them with attributes: `for row in result: row.neuron`.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    truncated: bool = False
    """Whether more rows were there than the limit let through."""
    limit: int | None = None
    warnings: tuple[str, ...] = ()
    """Why it may be empty: names that the schema does not know."""
    corpora: Mapping[str, str] = field(default_factory=dict)
    """What the corpora of its runs are called, by run, where the rows are of several; else empty."""

    def __iter__(self) -> Iterator[Row]:
        return (Row(self.columns, row) for row in self.rows)

    def __getitem__(self, place: int) -> Row:
        return Row(self.columns, self.rows[place])

    def __len__(self) -> int:
        return len(self.rows)

    def dicts(self) -> list[dict[str, Any]]:
        """One dict a row, entities as plain dicts."""
        return [{c: plain(v) for c, v in zip(self.columns, row, strict=True)} for row in self.rows]

    def to_arrow(self) -> pa.Table:
        """An Arrow table; columns of mixed type become JSON text."""
        from .convert import to_arrow

        return to_arrow(self)

    def to_pandas(self) -> pd.DataFrame:
        """A pandas DataFrame; needs the `pandas` extra."""
        from .convert import to_pandas

        return to_pandas(self)

    def _repr_html_(self) -> str:
        from .html import result

        return result(self)

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """The nodes, relationships and paths in the rows as one directed multigraph, by node `id`."""
        from .convert import to_networkx

        return to_networkx(self)
