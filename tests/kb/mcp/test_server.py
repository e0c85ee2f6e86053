"""Sessions of the SDK's own client: in process on each store, over stdio with a real child, over HTTP on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from neuronkb.ingest.embedding.embedder import Embedder
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.mcp.limits import Limits
from neuronkb.kb.mcp.server import READS, server
from neuronkb.kb.nouns import search as searching
from neuronkb.kb.nouns.search import Search
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.local import stop
from neuronkb.schema import ModelError
from neuronkb.tests import planted

pytest.importorskip("mcp", reason="the mcp extra is not installed")
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult

MONTHS = "base/L1/N3"
Session = Callable[[Client], Awaitable[None]]


@pytest.fixture
def kb(store: Store, planted_models: tuple[Path, Path], tmp_path: Path) -> KnowledgeBase:
    kb = KnowledgeBase(store, str(tmp_path / "store"))
    for folder in planted_models:
        kb.ingest_lm_head(folder)
    kb.link("base", "tuned")
    kb.findings.add("writes months", [MONTHS], author="me")
    return kb


def talk(target: Any, session: Session) -> None:
    """Connect the client and hold a session."""

    async def held() -> None:
        async with Client(target) as client:
            await session(client)

    anyio.run(held)


async def ask(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """A tool's answer, the same as text and as a structure."""
    found = await client.call_tool(tool, arguments)
    assert not found.is_error, found.content
    answer = dict(found.structured_content or {})
    assert json.loads(said(found)) == answer
    return answer


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """The error of a call, one line."""
    found = await client.call_tool(tool, arguments)
    assert found.is_error
    assert "\n" not in said(found)
    return said(found)


def said(found: CallToolResult) -> str:
    (part,) = found.content
    assert part.type == "text"
    return part.text


def contents(kb: KnowledgeBase) -> tuple[dict[str, int], dict[str, int]]:
    status = kb.status()
    return status.nodes, status.relationships


def test_what_an_agent_can_ask(kb: KnowledgeBase) -> None:
    async def session(client: Client) -> None:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(listed) == {*READS, "carry"}
        for tool in listed.values():
            assert tool.description
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint is True
        models = (await ask(client, "models"))["models"]
        assert {row["model"]: row["evidence"] for row in models} == {"base": ["lm-head"], "tuned": ["link", "lm-head"]}
        meant = await ask(client, "search", text="the time of the year", model="base", limit=3)
        assert meant["by"].startswith("all-MiniLM")
        assert len(meant["hits"]) == 3
        (why,) = meant["hits"][0]["reasons"]
        assert (meant["hits"][0]["model"], why["evidence"], why["rank"]) == ("base", "decoded", 1)
        assert why["cosine"] > why["null"]
        assert set(why["words"]) <= set(planted.MONTHS)
        card = await ask(client, "neuron", neuron="base/1-mlp/3")
        assert card["neuron"] == MONTHS
        assert {word for side in card["sides"] for word, *_ in side["tokens"]} >= {f" {m}" for m in planted.MONTHS}
        like = await ask(client, "similar", neuron=MONTHS, model="tuned", limit=3)
        assert like["neighbours"][0]["neuron"] == "tuned/L1/N3"
        changed = await ask(client, "diff", base="base", tuned="tuned", limit=1)
        assert [one["base"] for one in changed["changes"]] == [MONTHS]
        noted = await ask(client, "findings", model="base")
        assert noted["findings"][0]["text"] == "writes months"
        found = await ask(
            client, "cypher", query="MATCH (n:Neuron {id: $id}) RETURN n.layer AS l", params={"id": MONTHS}
        )
        assert found == {"columns": ["l"], "rows": [[1]]}
        named = {one["name"]: one for one in (await ask(client, "queries"))["queries"]}
        assert named["neuron_clamps"]["parameters"] == {"neuron": "neuron; the neuron"}
        ran = await ask(client, "query", name="neuron", params={"neuron": MONTHS})
        assert ran["rows"][0][0] == MONTHS
        whole = await ask(client, "schema")
        assert "(:Neuron)-[:DECODES_TO]->(:Token)" in {one["pattern"] for one in whole["relationships"]}
        one = await ask(client, "schema", about="Neuron")
        assert one["nodes"][0]["properties"]["layer"].startswith("int: ")

    talk(server(kb), session)


