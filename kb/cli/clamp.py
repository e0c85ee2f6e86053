"""neuronkb clamp: a prompt's continuation with neurons clamped and without."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING, Any

import click

from .options import FINITE, SEED, json_option, with_kb

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from ..knowledge_base import KnowledgeBase
    from ..nouns.clamp import ClampedNeuron, ClampReport, DecodedTokens, Held

SHOWN = 5
"""Decoded tokens of a row that the table names; all of them count, and --json has them."""


@click.command()
@click.argument("model")
@click.argument("neurons", nargs=-1, required=True, metavar="ID...")
@click.option("--prompt", required=True, help="The text to go on from.")
@click.option("--value", "values", type=FINITE, multiple=True, help="One for all neurons, or given once for each.")
@click.option(
    "--how",
    type=click.Choice(["set", "add", "scale", "zero", "mean"]),
    default="set",
    show_default=True,
    help="Value in the activation's place, added to it or multiplied with it; or ablation by zero or the corpus mean.",
)
@click.option(
    "--site",
    type=click.Choice(["hidden", "gate", "up"]),
    default="hidden",
    show_default=True,
    help="The neuron's value, or the pre-activation of its gate or up row.",
)
@click.option(
    "--positions",
    default="all",
    show_default=True,
    metavar="all|LIST",
    help="Token positions such as 0,2,-1; negative ones count from the prompt's end.",
)
@click.option("--tokens", type=click.IntRange(0), default=30, show_default=True, help="Tokens to write.")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="Likeliest next tokens to compare.")
@click.option(
    "--sample", type=SEED, metavar="SEED", help="Draw the tokens with this seed instead of taking the likeliest."
)
@click.option("--chat", is_flag=True, help="Ask as a user does: the prompt in the tokenizer's chat template.")
@click.option("--dtype", default="auto", show_default=True, help="float32, bfloat16, float16 or auto.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or auto.")
@json_option
@with_kb
def clamp(
    kb: KnowledgeBase,
    model: str,
    neurons: tuple[str, ...],
    prompt: str,
    values: tuple[float, ...],
    how: Held,
    site: str,
    positions: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Run MODEL with neurons clamped: next-token probabilities and the text it writes, before and after.

    MODEL is a folder, a hub id or a model in the store. ID is L3/N17, MODEL/L3/N17, MODEL/3-mlp/17 or
    blocks.3.mlp.hook_post/17. A neuron with decoded tokens shows what became of their probability, beside the same
    clamp on random other neurons of its layer. For what a `down -` row decodes to, the value must be negative.
    """
    from . import output

    if how in ("zero", "mean") and values:
        raise click.UsageError(f"--how {how} takes no --value")
    if how not in ("zero", "mean") and len(values) not in (1, len(neurons)):
        raise click.UsageError(f"--how {how} needs --value, once for all neurons or once for each")
    with output.progress() as progress:
        found = kb.clamp(
            model,
            neurons,
            prompt,
            value=values,
            how=how,
            site=site,
            positions=_positions(positions),
            progress=progress,
            **options,
        )
    output.show(found, list(_parts(found)), as_json)


def _positions(text: str) -> list[int] | None:
    if text == "all":
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"{text[:60]!r} is not a list of positions; expected all, or such as 0,2,-1", param_hint="--positions"
        ) from None


def _parts(found: ClampReport) -> Iterator[RenderableType]:
    from rich.text import Text

    yield _values(found)
    if not any(one.usual for one in found.neurons):
        yield Text("The store has no activation statistics: what is large for these neurons is not known.", style="dim")
    if any(one.decoded for one in found.neurons):
        yield _decoded(found)
    else:
        yield Text(f"The store has no decoded tokens: neuronkb ingest lm-head {found.source}", style="dim")
    yield _next(found)
    for name, text in (("before", found.result.written_before), ("after", found.result.written_after)):
        yield Text.assemble((f"{name:<8}", "bold"), text.strip())


def _values(found: ClampReport) -> Table:
    """The clamps beside the neurons' own values."""
    from .output import cell, table

    called = sorted({one.usual.corpus for one in found.neurons if one.usual and one.usual.corpus})
    over = f"over {', '.join(called) or 'a corpus'}"
    columns = ("neuron", "clamp", "own smallest on the prompt", "own largest", over)
    rows = []
    for one in found.neurons:
        own, seen = one.own, one.usual
        ends = [
            f"{cell(value)} at {cell(found.result.prompt[at])!r}"
            for value, at in ((own.low, own.low_at), (own.high, own.high_at))
        ]
        rows.append(
            [_place(one, found), _change(one), *ends, "" if seen is None else f"{cell(seen.low)} to {cell(seen.high)}"]
        )
    title = f"{found.model}, prompt of {len(found.result.prompt)} tokens"
    if any(one.usual for one in found.neurons):
        return table(columns, rows, title)
    return table(columns[:-1], [row[:-1] for row in rows], title)


def _decoded(found: ClampReport) -> Table:
    """What became of the decoded tokens' probability."""
    from .output import cell, table, words

    rows = [
        (
            _place(one, found),
            _side(side),
            cell(side.watched.before),
            cell(side.watched.after),
            cell(median(side.watched.controls)) if side.watched.controls else "",
            cell(max(side.watched.controls)) if side.watched.controls else "",
            words(side.tokens[:SHOWN]),
        )
        for one in found.neurons
        for side in one.decoded
    ]
    columns = ("neuron", "row", "before", "after", "control", "its largest", "decoded tokens")
    n = len(found.result.kl_controls)
    title = f"Probability that a decoded token is next; control: the same clamp on {n} random other neurons, median"
    return table(columns, rows, title)


def _next(found: ClampReport) -> Table:
    """The likeliest next tokens, decoded ones marked."""
    from .output import cell, table

    result = found.result
    rows = [
        (
            repr(one.text),
            cell(one.before),
            cell(one.after),
            f"{one.after - one.before:+.4f}",
            ", ".join(_marks(found, one.token)),
        )
        for one in result.next
    ]
    title = f"Next token: KL(before || after) {cell(result.kl)} nats"
    if result.kl_controls:
        title += f"; controls {cell(median(result.kl_controls))} in the median, {cell(max(result.kl_controls))} at most"
    return table(("token", "before", "after", "change", "decoded"), rows, title)


def _marks(found: ClampReport, token: int) -> list[str]:
    several = len(found.neurons) > 1
    return [
        f"{_place(one, found)} {_side(side)}" if several else _side(side)
        for one in found.neurons
        for side in one.decoded
        if token in side.numbers
    ]


def _place(one: ClampedNeuron, found: ClampReport) -> str:
    return one.neuron.removeprefix(f"{found.model}/")


def _side(side: DecodedTokens) -> str:
    from .output import pole

    return f"{side.projection} {pole(side.pole)}"


def _change(one: ClampedNeuron) -> str:
    from .output import cell

    signs = {"set": "= ", "add": "+ ", "scale": "x ", "zero": "= ", "mean": "= mean "}
    return f"{one.site} {signs[one.how]}{cell(float(one.value))}"


COMMANDS = (clamp,)
