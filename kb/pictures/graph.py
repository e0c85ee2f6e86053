"""An N2G graph as the paper draws it: firing tokens red by activation, their context blue by importance to the left of
them, a heavy border where a match may end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...schema.visible import visible
from .figure import INK, drawing, heading, note

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 40
"""Boxes drawn unless more are asked for: the strongest and what leads to them."""
WIDTH, HEIGHT, STEP = 1.45, 0.34, 1.9
"""inches: of a box, of a row, from a column to the next"""
MARGIN = 0.1
"""inches, at the sides: the thickest border is within"""
LONGEST = 14
"""letters of a token that a box shows"""


@dataclass(frozen=True)
class BoxView:
    """One node."""

    name: str
    parents: tuple[str, ...]
    """nodes one token nearer to the firing token; none for a firing token"""
    token: str | None
    kind: str
    """activating, context, wildcard or anchor"""
    strength: float
    """activation of a firing token, importance of context, 0 to 1"""
    ends: bool
    weight: float
    """which boxes are drawn where there are too many: what a match here predicts"""


def views(rows: Sequence[Mapping[str, object]]) -> list[BoxView]:
    """Boxes of stored nodes: rows of the query graph_nodes."""
    parents: dict[str, list[str]] = {}
    for row in rows:
        held = parents.setdefault(str(row["id"]), [])
        if row["parent"] is not None:
            held.append(str(row["parent"]))
    unique = {str(row["id"]): row for row in rows}
    return [_view(row, tuple(parents[name])) for name, row in unique.items()]


def draw_graph(boxes: Sequence[BoxView], title: str = "", most: int = MOST) -> Figure:
    """The graph, firing tokens at the right. Raises PictureError without matplotlib."""
    kept = _kept(boxes, most)
    depth = _depths(kept)
    place = _places(kept, depth)
    columns, rows = max(depth.values(), default=0) + 1, len(set(place.values())) or 1
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(
            figsize=(max(4.0, STEP * columns + 0.4), max(1.4, HEIGHT * rows * 1.4 + 0.6)), layout="constrained"
        )
        axes = figure.add_subplot()
        axes.set_axis_off()
        if not kept:
            note(axes, "no path: the graph never predicts")
        else:
            axes.set_xlim(-STEP * (columns - 1) - MARGIN, WIDTH + MARGIN)
            axes.set_ylim(-rows, 1)
        for box in kept:
            x, y = -STEP * depth[box.name], -place[box.name]
            for parent in box.parents:
                if parent in depth:
                    line = [x + WIDTH, -STEP * depth[parent]], [y, -place[parent]]
                    axes.plot(*line, color="#7a7a7a", linewidth=1, zorder=1)
            _box(axes, box, x, y)
        left = len(boxes) - len(kept)
        heading(figure, f"{title}{f' ({left} more nodes not drawn)' if left else ''}")
    return figure


def _box(axes: object, box: BoxView, x: float, y: float) -> None:
    from matplotlib.axes import Axes
    from matplotlib.patches import FancyBboxPatch

    assert isinstance(axes, Axes)
    shade = 1 - min(max(box.strength, 0.0), 1.0)
    fill = {"activating": (1.0, shade, shade), "context": (shade, shade, 1.0)}.get(box.kind, (0.95, 0.95, 0.95))
    border = 2.2 if box.ends else 0.6
    axes.add_patch(
        FancyBboxPatch(
            (x, y - 0.3),
            WIDTH,
            0.6,
            boxstyle="round,pad=0.01",
            facecolor=fill,
            edgecolor=INK,
            linewidth=border,
            zorder=2,
        )
    )
    dark = box.kind == "context" and shade < 0.45
    axes.text(
        x + WIDTH / 2,
        y,
        _label(box),
        ha="center",
        va="center",
        color="white" if dark else INK,
        zorder=3,
        parse_math=False,
    )


def _label(box: BoxView) -> str:
    if box.kind == "wildcard":
        return "any token"
    if box.kind == "anchor":
        return "text begins"
    if box.token is None:
        return "(lost in the drawing)"
    shown = visible(box.token) or "(empty)"
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def _view(row: Mapping[str, object], parents: tuple[str, ...]) -> BoxView:
    kind, token = str(row["kind"]), row["token"]
    strength = _number(row["activation"] if kind == "activating" else row["importance"])
    weight = _number(row["value"]) if row["value"] is not None else strength
    return BoxView(
        str(row["id"]), parents, None if token is None else str(token), kind, strength, bool(row["ends"]), weight
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _kept(boxes: Sequence[BoxView], most: int) -> list[BoxView]:
    """The boxes of the strongest ends with what leads to them, in their order."""
    by_name = {box.name: box for box in boxes}
    chosen: set[str] = set()
    for box in sorted((b for b in boxes if b.ends), key=lambda b: (-b.weight, b.name)):
        path, waiting = set[str](), [box.name]
        while waiting:
            name = waiting.pop()
            if name in by_name and name not in path:
                path.add(name)
                waiting += by_name[name].parents
        if len(chosen | path) <= most:
            chosen |= path
    return [box for box in boxes if box.name in chosen]


def _depths(boxes: Sequence[BoxView]) -> dict[str, int]:
    """Steps from the firing token, the longest way of several."""
    by_name = {box.name: box for box in boxes}
    found: dict[str, int] = {}

    def depth(name: str, above: frozenset[str]) -> int:
        if name not in found:
            parents = [p for p in by_name[name].parents if p in by_name and p not in above]
            found[name] = 1 + max((depth(p, above | {name}) for p in parents), default=-1)
        return found[name]

    for box in boxes:
        depth(box.name, frozenset())
    return found


def _places(boxes: Sequence[BoxView], depth: Mapping[str, int]) -> dict[str, float]:
    """Rows from the top: leaves in turn, every other box halfway between its first and last child."""
    children: dict[str, list[str]] = {}
    for box in boxes:
        for parent in box.parents[:1]:
            children.setdefault(parent, []).append(box.name)
    found: dict[str, float] = {}
    order = 0

    def lay(name: str) -> None:
        nonlocal order
        below = [child for child in children.get(name, []) if child not in found]
        for child in below:
            lay(child)
        if below:
            found[name] = (found[below[0]] + found[below[-1]]) / 2
        else:
            found[name] = float(order)
            order += 1

    for box in sorted(boxes, key=lambda b: (depth[b.name], -b.weight, b.name)):
        if box.name not in found:
            lay(box.name)
    return found
