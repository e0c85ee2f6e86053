"""neuronkb import: published tables into the same graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import clash_options, json_option, with_new_kb

if TYPE_CHECKING:
    from rich.table import Table

    from ..jobs.import_probes import ImportReport
    from ..knowledge_base import KnowledgeBase
    from ..load.runs import Clash


@click.group("import")
def imports() -> None:
    """Load what others published, flagged as imported."""


@imports.command("probes")
@click.argument("files", nargs=-1, required=True, metavar="CSV...", type=click.Path(path_type=Path))
@click.option(
    "--model", help="The model that all of the tables mean.  [default: as each says; Pythia's v0 checkpoints]"
)
@click.option("--dataset", help="The data set of tables that name none.")
@click.option("--feature", help="The feature of tables that name none.")
@clash_options
@json_option
@with_new_kb
def import_probes(
    kb: KnowledgeBase,
    files: tuple[Path, ...],
    model: str | None,
    dataset: str | None,
    feature: str | None,
    clash: Clash,
    as_json: bool,
) -> None:
    """Load published tables of single-neuron probes; CSV is a file, or a folder of .csv files.

    Columns as in the sparse-probing paper: layer, neuron, feature, dataset, model, test_f1_score, test_mcc,
    test_precision, test_recall, test_roc_auc, coef; a table may lack some. Every row is imported, or counted as
    skipped with the reason. The same table again changes nothing.
    """
    from . import output

    with output.progress() as progress:
        found = kb.import_probes(files, model=model, dataset=dataset, feature=feature, clash=clash, progress=progress)
    output.show(found, [_tables(found), *_totals(found)], as_json)


def _tables(found: ImportReport) -> Table:
    from .output import table

    rows = [
        (", ".join(each.models), Path(each.file).name, f"{each.rows:,}", f"{each.imported:,}") for each in found.tables
    ]
    return table(("model", "table", "rows", "imported"), rows)


def _totals(found: ImportReport) -> Iterator[str]:
    rows, imported = (sum(getattr(each, name) for each in found.tables) for name in ("rows", "imported"))
    edges = sum(load.created.get("Neuron.DETECTS.Feature", 0) for load in found.loads)
    yield f"{rows:,} rows read: {imported:,} imported ({edges:,} of them new), {rows - imported:,} skipped"
    for each in found.tables:
        for reason, n in each.skipped.items():
            yield f"skipped {n:,} of {each.file}: {reason}"
    if columns := sorted({name or "(no name)" for each in found.tables if each.imported for name in each.ignored}):
        yield f"columns not imported: {', '.join(columns)}"


COMMANDS = (imports,)
