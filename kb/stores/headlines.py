"""Headline scores on EXPLAINED_BY, from the Score nodes in a store or in bundles: for scores that came after their
explanation's rows, and for stores of before there were any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from ...ingest.bundle import Bundle
from ...schema import arrow_schema, table
from ...schema.compute import pc
from ...schema.headline import PROPERTIES, headline
from .base import Store
from .rows import first_of_each
from .statements import quote

EXPLANATIONS = 500
"""In a statement."""

IDS = "MATCH (e:Explanation) WHERE $run IS NULL OR e.run = $run RETURN e.id AS id"
SCORES = """
UNWIND $ids AS id
MATCH (e:Explanation {id: id})-[:SCORED]->(s:Score)-[:OF]->(u)
MATCH (u)-[x:EXPLAINED_BY]->(e)
WHERE x.run = s.run AND (s.pole IS NULL OR s.pole = x.pole)
RETURN labels(u)[0] AS label, u.id AS unit, e.id AS explanation, x.pole AS pole, x.run AS run, s.id AS id,
       s.scorer AS scorer, s.formula AS formula, s.split AS split, s.simulator AS simulator, s.value AS value,
       s.`null` AS `null`, s.n AS n
"""
"""The scores of explanations on what they explain, of one run with them."""


def across_shards(job: str, tables: Iterable[str]) -> bool:
    """Whether a run's headlines must be worked out when all is in: published files may tell of a score long after its
    explanation, in another shard."""
    return job.startswith("import-") and any("Score" in name or "EXPLAINED_BY" in name for name in tables)


def write(label: str) -> str:
    """Cypher that sets the headlines of a label's units: one list a column."""
    sets = ", ".join(f"x.{quote(name)} = ${name}_[i]" for name in PROPERTIES)
    return (
        f"UNWIND range(0, size($units) - 1) AS i MATCH (u:{quote(label)} {{id: $units[i]}})-[x:EXPLAINED_BY]->"
        "(e:Explanation) WHERE e.id = $explanations[i] AND x.pole = $poles[i] AND x.run = $runs[i] "
        f"SET {sets} RETURN count(x) AS rows"
    )


def fill(store: Store, run: str | None = None) -> int:
    """Write the headlines of a run's explanations, of all runs unless given; how many there are. The same again
    changes nothing."""
    found = store.read(IDS, {"run": run}, timeout=None, limit=None).rows
    ids, filled = (row[0] for row in found), 0
    while some := list(islice(ids, EXPLANATIONS)):
        rows = store.read(SCORES, {"ids": some}, timeout=None, limit=None).dicts()
        for label, parameters in _parameters(rows):
            filled += store.write(write(label), parameters).rows[0][0]
    return filled


def _parameters(rows: Iterable[dict[str, Any]]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Of each label the parameters of `write`."""
    sides: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        sides[row["label"], row["unit"], row["explanation"], row["pole"], row["run"]].append(row)
    columns: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for (label, *place), scores in sides.items():
        named = zip(("units", "explanations", "poles", "runs"), place, strict=True)
        for name, value in [*named, *((f"{name}_", value) for name, value in headline(scores).items())]:
            columns[label][name].append(value)
    return columns.items()


class Scored:
    """The scores that the bundles of one run tell of, each with what it scores."""

    def __init__(self, bundles: Sequence[Bundle]) -> None:
        scores = first_of_each(_columns(bundles, "Score", ("id", "pole", "split", "simulator", *PROPERTIES)), ["id"])
        scored = _columns(bundles, "Explanation.SCORED.Score", ("start", "end")).rename_columns(["explanation", "id"])
        self._rows: dict[str, pa.Table] = {}
        for label in ("Neuron", "Latent"):
            of = _columns(bundles, f"Score.OF.{label}", ("start", "end")).rename_columns(["id", "unit"])
            joined = scored.join(of, "id", join_type="inner").join(scores, "id", join_type="inner")
            self._rows[f"{label}.EXPLAINED_BY.Explanation"] = first_of_each(joined, ["explanation", "unit", "id"])

    def headlined(self, name: str, rows: pa.Table) -> pa.Table:
        """Rows of EXPLAINED_BY with the headlines of those that have a score; other tables as they are."""
        if name not in self._rows:
            return rows
        found, of = self._rows[name], pc.unique(rows.column("end"))
        by: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for score in found.filter(pc.is_in(found.column("explanation"), value_set=of)).to_pylist():
            by[score["unit"], score["explanation"]].append(score)
        changed = []
        for row in rows.to_pylist():
            scores = [each for each in by[row["start"], row["end"]] if each["pole"] in (None, row["pole"])]
            changed.append(row | headline(scores) if scores else row)
        return pa.Table.from_pylist(changed, rows.schema)


def _columns(bundles: Sequence[Bundle], name: str, columns: Sequence[str]) -> pa.Table:
    schema = pa.schema([arrow_schema(table(name)).field(column) for column in columns])
    parts = [rows.select(columns).cast(schema) for bundle in bundles for rows in bundle.tables(name)]
    return pa.concat_tables([schema.empty_table(), *parts])
