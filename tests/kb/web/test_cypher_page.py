"""The Cypher page in a real browser: what it types, completes, asks and draws."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from neuronkb.tests.everything import MONTHS

from tests.browser import Watched, watched
from tests.kb.web.conftest import MARKUP

pytest.importorskip("playwright", reason="the dev extra is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

GRAPH = "MATCH (n:Neuron)-[r]->(m) RETURN n, r, m"
BARS = "MATCH (n:Neuron)-[d:DECODES_TO]->(t) RETURN n.id + t.id AS side, d.z AS z, d.rank AS rank"
DARK_INK, PALE_INK = (0x1B, 0x1C, 0x1F), (0xE7, 0xE8, 0xEA)
"""of a light page, and of a dark one"""
DARK = 'matchMedia("(prefers-color-scheme: dark)").matches'


@pytest.fixture
def watch(browser: Browser, everything_at: str) -> Iterator[Watched]:
    """A page of the plain store; nothing may go wrong in it."""
    with watched(browser, everything_at, viewport={"width": 1100, "height": 800}) as held:
        yield held
    assert held.problems == []


def address(text: str, show: str = "table", params: str = "") -> str:
    return f"/cypher?text={quote(text)}&show={show}&params={quote(params)}"


def typed(page: Page) -> str:
    """What is in the form: what will be asked."""
    return page.input_value("#text")


def begin(page: Page, text: str) -> None:
    """Type a text over what is there."""
    page.click(".ace_content")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


def drawn(page: Page) -> Page:
    """With a graph that has come to rest."""
    page.wait_for_selector("#picture[data-done]")
    return page


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("MATCH (n:Neur", "MATCH (n:Neuron"),
        ("MATCH (n:Neuron)-[r:CONTRADI", "MATCH (n:Neuron)-[r:CONTRADICTS_ON"),
        ("MATCH (n:Neuron) RETURN n.lay", "MATCH (n:Neuron) RETURN n.layer"),
        ("MATCH (:Feature {base", "MATCH (:Feature {base_rate"),
    ],
)
def test_it_completes_what_fits_where_one_types(watch: Watched, text: str, whole: str) -> None:
    page = watch.go("/cypher")
    begin(page, text)
    listed = page.locator(".ace_autocomplete .ace_line")
    expect(listed).to_have_count(1)
    expect(listed).to_contain_text(re.split(r"\W", whole)[-1])
    page.keyboard.press("Enter")
    assert typed(page) == whole


def test_no_list_stands_in_the_way_of_a_new_line(watch: Watched) -> None:
    page = watch.go("/cypher")
    begin(page, "MATCH (n)\nRETURN n\nLIMIT 1")
    assert typed(page) == "MATCH (n)\nRETURN n\nLIMIT 1"


def test_a_query_of_the_catalogue_comes_with_its_example(watch: Watched) -> None:
    page = watch.go("/cypher")
    begin(page, "hub_w")
    page.keyboard.press("Control+Space")
    page.wait_for_selector(".ace_autocomplete >> text=hub_words")
    page.keyboard.press("Enter")
    assert typed(page).startswith("MATCH (t:Token)")
    assert "gemma" in page.input_value("#params")


def test_the_keyboard_is_not_trapped(watch: Watched) -> None:
    page = watch.go("/cypher")
    begin(page, "MATCH (n)")
    page.keyboard.press("Tab")
    assert typed(page) == "MATCH (n) "
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "params"
    assert "Esc" in page.inner_text("#keys")


def test_control_and_enter_ask(watch: Watched) -> None:
    page = watch.go("/cypher")
    page.fill("#params", '{"layer": 8}')
    page.select_option("#show", "chart")
    begin(page, "MATCH (n:Neuron {layer: $layer}) RETURN n.id AS id")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["text"] == ["MATCH (n:Neuron {layer: $layer}) RETURN n.id AS id"]
    assert (asked["params"], asked["show"]) == (['{"layer": 8}'], ["chart"])
    assert page.inner_text("main td") == "gemma-3-270m/L8/N1"
    assert "no column holds numbers" in page.inner_text(".picture-note")


def test_without_scripts_it_is_a_form(browser: Browser, everything_at: str) -> None:
    with watched(browser, everything_at, java_script_enabled=False) as held:
        page = held.go("/cypher")
        page.fill("#text", "RETURN 7 AS seven")
        page.click("#ask button")
        assert page.inner_text("main td") == "7"


def test_an_error_marks_its_place(watch: Watched) -> None:
    page = watch.go(address("MATCH (n:Neuron)\nRETRUN n"))
    assert "RETRUN" in page.inner_text("main .missing")
    (place,) = page.evaluate('ace.edit(document.querySelector(".ace_editor")).session.getAnnotations()')
    assert (place["row"], place["column"], place["type"]) == (1, 0, "error")
    box, word = page.locator(".wrong").bounding_box(), page.locator(".ace_line >> text=RETRUN").bounding_box()
    assert box is not None
    assert word is not None
    assert abs(box["x"] - word["x"]) < 3
    begin(page, "RETURN 1")
    assert page.locator(".wrong").count() == 0


def test_a_graph_is_drawn_and_counted(watch: Watched) -> None:
    page = drawn(watch.go(address(GRAPH, "graph")))
    assert painted(page) > 500
    said = page.get_attribute("#picture canvas", "aria-label") or ""
    assert re.search(r"37 nodes \(.*7 Neuron.*\) and \d+ relationships", said)
    assert page.locator(".kinds li").count() == 9
    assert page.locator("main tbody tr").count() > 20


def test_a_neuron_opens_its_page(watch: Watched) -> None:
    """One node stands in the middle."""
    page = drawn(watch.go(address(f"MATCH (n:Neuron {{id: '{MONTHS}'}}) RETURN n", "graph")))
    with page.expect_navigation():
        page.locator("#picture canvas").dblclick()
    assert urlsplit(page.url).path == f"/neuron/{MONTHS}"


def test_its_colours_follow_the_page(watch: Watched) -> None:
    page = drawn(watch.go(address(GRAPH, "graph")))
    assert not page.evaluate(DARK)
    seen = []
    for _ in range(2):
        ground = page.locator(".editor .ace_editor").evaluate("(box) => getComputedStyle(box).backgroundColor")
        seen.append((ground, painted(page, DARK_INK) > painted(page, PALE_INK)))
        page.click("#theme")
        page.wait_for_timeout(100)
    assert seen == [("rgb(255, 255, 255)", True), ("rgb(20, 22, 26)", False)]


def test_bars_and_what_they_are(watch: Watched) -> None:
    page = watch.go(address(BARS, "chart"))
    assert page.inner_text("figure.chart figcaption") == "Bars of z and rank by side, 13 rows."
    assert page.locator("figure.chart rect").count() == 26
    assert page.get_attribute("figure.chart svg", "aria-label") == "Bars of z and rank by side, 13 rows"


def test_hostile_texts_stay_texts(browser: Browser, hostile_at: str) -> None:
    with watched(browser, hostile_at) as held:
        given = json.dumps({"name": MARKUP})
        page = drawn(held.go(address("MATCH (t:Term {id: $name}) RETURN t", "graph", given)))
        point_at_the_middle(page)
        assert MARKUP in page.inner_text(".vis-tooltip")
        assert page.locator(".vis-tooltip img, main img").count() == 0
        drawn(held.go(address(GRAPH, "graph")))
        page = held.go(address(f"UNWIND range(1, 3) AS x RETURN $name + x AS name, x // {MARKUP}", "chart", given))
        assert page.locator("figure.chart text", has_text="<img").count() == 3
        assert page.locator("main img").count() == 0
        assert "hurt" not in page.title()
    assert held.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_window_needs_no_sideways_scrolling(browser: Browser, everything_at: str, scheme: Any) -> None:
    with watched(browser, everything_at, viewport={"width": 400, "height": 800}, color_scheme=scheme) as held:
        for at in (address(GRAPH, "graph"), address(BARS, "chart"), "/cypher"):
            page = held.go(at)
            assert page.evaluate("document.documentElement.scrollWidth") <= 400, at
    assert held.problems == []


def point_at_the_middle(page: Page) -> None:
    """Of the picture, until it says what is there."""
    page.locator("#picture").scroll_into_view_if_needed()
    box = page.locator("#picture canvas").bounding_box()
    assert box is not None
    for step in range(2):
        page.mouse.move(box["x"] + box["width"] / 2 + step, box["y"] + box["height"] / 2)
    page.wait_for_selector(".vis-tooltip .tip")


def painted(page: Page, colour: tuple[int, int, int] | None = None) -> int:
    """Pixels of the picture that something is drawn on, or that have a colour."""
    count: int = page.locator("#picture canvas").evaluate(
        """(canvas, colour) => {
            const copy = document.createElement("canvas");
            Object.assign(copy, { width: canvas.width, height: canvas.height });
            const drawing = copy.getContext("2d", { willReadFrequently: true });
            drawing.drawImage(canvas, 0, 0);
            const { data } = drawing.getImageData(0, 0, copy.width, copy.height);
            let count = 0;
            for (let at = 0; at < data.length; at += 4) {
                count += data[at + 3] && (!colour || colour.every((part, of) => data[at + of] === part)) ? 1 : 0;
            }
            return count;
        }""",
        colour,
    )
    return count
