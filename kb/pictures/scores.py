"""F1 of N2G graphs by layer, beside the lookups made from the same windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .figure import canvas, drawing, heading, note
from .tint import COOL, WARM, hexadecimal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES = {
    "f1": ("graph", hexadecimal(WARM), "-"),
    "f1_backoff": ("back-off lookup", hexadecimal(COOL), "--"),
    "f1_token": ("token lookup", "#7a7a7a", "--"),
    "f1_5gram": ("5-gram lookup", "#7a7a7a", ":"),
}


def draw_scores(rows: Sequence[Mapping[str, Any]], title: str = "") -> Figure:
    """Rows of the query graph_layers; one run's, the first. Raises PictureError without matplotlib."""
    runs = sorted({str(row["run"]) for row in rows})
    mine = [row for row in rows if runs and row["run"] == runs[0]]
    with drawing():
        figure, axes = canvas("layer", "mean F1")
        if not mine:
            note(axes, "no graphs")
        for name, (label, colour, line) in LINES.items():
            points = [(row["layer"], row[name]) for row in mine if row[name] is not None]
            if points:
                axes.plot(*zip(*points, strict=True), line, color=colour, label=label, marker="o", markersize=3)
        if mine:
            axes.set_ylim(0, 1)
            axes.legend(frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        heading(figure, f"{title} {runs[0]}" if runs else title)
    return figure
