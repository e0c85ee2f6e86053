"""N2G graphs for a terminal: their scores and paths, and what they say of a text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..pictures import ExcerptView, excerpt_text, visible
from .output import cell, console, pole, table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from ..nouns.n2g import GraphCard, Prediction

SCORES = {
    "precision": "precision",
    "recall": "recall",
    "F1": "f1",
    "by token": "f1_token",
    "5-gram": "f1_5gram",
    "back-off": "f1_backoff",
    "random": "f1_random",
    "r": "correlation",
    "fires": "support",
}
"""Heads of a graph's scores, narrow enough for 80 columns: its F1, that of the lookups, and its own on random text."""
SHOWN = 20
"""Paths of a graph that a terminal shows."""


def card(found: GraphCard, shown: int = SHOWN) -> list[RenderableType]:
    """A graph's scores, and the paths that predict most."""
    facts = found.facts
    title = (
        f"{found.neuron}, side {pole(facts['pole'])}, {facts['algorithm']}, {facts['run']}{_on(facts.get('corpus'))}: "
    )
    title += str(facts["status"])
    if facts["nodes"] is not None:
        title += f", {facts['nodes']:,} nodes"
    parts: list[RenderableType] = [table(list(SCORES), [[facts[name] for name in SCORES.values()]], title)]
    rows = _paths(found)
    if rows:
        parts.append(table(("predicts", "seen", "path"), rows[:shown]))
    if len(rows) > shown:
        parts.append(f"{len(rows) - shown} more paths; --json has all")
    return parts


def draw(found: GraphCard, file: Path, most: int) -> None:
    """A picture of at most so many nodes, .svg or .png. Raises PictureError."""
    from ..pictures.figure import save
    from ..pictures.graph import draw_graph, views

    save(draw_graph(views(found.nodes), f"{found.neuron} {pole(found.facts['pole'])}", most), file)


def _paths(found: GraphCard) -> list[tuple[float | None, int | None, str]]:
    """What a match predicts, how often it was seen, and the path as it stands in text, the firing token last."""
    nodes = {node["id"]: node for node in found.nodes}
    rows = []
    for node in nodes.values():
        if node["ends"]:
            words, at = [_word(node)], node["parent"]
            while at is not None and len(words) < len(nodes):
                words.append(_word(nodes[at]))
                at = nodes[at]["parent"]
            rows.append((node["value"], node["n"], " ".join(words)))
    return sorted(rows, key=lambda row: (-(row[0] or 0.0), row[2]))


def _word(node: dict[str, Any]) -> str:
    if node["match"] in ("any", "gap"):
        return "*" if node["match"] == "any" else "..."
    if node["kind"] == "anchor":
        return "^"
    return "?" if node["token"] is None else visible(node["token"]) or "''"


def _on(corpus: str | None) -> str:
    return "" if corpus is None else f" on {corpus}"


def prediction(found: Prediction) -> list[Text]:
    from rich.text import Text

    view = ExcerptView(found.tokens, found.values, max(found.values, default=0.0), "predicted", found.pole, "")
    head = f"{found.neuron}, side {pole(found.pole)}, {found.run}{_on(found.corpus)}"
    line = excerpt_text(view, 1.0, max(40, console().width)) if found.tokens else Text("(no token)")
    fires = [
        f"{cell(token)!r} {value:.2f}" for token, value in zip(found.tokens, found.values, strict=True) if value >= 0.4
    ]
    return [Text(head, style="bold"), line, Text("fires on " + ", ".join(fires) if fires else "does not fire")]
