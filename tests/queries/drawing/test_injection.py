"""A stranger's words in drawings and pages are words: no element, attribute or link of theirs comes to be."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from neuronkb.queries import DecodedEnd, NeuronCard, Result
from neuronkb.queries.drawing import record_page
from neuronkb.queries.drawing.drawn import draw
from neuronkb.queries.drawing.svg import Svg
from neuronkb.queries.result.picture import DoseCurve, ExcerptView, HeatMap, HistogramView, ProbeLine, ScoreLine
from neuronkb.queries.result.section import (
    Doses,
    Excerpts,
    ExplanationScores,
    Graph,
    Histograms,
    LayerScores,
    Picture,
    ProbeLines,
    Section,
    Tokens,
)

ATTACKS = (
    '</text><script>alert(1)</script><image href="x" onerror="alert(1)"/>',
    "\"' onload='alert(1)' x=\"",
    "]]><!-- --><?xml-stylesheet href='x'?>&lt;&#60;",
    "$\\frac{1}{$ _{a} $x$",
    "\x1b[31m\u202e\x00\ufffe\u2028",
    ' id="stolen" url(#a) #1a1a1a',
)
ELEMENTS = {"svg", "g", "path", "text", "tspan", "rect", "circle", "title"}


def drawings(text: str) -> list[Svg]:
    node = {"id": "a", "parent": None, "token": text, "kind": "activating", "activation": 1.0, "importance": None}
    row = {"run": text, "layer": 0, "f1": 0.5, "f1_token": 0.4, "f1_5gram": None, "f1_backoff": None}
    pictures: list[Picture] = [
        Doses((DoseCurve((0.0, 1.0), (0.0, 1.0), (0.0, 0.0), (0.1, 0.1), text),)),
        Histograms((HistogramView((0.0, 1.0), (3,), {text: 0.5}),)),
        ProbeLines((ProbeLine(text, (0.0,), (0.5,)),), ()),
        ExplanationScores({text: (ScoreLine(text, (0,), (0.5,), (None,)),)}),
        Graph(({**node, "ends": True, "value": 1.0},)),
        LayerScores((row,)),
        HeatMap((text,), (text,), ((1.0,),), 0.0, 1.0, text, ((text,),)),
    ]
    return [drawn for picture in pictures if (drawn := draw(picture, text)) is not None]


@pytest.mark.parametrize("text", ATTACKS)
def test_a_drawing_holds_it_as_text(text: str) -> None:
    made = drawings(text)
    assert len(made) == 7
    for form in (Svg.file, Svg.inline):
        for svg in map(form, made):
            tree = list(ElementTree.fromstring(svg).iter())
            assert {each.tag.rpartition("}")[2] for each in tree} <= ELEMENTS
            names = {name for each in tree for name in each.attrib}
            assert not [name for name in names if name.startswith("on") or name in ("id", "href", "style")]
            assert not {"\x1b", "\u202e", "\u2028", "\x00"} & {*svg}


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
            Section(text, picture=HeatMap((text,), (text,), ((1.0,),), 0.0, 1.0, text, ((text,),))),
            Section(text, picture=Doses((DoseCurve((0.0, 1.0), (0.0, 1.0), label=text),))),
        ],
    )


def notebook(text: str) -> str:
    side = DecodedEnd(text, text, text, 1, ((text, 9.0, 0.5),), 1.0, 0.5)
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
