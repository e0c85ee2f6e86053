"""What readers hand on, as evidence tables: each statement, score and window once in all of a run's shards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from ....schema import LatentId, arrow_schema, conform, digest, table
from ....schema.levels import levels
from ...bundle import UNVERIFIED
from ...n2g.tables import Tables, rows_tables
from ..records import Explanation, Score, Unit
from ..tables import record_tables, score_tables, unit_rows
from .items import Dictionary, Item, Statistics, Window
from .tally import Tally

Rows = dict[str, list[dict[str, Any]]]
Key = tuple[str, Unit, int]
"""Of an explanation in a shard: its id, unit and pole."""


class Evidence:
    """Turns items into tables and remembers what it has, so that the same again is counted as merged."""

    def __init__(self, run: str, tally: Tally, dictionaries: Mapping[str, Dictionary]) -> None:
        self.run, self.tally = run, tally
        self._dictionaries = dictionaries
        self._seen: set[str] = set()

    def tables(self, model: str, items: Iterable[Item]) -> Tables:
        """One shard's tables."""
        rows: Rows = defaultdict(list)
        rows["Model"].append({"id": model, "weights": UNVERIFIED})
        explanations: dict[Key, Explanation] = {}
        scores: list[tuple[str, Unit, Score]] = []
        for item in items:
            if isinstance(item, Window):
                self._window(item, rows)
            elif isinstance(item, Statistics):
                self._statistics(item, rows)
            else:
                self._explanation(item, explanations, scores)
        _write_levels(rows)
        made = [record_tables(explanations.values(), self.run), score_tables(scores, self.run), rows_tables(rows)]
        return self._with_sources(model, joined(made))

    def _explanation(
        self, item: Explanation, explanations: dict[Key, Explanation], scores: list[tuple[str, Unit, Score]]
    ) -> None:
        """A score that comes after its explanation's shard is a row of its own shard; the loader then looks for the
        headline once more."""
        name = item.id(self.run)
        fresh = tuple(score for score in item.scores if self._new("scores", score.id(name, item.unit, self.run)))
        key = (name, item.unit, item.pole)
        if self._new("explanations", name, str(item.unit), item.pole):
            explanations[key] = replace(item, scores=fresh)
        elif held := explanations.get(key):
            explanations[key] = replace(held, scores=(*held.scores, *fresh))
        else:
            scores += [(name, item.unit, score) for score in fresh]

    def _window(self, item: Window, rows: Rows) -> None:
        name = digest({"corpus": item.corpus, "tokens": item.tokens})[:32]
        if not self._new("windows", str(item.unit), name):
            return
        unit_rows(item.unit, rows)
        rows["Excerpt"].append(
            {"id": name, "corpus": item.corpus, "text": "".join(item.tokens), "tokens": list(item.tokens)}
        )
        fires = {"activation": max(item.values), "values": item.values, "band": item.band}
        rows[f"{label(item.unit)}.FIRES_ON.Excerpt"].append(
            {"start": str(item.unit), "end": name, "pole": 1, **fires, "run": self.run}
        )

    def _statistics(self, item: Statistics, rows: Rows) -> None:
        if not self._new("statistics", str(item.unit)):
            return
        unit_rows(item.unit, rows)
        name = f"{item.unit}/published//1/{self.run}"
        rows["Stats"].append({"id": name, "kind": "published", "pole": 1, "run": self.run, **item.facts})
        rows[f"{label(item.unit)}.HAS_STATS.Stats"].append({"start": str(item.unit), "end": name, "run": self.run})

    def _new(self, kind: Any, *key: object) -> bool:
        """Count it, and say whether it is new."""
        known = digest({"kind": kind, "key": [str(each) for each in key]})[:32]
        if known in self._seen:
            self.tally.merge(kind)
            return False
        self._seen.add(known)
        self.tally.keep(kind)
        return True

    def _with_sources(self, model: str, tables: Tables) -> Tables:
        if "Source" not in tables:
            return tables
        rows = []
        for name in tables["Source"].column("id").to_pylist():
            found = self._dictionaries.get(name.removeprefix(f"{model}/"), Dictionary("sae"))
            rows.append({"id": name, "kind": found.kind, "hook": found.hook})
        return tables | {"Source": conform(table("Source"), pa.Table.from_pylist(rows))}


def _write_levels(rows: Rows) -> None:
    """The windows' values as FIRES_ON has them."""
    for name, found in rows.items():
        if ".FIRES_ON." in name:
            values = pa.array([row.pop("values") for row in found], pa.list_(pa.float64()))
            peaks = pa.array([row["activation"] for row in found], pa.float64())
            for row, text, unit in zip(found, *(part.to_pylist() for part in levels(values, peaks)), strict=True):
                row |= {"levels": text, "unit": unit}


def label(unit: Unit) -> str:
    """Of the unit's node."""
    return "Latent" if isinstance(unit, LatentId) else "Neuron"


def joined(parts: Iterable[Tables]) -> Tables:
    """Tables of the same name as one; nodes, and relationships that belong to no run, stand once."""
    found: dict[str, list[pa.Table]] = defaultdict(list)
    for part in parts:
        for name, data in part.items():
            found[name].append(data)
    return {name: _once(name, pa.concat_tables(pieces)) for name, pieces in found.items()}


def _once(name: str, data: pa.Table) -> pa.Table:
    kind = table(name)
    if "run" in arrow_schema(kind).names and "id" not in arrow_schema(kind).names:
        return data
    keys = ["id"] if "id" in data.column_names else ["start", "end"]
    seen: dict[tuple[Any, ...], int] = {}
    for number, key in enumerate(zip(*(data.column(each).to_pylist() for each in keys), strict=True)):
        seen.setdefault(key, number)
    return data if len(seen) == data.num_rows else data.take(list(seen.values()))
