"""Drawings of graphs: what is in them, and odd tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from neuronkb.kb.pictures.figure import inline_svg, save
from neuronkb.kb.pictures.graph import BoxView, draw_graph, views
from neuronkb.kb.pictures.scores import draw_scores


def boxes() -> list[BoxView]:
    return [
        BoxView("0", (), " version", "activating", 0.9, False, 0.2),
        BoxView("1", ("0",), ",", "wildcard", 0.0, False, 0.0),
        BoxView("2", ("1",), "<$LICENSE$>\n", "context", 0.95, True, 0.92),
        BoxView("3", ("0",), "\u202eodd", "context", 0.1, True, 0.3),
        BoxView("4", ("3",), "", "anchor", 0.0, True, 0.1),
    ]


def test_a_drawing_shows_tokens_as_they_are(tmp_path: Path) -> None:
    text = inline_svg(draw_graph(boxes(), "a neuron"), "graph", "g")
    for shown in ("·version", "any token", "&lt;$LICENSE$&gt;⏎", "text begins", "&lt;U+202E&gt;odd"):
        assert shown in text
    save(draw_graph(boxes()), tmp_path / "graph.png")
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


def test_firing_tokens_are_red_and_context_blue_and_ends_outlined() -> None:
    from matplotlib.patches import FancyBboxPatch

    (axes,) = draw_graph(boxes()).axes
    drawn = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert drawn[0].get_facecolor() == pytest.approx((1.0, 0.1, 0.1, 1.0))
    assert drawn[2].get_facecolor() == pytest.approx((0.05, 0.05, 1.0, 1.0))
    assert drawn[2].get_linewidth() > drawn[0].get_linewidth()
    # Context stands to the left of what it precedes.
    assert drawn[2].get_x() < drawn[1].get_x() < drawn[0].get_x()


def test_every_box_lies_within_the_picture_with_its_border() -> None:
    from matplotlib.patches import FancyBboxPatch

    (axes,) = draw_graph(boxes()).axes
    left, right = axes.get_xlim()
    for patch in axes.patches:
        assert isinstance(patch, FancyBboxPatch)
        assert left < patch.get_x()
        assert patch.get_x() + patch.get_width() < right


def test_of_too_many_the_strongest_paths_are_drawn_whole() -> None:
    text = inline_svg(draw_graph(boxes(), "n", most=3), "graph", "g")
    assert "LICENSE" in text
    assert "odd" not in text
    assert "2 more nodes not drawn" in text


def test_an_empty_graph_says_so() -> None:
    assert "no path" in inline_svg(draw_graph([]), "graph", "g")


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
    text = inline_svg(draw_scores(rows, "toy"), "scores", "s")
    assert "back-off lookup" in text
    assert "5-gram lookup" not in text
    assert "no graphs" in inline_svg(draw_scores([]), "scores", "s")
