"""neuronkb feeds: what a neuron drives through the residual stream; ingest feeds finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .ingest import _numbers, ingest
from .options import SEED, clash_options, json_option, with_kb, with_new_kb

if TYPE_CHECKING:
    from ..knowledge_base import KnowledgeBase
    from ..load.runs import Clash


@click.command()
@click.argument("neuron", metavar="ID")
@click.option("--run", help="Only evidence of this run (see neuronkb runs).")
@click.option("--top", type=click.IntRange(1, 100), default=10, show_default=True, help="Each way and projection.")
@json_option
@with_kb
def feeds(kb: KnowledgeBase, neuron: str, run: str | None, top: int, as_json: bool) -> None:
    """The later neurons that ID drives most through the residual stream, and the earlier ones that drive it.

    A weight is what one unit of the earlier neuron's value adds to the gate or up of the later one, before the norms
    divide; control is the largest that shuffled rows reach.
    """
    from . import output

    found = kb.feeds(neuron, run=run, top=top)
    columns = ("through", "rank", "neuron", "weight", "control")
    tables = []
    for way, title in (("down", f"{neuron} feeds"), ("up", f"{neuron} is fed by")):
        rows = [(f.through, f.rank, f.neuron, f.weight, f.control) for f in found if f.way == way]
        tables.append(output.table(columns, rows, title))
    output.show(found, tables, as_json)


@ingest.command("feeds")
@click.argument("model")
@click.option("--layers", help="Only from and to these layers, such as 0,3-5.")
@click.option("--k", type=click.IntRange(1, 100), default=10, show_default=True, help="Kept each way and projection.")
@click.option("--null/--no-null", default=True, show_default=True, help="Try shuffled rows too: twice the work.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or auto.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the shuffled rows.")
@clash_options
@json_option
@with_new_kb
def ingest_feeds(
    kb: KnowledgeBase, model: str, layers: str | None, clash: Clash, as_json: bool, **settings: Any
) -> None:
    """Which later neurons does each neuron of MODEL drive most, and which earlier ones drive it?

    MODEL is a folder, a hub id or a model in the store. Every pair of layers is multiplied; interrupted runs go on.
    """
    from . import output

    wanted = None if layers is None else _numbers(layers)
    with output.progress() as progress:
        report = kb.ingest_feeds(model, layers=wanted, settings=settings, clash=clash, progress=progress)
    output.report(report, as_json)


COMMANDS = (feeds,)
