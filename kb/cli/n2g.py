"""neuronkb n2g, ingest n2g, import n2g: graphs of what neurons fire on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .ingest import _numbers, ingest
from .options import SEED, clash_options, json_option, reading_options, with_kb, with_new_kb
from .published import imports

if TYPE_CHECKING:
    from ..knowledge_base import KnowledgeBase
    from ..load.runs import Clash

_run = click.option("--run", help="Only evidence of this run (see neuronkb runs).")


@ingest.command("n2g")
@click.argument("model")
@click.option(
    "--corpus",
    required=True,
    multiple=True,
    help="Texts: a file, a folder, a table (CSV, JSON, Parquet ...; .gz and .zst too), a dataset's hub id, or - for "
    "standard input; or a built corpus.",
)
@reading_options
@click.option("--name", help="What the graph calls the model.  [default: the hub id or the folder's name]")
@click.option("--layers", help="Only these layers, such as 0,3-5; more can be added later.")
@click.option(
    "--neurons",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Only the neurons in this file, one a line, as 3 17 or as a neuron's id.",
)
@click.option("--algorithm", type=click.Choice(["neuronkb", "paper"]), default="neuronkb", show_default=True)
@click.option("--proposer", help="Hub id of a masked language model.  [default: the model proposes substitutes itself]")
@click.option("--mask", type=click.IntRange(0), help="Number of the token that masks.  [default: the padding token]")
@click.option("--substitutes", type=click.IntRange(0, 100), default=6, show_default=True, help="Words tried a place.")
@click.option("--build", type=click.IntRange(2), default=16, show_default=True, help="Windows a side is built from.")
@click.option("--report", type=click.IntRange(2), default=16, show_default=True, help="Windows it is judged on.")
@click.option("--random", type=click.IntRange(1), default=256, show_default=True, help="Random windows of each kind.")
@click.option("--length", type=click.IntRange(8), default=64, show_default=True, help="Tokens a window, BOS included.")
@click.option("--dtype", default="auto", show_default=True, help="auto, float32, bfloat16 or float16.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or auto.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of splits and drawn windows.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the bundle.")
@clash_options
@json_option
@with_new_kb
def ingest_n2g(
    kb: KnowledgeBase,
    model: str,
    corpus: tuple[str, ...],
    reading: dict[str, Any],
    name: str | None,
    layers: str | None,
    neurons: Path | None,
    length: int,
    out: Path | None,
    clash: Clash,
    as_json: bool,
    **settings: Any,
) -> None:
    """Build a Neuron-to-Graph graph of every neuron of MODEL, and judge it on held-out documents.

    MODEL is a Hugging Face hub id or a folder with config.json and safetensors. Interrupted runs go on where they
    were.
    """
    from . import output

    if layers is not None and neurons is not None:
        raise click.UsageError("give --layers or --neurons, not both")
    with output.progress() as progress:
        report = kb.ingest_n2g(
            model,
            corpus,
            **reading,
            name=name,
            layers=None if layers is None else _numbers(layers),
            neurons=neurons,
            windows={"length": length},
            settings=settings,
            clash=clash,
            out=out,
            progress=progress,
        )
    output.report(report, as_json)


@imports.command("n2g")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--model", help="The model that is meant.  [default: the folder's name]")
@clash_options
@json_option
@with_new_kb
def import_n2g(kb: KnowledgeBase, folder: Path, model: str | None, clash: Clash, as_json: bool) -> None:
    """Load FOLDER, written by the published N2G script: neuron_store.json, stats.json and the neurons' drawings.

    Drawings do not tell wildcards and predicted values: such graphs are marked lossy and predict nothing.
    """
    from . import output

    with output.progress() as progress:
        found = kb.import_n2g(folder, model=model, clash=clash, progress=progress)
    said = [f"{found.summary['neurons']:,} neurons, {found.summary['drawings']:,} drawings"]
    said += [f"skipped {n:,}: {reason}" for reason, n in found.summary["skipped"].items()]
    output.show(found, [*said, *found.summary["notes"]], as_json)


@click.group("n2g")
def n2g() -> None:
    """What neurons fire on, as graphs: show one, predict a text with it, report on a model."""


@n2g.command("show")
@click.argument("neuron_id", metavar="ID")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Draw it to this .svg or .png.")
@click.option("--pole", type=click.Choice(["+", "-"]), help="Only this side.")
@click.option("--most", type=click.IntRange(1), default=40, show_default=True, help="Nodes of a drawing.")
@_run
@json_option
@with_kb
def show(
    kb: KnowledgeBase, neuron_id: str, svg: Path | None, pole: str | None, most: int, run: str | None, as_json: bool
) -> None:
    """A neuron's graphs: scores, and the paths on which it fires, the firing token last."""
    from . import graph_tables, output

    cards = kb.graphs(neuron_id, run=run)
    cards = [card for card in cards if pole is None or output.pole(card.facts["pole"]) == pole] or cards
    if svg is not None:
        graph_tables.draw(max(cards, key=lambda card: card.facts["f1"] or 0.0), svg, most)
        output.console(stderr=True).print(f"written: {svg}", soft_wrap=True)
    output.show(cards, [part for each in cards for part in graph_tables.card(each)], as_json)


@n2g.command("predict")
@click.argument("neuron_id", metavar="ID")
@click.option("--text", required=True, help="The text.")
@_run
@json_option
@with_kb
def predict(kb: KnowledgeBase, neuron_id: str, text: str, run: str | None, as_json: bool) -> None:
    """What a neuron's graphs say of a text, as shares of the neuron's maximum."""
    from . import graph_tables, output

    found = kb.predict_n2g(neuron_id, text, run=run)
    output.show(found, [part for one in found for part in graph_tables.prediction(one)], as_json)


@n2g.command("report")
@click.argument("model")
@_run
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw F1 by layer to this .svg or .png.")
@json_option
@with_kb
def report(kb: KnowledgeBase, model: str, run: str | None, plot: Path | None, as_json: bool) -> None:
    """Mean scores of MODEL's graphs by layer, beside token, 5-gram and back-off lookup from the same windows."""
    from . import output

    found = kb.n2g_report(model, run=run)
    if plot is not None:
        from ..pictures.figure import save
        from ..pictures.scores import draw_scores

        save(draw_scores(found.dicts(), model), plot)
        output.console(stderr=True).print(f"written: {plot}", soft_wrap=True)
    output.show(found.dicts(), output.table(found.columns, found.rows), as_json)
    output.say_corpora(found.corpora, err=as_json)


COMMANDS = (n2g,)
