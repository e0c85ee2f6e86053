"""The catalogue as answers: which queries there are, one of them, and whether one's own are sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...schema import QueryError
from ..catalogue.own import OwnQueries
from ..catalogue.query import Query, public
from ..result.record import Record
from ..result.section import Section


@dataclass(frozen=True, repr=False)
class ListedQueries(Record):
    """Queries by name, one's own below the catalogue's."""

    queries: tuple[dict[str, Any], ...]
    """all of each, as `described` has it"""
    problems: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """A line for each file of one's own that is no query."""
        return self.problems

    def sections(self) -> tuple[Section, ...]:
        """Name, parameters and purpose."""
        parts = (("", False), ("your own", True))
        tables = (_table(caption, [row for row in self.queries if row["own"] is own]) for caption, own in parts)
        return tuple(table for table in tables if table.rows)

    def brief(self) -> dict[str, Any]:
        """Without columns, examples and Cypher; one's own first."""
        rows = [
            {
                "name": row["name"],
                "purpose": row["purpose"],
                "parameters": {one["name"]: one["what"] for one in row["parameters"]},
                **({"own": True} if row["own"] else {}),
            }
            for row in sorted(self.queries, key=lambda row: not row["own"])
        ]
        return {"queries": rows, "warnings": list(self.warnings)}


@dataclass(frozen=True, repr=False)
class ShownQuery(Record):
    """One query: its text can be pasted anywhere, and its head comment is its help."""

    query: dict[str, Any]

    def sections(self) -> tuple[Section, ...]:
        """The text."""
        return (Section.lines("", str(self.query["cypher"]).rstrip().split("\n"), verbatim=True),)

    def json(self) -> dict[str, Any]:
        """The query itself."""
        return {**self.query, "warnings": []}


@dataclass(frozen=True)
class CheckedQuery:
    """What a check of one's own queries says of one of them."""

    name: str
    problem: str | None
    """what is wrong with its Cypher, None where the store takes it"""
    notes: tuple[str, ...]
    """labels and relationship types that the schema does not know"""


@dataclass(frozen=True, repr=False)
class CheckedQueries(Record):
    """One's own queries, each asked with its example."""

    queries: tuple[CheckedQuery, ...]
    problems: tuple[str, ...]
    """a line for each file that is no query"""
    folder: str

    @property
    def ok(self) -> bool:
        """Whether all are sound."""
        return not self.problems and not any(query.problem for query in self.queries)

    @property
    def title(self) -> str:
        """That there are none, where it is so."""
        there = self.queries or self.problems
        return "" if there else f"none in {self.folder}; docs/queries.md shows how one is written"

    def sections(self) -> tuple[Section, ...]:
        """A line a query, and one a file that is none."""
        lines = [f"{query.name}: {'; '.join((query.problem or 'sound', *query.notes))}" for query in self.queries]
        shown = [*lines, *self.problems]
        return (Section.lines("", shown, verbatim=True),) if shown else ()


def listed_queries(own: OwnQueries, words: Sequence[str] = ()) -> ListedQueries:
    """Those whose name or purpose has all of the words. Raises QueryError where there is none."""
    held = own.listed()
    asked = [query for query in (*public().values(), *held.queries.values()) if _says(query, words)]
    if not asked:
        raise QueryError(f"no query says {' '.join(words)!r}; neuronkb queries list shows all")
    return ListedQueries(tuple(map(described, asked)), held.problems)


def described(query: Query) -> dict[str, Any]:
    """All of a query as JSON has it."""
    parameters = [
        {
            "name": parameter.name,
            "type": parameter.type,
            "required": parameter.required,
            **({} if parameter.required else {"default": parameter.default}),
            "choices": list(parameter.choices),
            "what": parameter.doc,
        }
        for parameter in query.parameters
    ]
    head = query.header
    return {
        "name": query.name,
        "purpose": query.purpose,
        "parameters": parameters,
        "columns": list(head.columns),
        "needs": [{"evidence": list(need.names), "from": need.maker} for need in head.needs],
        "one_is_enough": head.any_need,
        "example": head.example,
        "part_of": head.part_of,
        "own": query.own,
        "cypher": query.cypher,
    }


def _says(query: Query, words: Sequence[str]) -> bool:
    return all(word.lower() in f"{query.name} {query.purpose}".lower() for word in words)


def _table(caption: str, rows: Sequence[dict[str, Any]]) -> Section:
    listed = [
        (
            row["name"],
            ", ".join(one["name"] if one["required"] else f"[{one['name']}]" for one in row["parameters"]),
            row["purpose"].split(". ")[0].rstrip("."),
        )
        for row in rows
    ]
    return Section(caption, ("query", "parameters", "what it answers"), tuple(listed))
