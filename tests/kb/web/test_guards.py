"""Who is answered: this machine or who has the token, and no page of another site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("jinja2", reason="the web extra is not installed")
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import LocalStore
from neuronkb.kb.web.app import application
from neuronkb.kb.web.guards import EVERY
from starlette.testclient import TestClient

HERE = "http://127.0.0.1:8765"
TOKEN = "right-token"


@pytest.fixture(scope="module")
def kb(local_folder: Path) -> Iterator[KnowledgeBase]:
    with LocalStore.open(local_folder) as store:
        store.setup()
        yield KnowledgeBase(store, str(local_folder))


@pytest.fixture
def client(kb: KnowledgeBase) -> TestClient:
    return TestClient(application(kb.session, mcp=False), base_url=HERE)


@pytest.mark.parametrize("at", ["/", "/api/models/list"])
def test_another_host_is_refused(client: TestClient, at: str) -> None:
    """So that no name of somebody's that points here can read it."""
    assert client.get(at, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({"origin": "http://evil.example"}, "/", 403),
        ({"origin": "null"}, "/api/models/list", 403),
        ({"origin": HERE}, "/api/models/list", 200),
        ({"sec-fetch-site": "cross-site"}, "/api/models/list", 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, "/verbs", 200),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, "/api", 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}, "/verbs", 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}, "/verbs", 403),
    ],
)
def test_pages_of_other_sites(client: TestClient, headers: dict[str, str], path: str, status: int) -> None:
    """A link may lead here from anywhere; nothing else may come from there."""
    assert client.get(path, headers=headers).status_code == status


def test_a_frame_elsewhere_may_hold_a_neuron_alone(client: TestClient) -> None:
    frame = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
    assert client.get("/neuron/m/L0/N0?embed=1", headers=frame).status_code == 404
    assert client.get("/neuron/m/L0/N0", headers=frame).status_code == 403


def test_what_a_browser_may_do_is_said_with_every_answer(client: TestClient) -> None:
    for at in ("/verbs", "/api", "/nowhere", "/static/app.js"):
        headers = client.get(at).headers
        rules = dict(rule.strip().partition(" ")[::2] for rule in headers["content-security-policy"].split(";"))
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == "'self'"
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "at", ["/static/../app.py", "/static/%2e%2e%2fapp.py", "/vendor/ace/../../../x", "/vendor/x/y"]
)
def test_no_other_file_is_given(client: TestClient, at: str) -> None:
    assert client.get(at).status_code == 404


def test_elsewhere_the_token_is_asked_for(kb: KnowledgeBase) -> None:
    app = application(kb.session, hosts=("testserver",), token=TOKEN, mcp=False)
    client = TestClient(app, base_url="http://testserver", follow_redirects=False)
    assert client.get("/").status_code == 401
    assert client.get("/api/models/list").status_code == 401
    assert client.get("/login?token=wrong").status_code == 401
    assert client.get("/api/models/list", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client.get("/api/models/list", headers=[(b"authorization", "Bearer é".encode())]).status_code == 401
    welcome = client.get(f"/login?token={TOKEN}")
    assert (welcome.status_code, welcome.headers["location"]) == (303, "/")
    cookie = welcome.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.get("/api/models/list").status_code == 200


def test_under_any_name_a_page_is_ours_where_it_is_asked_for(kb: KnowledgeBase) -> None:
    app = application(kb.session, hosts=(EVERY,), token=TOKEN, mcp=False)
    client = TestClient(app, base_url="http://box.example:8765", headers={"authorization": f"Bearer {TOKEN}"})
    assert client.get("/api/models/list").status_code == 200
    assert client.get("/api/models/list", headers={"origin": "http://box.example:8765"}).status_code == 200
    for origin in ("http://evil.example", "null", "http://*"):
        assert client.get("/api/models/list", headers={"origin": origin}).status_code == 403
