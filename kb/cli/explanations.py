"""neuronkb import explanations, embed: what others wrote of units, and the meaning of texts as vectors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import clash_options, json_option, with_kb, with_new_kb
from .published import imports

if TYPE_CHECKING:
    from rich.table import Table

    from ...ingest.explain.published.items import Format
    from ..jobs.import_explanations import ExplanationsReport, ModelImport
    from ..knowledge_base import KnowledgeBase
    from ..load.runs import Clash

KINDS = ("explanations", "scores", "windows", "statistics", "rows", "files")
NOTES = 10
"""Notes of a model that a terminal shows; --json has a hundred."""


@imports.command("explanations")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option(
    "--format",
    type=click.Choice(["openai", "delphi", "neuronpedia"]),
    help="Whose files they are.  [default: told by the files; SAEDashboard's batches are neuronpedia]",
)
@click.option("--model", help="The model that is meant, where the files do not say.")
@click.option("--source", help="The dictionary of the latents.  [default: as the files say, or the results folder]")
@click.option("--explainer", help="Who wrote the explanations, where the files do not say.")
@click.option("--embed/--no-embed", default=True, show_default=True, help="Embed the texts for search by meaning.")
@clash_options
@json_option
@with_new_kb
def import_explanations(
    kb: KnowledgeBase,
    paths: tuple[Path, ...],
    format: Format | None,
    model: str | None,
    source: str | None,
    explainer: str | None,
    embed: bool,
    clash: Clash,
    as_json: bool,
) -> None:
    """Load published explanations, their scores and example windows; PATH is a file or a folder.

    openai: NeuronRecord JSON, explanation JSONL, token tables, and lists {"id": [layer, neuron, explanation, score]}.
    delphi: folders of results with explanations/ and scores/; each has a dictionary of its own. neuronpedia: exports of
    features, explanations and activations, and SAEDashboard's batches. All that is read is kept, merged with what is
    the same, or counted as failed or skipped with the reason; nothing is loaded when a batch is damaged.
    """
    from . import output

    with output.progress() as progress:
        found = kb.import_explanations(
            paths,
            format=format,
            model=model,
            source=source,
            explainer=explainer,
            embed=embed,
            clash=clash,
            progress=progress,
        )
    output.show(found, [*_said(found)], as_json)


def _said(found: ExplanationsReport) -> Iterator[Table | str]:
    yield f"format {found.format}" + (", told by the files" if found.guessed else "")
    for each in found.models:
        yield from _model(each)
    if found.embedding is not None:
        yield f"{found.embedding.embedded:,} texts embedded by {found.embedding.embedder}"
    elif found.not_embedded is not None:
        yield f"texts not embedded: {found.not_embedded}; then neuronkb embed does it"


def _model(found: ModelImport) -> Iterator[Table | str]:
    from .output import table

    if found.model:
        rows = [
            (kind, f"{found.read[kind]:,}", f"{found.kept.get(kind, 0):,}", f"{found.merged.get(kind, 0):,}")
            for kind in KINDS
            if kind in found.read
        ]
        yield table(("read", "in all", "kept", "merged"), rows, found.model)
    for reason, n in found.failed.items():
        yield f"failed {n:,}: {reason}"
    for reason, n in found.skipped.items():
        yield f"skipped {n:,}: {reason}"
    for remark, n in found.remarks.items():
        yield f"{n:,} {remark}"
    yield from found.notes[:NOTES]
    if len(found.notes) > NOTES:
        yield f"... and {len(found.notes) - NOTES} more; --json shows them"


@click.command("embed")
@click.option("--embedder", help="A sentence-transformers folder or hub id.  [default: NEURONKB_EMBEDDER, else MiniLM]")
@json_option
@with_kb
def embed(kb: KnowledgeBase, embedder: str | None, as_json: bool) -> None:
    """Embed the texts of explanations that have no embedding by this model, for search by meaning.

    Imports do it by themselves; this is for what --no-embed left, and for a change of the embedding model.
    """
    from . import output

    with output.progress() as progress:
        found = kb.embed_explanations(embedder, progress=progress)
    output.show(found, [f"{found.embedded:,} texts embedded by {found.embedder}"], as_json)


COMMANDS = (embed,)
