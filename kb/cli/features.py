"""neuronkb features: the labelled texts that probes are fitted on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import SEED, json_option

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..inputs.features import FeatureRow


@click.group()
def features() -> None:
    """Labelled texts for probes: what there is, and how to make more."""


def _folder(where: str | None, out: Path | None) -> Path:
    """The data sets' folder: the one given, else that of the store, which need not run for it."""
    from ..place import Place, default_store

    return out or Place(where or default_store()).features


def _files(where: str | None, model: str) -> str:
    """Where a model's files are: as named, or as the store remembers of its model of that name."""
    from ...schema import StoreError
    from ..inputs.models import located
    from .options import open_kb

    if Path(model).expanduser().exists():
        return model
    try:
        with open_kb(where, create=False) as kb:
            return str(located(kb.store, model)[0])
    except StoreError:  # a hub id needs no store
        return model


_STORE = click.option(
    "--store", "where", envvar="NEURONKB_STORE", metavar="FOLDER|URI", help="The store whose data sets are meant."
)
_OUT = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the data sets instead of the store's."
)


@features.command("list")
@click.argument("names", nargs=-1, metavar="[CATEGORY|FEATURE|FILE]...")
@click.option("--model", help="Count in the tokens of this model: a folder, hub id or model of the store.")
@_STORE
@_OUT
@json_option
def list_features(
    names: tuple[str, ...], model: str | None, where: str | None, out: Path | None, as_json: bool
) -> None:
    """The features that are built, with class balance and provenance; or those of FILE, a JSONL of your own."""
    from ..inputs import features as featuring
    from . import output

    model = None if model is None else _files(where, model)
    with output.progress() as progress:
        rows = featuring.features(_folder(where, out), names, model=model, progress=progress)
    if not rows and not as_json:
        known = ", ".join(featuring.categories())
        output.console().print(f"No features are built here yet: neuronkb features build makes them, of {known}")
        return
    output.show(rows, _tables(rows), as_json)


@features.command("build")
@click.option("--category", "categories", multiple=True, help="Only this one; may be given again.  [default: all]")
@click.option(
    "--source", metavar="FILE|FOLDER|OWNER/NAME", help="Your texts for one category instead of installed ones."
)
@click.option("--text", default="text", show_default=True, help="Column of a source's texts.")
@click.option(
    "--label", help="Column of a source's classes, such as meta.pile_set_name.  [default: label, language ...]"
)
@click.option(
    "--group", default="group", show_default=True, help="Column that names what stays on one side of a split."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the choice of texts.")
@_STORE
@_OUT
@json_option
@click.pass_context
def build(
    ctx: click.Context,
    /,
    categories: tuple[str, ...],
    where: str | None,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Build the labelled texts of ten categories out of installed packages, or one of them from --source.

    Sources: CoNLL-U for part_of_speech, dependency and morphology; JSONL, Parquet, a dataset or a folder with a folder
    a class for natural_language, programming_language and data_source; any texts for the others.
    """
    from ..inputs import features as featuring
    from . import output

    for name in ("text", "label", "group") if options["source"] is None else ():
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} goes with --source")
    folder = _folder(where, out)
    with output.progress() as progress:
        rows = featuring.build_features(folder, categories, progress=progress, **options)
    output.show(rows, _tables(rows), as_json)
    if not as_json:
        output.console(stderr=True).print(f"{len(rows)} features in {folder}", soft_wrap=True)


def _tables(rows: list[FeatureRow]) -> list[RenderableType]:
    """A table a category, under it where its texts come from."""
    from rich.text import Text

    from . import output

    parts: list[RenderableType] = []
    for category in dict.fromkeys(row.category for row in rows):
        here = [row for row in rows if row.category == category]
        with_model = any(row.parts for row in here)
        columns = ["feature", "positives", "negatives", "groups", "share"]
        columns += ["fit", "choose", "report"] * with_model
        columns.append("testable")
        body = [
            (
                row.feature,
                row.positives,
                row.negatives,
                row.groups_positive,
                None if row.base_rate is None else f"{row.base_rate:.3f}",
                *(row.parts or ()),
                row.why or ("by token" if row.testable is None else "yes"),
            )
            for row in here
        ]
        parts.append(output.table(columns, body, f"{category}: {here[0].unit or 'rules on tokens'}"))
        parts.append(Text(f"{_silver(here[0])}{here[0].provenance}\n", style="dim"))
    return parts


def _silver(row: FeatureRow) -> str:
    labels = "silver labels; " if row.silver else ""
    return f"{row.dataset}; seed {row.seed}; {labels}" if row.dataset else labels


COMMANDS = (features,)
