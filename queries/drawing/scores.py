"""F1 of N2G graphs by layer, beside the lookups made from the same windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .chart import DASHED, DOTTED, GREY, STYLES, Line, Panel, chart
from .svg import Svg

LABEL = "Scores of graphs by layer, beside those of lookups"
LINES = {
    "f1": ("graph", *STYLES[0], None),
    "f1_backoff": ("back-off lookup", *STYLES[1], DASHED),
    "f1_token": ("token lookup", GREY, "triangle", DASHED),
    "f1_5gram": ("5-gram lookup", GREY, "diamond", DOTTED),
}


def draw_scores(rows: Sequence[Mapping[str, Any]], title: str = "") -> Svg:
    """Rows of the query graph_layers; one run's, the first."""
    runs = sorted({str(row["run"]) for row in rows})
    mine = [row for row in rows if runs and row["run"] == runs[0]]
    lines = [
        Line(label, tuple((row["layer"], row[name]) for row in mine), colour, marker, dash)
        for name, (label, colour, marker, dash) in LINES.items()
        if any(row[name] is not None for row in mine)
    ]
    panel = Panel("layer", "mean F1", lines, empty="no graphs", low=0.0, high=1.0)
    return chart([panel], LABEL, f"{title} {runs[0]}" if runs else title)
