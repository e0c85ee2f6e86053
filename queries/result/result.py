"""The answer to a query: rows under named columns, and whether a limit cut them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .corpora import corpora_line
from .entity import plain, written
from .record import Record, plain_json
from .row import Row
from .section import Picture, Section

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    import pyarrow as pa

SHOWN = 50
"""Rows that a notebook shows."""


@dataclass(frozen=True, repr=False)
class Result(Record):
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
    caption: str = ""
    """What the rows are, where a question of our own made them."""
    picture: Picture | None = None

    @property
    def title(self) -> str:
        """What the rows are."""
        return self.caption

    @property
    def lead(self) -> str:
        """What the corpora are called."""
        return corpora_line(self.corpora) if self.corpora else ""

    def sections(self) -> tuple[Section, ...]:
        """The rows under their columns."""
        rows = tuple(tuple(written(value) for value in row) for row in self.rows)
        return (Section("", tuple(self.columns), rows, self.picture),)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All rows under all columns, also where there are no rows."""
        return tuple(self.columns), [tuple(plain_json(value) for value in row) for row in self.rows]

    def json(self) -> dict[str, Any]:
        """The rows as objects under `rows`, beside what else is known of them."""
        rest = {"truncated": self.truncated, "limit": self.limit, "corpora": dict(self.corpora)}
        rows = [{name: plain_json(value) for name, value in row.items()} for row in self.dicts()]
        return {"columns": list(self.columns), "rows": rows, **rest, "warnings": list(self.warnings)}

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
        from ..drawing.page import record_html

        count = len(self.rows)
        parts = [f"{count} row{'' if count == 1 else 's'}{f', the first {SHOWN} shown' if count > SHOWN else ''}"]
        parts += [f"cut after {self.limit}"] if self.truncated else []
        parts += [self.lead] if self.lead else []
        shown = (replace(section, rows=section.rows[:SHOWN]) for section in self.sections())
        return record_html(self.title, "; ".join(parts), tuple(shown))

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """The nodes, relationships and paths in the rows as one directed multigraph, by node `id`."""
        from .convert import to_networkx

        return to_networkx(self)
