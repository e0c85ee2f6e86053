"""An N2G graph as the paper draws it: firing tokens red by activation, their context blue by importance to the left of
them, a heavy border where a match may end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...schema.visible import visible
from .frame import TITLE, heading, note
from .svg import INK, Svg, element, fitted, number, text, tip
from .tint import COOL, OPACITY, hexadecimal

LABEL = "Graph of the texts a neuron fires on, the firing token last"
MOST = 40
"""Boxes drawn unless more are asked for: the strongest and what leads to them."""
WIDTH, HEIGHT, STEP, ROW = 130.0, 24.0, 166.0, 32.0
"""pixels: of a box, from a column to the next, from a row to the next"""
MARGIN = 4.0
"""pixels around it: the thickest border is within"""
LEAST = 420.0
"""pixels that a picture has at least, for its title"""
RED = "#dc2626"
_COLOURS = {"activating": RED, "context": hexadecimal(COOL)}
_KINDS = {"activating": "activation", "context": "importance"}


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


def draw_graph(boxes: Sequence[BoxView], title: str = "", most: int = MOST) -> Svg:
    """The graph, firing tokens at the right."""
    kept = _kept(boxes, most)
    depth = _depths(kept)
    place = _places(kept, depth)
    left = len(boxes) - len(kept)
    said = f"{title}{f' ({left} more nodes not drawn)' if left else ''}".strip()
    deepest, top = max(depth.values(), default=0), MARGIN + (TITLE if said else 0.0)
    corner = {name: (MARGIN + STEP * (deepest - depth[name]), top + ROW * place[name]) for name in depth}
    width = max(LEAST, STEP * deepest + WIDTH + 2 * MARGIN)
    height = top + ROW * (max(place.values(), default=0) + 1) + MARGIN
    body = [_edges(kept, corner), *(_box(box, *corner[box.name]) for box in kept)] if kept else []
    empty = "" if kept else note("no path: the graph never predicts", width / 2, top + ROW / 2)
    return Svg(width, height, LABEL, "".join([heading(said, width), *body, empty]))


def _edges(boxes: Sequence[BoxView], corner: Mapping[str, tuple[float, float]]) -> str:
    """From each box to the one a token nearer to the firing token."""
    path = ""
    for box in boxes:
        x, y = corner[box.name]
        for parent in box.parents:
            if parent in corner:
                right, down = corner[parent]
                bend, middle = number((x + WIDTH + right) / 2), number(down + HEIGHT / 2)
                path += f"M{number(x + WIDTH)} {number(y + HEIGHT / 2)}"
                path += f"C{bend} {number(y + HEIGHT / 2)} {bend} {middle} {number(right)} {middle}"
    return element("path", d=path, fill="none", stroke=INK, stroke_opacity=0.5) if path else ""


def _box(box: BoxView, x: float, y: float) -> str:
    strength = min(max(box.strength, 0.0), 1.0)
    colour = _COLOURS.get(box.kind)
    shape = element(
        "rect",
        x=x,
        y=y,
        width=WIDTH,
        height=HEIGHT,
        rx=4,
        fill=colour or INK,
        fill_opacity=OPACITY * strength if colour else 0.06,
        stroke=INK,
        stroke_width=2.5 if box.ends else 0.7,
    )
    label = _label(box)
    said = f"{label}: {_KINDS[box.kind]} {strength:.2f}" if colour else label
    ends = ", a match may end here" if box.ends else ""
    middle = text(x + WIDTH / 2, y + HEIGHT / 2 + 4, fitted(label, WIDTH - 12), anchor="middle")
    return element("g", tip(said + ends), shape, middle)


def _label(box: BoxView) -> str:
    if box.kind == "wildcard":
        return "any token"
    if box.kind == "anchor":
        return "text begins"
    if box.token is None:
        return "(lost in the drawing)"
    return visible(box.token) or "(empty)"


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
