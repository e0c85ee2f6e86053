"""A page is drawn once for a state of the store: whoever writes, the next to ask sees it."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("jinja2", reason="the web extra is not installed")
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import LocalStore
from neuronkb.kb.web import drawn_pages
from neuronkb.kb.web.app import application
from neuronkb.kb.web.drawn_pages import DrawnPages
from neuronkb.tests.everything import BASE, MONTHS
from starlette.testclient import TestClient

HERE = "http://127.0.0.1"


def test_a_page_is_of_one_state() -> None:
    pages = DrawnPages()
    assert pages.get("/a", "1") is None
    pages.put("/a", "1", "one")
    pages.put("/b", None, "none")
    assert gzip.decompress(pages.get("/a", "1") or b"") == b"one"
    assert pages.get("/b", None) is None
    assert pages.get("/a", None) is None
    assert pages.get("/a", "2") is None
    pages.put("/b", "2", "two")
    assert pages.get("/a", "1") is None
    pages.put("/a", "1", "late")
    assert pages.get("/a", "2") is None


def test_the_pages_asked_for_last_stay() -> None:
    size = len(gzip.compress(b"x", drawn_pages.QUICK))
    pages = DrawnPages(room=2 * size)
    for name in "ab":
        pages.put(name, "1", name)
    pages.get("a", "1")
    pages.put("c", "1", "c")
    assert [pages.get(name, "1") is not None for name in "abc"] == [True, False, True]
    pages.put("c", "1", "d")
    assert [pages.get(name, "1") is not None for name in "ac"] == [True, True]


@pytest.fixture
def client(plain: KnowledgeBase) -> Iterator[TestClient]:
    app = application(plain.session, mcp=False)
    with TestClient(app, base_url=HERE) as client:
        yield client


def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses of the pages that are drawn from now on."""
    seen: list[str] = []
    put = DrawnPages.put

    def noted(self: DrawnPages, address: str, stamp: str | None, text: str) -> None:
        seen.append(address.removeprefix(HERE))
        put(self, address, stamp, text)

    monkeypatch.setattr(DrawnPages, "put", noted)
    return seen


def test_a_page_is_drawn_again_only_after_a_write(
    plain: KnowledgeBase, client: TestClient, local_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = drawn(monkeypatch)
    page = f"/neuron/{MONTHS}"
    time.sleep(0.2)
    first = client.get(page)
    again = client.get(page)
    bare = client.get(page, headers={"accept-encoding": "identity"})
    assert first.status_code == again.status_code == bare.status_code == 200
    assert first.text == again.text == bare.text
    assert again.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in bare.headers
    assert seen == [page]
    with LocalStore.open(local_folder) as other:
        other.write("MATCH (n:Neuron {id: $id}) SET n.line = 'a line from elsewhere'", {"id": MONTHS})
        assert "a line from elsewhere" in client.get(page).text
        time.sleep(0.2)
        assert "a line from elsewhere" in client.get(page).text
        assert client.get(page).headers["content-encoding"] == "gzip"
        assert seen == [page] * 3
    assert client.get(f"{page}?embed=1").text != first.text
    assert client.get(f"{page}?format=json").headers["content-type"] == "application/json"


def test_what_rests_on_more_than_the_store_is_asked_anew(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = drawn(monkeypatch)
    pages = ["/", f"/model/{BASE}", "/findings", "/search?q=june", "/search?q=names+of+the+months", "/verbs", "/cypher"]
    pages += ["/search?q=", "/neuron/none/L0/N0"]
    for page in pages:
        client.get(page)
    assert seen == pages[:4]
