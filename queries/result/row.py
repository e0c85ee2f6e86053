"""One row of an answer: its values in order, by column name, and as attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .near import near


class Row:
    """Values under column names: `row.neuron`, `row["n.id"]`, `row[0]`, `a, b = row`. Equal to a tuple of the same."""

    __slots__ = ("_columns", "_values")

    def __init__(self, columns: tuple[str, ...], values: tuple[Any, ...]) -> None:
        self._columns = columns
        self._values = values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in Row.__slots__:
            raise AttributeError(name)
        if name not in self._columns:
            raise AttributeError(f"no column {name!r}{near(name, self._columns)}")
        return self._values[self._columns.index(name)]

    def __getitem__(self, key: int | str | slice) -> Any:
        if isinstance(key, str):
            if key not in self._columns:
                raise KeyError(f"no column {key!r}{near(key, self._columns)}")
            return self._values[self._columns.index(key)]
        return self._values[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return self._values == (other._values if isinstance(other, Row) else other)

    def __hash__(self) -> int:
        return hash(self._values)

    def __dir__(self) -> list[str]:
        return [*self._columns]

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{c}={v!r}' for c, v in zip(self._columns, self._values, strict=True))})"
