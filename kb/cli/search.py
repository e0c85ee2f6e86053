"""neuronkb search: neurons by what their evidence means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .ingest import _numbers
from .options import Between, json_option, with_kb

if TYPE_CHECKING:
    from ..knowledge_base import KnowledgeBase
    from ..search.records import Found

KINDS = ("decoded", "fires", "graph", "explanation", "feature", "word")
SHOWN = 3
"""Reasons of a hit that a terminal shows."""


@click.command()
@click.argument("text", required=False)
@click.option("--model", help="Only neurons of this model.")
@click.option("--layers", help="Only these layers, such as 0,3-5.")
@click.option("--evidence", multiple=True, type=click.Choice(KINDS), help="Only this kind; more than once for several.")
@click.option("--least", type=Between(-1, 1), help="Smallest cosine of a hit.")
@click.option("--top", default=10, show_default=True, type=click.IntRange(1), help="How many neurons.")
@click.option("--embedder", help="Folder or hub id of the sentence-embedding model.  [env: NEURONKB_EMBEDDER]")
@click.option(
    "--way",
    type=click.Choice(["auto", "matrix", "index"]),
    default="auto",
    show_default=True,
    help="Where explanations are searched: the matrix, exactly, or the store's vector index.",
)
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Where the matrix lies.  [default: in the store]"
)
@click.option("--now", is_flag=True, help="Answer from what the matrix has already, and from the words as typed.")
@click.option("--build", is_flag=True, help="Bring the matrix in step with the store; with TEXT, then search.")
@click.option("--check", is_flag=True, help="With --build: read every file again and mend what is damaged.")
@json_option
@with_kb
def search(
    kb: KnowledgeBase,
    text: str | None,
    now: bool,
    build: bool,
    check: bool,
    layers: str | None,
    embedder: str | None,
    folder: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Neurons whose evidence means TEXT, such as "months of the year", over every kind of evidence of every model.

    The first search of a store, and one after new evidence, makes what is missing of the search matrix. Where that
    takes long, words as typed and what is there answer at once, and the whole answer follows.
    """
    from dataclasses import asdict

    from ..nouns.search import SOON
    from . import output

    if text is None and not build:
        raise click.UsageError("give a text to search for, or --build")
    if check and not build:
        raise click.UsageError("--check goes with --build")
    if build:
        with output.progress() as progress:
            built = kb.searching.build(embedder=embedder, folder=folder, whole=check, progress=progress)
        if text is None:
            rows = [(name, ", ".join(v) if isinstance(v, tuple) else v) for name, v in asdict(built).items()]
            output.show(built, output.table(("what", "value"), rows), as_json)
            return
    options |= {"layers": None if layers is None else _numbers(layers), "embedder": embedder, "folder": folder}
    found = kb.search(text or "", now=True, **options)
    if found.behind and not now:
        lacking = kb.searching.behind(embedder=embedder, folder=folder)
        if lacking.seconds > SOON:
            click.echo(f"{lacking}; what is there already says", err=True)
            if not as_json:
                output.show(found, _tables(found), False)
        with output.progress() as progress:
            found = kb.search(text or "", progress=progress, **options)
    output.show(found, _tables(found), as_json)


def _tables(found: Found) -> list[Any]:
    from . import output

    rows: list[list[Any]] = []
    for hit in found.hits:
        for i, why in enumerate(hit.reasons[:SHOWN]):
            side = "".join((why.projection or "", "" if why.pole is None else output.pole(why.pole)))
            says = why.text if why.text is not None else output.words(why.words)
            first = [hit.unit, f"{hit.score:.4f}"] if i == 0 else ["", ""]
            rows.append(
                [*first, why.evidence, side, why.rank, _two(why.cosine), _two(why.null), _chance(why.by_chance), says]
            )
    heads = ("neuron", "score", "evidence", "side", "rank", "cosine", "null", "by chance", "says")
    ways = [(kind, how) for kind, how in found.ways.items()]
    lacking = f"; {found.behind:,} rows of evidence were not searched by meaning" if found.behind else ""
    return [
        output.table(heads, rows, f"{found.text!r} by {found.embedder}{lacking}"),
        output.table(("evidence", "searched"), ways),
    ]


def _two(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _chance(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


COMMANDS = (search,)
