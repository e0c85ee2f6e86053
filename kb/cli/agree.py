"""neuronkb agree, disagree: where methods confirm or contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from .options import Between, json_option, with_kb

if TYPE_CHECKING:
    from rich.table import Table

    from ...queries.answers.compared import Agreement, MethodPair
    from ..knowledge_base import KnowledgeBase

_OPTIONS = (
    click.option("--run", "runs", multiple=True, help="Only this run; several times.  [default: the newest]"),
    click.option("--layer", "layers", type=int, multiple=True, help="Only this layer; several times."),
    click.option(
        "--share",
        type=Between(0, 1),
        default=0.5,
        show_default=True,
        help="A probe counts from this share of the way from always guessing yes to F1 1.",
    ),
    click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Rows of each table."),
)


def _scope(function: Any) -> Any:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command()
@click.argument("model")
@_scope
@json_option
@with_kb
def agree(kb: KnowledgeBase, model: str, as_json: bool, **options: Any) -> None:
    """Neurons of MODEL that independent methods name in the same words, beside what chance would give."""
    from . import output

    with output.progress() as progress:
        found = kb.agree(model, progress=progress, **options)
    title = f"{found.tested:,} sides of neurons of {model} are named by two independent methods or more"
    output.show(found, [pairs_table(found.pairs), agreements_table(found.found, model, title)], as_json)
    _say_heard(kb, model, found.runs, as_json)


@click.command()
@click.argument("model")
@_scope
@json_option
@with_kb
def disagree(kb: KnowledgeBase, model: str, as_json: bool, **options: Any) -> None:
    """Neurons of MODEL of which methods contradict each other: the same words on opposite sides, clamps that push
    against the decoded words, clear statements without a word in common."""
    from . import output

    with output.progress() as progress:
        found = kb.disagree(model, progress=progress, **options)
    tables = [pairs_table(found.pairs)]
    if found.opposite:
        tables.append(agreements_table(found.opposite, model, "The same words on opposite sides of the hidden value"))
    if found.pushed:
        rows = [
            (_short(p.neuron, model), f"{p.projection} {output.pole(p.pole)}", p.effect, p.q, output.words(p.words))
            for p in found.pushed
        ]
        title = "Clamps that push the decoded tokens the other way"
        tables.append(output.table(("neuron", "row", "effect", "q", "tokens"), rows, title))
    if found.unshared:
        clear = [
            (
                _short(u.neuron, model),
                f"{u.projection} {output.pole(u.pole)}",
                u.coherence,
                u.f1,
                f"{output.words(u.decoded[:6])} | {output.words(u.fires_on[:6])}",
            )
            for u in found.unshared
        ]
        title = "A coherent row and a good graph without a word in common"
        tables.append(output.table(("neuron", "row", "coherence", "F1", "decodes to | fires on"), clear, title))
    output.show(found, tables, as_json)
    _say_heard(kb, model, found.runs, as_json)


def _say_heard(kb: KnowledgeBase, model: str, runs: Sequence[str], as_json: bool) -> None:
    """Which corpora were listened to, and which were not, where the model was run over several."""
    from ...queries.catalogue.corpora import JOBS
    from ...queries.result.corpora import corpora_line
    from . import output

    called = kb.corpora()
    own = [row["run"] for row in kb.runs(model=model).dicts() if row["job"] in JOBS and row["run"] in called]
    heard = {run: called[run] for run in own if run in runs}
    left = {run: called[run] for run in own if run not in runs}
    if heard and left and len({called[run] for run in own}) > 1:
        line = f"{corpora_line(heard)}; not listened to: {corpora_line(left).partition(': ')[2]} (--run takes others)"
        output.console(stderr=as_json).print(line, soft_wrap=True, markup=False, highlight=False)


def pairs_table(found: tuple[MethodPair, ...]) -> Table:
    """How often two methods share a word, beside chance."""
    from . import output

    rows = [(f"{p.one}, {p.two}", p.both, p.shared, f"{p.by_chance:.3g}") for p in found]
    return output.table(("methods", "both speak", "share a word", "by chance"), rows, "Sides by pair of methods")


def agreements_table(found: tuple[Agreement, ...], model: str, title: str) -> Table:
    """The sides that methods name in the same words, with q, score and null."""
    from . import output

    rows = [
        (
            f"{_short(one.neuron, model)} {output.pole(one.pole)}",
            f"{one.q:.2g}",
            "" if one.score is None else f"{one.score:.1f}",
            "" if one.null is None else f"{one.null:.2g}",
            ", ".join(one.methods),
            output.words(one.words[:8]),
        )
        for one in found
    ]
    return output.table(("neuron", "q", "score", "null", "methods", "words"), rows, title)


def _short(neuron: str, model: str) -> str:
    return neuron.removeprefix(f"{model}/")


COMMANDS = (agree, disagree)
