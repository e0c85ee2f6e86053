"""The generated pages are fresh, every command has help, every query says what it answers, and links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from neuronkb.kb.cli.main import cli
from neuronkb.kb.docs import pages
from neuronkb.queries import catalogue
from neuronkb.queries.catalogue.check import check_query

ROOT = Path(__file__).parent.parent
WRITTEN = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("name", sorted(pages()))
def test_generated_pages_are_fresh(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == pages()[name], "run: make docs"


def commands(group: click.Group) -> list[click.Command]:
    context, found = click.Context(group), []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += [command, *(commands(command) if isinstance(command, click.Group) else [])]
    return found


@pytest.mark.parametrize("command", commands(cli), ids=lambda c: str(c.name))
def test_every_command_and_option_has_help(command: click.Command) -> None:
    assert command.help
    for param in command.params:
        if isinstance(param, click.Option):
            described = param.help or isinstance(param.type, click.Choice)
            assert described, f"{command.name} {param.name}"


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_every_query_declares_what_it_takes(name: str) -> None:
    """As queries/catalogue/header.py says: purpose, parameters, columns, needs and an example that is valid."""
    query = catalogue()[name]
    assert len(query.purpose) > 20
    check_query(query, name)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda p: p.name)
def test_links_between_pages(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
