"""neuronkb finding: notes about neurons, and what became of them in a fine-tune."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import json_option, with_kb

if TYPE_CHECKING:
    from rich.table import Table

    from ...queries.answers.findings import Carry
    from ..knowledge_base import KnowledgeBase
    from ..nouns.findings import CarryReport


@click.group()
def finding() -> None:
    """Note what neurons do, and see whether it survived a fine-tune."""


@finding.command("add")
@click.argument("text")
@click.option("--about", multiple=True, required=True, metavar="ID", help="A neuron it is about; may be given again.")
@click.option("--author", help="Who says so.  [default: git's user.name, else yours]")
@click.option("--evidence", multiple=True, metavar="ID", help="A node or run it rests on; may be given again.")
@json_option
@with_kb
def add(
    kb: KnowledgeBase, text: str, about: tuple[str, ...], author: str | None, evidence: tuple[str, ...], as_json: bool
) -> None:
    """Note TEXT about neurons of one model."""
    from . import output

    found = kb.findings.add(text, about, author=author, evidence=evidence)
    if as_json:
        output.emit_json(found)
    else:
        click.echo(output.cell(f"{found.id}: {found.text} ({', '.join(found.about)})"))


@finding.command("list")
@click.option("--model", help="Only those about this model's neurons.")
@json_option
@with_kb
def list_(kb: KnowledgeBase, model: str | None, as_json: bool) -> None:
    """All findings, oldest first."""
    from ...queries.catalogue.scope import check_models
    from . import output

    if not (found := kb.findings.list(model)):
        check_models(kb.store, model)
    rows = [(one.id, one.created, one.author, ", ".join(one.about), one.text) for one in found]
    output.show(found, output.table(("finding", "created", "author", "about", "text"), rows), as_json)
    if not found:
        of = f" about neurons of {model}" if model else ""
        click.echo(f"no findings{of} yet; neuronkb finding add TEXT --about ID notes one", err=True)


@finding.command("show")
@click.argument("name", metavar="FINDING")
@json_option
@with_kb
def show(kb: KnowledgeBase, name: str, as_json: bool) -> None:
    """One finding, by its id or the beginning of it, and everything that became of it."""
    from . import output

    card = kb.findings.show(name)
    one = card.finding
    facts = [("text", one.text), ("author", one.author), ("created", one.created), ("about", ", ".join(one.about))]
    facts += [("evidence", ", ".join(one.evidence))] if one.evidence else []
    history = [
        (c.created, c.run, c.source, c.verdict, c.neuron, c.superseded_by or "current", c.reason) for c in card.carried
    ]
    columns = ("created", "run", "neuron", "verdict", "now", "superseded by", "why")
    output.show(card, [output.table(("", one.id), facts), output.table(columns, history, "in fine-tunes")], as_json)


@finding.command("carry")
@click.argument("base")
@click.argument("tuned")
@click.option("--base-weights", help="Hub id or folder of BASE's weights.  [default: where it was ingested from]")
@click.option("--tuned-weights", help="Hub id or folder of TUNED's weights.  [default: where it was ingested from]")
@click.option("--dry-run", is_flag=True, help="Judge, and store nothing.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write a report there.")
@json_option
@with_kb
def carry(
    kb: KnowledgeBase,
    base: str,
    tuned: str,
    base_weights: str | None,
    tuned_weights: str | None,
    dry_run: bool,
    markdown: Path | None,
    as_json: bool,
) -> None:
    """What became of every finding about BASE in its fine-tune TUNED: holds, weakened, moved, lost or untested.

    The two must be linked (neuronkb link). Run it again when there is more evidence: earlier verdicts stay, marked as
    superseded.
    """
    from . import output
    from .carry_report import markdown as written

    with output.progress() as progress:
        report = kb.findings.carry(
            base,
            tuned,
            base_weights=base_weights,
            tuned_weights=tuned_weights,
            write=not dry_run,
            progress=progress,
        )
    if markdown is not None:
        output.write_text(markdown, written(report))
    output.show(report, verdicts(report.carries, report.base, report.tuned), as_json)
    if not as_json:
        _say(report)


@finding.command("remove")
@click.argument("name", metavar="FINDING")
@with_kb
def remove(kb: KnowledgeBase, name: str) -> None:
    """Take a finding away with everything that became of it."""
    from . import output

    found = kb.findings.remove(name)
    click.echo(output.cell(f"removed {found.id}: {found.text}"))


BEHAVIOUR = ("graph", "probe", "explanation", "clamp", "activation")


def verdicts(carries: tuple[Carry, ...], base: str, tuned: str) -> list[Table]:
    """What became of findings; then what each neuron does in both models, and whatever of its rows was not kept."""
    from . import output

    columns = ("finding", "neuron", "verdict", "now", "gate", "up", "down", "tokens")
    rows = [
        (c.text, _place(c.source), c.verdict, _place(c.neuron), c.cos_gate, c.cos_up, c.cos_down, c.jaccard)
        for c in carries
    ]
    tables = [output.table(columns, rows, f"findings of {base} in {tuned}: cosines of its rows, share of tokens")]
    told = [
        (_place(c.source), f"{m['kind']} {m['name']}", *_numbers(m), m["outcome"])
        for c in carries
        for m in c.measures
        if m["kind"] in BEHAVIOUR or m["outcome"] != "kept"
    ]
    heads = ("neuron", "measure", "value", "interval", "base", "null", "outcome")
    return [*tables, output.table(heads, told, "What they do, and what of them changed")] if told else tables


def _place(neuron: str) -> str:
    """L3/N17: the models are in the title."""
    return "/".join(neuron.rsplit("/", 2)[1:])


def _numbers(measure: dict[str, Any]) -> tuple[str, str, str, str]:
    """Value, interval, the base's value and null, short enough for a terminal of 80 columns."""
    value, base, null = (f"{measure[name]:.3g}" for name in ("value", "base", "null"))
    return value, f"{measure['low']:.2g} to {measure['high']:.2g}" if "low" in measure else "exact", base, null


def _say(report: CarryReport) -> None:
    counts = ", ".join(f"{n} {name}" for name, n in report.counts.items() if n)
    click.echo(f"{counts or 'nothing'} (run {report.run})", err=True)
    if report.note:
        click.echo(f"Warning: whole matrices could not be read, so nothing can have moved: {report.note}", err=True)


COMMANDS = (finding,)
