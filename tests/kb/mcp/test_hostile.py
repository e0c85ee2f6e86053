"""Agents are told of a store in which every text is hostile: the same data, and nothing that steers a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.mcp.server import READS, server
from neuronkb.kb.stores.local import LocalStore
from neuronkb.tests import hostile
from neuronkb.tests.everything import MONTHS, TUNED
from neuronkb.tests.hostile import MODEL, TEXT

pytest.importorskip("mcp", reason="the mcp extra is not installed")
from mcp import Client
from mcp.types import CallToolResult

NEURON = hostile.hostile(MONTHS)
ASKED = {
    "models": {},
    "search": {"text": hostile.hostile(" June")},
    "neuron": {"neuron": NEURON},
    "similar": {"neuron": NEURON, "by": "weights"},
    "diff": {"base": MODEL, "tuned": hostile.hostile(TUNED)},
    "findings": {},
    "cypher": {"query": "MATCH (n) RETURN n"},
    "queries": {},
    "query": {"name": "models"},
    "schema": {},
}
WRONG = {
    "search": {"text": TEXT, "model": TEXT},
    "neuron": {"neuron": TEXT},
    "similar": {"neuron": f"{TEXT}/L0/N1"},
    "diff": {"base": TEXT, "tuned": TEXT},
    "findings": {"finding": TEXT},
    "cypher": {"query": TEXT},
    "query": {"name": TEXT},
    "schema": {"about": TEXT},
    "models": {TEXT: TEXT},
}


def said(found: CallToolResult) -> str:
    (part,) = found.content
    assert part.type == "text"
    return part.text


def test_answers_and_errors(local_store: LocalStore, tmp_path: Path) -> None:
    hostile.load(local_store)
    made = server(KnowledgeBase(local_store, str(tmp_path)))
    assert set(ASKED) == set(READS)

    async def session() -> None:
        async with Client(made) as client:
            for tool, asked in ASKED.items():
                found = await client.call_tool(tool, asked)
                if tool != "search":  # there are no runs on disk to search in
                    assert json.loads(said(found)) == found.structured_content
                assert not hostile.hurts(said(found)), tool
            for tool, asked in WRONG.items():
                found = await client.call_tool(tool, asked)
                assert not hostile.hurts(said(found)), (tool, said(found))
                assert "\n" not in said(found)
            rows = await client.call_tool("cypher", {"query": "MATCH (f:Finding) RETURN f.text ORDER BY f.text"})
            assert [row[0] for row in json.loads(said(rows))["rows"]] == [
                f"fires on months{TEXT}",
                f"opens on June{TEXT}",
            ]

    anyio.run(session)
