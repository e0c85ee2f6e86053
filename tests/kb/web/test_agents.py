"""MCP on the explorer's port: there for who asks, not loaded for who looks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("jinja2", reason="the web extra is not installed")
pytest.importorskip("mcp", reason="the mcp extra is not installed")
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import LocalStore
from neuronkb.kb.web.agents import PATH, Agents
from neuronkb.kb.web.app import application
from neuronkb.schema import StoreError
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

HERE = "http://127.0.0.1:8765"
HEADERS = {"accept": "application/json, text/event-stream"}
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


@pytest.fixture(scope="module")
def kb(local_folder: Path) -> Iterator[KnowledgeBase]:
    with LocalStore.open(local_folder) as store:
        store.setup()
        yield KnowledgeBase(store, str(local_folder))


def test_agents_are_answered_where_pages_are(kb: KnowledgeBase) -> None:
    with TestClient(application(kb.session), base_url=HERE) as client:
        for _ in range(2):
            answer = client.post(PATH, json=HELLO, headers=HEADERS)
            assert answer.status_code == 200, answer.text
            said = json.loads(answer.text.partition("data: ")[2] or answer.text)
            assert said["result"]["serverInfo"]["name"] == "neuronkb"
        assert client.get("/", headers={"accept": "text/html"}).status_code == 200


def test_guards_stand_before_agents_too(kb: KnowledgeBase) -> None:
    with TestClient(application(kb.session), base_url=HERE) as client:
        assert client.post(PATH, json=HELLO, headers=HEADERS | {"host": "evil.example"}).status_code == 400
        assert client.post(PATH, json=HELLO, headers=HEADERS | {"origin": "http://evil.example"}).status_code == 403


def test_a_package_of_another_release_is_told() -> None:
    def fails() -> Starlette:
        raise StoreError("serving agents needs another mcp")

    agents = Agents(fails)
    app = Starlette(routes=[Route(PATH, agents)], lifespan=lambda app: agents.life())
    with TestClient(app, base_url=HERE) as client:
        for _ in range(2):
            answer = client.post(PATH)
            assert (answer.status_code, answer.text) == (503, "serving agents needs another mcp")


def test_pages_load_no_package_of_agents() -> None:
    code = (
        "import sys\n"
        "from neuronkb.kb.session import Session\n"
        "from neuronkb.kb.web.app import application\n"
        "application(Session.at('nowhere', create=False))\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'mcp', 'torch', 'numpy', 'pyarrow'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
