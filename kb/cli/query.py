"""neuronkb query, find, concepts, neuron, models, runs: ask the store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import FINITE, Between, json_option, scope_options, sink_options, with_kb

if TYPE_CHECKING:
    from ..knowledge_base import KnowledgeBase
    from .rows import Sink

FORMATS = ("table", "json", "jsonl", "csv")


@click.command()
@click.argument("cypher", required=False)
@click.option("--file", "file", type=click.Path(path_type=Path, dir_okay=False), help="Read the Cypher from a file.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter: JSON, else text.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--timeout", type=Between(0), default=30.0, show_default=True, help="Seconds; 0 for none.")
@click.option("--limit", type=click.IntRange(0), default=1000, show_default=True, help="Rows; 0 for all.")
@sink_options
@with_kb
def query(
    kb: KnowledgeBase,
    cypher: str | None,
    file: Path | None,
    params: tuple[str, ...],
    form: str,
    as_json: bool,
    timeout: float,
    limit: int,
    sink: Sink,
) -> None:
    """Run CYPHER that only reads, given here, by --file or on standard input.

    What would steer a terminal stands as a mark in tables and CSV, and as an escape in JSON, which loses nothing.
    """
    from .rows import emit

    form = "json" if as_json else form
    sink.check(form)
    text = _text(cypher, file)
    found = kb.cypher(text, dict(map(_param, params)), timeout=timeout or None, limit=limit or None)
    emit(found, form, sink)
    for warning in found.warnings:
        click.echo(f"Warning: {warning}", err=True)
    if found.truncated:
        click.echo(f"cut after {found.limit} rows; --limit 0 shows all", err=True)


def _text(cypher: str | None, file: Path | None) -> str:
    from .listed import text_of

    if cypher is not None and file is not None:
        raise click.UsageError("give the Cypher as an argument or by --file, not both")
    if file is not None:
        return text_of(file)
    return sys.stdin.read() if cypher is None or cypher == "-" else cypher


def _param(text: str) -> tuple[str, Any]:
    from ...schema.outside import Unreadable, parse_json

    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise click.BadParameter(f"{text[:60]!r} is not NAME=VALUE", param_hint="--param")
    try:
        return name, parse_json(value)
    except Unreadable:
        return name, value


@click.command()
@click.argument("words", nargs=-1)
@click.option("--token", help="A word, in any spelling its tokens have.")
@click.option("--exact", is_flag=True, help="Only tokens with exactly the text of --token, spaces included.")
@click.option("--coherent", is_flag=True, help="Sides whose top tokens are different words that lie close together.")
@click.option("--feature", help="Neurons that alone tell this feature, such as is_french.")
@click.option("--min-f1", type=Between(0, 1), help="Least F1 on --feature.")
@click.option("--activates-on", help="Neurons whose N2G graph fires on this word.")
@click.option("--context", help="Neurons whose N2G graph needs this word before it; with --activates-on both.")
@click.option("--least", type=FINITE, help="Least words (default 3), or least coherence (default 0.3).")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Rows.")
@scope_options
@json_option
@with_kb
def find(
    kb: KnowledgeBase,
    words: tuple[str, ...],
    token: str | None,
    exact: bool,
    coherent: bool,
    feature: str | None,
    min_f1: float | None,
    activates_on: str | None,
    context: str | None,
    least: float | None,
    top: int,
    model: str | None,
    run: str | None,
    as_json: bool,
) -> None:
    """Find neurons by what they decode to (--token WORD, several WORDS of one kind, --coherent), by a --feature they
    tell, or by what their N2G graph fires on (--activates-on WORD --context WORD)."""
    from . import output, probe_tables, tables

    graph = activates_on is not None or context is not None
    if (token is not None) + bool(words) + coherent + (feature is not None) + graph != 1:
        raise click.UsageError("give --token, several WORDS, --coherent, --feature, or --activates-on and --context")
    _check_company(
        ("--min-f1", min_f1 is not None, "--feature", feature is not None),
        ("--exact", exact, "--token, or --activates-on and --context", token is not None or graph),
        ("--least", least is not None, "several WORDS or --coherent", bool(words) or coherent),
    )
    where: dict[str, Any] = {"model": model, "run": run, "top": top}
    rows: Any
    if feature is not None:
        rows = kb.find_feature(feature, least=min_f1, **where)
        drawn: Any = probe_tables.detections(rows)
        why = f"no neuron alone tells {feature!r} so well; a lower --min-f1 may, and neuronkb probe shows all"
    elif graph:
        graphs = kb.find_graph(activates_on, context, exact=exact, **where)
        rows, drawn = graphs.dicts(), output.table(graphs.columns, graphs.rows)
        why = "no neuron's graph has that word there; neuronkb search looks by meaning"
    elif token is not None:
        sides = kb.find(token, exact=exact, **where)
        rows, drawn = sides.dicts(), tables.hits(sides)
        why = f"no side has {token!r} among its top tokens; neuronkb search {token!r} looks by meaning"
    elif coherent:
        rows = kb.coherent(least=0.3 if least is None else least, **where)
        drawn = tables.sides(rows, "coherence")
        why = "no side's top tokens lie so close together; a lower --least finds more"
    else:
        rows = kb.find_words(words, least=int(least or min(3, len(words))), **where)
        drawn = tables.sides(rows, "words")
        why = "no side has so many of these words among its top tokens; a lower --least finds more"
    output.show(rows, drawn, as_json)
    if graph:
        output.say_corpora(graphs.corpora, err=as_json)
    if not rows:
        click.echo(f"nothing found: {why}", err=True)


def _check_company(*rules: tuple[str, bool, str, bool]) -> None:
    """Refuse options that would have no effect: (option, whether it is given, what it goes with, whether that is)."""
    for option, given, company, there in rules:
        if given and not there:
            raise click.UsageError(f"{option} goes with {company}")


@click.command()
@click.argument("names", nargs=-1)
@click.option("--top", type=click.IntRange(1), default=1, show_default=True, help="Neurons a concept.")
@scope_options
@json_option
@with_kb
def concepts(
    kb: KnowledgeBase, names: tuple[str, ...], top: int, model: str | None, run: str | None, as_json: bool
) -> None:
    """The neurons that name most of a concept's words: months, car makes, US states and others, or only NAMES."""
    from . import output, tables

    found = kb.concepts(names, model=model, run=run, top=top)
    output.show(found, tables.concepts(found), as_json)


