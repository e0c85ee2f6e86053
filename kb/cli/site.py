"""neuronkb site: a model's pages as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .command import SHOW, STORE, opened_by
from .emit import Sink, emit


@click.command()
@click.argument("model")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to.")
@click.option("--neurons", metavar="ID", multiple=True, help="These neurons, such as L3/N17; again for more.")
@click.option(
    "--top",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="So many of the neurons with the best lines, where none is named.",
)
@click.option("--all", "every", is_flag=True, help="Every neuron of the model.")
def site(model: str, out: Path, neurons: tuple[str, ...], top: int, every: bool, **values: Any) -> None:
    """Write the pages of a model and its neurons as files, to publish beside a paper: no server is needed to read.

    The neurons are those named, else those with the best lines. Needs the web extra.
    """
    from ..web.site import write_site

    sink = Sink.of(values["save"], "json" if values["as_json"] else values["form"], values["spreadsheet"])
    with opened_by(values) as session:
        answer = write_site(session, model, out, neurons, None if every else top, session.progress)
    emit(answer, sink)


site.params += [*STORE, *SHOW]
command = site
