"""Agents are told of a store in which every text is hostile: the same data, and nothing that steers a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.mcp.server import server
from neuronkb.kb.stores.local import LocalStore
from neuronkb.tests import hostile
from neuronkb.tests.everything import MONTHS, TUNED
from neuronkb.tests.hostile import MODEL, TEXT

pytest.importorskip("mcp", reason="the mcp extra is not installed")
from mcp import Client
from mcp.types import CallToolResult

NEURON = hostile.hostile(MONTHS)
ASKED: dict[str, dict[str, Any]] = {
    "models_list": {},
    "models_overview": {},
    "models_show": {"model": MODEL},
    "search": {"text": hostile.hostile(" June")},
    "card": {"neuron": NEURON},
    "find": {"words": [hostile.hostile(" June")]},
    "similar_show": {"neuron": NEURON, "by": "weights"},
    "feeds_show": {"neuron": NEURON},
    "n2g_show": {"neuron": NEURON},
    "neurons_beside": {"neuron": NEURON},
    "neurons_line": {"neuron": NEURON},
    "explanations_show": {"name": NEURON},
    "links_diff": {"base": MODEL, "tuned": hostile.hostile(TUNED)},
    "links_report": {"base": MODEL, "tuned": hostile.hostile(TUNED)},
    "findings_list": {},
    "causal_report": {"model": MODEL},
    "probes_show": {"feature": hostile.hostile("is_month")},
    "words_concepts": {"names": ["months"]},
    "store_status": {},
    "cypher": {"text": "MATCH (n) RETURN n"},
    "queries_list": {},
    "queries_run": {"name": "models"},
    "queries_schema": {},
    "findings_carry": {"base": MODEL, "tuned": hostile.hostile(TUNED)},
}
WRONG: dict[str, dict[str, Any]] = {
    "search": {"text": TEXT, "model": TEXT},
    "card": {"neuron": TEXT},
    "find": {"words": [TEXT], "feature": TEXT, "model": TEXT},
    "similar_show": {"neuron": f"{TEXT}/L0/N1"},
    "links_diff": {"base": TEXT, "tuned": TEXT},
    "links_report": {"base": TEXT, "tuned": TEXT},
    "findings_list": {"model": TEXT},
    "neurons_beside": {"neuron": NEURON, "model": TEXT},
    "cypher": {"text": TEXT},
    "queries_run": {"name": TEXT},
    "queries_schema": {"about": TEXT},
    "models_list": {TEXT: TEXT},
    "models_show": {"model": TEXT},
    "probes_show": {"feature": TEXT},
    "words_concepts": {"names": [TEXT]},
    TEXT: {},
}


def said(found: CallToolResult) -> str:
    (part,) = found.content
    assert part.type == "text"
    return part.text


def test_answers_and_errors(local_store: LocalStore, tmp_path: Path) -> None:
    hostile.load(local_store)
    made = server(KnowledgeBase(local_store, str(tmp_path)))

    async def session() -> None:
        async with Client(made) as client:
            assert set(ASKED) == {tool.name for tool in (await client.list_tools()).tools}
            for tool, asked in ASKED.items():
                found = await client.call_tool(tool, asked)
                if not found.is_error:  # such as a search: there are no runs on disk
                    assert json.loads(said(found)) == found.structured_content
                assert not hostile.hurts(said(found)), tool
            for tool, asked in WRONG.items():
                found = await client.call_tool(tool, asked)
                assert not hostile.hurts(said(found)), (tool, said(found))
                assert "\n" not in said(found)
            rows = await client.call_tool("cypher", {"text": "MATCH (f:Finding) RETURN f.text AS text ORDER BY text"})
            assert [row["text"] for row in json.loads(said(rows))["rows"]] == [
                f"fires on months{TEXT}",
                f"opens on June{TEXT}",
            ]

    anyio.run(session)
