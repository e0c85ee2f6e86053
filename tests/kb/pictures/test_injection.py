"""A stranger's words in drawings and pages are words: no element, attribute or link of theirs comes to be."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure
from neuronkb.kb.pictures import (
    ScoreLine,
    draw_dose,
    draw_explanations,
    draw_histogram,
    draw_probes,
    inline_svg,
    record_page,
)
from neuronkb.kb.pictures.graph import BoxView, draw_graph
from neuronkb.kb.pictures.scores import draw_scores
from neuronkb.queries import DecodedSide, NeuronCard, Result
from neuronkb.queries.result.picture import DoseCurve, ExcerptView, HistogramView, ProbeLine
from neuronkb.queries.result.section import Doses, Excerpts, Histograms, Section, Tokens

ATTACKS = (
    '</text><script>alert(1)</script><image href="x" onerror="alert(1)"/>',
    "\"' onload='alert(1)' x=\"",
    "]]><!-- --><?xml-stylesheet href='x'?>&lt;&#60;",
    "$\\frac{1}{$ _{a} $x$",
    "\x1b[31m\u202e\x00\ufffe\u2028",
    ' id="stolen" url(#a) #1a1a1a',
)
ELEMENTS = {"svg", "g", "path", "text", "tspan", "defs", "style", "use", "rect", "clipPath", "metadata"}


def drawings(text: str) -> dict[str, Figure]:
    box = BoxView("a", (), text, "activating", 1.0, True, 1.0)
    row = {"run": text, "layer": 0, "f1": 0.5, "f1_token": 0.4, "f1_5gram": None, "f1_backoff": None}
    return {
        "dose": draw_dose([DoseCurve((0.0, 1.0), (0.0, 1.0), (0.0, 0.0), (0.1, 0.1), text)], text),
        "histogram": draw_histogram([HistogramView((0.0, 1.0), (3,), {text: 0.5})], text),
        "probes": draw_probes(([ProbeLine(text, (0.0,), (0.5,))], []), text),
        "explanations": draw_explanations({text: [ScoreLine(text, (0,), (0.5,), (None,))]}, text),
        "graph": draw_graph([box], text),
        "scores": draw_scores([row], text),
    }


@pytest.mark.parametrize("text", ATTACKS)
def test_a_drawing_holds_it_as_text(text: str) -> None:
    for kind, figure in drawings(text).items():
        svg = inline_svg(figure, text, "one")
        tree = ElementTree.fromstring(svg)
        names = {each.tag.rpartition("}")[2] for each in tree.iter()}
        assert names <= {"svg", "g", "path", "text", "tspan", "defs", "style", "use", "rect", "clipPath", "metadata"}, (
            kind
        )
        assert not [name for each in tree.iter() for name in each.attrib if name.rpartition("}")[2].startswith("on")]
        links = {each.attrib[name] for each in tree.iter() for name in each.attrib if name.endswith("href")}
        assert all(link.startswith("#one-") for link in links), kind
        assert not {"\x1b", "\u202e", "\u2028", "\x00"} & {*svg}, kind


def test_words_that_look_like_an_id_stay_as_they_are() -> None:
    text = ' id="stolen" url(#a) #1a1a1a'
    svg = inline_svg(draw_dose([], text), "label", "one")
    words = ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter() if each.tag.endswith("text")]
    assert text.strip() in [word.strip() for word in words]


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def page(text: str) -> str:
    view = ExcerptView((text, text), (0.0, 1.0), 1.0, text, 1, text)
    return record_page(
        text,
        text,
        [
            Section(text, (text, "tokens"), ((text, Tokens((text,), (text,))),)),
            Section(text, picture=Excerpts((view,))),
            Section(text, picture=Histograms((HistogramView((0.0, 1.0), (3,), {text: 0.5}),))),
            Section(text, picture=Doses((DoseCurve((0.0, 1.0), (0.0, 1.0), label=text),))),
        ],
    )


def notebook(text: str) -> str:
    side = DecodedSide(text, text, text, 1, ((text, 9.0, 0.5),), 1.0, 0.5)
    card = NeuronCard(f"{text}/L0/N1", text, 0, 1, 2, 8, (side,), ())
    return card._repr_html_() + Result((text,), [(text,), ({text: [text]},), (text * 100,)])._repr_html_()


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("make", [page, notebook])
def test_a_page_has_the_same_tags_whatever_the_words(make: object, text: str) -> None:
    assert callable(make)
    plain, tried = Tags(make(" word")).seen, Tags(make(text)).seen
    assert {tag for tag, _ in tried} <= {tag for tag, _ in plain}
    assert len([tag for tag, _ in tried if tag != "i"]) == len([tag for tag, _ in plain if tag != "i"])  # i is a blank
    assert {name for _, given in tried for name in given} <= {name for _, given in plain for name in given} | {"title"}
    assert not {"\x1b", "\u202e", "\u2028", "\x00"} & {*make(text)}
