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
from neuronkb.kb.limits import Limits
from neuronkb.kb.mcp.one_line import NEW_TOOLS
from neuronkb.kb.mcp.server import server
from neuronkb.kb.search import search as searching
from neuronkb.kb.search.search import Search
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
        kb.lm_head.ingest(folder)
    kb.links.make("base", "tuned")
    kb.findings.add("writes months", about=[MONTHS], author="me")
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


async def destroying(client: Client) -> dict[str, bool | None]:
    """The tools that write, and whether each says that it may take something away."""
    hints = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}
    return {name: hint.destructive_hint for name, hint in hints.items() if hint and not hint.read_only_hint}


def contents(kb: KnowledgeBase) -> tuple[dict[str, int], dict[str, int]]:
    status = kb.store.status()
    return status.nodes, status.relationships


AGENTS = {
    "search",
    "find",
    "card",
    "cypher",
    "causal_report",
    "explanations_show",
    "feeds_show",
    "findings_carry",
    "findings_list",
    "links_diff",
    "links_report",
    "models_list",
    "models_overview",
    "models_show",
    "n2g_show",
    "neurons_beside",
    "neurons_line",
    "probes_show",
    "queries_list",
    "queries_run",
    "queries_schema",
    "similar_show",
    "store_status",
    "words_concepts",
}
"""Tools that every server has."""


def test_what_an_agent_can_ask(kb: KnowledgeBase) -> None:
    async def session(client: Client) -> None:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(listed) == AGENTS
        for tool in listed.values():
            assert tool.description
            assert tool.annotations is not None
            assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (True, False)
            assert all(one.get("description") for one in tool.input_schema["properties"].values()), tool.name
        models = (await ask(client, "models_list"))["rows"]
        assert {row["model"]: row["evidence"] for row in models} == {"base": ["lm-head"], "tuned": ["link", "lm-head"]}
        meant = await ask(client, "search", text="the time of the year", model="base", top=3)
        assert meant["embedder"].startswith("all-MiniLM")
        assert len(meant["hits"]) == 3
        (why,) = meant["hits"][0]["reasons"]
        assert (meant["hits"][0]["model"], why["evidence"], why["rank"]) == ("base", "decoded", 1)
        assert why["cosine"] > why["null"]
        assert set(why["words"]) <= set(planted.MONTHS)
        card = await ask(client, "card", neuron="base/1-mlp/3")
        assert card["neuron"] == MONTHS
        assert {word for end in card["ends"] for word, *_ in end["tokens"]} >= {f" {m}" for m in planted.MONTHS}
        both = await ask(client, "find", words=["june", "august"], layers=[1], model="base")
        assert [hit["neuron"] for hit in both["hits"]][:1] == [MONTHS]
        like = await ask(client, "similar_show", neuron=MONTHS, model="tuned", top=3)
        assert like["neighbours"][0]["neuron"] == "tuned/L1/N3"
        changed = await ask(client, "links_diff", base="base", tuned="tuned", top=1)
        assert [one["base"] for one in changed["changes"]] == [MONTHS]
        noted = await ask(client, "findings_list", model="base")
        assert noted["findings"][0]["text"] == "writes months"
        layer = "MATCH (n:Neuron {id: $id}) RETURN n.layer AS l"
        found = await ask(client, "cypher", text=layer, params={"id": MONTHS})
        assert (found["columns"], found["rows"]) == (["l"], [{"l": 1}])
        named = {one["name"]: one for one in (await ask(client, "queries_list", characters=40_000))["queries"]}
        assert named["neuron_clamps"]["parameters"] == {"neuron": "the neuron"}
        ran = await ask(client, "queries_run", name="neuron", params={"neuron": MONTHS})
        assert ran["rows"][0]["neuron"] == MONTHS
        whole = await ask(client, "queries_schema", characters=40_000)
        assert "(:Neuron)-[:DECODES_TO]->(:Token)" in {one["pattern"] for one in whole["relationships"]}
        one = await ask(client, "queries_schema", about="Neuron")
        assert one["nodes"][0]["properties"]["layer"].startswith("int: ")

    talk(server(kb), session)


def test_what_an_agent_can_read_first(local_store: Store, tmp_path: Path) -> None:
    kb = KnowledgeBase(local_store, str(tmp_path))

    async def session(client: Client) -> None:
        named = {str(one.uri) for one in (await client.list_resources()).resources}
        assert named == {"neuronkb://schema", "neuronkb://glossary", "neuronkb://catalogue"}
        texts = {}
        for uri in named:
            (part,) = (await client.read_resource(uri)).contents
            texts[uri] = getattr(part, "text", "")
        assert json.loads(texts["neuronkb://schema"])["version"] >= 2
        assert "| pole |" in texts["neuronkb://glossary"]
        assert "circuit" in {one["name"] for one in json.loads(texts["neuronkb://catalogue"])}
        prompts = {one.name for one in (await client.list_prompts()).prompts}
        assert prompts == {"look_at_a_neuron", "compare_base_and_fine_tune"}
        asked = await client.get_prompt("look_at_a_neuron", {"neuron": MONTHS})
        assert MONTHS in str(asked.messages[0].content)

    talk(server(kb), session)


