"""Drawings of graphs: what is in them, and odd tokens."""

from __future__ import annotations

from typing import Any

from neuronkb.queries.drawing.graph import RED, BoxView, draw_graph, views
from neuronkb.queries.drawing.scores import draw_scores
from neuronkb.queries.drawing.svg import Svg
from neuronkb.queries.drawing.tint import OPACITY

from tests.queries.drawing.contrast import PAGES, contrast, parsed
from tests.queries.drawing.svgs import paths, read, tips, words


def boxes() -> list[BoxView]:
    return [
        BoxView("0", (), " version", "activating", 0.9, False, 0.2),
        BoxView("1", ("0",), ",", "wildcard", 0.0, False, 0.0),
        BoxView("2", ("1",), "<$LICENSE$>\n", "context", 0.95, True, 0.92),
        BoxView("3", ("0",), "\u202eodd", "context", 0.1, True, 0.3),
        BoxView("4", ("3",), "", "anchor", 0.0, True, 0.1),
    ]


def rects(picture: Svg) -> list[dict[str, str]]:
    """The boxes, without the paper."""
    return [each.attrib for each in read(picture) if each.tag == "rect"][1:]


def test_a_drawing_shows_tokens_as_they_are() -> None:
    shown = words(draw_graph(boxes(), "a neuron"))
    assert shown == ["a neuron", "·version", "any token", "<$LICENSE$>⏎", "<U+202E>odd", "text begins"]


def test_firing_tokens_are_red_and_context_blue_and_ends_outlined() -> None:
    picture = draw_graph(boxes())
    firing, wildcard, context, weak, anchor = rects(picture)
    assert (firing["fill"], firing["fill-opacity"]) == ("#dc2626", "0.63")  # 0.7 of 0.9
    assert (context["fill"], context["fill-opacity"]) == ("#0072b2", "0.66")  # 0.7 of 0.95
    assert weak["fill-opacity"] == "0.07"
    assert wildcard["fill"] == anchor["fill"] == "currentColor"
    assert float(context["stroke-width"]) > float(firing["stroke-width"])
    assert tips(picture)[2] == "<$LICENSE$>⏎: importance 0.95, a match may end here"


def test_context_stands_left_of_what_it_precedes_on_its_line() -> None:
    picture = draw_graph(boxes())
    firing, wildcard, context, weak, _ = rects(picture)
    assert float(context["x"]) == 4.0
    assert float(wildcard["x"]) == float(weak["x"]) == 4.0 + 166
    assert float(firing["x"]) == 4.0 + 2 * 166
    assert context["y"] == wildcard["y"]
    assert float(firing["y"]) == (float(wildcard["y"]) + float(weak["y"])) / 2
    (edges,) = paths(picture, stroke_opacity="0.5")
    assert f"M{4 + 130} {float(context['y']) + 12:g}" in edges


def test_every_box_lies_within_the_picture_with_its_border() -> None:
    picture = draw_graph(boxes())
    for box in rects(picture):
        assert float(box["x"]) >= 2
        assert float(box["x"]) + float(box["width"]) + 2 <= picture.width
        assert float(box["y"]) + float(box["height"]) + 2 <= picture.height


def test_of_too_many_the_strongest_paths_are_drawn_whole() -> None:
    shown = words(draw_graph(boxes(), "n", most=3))
    assert shown == ["n (2 more nodes not drawn)", "·version", "any token", "<$LICENSE$>⏎"]


def test_an_empty_graph_says_so() -> None:
    assert words(draw_graph([])) == ["no path: the graph never predicts"]


def test_ink_reads_on_a_firing_token_in_light_and_dark() -> None:
    for ink, paper in PAGES:
        mixed = [OPACITY * red + (1 - OPACITY) * white for red, white in zip(parsed(RED), parsed(paper), strict=True)]
        assert contrast(parsed(ink), (mixed[0], mixed[1], mixed[2])) >= 4.5


def test_stored_rows_with_several_parents_are_one_box() -> None:
    row: dict[str, Any] = {"id": "g/2", "token": "x", "kind": "context", "importance": 0.6, "activation": None}
    row |= {"ends": True, "value": None}
    (box,) = views([{**row, "parent": "g/0"}, {**row, "parent": "g/1"}])
    assert box == BoxView("g/2", ("g/0", "g/1"), "x", "context", 0.6, True, 0.6)


def test_scores_by_layer() -> None:
    rows = [
        {"run": "n2g-1", "layer": layer, "f1": 0.6, "f1_backoff": 0.5, "f1_token": 0.4, "f1_5gram": None}
        for layer in (0, 1)
    ]
    shown = words(draw_scores(rows, "toy"))
    assert shown[:4] == ["toy n2g-1", "graph", "back-off lookup", "token lookup"]
    assert "5-gram lookup" not in shown
    assert words(draw_scores([])) == ["no graphs"]
