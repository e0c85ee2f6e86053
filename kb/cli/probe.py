"""neuronkb probe: what probes say of a feature, and of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import Between, json_option, scope_options, with_kb

if TYPE_CHECKING:
    from ..knowledge_base import KnowledgeBase


@click.group()
def probe() -> None:
    """What probes say of a feature, and of a model."""


@probe.command("show")
@click.argument("feature")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw F1 against depth and against k: .svg or .png."
)
@scope_options
@json_option
@with_kb
def show(kb: KnowledgeBase, feature: str, plot: Path | None, model: str | None, run: str | None, as_json: bool) -> None:
    """The best neurons for FEATURE by layer and model, and F1 against the number of neurons a probe may use.

    FEATURE is a name, an alias or an id: is_french, fr, natural_lang_id.pyth.512.-1/fr.
    """
    from . import output, probe_tables

    found = kb.probe(feature, model=model, run=run)
    if plot is not None:
        from ..pictures import draw_probes, save

        save(draw_probes(probe_tables.views(found), f"probes for {found.features[0].name}"), plot)
        click.echo(f"written: {plot}", err=True)
    output.show(found, probe_tables.feature(found), as_json)


@probe.command("report")
@click.argument("model")
@click.option("--run", help="Only evidence of this run (see neuronkb runs).")
@click.option(
    "--high",
    type=Between(0, 1),
    default=0.9,
    show_default=True,
    help="Least F1 of a monosemantic candidate's one feature.",
)
@click.option(
    "--low",
    type=Between(0, 1),
    default=0.5,
    show_default=True,
    help="Share of the way from always guessing yes to F1 1 from which on a feature is told.",
)
@click.option(
    "--top",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Rows of each table; --json has all layers of each feature.",
)
@json_option
@with_kb
def report(kb: KnowledgeBase, model: str, run: str | None, high: float, low: float, top: int, as_json: bool) -> None:
    """The best neuron of MODEL for each feature, and neurons that tell one feature only, or several."""
    from . import output, probe_tables

    found = kb.probe_report(model, run=run, high=high, low=low, top=top)
    output.show(found, probe_tables.report(found, top), as_json)


@probe.command("ablate")
@click.argument("model")
@click.argument("feature")
@click.option("--neuron", metavar="ID", help="Such as L3/N17.  [default: the best known for the feature]")
@click.option("--windows", type=click.IntRange(1), default=24, show_default=True, help="Of each kind, at most.")
@click.option("--controls", type=click.IntRange(0), default=5, show_default=True, help="Random neurons of the layer.")
@click.option("--dtype", default="auto", show_default=True, help="float32, bfloat16, float16 or auto.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or auto.")
@json_option
@with_kb
def ablate(kb: KnowledgeBase, model: str, feature: str, as_json: bool, **options: Any) -> None:
    """Hold a neuron of MODEL at 0: what next-token loss it costs on text with FEATURE, and on other text.

    MODEL is a folder, a hub id or a model in the store.
    """
    from . import output, probe_tables

    with output.progress() as progress:
        found = kb.ablate_feature(model, feature, progress=progress, **options)
    output.show(found, [probe_tables.ablation(found)], as_json)


COMMANDS = (probe,)