def test_all_verbs_where_they_are_wanted(local_store: Store, tmp_path: Path) -> None:
    kb = KnowledgeBase(local_store, str(tmp_path))

    async def session(client: Client) -> None:
        listed = {tool.name for tool in (await client.list_tools()).tools}
        assert listed > AGENTS
        assert "runs_list" in listed
        # Nothing that would open a file, name an address or end the server.
        assert not listed & {"bundles_load", "bundles_check", "features_build", "n2g_ingest", "store_stop"}

    async def writing(client: Client) -> None:
        hints = await destroying(client)
        assert (hints["findings_add"], hints["findings_remove"], hints["runs_remove"]) == (False, True, True)

    talk(server(kb, everything=True), session)
    talk(server(kb, everything=True, allow_write=True), writing)


def test_an_old_tool_is_answered_with_the_new_one(local_store: Store, tmp_path: Path) -> None:
    kb = KnowledgeBase(local_store, str(tmp_path))

    async def session(client: Client) -> None:
        for old, new in NEW_TOOLS.items():
            assert await refused(client, old) == f"the tool {old} is now {new}"

    talk(server(kb), session)


def test_queries_of_ones_own(kb: KnowledgeBase) -> None:
    kb.place.queries.mkdir(parents=True)
    (kb.place.queries / "layer_size.cypher").write_text(
        "// Neurons of a layer.\n// $model: model; the model\n// $layer: int = 0; which\n// columns: n\n"
        '// needs: nothing\n// example: {"model": "base"}\n'
        "MATCH (n:Neuron {model: $model, layer: $layer}) RETURN count(n) AS n\n"
    )
    (kb.place.queries / "broken.cypher").write_text("RETURN 1 AS x")

    async def session(client: Client) -> None:
        listed = await ask(client, "queries_list")
        assert [one["name"] for one in listed["queries"] if "own" in one] == ["layer_size"]
        assert listed["queries"][0]["parameters"]["layer"] == "which"
        (problem,) = listed["warnings"]
        assert "broken.cypher: its head comment lacks a purpose" in problem
        ran = await ask(client, "queries_run", name="layer_size", params={"model": "base"})
        assert ran["rows"] == [{"n": planted.WIDTH}]
        assert "has no parameter 'layers'; did you mean layer" in await refused(
            client, "queries_run", name="layer_size", params={"model": "base", "layers": 1}
        )
        assert "lacks a purpose" in await refused(client, "queries_run", name="broken")
        assert "did you mean layer_size" in await refused(client, "queries_run", name="layer_sizes")
        outside = await refused(client, "queries_run", name="../queries/layer_size")
        assert "unknown query '../queries/layer_size'" in outside

    talk(server(kb), session)


