"""A question in Cypher, with the schema and the catalogue at hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..page import Desk, Page

SHOWN = ("table", "graph", "chart")


def cypher(desk: Desk, given: Mapping[str, str]) -> Page:
    """The editor, and the answer to what the address holds."""
    text, params = given.get("text", "").strip(), given.get("params", "").strip()
    shown = given.get("show", "table")
    more: dict[str, Any] = {
        "text": text,
        "params": params,
        "show": shown if shown in SHOWN else "table",
        "examples": examples(desk),
        "schema": desk.ask("queries schema"),
        "limits": desk.limits,
    }
    blocks = [desk.try_("cypher", text=text, params=json_object(params))] if text else []
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
