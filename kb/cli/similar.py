"""neuronkb similar and match: neurons like one neuron, and like all neurons of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from .options import SEED, clash_options, json_option, reading_options, with_kb

if TYPE_CHECKING:
    from ..jobs.match import MatchReport
    from ..knowledge_base import KnowledgeBase
    from ..load.runs import Clash

MATCHED = ("weights", "vocabulary", "tokens", "activation")
MEASURES = ("weights", "vocabulary", "tokens", "graph", "explanation", "activation")


@click.command()
@click.argument("neuron", metavar="ID")
@click.option("--by", type=click.Choice(MEASURES), help="Measure.  [default: those of neuronkb match, else weights]")
@click.option("--model", metavar="OTHER", help="Look through this model's neurons.  [default: the neuron's own model]")
@click.option("--top", type=click.IntRange(1, 100), default=10, show_default=True, help="Neighbours of each measure.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or auto.")
@json_option
@with_kb
def similar(
    kb: KnowledgeBase, neuron: str, by: str | None, model: str | None, top: int, device: str, as_json: bool
) -> None:
    """The neurons most like ID, beside what the measure's control reaches.

    What neuronkb match stored is shown, by graph what neuronkb ingest n2g did; where there is none, weights,
    vocabulary, tokens, graph and explanation are worked out for this neuron now. Activation needs a match.
    """
    from . import output

    found = kb.similar(neuron, by, model=model, top=top, device=device)
    columns = ("measure", "rank", "neuron", "score", "control", "jaccard", "run")
    rows = [(n.measure, n.rank, n.neuron, n.score, n.control, n.jaccard, n.run) for n in found]
    kept = [i for i in range(len(columns)) if columns[i] != "jaccard" or any(row[i] is not None for row in rows)]
    shown = [tuple(row[i] for i in kept) for row in rows]
    output.show(found, output.table([columns[i] for i in kept], shown, f"like {neuron}"), as_json)
    called = kb.corpora()
    output.say_corpora({n.run: called[n.run] for n in found if n.run in called}, err=as_json)


@click.command()
@click.argument("model_a")
@click.argument("model_b")
@click.option("--by", type=click.Choice(MATCHED), default="weights", show_default=True, help="Measure.")
@click.option("--corpus", multiple=True, help="Texts for activation: files, folders, tables, a dataset's hub id.")
@reading_options
@click.option("--k", type=click.IntRange(1, 100), default=10, show_default=True, help="Neighbours kept of each neuron.")
@click.option(
    "--draws",
    type=click.IntRange(0, 99),
    default=1,
    show_default=True,
    help="Controls, each as much work as the match; with 19 a claim about any one pair is wrong at most once in 20.",
)
@click.option(
    "--positions", type=click.IntRange(100), default=20_000, show_default=True, help="Places in the text, at most."
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or auto.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the controls.")
@clash_options
@json_option
@with_kb
def match(
    kb: KnowledgeBase,
    model_a: str,
    model_b: str,
    corpus: tuple[str, ...],
    reading: dict[str, Any],
    clash: Clash,
    as_json: bool,
    **settings: Any,
) -> None:
    """For every neuron of MODEL_A and MODEL_B the nearest of the other's, and how many of them are no luck.

    Models are folders, hub ids or models in the store; give one model twice for neighbours among its own neurons.
    weights and vocabulary need the weights alone, tokens both models decoded (ingest lm-head), activation a text.
    Interrupted runs go on where they were.
    """
    from . import output

    with output.progress() as progress:
        found = kb.match(model_a, model_b, corpus=corpus, **reading, settings=settings, clash=clash, progress=progress)
    if as_json:
        output.emit_json(found)
        return
    output.report(found.load, False)
    output.show(found, _table(found), False)


def _table(found: MatchReport) -> Any:
    from . import output

    columns = ["layer", "neurons", "best score", "control", "claimed", "above all controls", "mutual", "same index"]
    rows = [_row(str(layer["layer"]), layer) for layer in found.layers]
    if found.whole:
        rows.append(_row("all", found.whole))
    if found.by == "activation":
        columns.append("excess > .5")
    else:
        rows = [row[:-1] for row in rows]
    return output.table(columns, rows, f"{found.model} and {found.other} by {found.by}")


def _row(name: str, part: Mapping[str, Any]) -> tuple[Any, ...]:
    def share(value: float | None) -> str | None:
        return None if value is None else f"{value:.1%}"

    return (
        name,
        part.get("neurons"),
        part.get("score"),
        part.get("null"),
        part.get("claimed"),
        part.get("above_all"),
        share(part.get("mutual")),
        share(part.get("same_index")),
        share(part.get("universal")),
    )


COMMANDS = (similar, match)