def test_words_are_searched_where_meaning_cannot_be(kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(model: object) -> Embedder:
        raise ModelError("embedding texts needs sentence-transformers")

    async def by_words(client: Client) -> None:
        for text in ("august", "january june october"):
            found = await ask(client, "search", text=text, model="base")
            assert any(reason in warning for warning in found["warnings"])
            assert (found["hits"][0]["unit"], found["hits"][0]["model"]) == (MONTHS, "base")
            why = found["hits"][0]["reasons"][0]
            assert {"evidence": "word", "projection": "down", "pole": 1}.items() <= why.items()
        assert "asks for nothing" in await refused(client, "search", text=" ")

    reason = "are not in the search matrix"
    begun: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(searching, "SOON", 0)
        patched.setattr(Search, "build_aside", lambda self: begun.append(1))
        talk(server(kb), by_words)
    assert len(begun) == 2
    kb.session.search.open_embedder, kb.session.search._embedders = absent, {}
    reason = "needs sentence-transformers"
    talk(server(kb), by_words)


def test_nothing_can_be_written_nor_reached(kb: KnowledgeBase) -> None:
    before = contents(kb)

    async def session(client: Client) -> None:
        for verb in ("words_agree", "words_disagree"):  # what takes long is kept where it may be
            await ask(client, verb, model="base")
        for query in (
            "CREATE (n:Neuron {id: 'z'}) RETURN n",
            "MATCH (n:Neuron) SET n.layer = 7",
            "MATCH (n) DETACH DELETE n",
        ):
            assert "a read may not" in await refused(client, "cypher", text=query)
        await refused(client, "cypher", text="LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line")
        await refused(client, "cypher", text="CALL dbms.listConfig() YIELD name RETURN name")
        assert "Unknown tool" in await refused(client, "findings_add", text="x", about=[MONTHS])
        preview = await ask(client, "findings_carry", base="base", tuned="tuned")
        assert preview["load"] is None
        assert [one["verdict"] for one in preview["carries"]] == ["weakened"]

    talk(server(kb, everything=True), session)
    assert contents(kb) == before


def test_with_leave_findings_are_noted_and_carried(kb: KnowledgeBase) -> None:
    async def session(client: Client) -> None:
        assert await destroying(client) == {"findings_add": False, "findings_carry": False}
        noted = await ask(client, "findings_add", text="reads weekdays", about=["base/L0/N5"], author="agent")
        assert noted["author"] == "agent"
        carried = await ask(client, "findings_carry", base="base", tuned="tuned")
        assert carried["load"] is not None
        assert sorted(one["verdict"] for one in carried["carries"]) == ["holds", "weakened"]
        assert "a read may not" in await refused(client, "cypher", text="CREATE (n:Term {id: 'z'})")

    talk(server(kb, allow_write=True), session)
    assert kb.store.status().relationships["CARRIED_TO"] == 2


def test_limits_hold_and_errors_are_one_line(kb: KnowledgeBase) -> None:
    async def session(client: Client) -> None:
        many = await ask(client, "cypher", text="UNWIND range(1, 1000) AS x RETURN x", limit=900)
        assert len(many["rows"]) == 20
        assert (many["limit"], many["truncated"]) == (20, True)
        long = await ask(client, "cypher", text="UNWIND range(1, 20) AS x RETURN [y IN range(1, 200) | y] AS l")
        assert long["cut"][0]["at"] == "rows"
        assert len(json.dumps(long, separators=(",", ":"))) <= 2000
        slow = "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN sum(x * y)"
        assert "time limit of 1 s" in await refused(client, "cypher", text=slow, timeout=60)
        assert "expected more than 0" in await refused(client, "cypher", text="RETURN 1", limit=0)
        assert "RETRUN" in await refused(client, "cypher", text="MATCH (n)\nRETRUN n")
        assert "unknown query 'modells'" in await refused(client, "queries_run", name="modells")
        wrong = await refused(client, "queries_run", name="models", params={"timeout": None})
        assert "has no parameter 'timeout'" in wrong
        assert "no model '/etc' in the store" in await refused(client, "similar_show", neuron=MONTHS, model="/etc")
        assert "known: ABOUT" in await refused(client, "queries_schema", about="Cell")
        assert "no model 'gpt2' in the store" in await refused(client, "card", neuron="gpt2/L0/N0")
        assert "not linked" in await refused(client, "findings_carry", base="tuned", tuned="base")
        await refused(client, "cypher", text="RETURN 1", limit="many")
        await refused(client, "card")

    talk(server(kb, limits=Limits(seconds=1, rows=20, characters=2000)), session)


def test_an_answer_is_short_unless_more_is_asked_for(local_store: Store, tmp_path: Path) -> None:
    kb = KnowledgeBase(local_store, str(tmp_path))

    async def session(client: Client) -> None:
        asked = {"text": "UNWIND range(1, 3000) AS x RETURN x, 1000000 * x AS many", "limit": 3000}
        short = await ask(client, "cypher", **asked)
        longer = await ask(client, "cypher", **asked, characters=20_000)
        assert len(json.dumps(short, separators=(",", ":"))) <= 8_000 < len(json.dumps(longer, separators=(",", ":")))
        assert short["cut"][0]["of"] == 500

    talk(server(kb), session)


@pytest.fixture(scope="module")
def folder(planted_models: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store for servers that are processes of their own."""
    place = tmp_path_factory.mktemp("mcp") / "store"
    with KnowledgeBase.open(place) as kb:
        kb.db.setup()
        kb.lm_head.ingest(planted_models[0])
    yield place
    stop(place)


async def short(client: Client) -> None:
    """Search, card, Cypher, and a write that is refused."""
    assert client.server_info is not None
    found = await ask(client, "search", text="august")
    assert {"decoded", "word"} == {why["evidence"] for hit in found["hits"] for why in hit["reasons"]}
    assert (await ask(client, "card", neuron=MONTHS))["layer"] == 1
    counted = await ask(client, "cypher", text="MATCH (n:Neuron) RETURN count(n) AS n")
    assert counted["rows"] == [{"n": planted.LAYERS * planted.WIDTH}]
    assert "a read may not" in await refused(client, "cypher", text="MATCH (n) DETACH DELETE n")


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