def test_words_are_searched_where_meaning_cannot_be(kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(model: object) -> Embedder:
        raise ModelError("embedding texts needs sentence-transformers")

    async def by_words(client: Client) -> None:
        for text in ("august", "january june october"):
            found = await ask(client, "search", text=text, model="base")
            assert found["by"] == "words"
            assert reason in found["why"]
            assert (found["hits"][0]["unit"], found["hits"][0]["model"]) == (MONTHS, "base")
            assert {"projection": "down", "pole": 1}.items() <= found["hits"][0]["reasons"][0].items()
        assert "asks for nothing" in await refused(client, "search", text=" ")

    reason = "are not in the search matrix"
    begun: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(searching, "SOON", 0)
        patched.setattr(Search, "build_aside", lambda self: begun.append(1))
        talk(server(kb), by_words)
    assert len(begun) == 2
    kb.searching.open_embedder, kb.searching._embedders = absent, {}
    reason = "needs sentence-transformers"
    talk(server(kb), by_words)


def test_nothing_can_be_written_nor_reached(kb: KnowledgeBase) -> None:
    before = contents(kb)

    async def session(client: Client) -> None:
        for query in (
            "CREATE (n:Neuron {id: 'z'}) RETURN n",
            "MATCH (n:Neuron) SET n.layer = 7",
            "MATCH (n) DETACH DELETE n",
        ):
            assert "a read may not" in await refused(client, "cypher", query=query)
        await refused(client, "cypher", query="LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line")
        await refused(client, "cypher", query="CALL dbms.listConfig() YIELD name RETURN name")
        assert "Unknown tool" in await refused(client, "note", text="x", about=[MONTHS])
        preview = await ask(client, "carry", base="base", tuned="tuned")
        assert preview["stored"] is False
        assert [one["verdict"] for one in preview["carries"]] == ["weakened"]

    talk(server(kb), session)
    assert contents(kb) == before


def test_with_leave_findings_are_noted_and_carried(kb: KnowledgeBase) -> None:
    async def session(client: Client) -> None:
        noted = await ask(client, "note", text="reads weekdays", about=["base/L0/N5"], author="agent")
        assert noted["finding"]["author"] == "agent"
        carried = await ask(client, "carry", base="base", tuned="tuned")
        assert carried["stored"] is True
        assert carried["counts"]["holds"] == 1
        shown = await ask(client, "findings", finding=noted["finding"]["id"])
        assert shown["carried"][0]["verdict"] == "holds"
        assert "a read may not" in await refused(client, "cypher", query="CREATE (n:Term {id: 'z'})")

    talk(server(kb, allow_write=True), session)
    assert kb.status().relationships["CARRIED_TO"] == 2


def test_limits_hold_and_errors_are_one_line(kb: KnowledgeBase) -> None:
    async def session(client: Client) -> None:
        many = await ask(client, "cypher", query="UNWIND range(1, 1000) AS x RETURN x", limit=900)
        assert len(many["rows"]) == 20
        assert "cut after 20 rows" in many["more"]
        long = await ask(client, "cypher", query="UNWIND range(1, 20) AS x RETURN [y IN range(1, 200) | y] AS l")
        assert long["truncated"][0]["at"] == "rows"
        assert len(json.dumps(long, separators=(",", ":"))) <= 2000
        slow = "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN sum(x * y)"
        assert "time limit of 1 s" in await refused(client, "cypher", query=slow, seconds=60)
        assert "expected more than 0" in await refused(client, "cypher", query="RETURN 1", limit=0)
        assert "RETRUN" in await refused(client, "cypher", query="MATCH (n)\nRETRUN n")
        assert "unknown query 'modells'" in await refused(client, "query", name="modells")
        assert "has no parameter 'timeout'" in await refused(client, "query", name="models", params={"timeout": None})
        assert "no model '/etc' in the store" in await refused(client, "similar", neuron=MONTHS, model="/etc")
        assert "known: Model" in await refused(client, "schema", about="Cell")
        assert "no model 'gpt2' in the store" in await refused(client, "neuron", neuron="gpt2/L0/N0")
        assert "not linked" in await refused(client, "carry", base="tuned", tuned="base")
        await refused(client, "cypher", query="RETURN 1", limit="many")
        await refused(client, "neuron")

    talk(server(kb, limits=Limits(seconds=1, rows=20, characters=2000)), session)


@pytest.fixture(scope="module")
def folder(planted_models: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store for servers that are processes of their own."""
    place = tmp_path_factory.mktemp("mcp") / "store"
    with KnowledgeBase.open(place) as kb:
        kb.store.setup()
        kb.ingest_lm_head(planted_models[0])
    yield place
    stop(place)


async def short(client: Client) -> None:
    """Search, card, Cypher, and a write that is refused."""
    assert client.server_info is not None
    found = await ask(client, "search", text="august")
    assert {"decoded", "word"} == {why["evidence"] for hit in found["hits"] for why in hit["reasons"]}
    assert (await ask(client, "neuron", neuron=MONTHS))["layer"] == 1
    counted = await ask(client, "cypher", query="MATCH (n:Neuron) RETURN count(n) AS n")
    assert counted["rows"] == [[planted.LAYERS * planted.WIDTH]]
    assert "a read may not" in await refused(client, "cypher", query="MATCH (n) DETACH DELETE n")


def test_over_stdio_with_a_child_process(folder: Path) -> None:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "neuronkb", "mcp", "--store", str(folder)], env=paths()
    )
    talk(command, short)


def test_over_http_on_loopback_alone(folder: Path) -> None:
    import httpx

    command = [sys.executable, "-m", "neuronkb", "mcp", "--http", "0", "--store", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=paths()) as child:
        try:
            assert child.stderr is not None
            address = child.stderr.readline().split()[-1]
            assert address.startswith("http://127.0.0.1:")
            talk(address, short)
            headers = {"accept": "application/json, text/event-stream", "host": "attacker.example"}
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
            assert httpx.post(address, json=body, headers=headers).status_code == 421
            port = address.rsplit(":", 1)[1].split("/")[0]
            again = subprocess.run(
                [*command[:4], "--http", port, "--store", str(folder)], capture_output=True, text=True, env=paths()
            )
            assert again.returncode == 1
            assert again.stderr.startswith(f"Error: port {port} of 127.0.0.1: ")
        finally:
            child.terminate()


def paths() -> dict[str, str]:
    """Where a child finds the package: the client hands on little of the environment by itself."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
