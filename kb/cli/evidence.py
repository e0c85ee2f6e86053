"""neuronkb load, link, diff: evidence into the store, and models compared."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..place import POSITIONS
from .ingest import _numbers
from .options import clash_options, json_option, reading_options, sink_options, with_kb, with_new_kb

if TYPE_CHECKING:
    from ...queries import Diff
    from ..knowledge_base import KnowledgeBase
    from ..load.runs import Clash
    from .rows import Sink


@click.command()
@click.argument("bundles", nargs=-1, required=True, type=click.Path(path_type=Path))
@clash_options
@json_option
@with_new_kb
def load(kb: KnowledgeBase, bundles: tuple[Path, ...], clash: Clash, as_json: bool) -> None:
    """Load BUNDLES, folders of evidence, into the store; one that is in already changes nothing."""
    from . import output

    with output.progress() as progress:
        reports = kb.load_all(bundles, clash=clash, progress=progress)
    for report in reports:
        output.report(report, as_json)


@click.command()
@click.argument("base")
@click.argument("tuned")
@click.option("--layers", help="Only these layers, such as 0,3-5; more can be added later.")
@click.option(
    "--corpus",
    multiple=True,
    help="Text that both models read: how far each neuron's activations agree. A file or folder, or hf:NAME; again for "
    "more.",
)
@reading_options
@click.option("--positions", default=POSITIONS, show_default=True, help="Places of the text at most.")
@click.option("--base-weights", help="Hub id or folder of BASE's weights.  [default: where it was ingested from]")
@click.option("--tuned-weights", help="Hub id or folder of TUNED's weights.  [default: where it was ingested from]")
@clash_options
@json_option
@with_kb
def link(
    kb: KnowledgeBase,
    base: str,
    tuned: str,
    layers: str | None,
    corpus: tuple[str, ...],
    reading: dict[str, Any],
    positions: int,
    base_weights: str | None,
    tuned_weights: str | None,
    clash: Clash,
    as_json: bool,
) -> None:
    """Link the fine-tune TUNED to its BASE, neuron by neuron; both are models in the store."""
    from . import output

    with output.progress() as progress:
        report = kb.link(
            base,
            tuned,
            layers=None if layers is None else _numbers(layers),
            corpus=corpus,
            **reading,
            positions=positions,
            base_weights=base_weights,
            tuned_weights=tuned_weights,
            clash=clash,
            progress=progress,
        )
    for warning in report.warnings:
        click.echo(f"Warning: {warning}", err=True)
    output.report(report.load, as_json)


@click.command()
@click.argument("base")
@click.argument("tuned")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="Most changed neurons to show.")
@click.option("--csv", "as_csv", is_flag=True, help="The table by layer as CSV.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw how far activations agree, by layer (.svg or .png); of a link over a text (link --corpus).",
)
@json_option
@sink_options
@with_kb
def diff(
    kb: KnowledgeBase,
    base: str,
    tuned: str,
    top: int,
    as_csv: bool,
    plot: Path | None,
    as_json: bool,
    sink: Sink,
) -> None:
    """What the fine-tune TUNED kept of its BASE, by layer, beside what noise of the same size would keep."""
    from . import output
    from .rows import csv_text

    sink.check("json" if as_json else "csv" if as_csv else "table")
    found = kb.diff(base, tuned, top=top)
    if plot is not None:
        _draw(found, plot)
    if as_json:
        sink.write(output.json_text(found, indent=2) + "\n")
    elif as_csv:
        layers = [asdict(row) for row in found.layers]
        sink.write(csv_text(list(layers[0]), [list(row.values()) for row in layers], sink.spreadsheet))
    else:
        _show(found)


def _show(found: Diff) -> None:
    from . import output
    from .tables import changes, layer_drift, layer_shares

    out = output.console()
    out.print(layer_shares(found))
    if found.drift:
        out.print(layer_drift(found))
    out.print(changes(found))


def _draw(found: Diff, path: Path) -> None:
    from ...queries.result.picture import DriftPoint
    from ..pictures import save
    from ..pictures.drift import draw_drift

    points = [DriftPoint(row.layer, row.r, row.null_r) for row in found.drift]
    save(draw_drift(points, f"{found.tuned} beside its base {found.base}"), path)


COMMANDS = (load, link, diff)