@click.command()
@click.argument("neuron_id", metavar="ID")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the neuron's page to this file.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write the card as Markdown to it.")
@json_option
@with_kb
def neuron(kb: KnowledgeBase, neuron_id: str, html: Path | None, markdown: Path | None, as_json: bool) -> None:
    """A neuron's card, all that is known of it: tokens by projection and pole, counterparts, features, explanations,
    clamps, what it does on text, graphs, neighbours, feeds, findings, and the runs behind them.

    ID is MODEL/L3/N17, MODEL/3-mlp/17 or MODEL/blocks.3.mlp.hook_post/17.
    """
    from ..pictures import record_page
    from . import output, sections

    found = kb.neuron(neuron_id)
    if html is not None:
        output.write_text(html, record_page(found.neuron, found.lead, found.sections()))
    if markdown is not None:
        output.write_text(markdown, found.markdown())
    drawn = [] if as_json else sections.drawn(found.neuron, found.lead, found.sections())
    output.show(found, drawn, as_json)


@click.command()
@json_option
@with_kb
def models(kb: KnowledgeBase, as_json: bool) -> None:
    """The models in the store."""
    from . import output

    found = kb.models()
    columns = [c for c in found.columns if c not in ("weights", "gated")]
    rows = [[", ".join(row[c]) if c == "bases" else row[c] for c in columns] for row in found.dicts()]
    output.show(found.dicts(), output.table(columns, rows), as_json)


@click.command()
@click.option("--job", help="Only this job, such as lm-head or link.")
@click.option("--model", help="Only runs on this model.")
@json_option
@with_kb
def runs(kb: KnowledgeBase, job: str | None, model: str | None, as_json: bool) -> None:
    """The runs in the store: which job on which model, over which corpus, when."""
    from ...queries.catalogue.scope import check_jobs
    from ..load.keepsakes import KEEPSAKES
    from . import output

    if not (found := kb.runs(job, model)).rows:
        check_jobs(kb.store, job, model)
    columns = ["run", "job", "model", "corpus", "started", "ended"]
    rows = [[row[c] for c in columns] for row in found.dicts()]
    output.show(found.dicts(), output.table(columns, rows), as_json)
    if not as_json and any(row["run"] == KEEPSAKES for row in found.dicts()):
        click.echo(f"{KEEPSAKES}: what outlived its run, as people put something in or cite it; see {output.KEPT}")


COMMANDS = (query, find, concepts, neuron, models, runs)
