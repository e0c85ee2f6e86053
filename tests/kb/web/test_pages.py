"""The explorer's pages over evidence of every kind, every text of it hostile: nothing becomes markup, numbers are the
verbs' own, and every link leads somewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote, urljoin, urlsplit

import pytest

pytest.importorskip("jinja2", reason="the web extra is not installed")
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import stop
from neuronkb.kb.web.address import ServerAddresses
from neuronkb.kb.web.app import application
from neuronkb.tests import hostile
from neuronkb.tests.everything import BASE, MONTHS, TUNED
from starlette.testclient import TestClient

from tests.kb.web.conftest import filled

HERE = "http://127.0.0.1"
PLAIN = {
    "/": "models overview",
    f"/neuron/{MONTHS}": "card",
    f"/neuron/{BASE}/9-res/4": "explanations show",
    f"/model/{BASE}": "models show",
    f"/beside/{MONTHS}": "neurons beside",
    f"/tuned?base={BASE}&tuned={TUNED}": "links report",
    "/findings": "findings list",
    "/search?q=june,july": "find",
    "/search?q=is_month": "find",
    "/cypher?text=MATCH+(n:Neuron)+RETURN+n.id+AS+id+ORDER+BY+id": "cypher",
    f"/ask/n2g/show?neuron={MONTHS}": "n2g show",
    "/ask/runs/list?ask=1": "runs list",
    "/ask/probes/show?feature=is_month": "probes show",
    "/ask/probes/find?feature=texts/is_month": "probes find",
}
"""Pages and the verb whose answer each shows."""
VOID = {"meta", "link", "input", "br", "img", "hr", "path", "line", "rect", "circle", "stop"}


class Marks(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def links(self) -> list[str]:
        """Where it leads, and what it loads."""
        return [str(at) for _, held in self.tags for name, at in held.items() if name in ("href", "src") and at]


@pytest.fixture(scope="module")
def harmful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("harmful") / "store"
    with filled(folder, hostile.load) as kb:
        yield kb
    stop(folder)


@pytest.fixture(scope="module")
def client(plain: KnowledgeBase) -> TestClient:
    return TestClient(application(plain.session, mcp=False), base_url=HERE, follow_redirects=False)


@pytest.mark.parametrize(("at", "verb"), PLAIN.items(), ids=list(PLAIN))
def test_a_page_has_the_numbers_of_its_verb(client: TestClient, plain: KnowledgeBase, at: str, verb: str) -> None:
    """Page, JSON twin, HTTP and Python: one answer."""
    page = client.get(at)
    assert page.status_code == 200, page.text
    twin = client.get(at, params={**dict(client.build_request("GET", at).url.params), "format": "json"}).json()
    (block,) = twin["blocks"]
    assert (block["verb"], block["error"]) == (verb, None)
    assert client.get(block["address"]).json() == block["answer"]
    python = next(word for word in Marks(page.text).words if word.startswith("kb."))
    answer = eval(python, {"kb": plain})  # noqa: S307  (what a reader would paste)
    assert json.loads(json.dumps(answer.json(), default=str)) == block["answer"]


def test_every_link_leads_somewhere(client: TestClient) -> None:
    """From page to page, as far as there are pages; nothing is fetched from elsewhere."""
    waiting, known = ["/"], {"/"}
    while waiting:
        at = waiting.pop()
        found = client.get(at)
        while found.status_code == 303:
            found = client.get(found.headers["location"])
        assert found.status_code == 200, (at, found.text)
        if "html" not in found.headers["content-type"]:
            continue
        for link in Marks(found.text).links():
            if link.startswith("data:") or not link.partition("#")[0]:
                continue
            whole = urljoin(at, link.partition("#")[0])
            assert not urlsplit(whole).netloc, (at, link)
            if whole not in known and "/cypher?" not in whole:
                known.add(whole)
                waiting.append(whole)
    assert len(known) > 40


def test_hostile_texts_are_words_and_nothing_else(harmful: KnowledgeBase) -> None:
    client = TestClient(application(harmful.session, mcp=False), base_url=HERE, follow_redirects=False)
    neuron, model = hostile.hostile(MONTHS), hostile.MODEL
    seen = 0
    for at in (
        "/",
        f"/neuron/{quote(neuron)}",
        f"/model/{quote(model)}",
        f"/search?q={quote(hostile.TEXT)}&way=words",
        "/findings",
        "/finding/f0",
        f"/ask/n2g/show?neuron={quote(neuron)}",
        "/cypher?text=MATCH+(n)+RETURN+n",
        f"/cypher?text={quote('RETURN 1 AS x // ' + hostile.TEXT)}",
        f"/{quote(hostile.TEXT)}",
    ):
        text = client.get(at).text
        typed = r'(?s)value="[^"]*"|<textarea.*?</textarea>'  # what somebody typed stays what they typed
        assert not hostile.hurts(re.sub(typed, "", text)), at
        marks = Marks(text)
        scripts = [held for tag, held in marks.tags if tag == "script"]
        assert all(held.get("src") or held.get("type") == "application/json" for held in scripts)
        assert not [name for _, held in marks.tags for name in held if name.startswith("on")]
        assert not [link for link in marks.links() if re.match(r"\s*(javascript|http)", link)], at
        seen += "".join(marks.words).count("[link=http://evil]")
    assert seen > 20


@pytest.mark.parametrize(
    ("at", "status", "said"),
    [
        ("/nowhere", 404, "nothing is at"),
        (f"/neuron/{BASE}/L99/N0", 404, "no neuron"),
        ("/neuron/june", 404, "is not a neuron id"),
        ("/model/gpt2", 404, "no model 'gpt2' in the store"),
        ("/ask/n2g/shows", 404, "did you mean n2g show"),
        ("/finding/zzz", 404, "no finding is named"),
        (f"/tuned?base={BASE}&tuned={BASE}", 400, "not linked"),
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(client: TestClient, at: str, status: int, said: str) -> None:
    page = client.get(at)
    assert page.status_code == status
    assert said in " ".join("".join(Marks(page.text).words).split())
    twin = client.get(at + ("&" if "?" in at else "?") + "format=json")
    assert (twin.status_code, said in twin.json()["error"]) == (status, True)


def test_wrong_cypher_is_told_beside_the_editor(client: TestClient) -> None:
    page = client.get("/cypher", params={"text": "MATCH (n) RETRUN n"})
    assert page.status_code == 200
    assert "RETRUN" in "".join(Marks(page.text).words)
    wrote = client.get("/cypher", params={"text": "CREATE (n:X) RETURN n"})
    assert "may not" in "".join(Marks(wrote.text).words)


def test_one_box_says_what_it_took(client: TestClient) -> None:
    assert client.get("/search", params={"q": "L9/N188"}).headers["location"] == f"/neuron/{MONTHS}"
    assert client.get("/search", params={"q": MONTHS}).headers["location"] == f"/neuron/{MONTHS}"
    for text, way in (("june", "words"), ("june, july", "words"), ("is_month", "a feature")):
        words = " ".join("".join(Marks(client.get("/search", params={"q": text}).text).words).split())
        assert f"Taken as {way}" in words
        assert MONTHS in words


def test_a_surprise_is_a_neuron(client: TestClient) -> None:
    assert re.match(r"/neuron/.+/L\d+/N\d+$", client.get("/random").headers["location"])


def test_a_page_in_a_frame_is_the_neuron_alone(client: TestClient) -> None:
    page = client.get(f"/neuron/{MONTHS}", params={"embed": "1"})
    assert "frame-ancestors *" in page.headers["content-security-policy"]
    assert not [tag for tag, _ in Marks(page.text).tags if tag in ("header", "footer", "form")]
    assert "frame-ancestors 'self'" in client.get(f"/neuron/{MONTHS}").headers["content-security-policy"]


def test_a_fine_tunes_report_is_one_file(client: TestClient) -> None:
    saved = client.get("/tuned", params={"base": BASE, "tuned": TUNED, "format": "file"})
    assert saved.headers["content-disposition"].startswith("attachment")
    assert len(saved.content) < 5 * 2**20
    assert not [link for link in Marks(saved.text).links() if not link.startswith("data:")]


def test_short_ids_of_a_fine_tune_lead_to_its_own_neurons() -> None:
    link = ServerAddresses().link({BASE, TUNED}, BASE, TUNED)
    assert [link(column, "L3/N17") for column in ("neuron", "base", "now", "tuned")] == [
        f"/neuron/{BASE}/L3/N17",
        f"/neuron/{BASE}/L3/N17",
        f"/neuron/{TUNED}/L3/N17",
        f"/neuron/{TUNED}/L3/N17",
    ]
    assert link("n", f'(:Neuron {{id: "{MONTHS}", layer: 9}})') == f"/neuron/{MONTHS}"
    assert link("n", '(:Term {id: "june"})') is None
