"""A neuron's card as HTML for a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...schema.visible import plain
from ..result.html import escaped, table

if TYPE_CHECKING:
    from .neuron import DecodedSide, NeuronCard


def card(found: NeuronCard) -> str:
    """A neuron's card: where it is, its decoded tokens, what it fires on, tells and writes, and its counterparts."""
    parts = [f"<h4>{escaped(found.neuron)}</h4><p>{escaped(found.place)}</p>"]
    sides = [
        (
            f"{side.projection} {_sign(side.pole)}",
            side.tokens[0][1] if side.tokens else None,
            side.coherence,
            _words(side),
        )
        for side in found.sides
    ]
    fires = [
        (
            _sign(each.pole),
            each.corpus,
            each.max,
            each.nonzero,
            " · ".join(_visible(text) for text, *_ in each.tokens[:10]),
        )
        for each in found.activity
    ]
    told = [(each.name, each.f1, each.base_f1, each.rotated, each.method) for each in found.detects]
    clamps = [
        (f"{curve.projection} {_sign(curve.pole)}", curve.site, dose.value, dose.effect, dose.p_tokens, dose.p_neurons)
        for curve in found.clamps
        for dose in curve.doses
        if dose.p_neurons is not None
    ]
    said = [
        (
            _sign(one.pole),
            one.text,
            score.value if score else None,
            score.null if score else None,
            one.corpus,
            one.explainer,
        )
        for one in found.explanations
        if one.kind == "text"
        for score in (one.value() or next(iter(one.scores), None),)
    ]
    others = [
        (
            each.relation,
            each.neuron,
            each.measures.get("activation_r"),
            each.measures.get("null_r"),
            each.corpus,
            each.run,
        )
        for each in found.counterparts
    ]
    for caption, columns, rows in (
        ("Decoded tokens", ("row", "top z", "coherence", "tokens"), sides),
        ("On a corpus", ("side", "corpus", "largest", "above 0", "strongest tokens"), fires),
        ("Features it alone tells", ("feature", "F1", "always yes", "rotated", "method"), told),
        ("Clamps", ("row", "site", "value", "effect", "p tokens", "p neurons"), clamps),
        ("Explanations", ("side", "explanation", "score", "null", "corpus", "by"), said),
        ("Counterparts", ("is its", "neuron", "r on a text", "null", "text", "run"), others),
    ):
        if rows:
            parts.append(table(columns, rows, caption))
    if len(parts) == 1:
        parts.append("<p>Nothing is known of this neuron yet.</p>")
    return "".join(parts)


def _words(side: DecodedSide) -> str:
    return " · ".join(_visible(text) for text, *_ in side.tokens)


def _visible(text: str) -> str:
    return plain(text).strip() or repr(text)


def _sign(pole: int) -> str:
    return "+" if pole > 0 else "-"
