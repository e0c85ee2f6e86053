"""The tables people look at: concepts, found neurons, a diff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ...schema import fold
from ...schema.relationships import PROJECTIONS
from .output import pole, table, words

if TYPE_CHECKING:
    from rich.table import Table

    from ...queries import Concept, Diff, LayerShare, Result, Side


def concepts(found: Iterable[Concept]) -> Table:
    """One row a side: the concept, the neuron, and how many sides chance would bring; other tokens in brackets."""
    named = [(concept, side) for concept in found for side in concept.sides]
    places, title = _places([side.neuron for _, side in named])
    rows = [
        (
            concept.name,
            place,
            _row(side),
            f"{side.score:.0f}/{len(side.tokens)}",
            _chance(side.by_chance),
            _marked(side.tokens, concept.words),
        )
        for (concept, side), place in zip(named, places, strict=True)
    ]
    said = "words: different words of the list; tokens that are not on it in brackets"
    return table(
        ("concept", "neuron", "row", "words", "by chance", "top tokens"), rows, f"{title}; {said}" if title else said
    )


def sides(found: Sequence[Side], score: str) -> Table:
    """One row a side, with its score."""
    places, title = _places([side.neuron for side in found])
    rows = [(place, _row(side), side.score, words(side.tokens)) for side, place in zip(found, places, strict=True)]
    return table(("neuron", "row", score, "top tokens"), rows, title)


def hits(found: Result) -> Table:
    """Neurons found by a token."""
    rows = [
        (
            row["neuron"],
            f"{row['projection']} {pole(row['pole'])}",
            row["token"],
            row["rank"],
            row["z"],
        )
        for row in found.dicts()
    ]
    return table(("neuron", "row", "token", "rank", "z"), rows)


def layer_shares(found: Diff) -> Table:
    """Share of sides that keep their top token, by layer; untouched layers on one line."""
    title = (
        f"{found.tuned} beside its base {found.base}, mean cosine {found.mean_cosine:.5f}. Share of sides that keep "
        "their top token: kept, each model through its own unembedding; rows alone, both through the base's; noise, "
        "base rows with random noise as large as the change."
    )
    columns = ("layer", "row", "rows changed", "cosine", "kept", "rows alone", "noise", "Jaccard")
    shares = [row for row in found.layers if row.changed]
    rows = [
        (
            str(row.layer),
            row.projection,
            row.changed,
            f"{row.cosine:.5f}",
            _percent(row.same_top),
            _percent(row.same_top_rows),
            _percent(row.null),
            f"{row.jaccard:.3f}",
        )
        for row in sorted(shares, key=lambda row: (row.layer, PROJECTIONS.index(row.projection)))
    ]
    if still := _untouched(found.layers):
        rows.insert(0, (still, "untouched", 0, "", "", "", "", ""))
    return table(columns, rows, title)


def layer_drift(found: Diff) -> Table:
    """What the neurons do on the same text, by layer."""
    text = f", {found.corpus}" if found.corpus else ""
    title = (
        f"Hidden values of {found.tuned} beside those of {found.base} on the same text{text}. r: mean correlation of a "
        "neuron with itself, also of each pole; null: with another neuron of the layer; error: of one neuron's r, from "
        "two halves of the text."
    )
    columns = ("layer", "neurons", "r", "r +", "r -", "null", "error", "below 0.5")
    rows = [
        (
            str(row.layer),
            row.neurons,
            *("" if r is None else f"{r:.4f}" for r in (row.r, row.r_pos, row.r_neg, row.null_r, row.se)),
            row.below_half,
        )
        for row in found.drift
    ]
    return table(columns, rows, title)


def changes(found: Diff) -> Table:
    """The most changed neurons: tokens lost and gained."""
    rows = [
        (
            change.base.rpartition(f"{found.base}/")[2],
            f"{change.projection} {pole(change.pole)}",
            f"{change.cosine:.4f}",
            words(change.before[:6]),
            words(change.lost) or "none",
            words(change.gained) or "none",
        )
        for change in found.changes
    ]
    columns = ("neuron", "row", "cosine", "top tokens in the base", "lost", "gained")
    return table(columns, rows, "Most changed neurons")


def _places(neurons: Sequence[str]) -> tuple[list[str], str | None]:
    """Neurons of one model without its name, and the name as the table's title."""
    models = {name.rpartition("/L")[0] for name in neurons}
    if len(models) != 1:
        return list(neurons), None
    (model,) = models
    return [name.removeprefix(f"{model}/") for name in neurons], f"neurons of {model}"


def _marked(tokens: Sequence[str], listed: Sequence[str]) -> str:
    """The tokens, those in brackets that are no word of a list; one that comes twice is shown once, with how often."""
    known = {fold(word) for word in listed}
    shown = dict.fromkeys(words([token]) for token in tokens)
    counts = Counter(words([token]) for token in tokens)
    named = {words([token]) for token in tokens if fold(token) in known}
    return " · ".join(
        (name if name in named else f"({name})") + (f" x{counts[name]}" if counts[name] > 1 else "") for name in shown
    )


def _row(side: Side) -> str:
    return f"{side.projection} {pole(side.pole)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _chance(expected: float | None) -> str:
    return "" if expected is None else f"{expected:.1g}"


def _untouched(shares: Sequence[LayerShare]) -> str:
    """The layers in which no row changed, as `0-11`."""
    changed = {row.layer for row in shares if row.changed}
    still = sorted({row.layer for row in shares} - changed)
    ranges: list[list[int]] = []
    for layer in still:
        if ranges and layer == ranges[-1][1] + 1:
            ranges[-1][1] = layer
        else:
            ranges.append([layer, layer])
    return ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in ranges)
