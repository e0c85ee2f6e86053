"""neuronkb ratings rate: people rate or rank explanations beside what the neuron fires on."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .command import SHOW, STORE, opened_by
from .emit import Sink, emit

if TYPE_CHECKING:
    from ..jobs.ratings import Sheet, Way
    from ..nouns.ratings import Ratings

LETTERS = "abcde"
MARGIN = 10
"""Columns before an excerpt."""


class Stop(Exception):
    """The person has had enough."""


@click.command("rate")
@click.argument("model")
@click.option("--rater", help="Who rates.  [default: your user name]")
@click.option("--rank", is_flag=True, help="Order the explanations from best to worst instead of rating each.")
@click.option("--neuron", metavar="ID", help="Only this neuron.")
@click.option("--count", type=click.IntRange(1), default=10, show_default=True, help="Sides of neurons to go through.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Of the order, and of what is shown beside what.",
)
@click.option("--report", "only_report", is_flag=True, help="Ask nothing; show how the ratings agree.")
@click.option("--formula", default="ev-correlation", show_default=True, help="Automatic score to compare with.")
@click.option("--split", default="top-and-random", show_default=True, help="Windows of the automatic score.")
def rate(
    model: str,
    rater: str | None,
    rank: bool,
    neuron: str | None,
    count: int,
    seed: int,
    only_report: bool,
    formula: str,
    split: str,
    as_json: bool,
    form: str,
    save: Path | None,
    spreadsheet: bool,
    **where: Any,
) -> None:
    """Rate explanations of MODEL's neurons by hand, and see how ratings and automatic scores agree.

    Each neuron's excerpts are coloured by activation; up to five explanations stand below them in random order, some of
    them another neuron's. Give each 1 (wrong) to 5 (says exactly what it fires on), or with --rank the letters from
    best to worst. s skips a neuron, q ends. Every sheet is kept as soon as it is filled in.
    """
    from ..nouns.ratings import Ratings

    sink = Sink.of(save, "json" if as_json else form, spreadsheet)
    way: Way = "rank" if rank else "rate"
    with opened_by(where) as session:
        ratings = Ratings(session)
        if not only_report:
            name = rater or getpass.getuser()
            sheets = ratings.sheets(model, name, way=way, neuron=neuron, count=count, seed=seed)
            if not sheets:
                click.echo(f"{name} has judged every explained neuron that was asked for.", err=True)
            kept = _go_through(ratings, sheets, name, way, seed)
            click.echo(f"{kept} of {len(sheets)} kept as {name}'s.", err=True)
        answer = ratings.report(model, formula=formula, split=split)
    emit(answer, sink)


def _go_through(ratings: Ratings, sheets: list[Sheet], rater: str, way: Way, seed: int) -> int:
    kept = 0
    for number, sheet in enumerate(sheets, 1):
        _show(sheet, number, len(sheets))
        try:
            given = _ranking(sheet) if way == "rank" else _ratings(sheet)
        except (Stop, click.Abort):
            break
        if given is not None:
            ratings.save(sheet, rater, given, way=way, seed=seed)
            kept += 1
    return kept


def _show(sheet: Sheet, number: int, of: int) -> None:
    """The sheet on standard error, so that standard output stays the report's."""
    from rich.text import Text

    from ...queries.drawing.excerpt import largest
    from ...queries.result.picture import ExcerptView
    from . import output
    from .excerpt import excerpt_text

    console = output.console(stderr=True)
    views = [ExcerptView(e.tokens, e.activations, e.activation, e.band, sheet.pole, e.document) for e in sheet.excerpts]
    limit, width = largest(views), max(40, console.width)
    console.print()
    of_corpus = f", on {sheet.corpus}" if sheet.corpus else ""
    console.rule(Text(output.cell(f"{number} of {of}: {sheet.neuron}, pole {output.pole(sheet.pole)}{of_corpus}")))
    for view in views:
        line = Text(f"{max(0.0, view.activation) / limit if limit else 0:.0%}".rjust(MARGIN - 4) + "  ", style="dim")
        line.append_text(excerpt_text(view, limit, width - MARGIN))
        line.no_wrap = True
        console.print(line)
    console.print()
    for letter, one in zip(LETTERS, sheet.shown, strict=False):
        console.print(Text(f"  {letter}  ", style="bold") + Text(output.cell(" ".join(one.text.split()))))
    console.print()


def _ratings(sheet: Sheet) -> list[float] | None:
    """A number for each explanation; None to skip the sheet."""
    given = []
    for letter in LETTERS[: len(sheet.shown)]:
        said = _ask(f"  {letter}: 1 to 5 (s skip, q quit)", lambda text: text in tuple("12345"))
        if said is None:
            return None
        given.append(float(said))
    return given


def _ranking(sheet: Sheet) -> list[float] | None:
    """The place of each explanation; None to skip the sheet."""
    letters = LETTERS[: len(sheet.shown)]
    prompt = f"  best to worst, such as {letters[::-1]} (s skip, q quit)"
    said = _ask(prompt, lambda text: sorted(text) == sorted(letters))
    return None if said is None else [float(said.index(letter) + 1) for letter in letters]


def _ask(prompt: str, fits: Any) -> str | None:
    while True:
        said = "".join(str(click.prompt(prompt, err=True)).split()).lower()
        if said == "q":
            raise Stop
        if said == "s":
            return None
        if fits(said):
            return said
        click.echo(f"  {said!r} is no answer here", err=True)


rate.params += [*STORE, *SHOW]
command = rate
