"""The verbs over HTTP: the object of --json, errors of one line, work with an address, nothing from outside."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from neuronkb.ingest.features import builders
from neuronkb.kb.cli.main import cli
from neuronkb.kb.doors import Offer, offers
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.limits import Limits
from neuronkb.queries.result.result import Result
from neuronkb.schema import NeuronKBError

pytest.importorskip("starlette", reason="the web extra is not installed")
from neuronkb.kb.web.app import application
from neuronkb.kb.web.routes import MOST
from starlette.testclient import TestClient

from tests.kb.web.conftest import filled

MONTHS = "base/L1/N3"
HERE = "http://127.0.0.1"


@pytest.fixture(scope="module")
def kb(planted_models: tuple[Path, Path], local_folder: Path) -> Iterator[KnowledgeBase]:
    with filled(local_folder, lambda store: None) as kb:
        for folder in planted_models:
            kb.lm_head.ingest(folder)
        kb.links.make("base", "tuned")
        yield kb


@pytest.fixture
def client(kb: KnowledgeBase) -> TestClient:
    return TestClient(application(kb.session, allow_write=True), base_url=HERE)


@pytest.mark.parametrize(
    ("path", "query", "command"),
    [
        ("card", {"neuron": MONTHS}, ["card", MONTHS]),
        ("models/list", {}, ["models", "list"]),
        ("runs/list", {"model": "base"}, ["runs", "list", "--model", "base"]),
        ("words/concepts", {"names": "months"}, ["words", "concepts", "months"]),
        ("words/several", {"words": ["june", "july", "may"]}, ["words", "several", "june", "july", "may"]),
        ("links/diff", {"base": "base", "tuned": "tuned", "top": 2}, ["links", "diff", "base", "tuned", "--top", "2"]),
        ("find", {"words": "august", "layers": "0-1"}, ["find", "august", "--layers", "0-1"]),
        (
            "cypher",
            {"text": "MATCH (n:Neuron {id: $id}) RETURN n.layer AS layer", "params": json.dumps({"id": MONTHS})},
            ["cypher", "MATCH (n:Neuron {id: $id}) RETURN n.layer AS layer", "--params", f"id={MONTHS}"],
        ),
    ],
)
def test_http_and_json_are_one_object(
    kb: KnowledgeBase, client: TestClient, path: str, query: dict[str, Any], command: list[str]
) -> None:
    answer = client.get(f"/api/{path}", params=query)
    assert answer.status_code == 200, answer.text
    done = CliRunner().invoke(cli, [*command, "--json", "--store", kb.where])
    assert done.exit_code == 0, done.output
    assert answer.json() == json.loads(done.stdout)
    assert "warnings" in answer.json()


@pytest.mark.parametrize(
    ("path", "query", "status", "why"),
    [
        ("card", {}, 400, "needs neuron"),
        ("card", {"neuron": MONTHS, "nuron": "x"}, 400, "no parameter 'nuron'; did you mean neuron?"),
        ("card", {"neuron": "base/L99/N0"}, 404, "has layers 0-1"),
        ("links/diff", {"base": "bas", "tuned": "tuned"}, 404, "did you mean base?"),
        ("links/diff", {"base": "base", "tuned": "tuned", "top": "0"}, 400, "top is 0, expected 1 or more"),
        ("cypher", {"text": "CREATE (n) RETURN n"}, 400, ""),
        ("nosuch", {}, 404, "no verb 'nosuch'"),
        ("lm-head/ingest", {"model": "base"}, 405, ""),
        ("work/none", {}, 404, "no work 'none'"),
    ],
)
def test_errors_are_one_line(client: TestClient, path: str, query: dict[str, Any], status: int, why: str) -> None:
    answer = client.get(f"/api/{path}", params=query)
    assert answer.status_code == status
    assert why in answer.text
    assert "\n" not in answer.text


def test_work_is_answered_with_its_address(client: TestClient) -> None:
    begun = client.post("/api/lm-head/ingest", json={"model": "base", "layers": [0]})
    assert begun.status_code == 202
    at = begun.json()["work"]
    assert begun.headers["location"] == at
    deadline = time.monotonic() + 120
    while (piece := client.get(at).json())["state"] in ("waiting", "running") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert piece["state"] == "done", piece
    assert piece["answer"]["run"].startswith("lm-head-")
    refused = client.post("/api/lm-head/ingest", content="model=base", headers={"Content-Type": "text/plain"})
    assert refused.status_code == 400
    assert "Content-Type: application/json" in refused.text


ROWS = "UNWIND range(1, 100) AS x RETURN x"


@pytest.mark.parametrize(("asked", "given"), [(None, 3), (90, 3), (2, 2)])
def test_no_answer_has_more_rows_than_the_server_lets_through(kb: KnowledgeBase, asked: int | None, given: int) -> None:
    client = TestClient(application(kb.session, limits=Limits(rows=3)), base_url=HERE)
    limit, top = ({} if asked is None else {name: asked} for name in ("limit", "top"))
    answer = client.get("/api/cypher", params={"text": ROWS, **limit}).json()
    assert (len(answer["rows"]), answer["limit"], answer["truncated"]) == (given, given, True)
    answer = client.get("/api/links/diff", params={"base": "base", "tuned": "tuned", **top}).json()
    assert len(answer["changes"]) == given


def test_no_question_takes_longer_nor_as_long_as_it_likes(kb: KnowledgeBase) -> None:
    client = TestClient(application(kb.session, limits=Limits(seconds=1, rows=3)), base_url=HERE)
    slow = "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN sum(x * y)"
    questions: tuple[tuple[dict[str, Any], str], ...] = (
        ({"text": slow, "timeout": 600}, "time limit of 1 s"),
        ({"text": slow}, "time limit of 1 s"),
        ({"text": ROWS, "timeout": 0}, "expected more than 0 and at most 1"),
        ({"text": ROWS, "limit": 0}, "limit is 0, expected more than 0 and at most 3"),
    )
    for asked, why in questions:
        answer = client.get("/api/cypher", params=asked)
        assert (answer.status_code, why in answer.json()["error"]) == (400, True), answer.text


@pytest.mark.parametrize(("size", "status"), [(MOST, 202), (MOST + 1, 400)])
def test_no_request_is_longer_than_a_mebibyte(client: TestClient, size: int, status: int) -> None:
    body = json.dumps({"x": "a" * (size - len('{"x": ""}'))})
    answer = client.post("/api/clamp/run", content=body, headers={"Content-Type": "application/json"})
    assert (len(body), answer.status_code) == (size, status)
    assert ("longer than 1 MiB" in answer.text) == (status == 400)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://evil.example:80", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/api"), ("GET", "/api/models/list"), ("POST", "/api/clamp/run")])
def test_a_page_of_another_site_is_refused(client: TestClient, headers: dict[str, str], method: str, path: str) -> None:
    answer = client.request(method, path, headers=headers, json={} if method == "POST" else None)
    assert (answer.status_code, answer.json()) == (403, {"error": "asked by a page of another site"})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-site"},
        {"Origin": HERE},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_a_page_of_this_machine_is_answered(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/api", headers=headers).status_code == 200


def test_a_defect_is_told_as_json(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*given: Any) -> Any:
        raise RuntimeError("two\nlines \x1b[31m")

    for kind, method in ((Offer, "ask"), (Result, "json")):
        with monkeypatch.context() as patched:
            patched.setattr(kind, method, defect)
            answer = client.get("/api/models/list")
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json")
        assert answer.json()["error"] == "RuntimeError: two⏎lines <U+001B>[31m (a defect)"


def test_another_host_is_refused(kb: KnowledgeBase) -> None:
    assert TestClient(application(kb.session), base_url="http://evil.example").get("/api").status_code == 400


def test_without_leave_to_write_nothing_writes(kb: KnowledgeBase) -> None:
    client = TestClient(application(kb.session), base_url=HERE)
    listed = {row["path"]: row for row in client.get("/api").json()["verbs"]}
    assert all(
        row["method"] == "GET" or row["verb"] in ("clamp run", "probes ablate", "n2g predict", "findings carry")
        for row in listed.values()
    )
    for path in ("/api/lm-head/ingest", "/api/findings/add", "/api/findings/remove", "/api/runs/remove"):
        assert path not in listed
        assert client.post(path, json={}).status_code == 404


def test_what_was_worked_out_is_kept_only_with_leave(kb: KnowledgeBase) -> None:
    for allowed in (False, True):
        client = TestClient(application(kb.session, allow_write=allowed), base_url=HERE)
        for verb in ("agree", "disagree"):
            answer = client.get(f"/api/words/{verb}", params={"model": "base"})
            assert answer.status_code == 200, answer.text
            assert bool(kb.runs.list(job="agree").rows) == allowed


OUTSIDE = ("/etc/passwd", "../x", "http://127.0.0.1:1", "no/such")


class Watch:
    """What is opened and connected to while it looks."""

    def __init__(self) -> None:
        self.looks = False
        self.seen: list[str] = []
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.looks and event in ("open", "os.listdir", "os.scandir", "socket.connect", "socket.getaddrinfo"):
            text = repr(arguments)
            if any(part in text for part in ("/etc/passwd", "../x", "no/such", "127.0.0.1', 1)", "http:")):
                self.seen.append(f"{event} {text}")


WATCH = Watch()


SMALL: dict[str, dict[str, Any]] = {
    "probes_ingest": {"layers": [0], "ks": [1], "methods": ["mean_difference"], "control": False, "tokens": 5000}
}
"""What makes work short whose texts are free, such as the name of a model."""


@pytest.fixture
def one_category(monkeypatch: pytest.MonkeyPatch) -> None:
    """Probing builds the labelled texts of a single category: a name that is free runs all of it."""
    monkeypatch.setattr(builders, "BUILDERS", {"facts": builders.BUILDERS["facts"]})


@pytest.mark.usefixtures("one_category")
@pytest.mark.parametrize("offer", offers(allow_write=True).values(), ids=lambda offer: offer.name)
def test_no_text_opens_or_connects_to_anything(kb: KnowledgeBase, offer: Offer) -> None:
    usual = {
        "MODEL": "base",
        "ID": MONTHS,
        "text": "x",
        "finding": "finding-0",
        "run": "lm-head-0",
        "prompt": "x",
    }
    texts = [one for one in offer.parameters if one.type in ("text", "choice")]
    for parameter in texts:
        for outside in OUTSIDE:
            given: dict[str, Any] = {
                one.name: usual.get(one.kind.metavar if one.kind else one.name, "x")
                for one in offer.parameters
                if one.required
            }
            given = {name: [value] if name in ("about", "neurons") else value for name, value in given.items()}
            given |= SMALL.get(offer.name, {})
            given[parameter.name] = [outside] if parameter.many else outside
            WATCH.seen.clear()
            WATCH.looks = True
            with suppress(NeuronKBError):
                offer.ask(kb.session, given)
            WATCH.looks = False
            assert WATCH.seen == [], (parameter.name, outside)
