"""neuronkb causal: whether neurons write what they decode to. Also the tables and curves of a neuron's clamps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from .options import json_option, with_kb

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from ...queries import CausalReport, CheckedClamp, Share
    from ..knowledge_base import KnowledgeBase

SHOWN = 6
"""Decoded tokens that a row names; --json has them all."""


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--run", help="This run, not the newest.")
@click.option("--top", type=click.IntRange(1), default=8, show_default=True, help="Best and failing examples to show.")
@click.option("--sides", is_flag=True, help="Only the tested sides, one a line, as ingest clamp --neurons reads them.")
@json_option
@with_kb
def causal(kb: KnowledgeBase, models: tuple[str, ...], run: str | None, top: int, sides: bool, as_json: bool) -> None:
    """Do neurons write what they decode to? What `neuronkb ingest clamp` found for MODEL, beside both nulls."""
    from . import output

    found = [kb.causal(model, run=run) for model in models]
    if sides:
        click.echo("\n".join(dict.fromkeys(_name(one, report) for report in found for one in report.clamps)))
        return
    shown = [part for report in found for part in parts(report, top)]
    output.show(found[0] if len(found) == 1 else found, shown, as_json)


def parts(found: CausalReport, top: int = 8) -> list[RenderableType]:
    """A report as tables."""
    return [part for part in _parts(found, top) if part is not None]


def _parts(found: CausalReport, top: int) -> Iterator[RenderableType | None]:
    yield _shares(found)
    yield _layers(found)
    held = sorted((one for one in found.clamps if one.beats_both), key=lambda one: -one.effect)
    failed = sorted((one for one in found.clamps if not one.beats_both), key=lambda one: one.effect)
    yield _examples(found, held[:top], "Beat both nulls, largest effects") if held else None
    yield _examples(found, failed[:top], "Do not, smallest effects") if failed else None
    yield _answers(found)


def _shares(found: CausalReport) -> Table:
    from .output import cell, table

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
            cell(share.effect),
            _portion(share),
            f"{share.size_ratio:.2g}",
        )
        for share in (*found.by_projection, found.total)
    ]
    columns = (
        "row",
        "tested",
        "> tokens",
        "> neurons",
        "> both",
        "FDR row",
        "FDR all",
        "against",
        "effect",
        "direct",
        "size",
    )
    title = (
        f"{found.model}, {len(found.prompts)} prompts, run {found.run}. Share of clamps that raise the decoded tokens' "
        "log-probability more than the 95th percentile of as frequent tokens, of matched neurons, of both; FDR: both, "
        "at a false-discovery rate of 5 % over the clamps of the row, and over all; against: lower it more than 95 % "
        "of both. effect: median, nats. direct: share of it by the direct path, median of those that beat both. size: "
        "of the matched neurons over the tested one's, median."
    )
    return table(columns, rows, title)


def _layers(found: CausalReport) -> Table:
    from .output import table

    names = [share.name for share in found.by_projection]
    rows = []
    for shares in found.by_layer:
        layer = shares[0].name.partition(" ")[0]
        by_name = {share.name.partition(" ")[2]: share for share in shares}
        cells = [_counts(by_name[name]) if name in by_name else "" for name in names]
        direct = [_portion(by_name[name]) if name in by_name else "" for name in names]
        rows.append((layer, *cells, ", ".join(part for part in direct[:1] if part)))
    return table(
        ("layer", *names, f"direct ({names[0]})"),
        rows,
        "Beat both nulls, of those tested, by layer; in brackets those at a false-discovery rate of 5 % over their row",
    )


def _examples(found: CausalReport, clamps: Sequence[CheckedClamp], title: str) -> Table:
    from .output import cell, table, words

    rows = [
        (
            one.neuron.removeprefix(f"{found.model}/"),
            _row(one),
            cell(one.value),
            cell(one.effect),
            cell(one.null_tokens_95),
            cell(one.null_neurons_95),
            f"{one.size_ratio:.2g}",
            cell(one.q_kind),
            words(one.tokens[:SHOWN]),
        )
        for one in clamps
    ]
    columns = ("neuron", "row", "value", "effect", "tokens 95 %", "neurons 95 %", "size", "q", "decoded tokens")
    return table(columns, rows, title)


def _answers(found: CausalReport) -> Table | None:
    from .output import table, words

    rows = [
        (
            one.neuron.removeprefix(f"{found.model}/"),
            _row(one),
            *(f"{count}/{one.answers}" for count in (one.named_off, one.named_on, one.named_other)),
            words(one.tokens[:SHOWN]),
        )
        for one in found.clamps
        if one.answers
    ]
    columns = ("neuron", "row", "off", "on", "other neuron", "decoded tokens")
    return table(columns, rows, f"Answers that name a decoded word, to {found.question!r}") if rows else None


def _row(one: CheckedClamp) -> str:
    from .output import pole

    name = f"{one.projection} {pole(one.pole)}"
    return f"{name} at {one.site}" if one.projection == "up" else name


def _name(one: CheckedClamp, found: CausalReport) -> str:
    from .output import pole

    return f"{one.neuron.removeprefix(f'{found.model}/')}:{one.projection}{pole(one.pole)}"


def _counts(share: Share) -> str:
    return f"{share.beats_both}/{share.tested} ({share.passed_kind})"


def _percent(count: int, share: Share) -> str:
    return f"{100 * count / share.tested:.0f}%"


def _portion(share: Share) -> str:
    return "" if share.direct_share is None else f"{share.direct_share:.2f}"


COMMANDS = (causal,)
