"""A question in Cypher, with the schema and the catalogue at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ....queries.answers.ontology import schema
from ....queries.drawing.rows import draw_rows
from ....queries.result.result import Result
from ....schema import PictureError
from ..network import network
from ..page import Block, Desk, Page

SHOWN = ("table", "graph", "chart")
NO_GRAPH = "Nothing to draw as a graph: the answer holds no node or relationship. Return them, not their properties."
NO_CHART = "Nothing to draw as a chart: no column holds numbers."
_PATTERN = re.compile(r"\[:(\w+)\]")
_FROM_ONE = re.compile(r"\(line (\d+), column (\d+)")
_FROM_ZERO = re.compile(r"\bat line (\d+)(?::|, column )(\d+)")


def cypher(desk: Desk, given: Mapping[str, str]) -> Page:
    """The editor, and the answer to what the address holds."""
    text, params = given.get("text", "").strip(), given.get("params", "").strip()
    shown = given.get("show", "table")
    blocks = [desk.try_("cypher", text=text, params=json_object(params))] if text else []
    more: dict[str, Any] = {
        "text": text,
        "params": params,
        "show": shown if shown in SHOWN else "table",
        "shown": SHOWN,
        "examples": examples(desk),
        "schema": desk.ask("queries schema"),
        "limits": desk.limits,
        "words": words(),
        "place": place_of(blocks[0].error) if blocks else None,
        **picture(blocks, shown),
    }
    return Page("cypher", "Cypher", blocks, more=more)


def json_object(text: str) -> Mapping[str, Any] | str | None:
    """Parameters as they stand in an address; what is no object is refused by the verb itself."""
    if not text:
        return None
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        return text


def examples(desk: Desk) -> list[dict[str, Any]]:
    """The catalogue's queries and people's own, by name, with their purposes and texts."""
    listed = desk.ask("queries list").record
    rows = listed.json() if listed is not None else {}
    found = next((value for value in rows.values() if isinstance(value, list) and value), [])
    return [row for row in found if isinstance(row, dict)]


def words() -> dict[str, dict[str, list[str]]]:
    """What the editor completes: labels and relationship types, each with its properties."""
    whole = schema()
    types: dict[str, dict[str, None]] = {}
    for rel in whole.relationships:
        found = _PATTERN.search(rel["pattern"])
        types.setdefault(found[1] if found else "", {}).update(dict.fromkeys(rel["properties"]))
    return {
        "labels": {node["label"]: list(node["properties"]) for node in whole.nodes},
        "types": {name: list(properties) for name, properties in types.items()},
    }


def picture(blocks: list[Block], shown: str) -> dict[str, Any]:
    """The answer as a graph or a chart, or a line that says why there is none."""
    none: dict[str, Any] = {"network": None, "chart": None, "no_picture": ""}
    record = blocks[0].record if blocks else None
    if not isinstance(record, Result) or shown not in ("graph", "chart"):
        return none
    if not record.rows:
        return {**none, "no_picture": "No rows: nothing to draw."}
    if shown == "graph":
        drawn = network(record.rows)
        return {**none, "network": drawn, "no_picture": "" if drawn else NO_GRAPH}
    try:
        chart = draw_rows(record.columns, record.rows)
    except PictureError as error:
        return {**none, "no_picture": f"No chart: {error}."}
    return {**none, "chart": chart, "no_picture": "" if chart else NO_CHART}


def place_of(error: str | None) -> dict[str, int] | None:
    """Where in the text an error says it is, from line 1 and column 1 on."""
    if error is None:
        return None
    for pattern, first in ((_FROM_ONE, 1), (_FROM_ZERO, 0)):  # parsers of the local store count columns from 0
        if (found := pattern.search(error)) is not None:
            return {"line": int(found[1]), "column": int(found[2]) + 1 - first}
    return None
