"""What a run of clamps found, as sections for whatever draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ...schema import NeuronId
from ..result.section import Section, Tokens
from .neuron_sections import sign

if TYPE_CHECKING:
    from .causal import CausalReport, CheckedClamp, Share

SHOWN = 6
"""Decoded tokens that a row names; --json has them all."""
COLUMNS = (
    "tokens, neurons, both: share of clamps that raise the decoded tokens' log-probability more than the 95th "
    "percentile of as frequent tokens, of matched neurons, of both.",
    "FDR row, FDR all: both, at a false-discovery rate of 5 % over the clamps of the row, and over all.",
    "fall: share that lower it more than 95 % of both.",
    "effect: median, nats.",
    "direct: share of it by the direct path, median of those that beat both.",
    "size: of the matched neurons over the tested one's, median.",
)


def sections(found: CausalReport) -> Iterator[Section]:
    """Shares that beat both nulls, by row and by layer, examples of either kind, and answers that name a word."""
    yield _shares(found)
    yield Section.lines("What the columns say", COLUMNS)
    yield _layers(found)
    held = sorted((clamp for clamp in found.clamps if clamp.beats_both), key=lambda clamp: -clamp.effect)
    failed = sorted((clamp for clamp in found.clamps if not clamp.beats_both), key=lambda clamp: clamp.effect)
    if held:
        yield _examples("Beat both nulls, largest effects", held[: found.shown])
    if failed:
        yield _examples("Do not, smallest effects", failed[: found.shown])
    if asked := [clamp for clamp in found.clamps if clamp.answers]:
        rows = [
            (name(clamp), clamp.answers, clamp.named_off, clamp.named_on, clamp.named_other, _tokens(clamp))
            for clamp in asked
        ]
        columns = ("side", "asked", "off", "on", "other neuron", "decoded tokens")
        yield Section(f"Answers that name a decoded word, to {found.question!r}", columns, tuple(rows))


def sides(found: CausalReport) -> Section:
    """The tested sides, under a head that a list of neurons takes for a comment."""
    rows = tuple((side,) for side in dict.fromkeys(map(name, found.clamps)))
    return Section("Tested sides", ("# side",), rows)


def name(clamp: CheckedClamp) -> str:
    """`L3/N17:down-`"""
    return f"{NeuronId.parse(clamp.neuron).place}:{clamp.projection}{sign(clamp.pole)}"


def _shares(found: CausalReport) -> Section:
    rows = [
        (
            share.name,
            share.tested,
            _percent(share.beats_tokens, share),
            _percent(share.beats_neurons, share),
            _percent(share.beats_both, share),
            _percent(share.passed_kind, share),
            _percent(share.passed, share),
            _percent(share.against, share),
            share.effect,
            share.direct_share,
            share.size_ratio,
        )
        for share in (*found.by_projection, found.total)
    ]
    columns = ("row", "n", "tokens", "neurons", "both", "FDR row", "FDR all", "fall", "effect", "direct", "size")
    return Section("Do clamped neurons write what they decode to?", columns, tuple(rows))


def _layers(found: CausalReport) -> Section:
    names = [share.name for share in found.by_projection]
    rows = []
    for shares in found.by_layer:
        layer = shares[0].name.partition(" ")[0]
        by_name = {share.name.partition(" ")[2]: share for share in shares}
        first = by_name.get(names[0])
        cells = [_counts(by_name[name]) if name in by_name else None for name in names]
        rows.append((layer, *cells, None if first is None else first.direct_share))
    return Section(
        "Beat both nulls, of those tested, by layer; in brackets those at a false-discovery rate of 5 % over their row",
        ("layer", *names, f"direct ({names[0]})"),
        tuple(rows),
    )


def _examples(caption: str, clamps: Sequence[CheckedClamp]) -> Section:
    rows: list[tuple[Any, ...]] = [
        (
            name(clamp) + (f" at {clamp.site}" if clamp.projection == "up" else ""),
            *map(_digits, (clamp.value, clamp.effect, clamp.null_tokens_95, clamp.null_neurons_95)),
            _digits(clamp.size_ratio, 2),
            _digits(clamp.q_kind, 2),
            _tokens(clamp),
        )
        for clamp in clamps
    ]
    columns = ("side", "value", "effect", "tokens 95 %", "neurons 95 %", "size", "q", "decoded tokens")
    return Section(caption, columns, tuple(rows))


def _digits(value: float, digits: int = 3) -> float:
    """Rounded: eight columns stand beside each other."""
    return float(f"{value:.{digits}g}")


def _tokens(clamp: CheckedClamp) -> Tokens:
    return Tokens(clamp.tokens[:SHOWN])


def _counts(share: Share) -> str:
    return f"{share.beats_both}/{share.tested} ({share.passed_kind})"


def _percent(count: int, share: Share) -> str:
    return f"{count / share.tested:.0%}"
