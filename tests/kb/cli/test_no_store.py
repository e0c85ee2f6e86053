"""Commands that only read make no store: a folder that is none is refused, in one line that says what makes one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from neuronkb.kb.cli.command import VerbCommand
from neuronkb.kb.cli.main import cli
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.names import keep_names
from neuronkb.kb.place import Place
from neuronkb.kb.stores import arcade
from neuronkb.kb.stores.base import Store
from neuronkb.schema import StoreError
from neuronkb.tests import everything

MAKERS = {
    "activations ingest",
    "bundles load",
    "causal ingest",
    "explanations import",
    "explanations ingest",
    "feeds ingest",
    "lm-head ingest",
    "n2g import",
    "n2g ingest",
    "probes import",
    "probes ingest",
}


def commands(group: click.Group, *words: str) -> Iterator[tuple[tuple[str, ...], VerbCommand]]:
    """What is made from a verb, by the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        if (*words, name) == ("queries", "run"):  # has a command for each query; see below
            continue
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, *words, name)
        elif isinstance(command, VerbCommand):
            yield (*words, name), command


def asked(command: VerbCommand, tmp_path: Path) -> list[str]:
    """Words for all that the command cannot do without, and for what it would read from standard input."""
    words = ["RETURN 1"] if command.name == "cypher" else []
    for parameter in command.verb.parameters:
        if not parameter.required or command.name == "cypher":
            continue
        value = str(tmp_path / "given") if parameter.type == "path" else next(iter(parameter.choices), "1")
        words += [value] if parameter.positional else [parameter.option, value]
    return words


READERS = [
    (words, command)
    for words, command in commands(cli)
    if any(param.name == "heap" for param in command.params) and not command.verb.marks.begins
]


@pytest.mark.parametrize(("words", "command"), READERS, ids=[" ".join(words) for words, _ in READERS])
def test_a_reader_makes_no_store(words: tuple[str, ...], command: VerbCommand, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("{}")
    refused([*words, *asked(command, tmp_path)], tmp_path / "new")


def test_nor_does_a_query_by_name(tmp_path: Path) -> None:
    refused(["queries", "run", "models"], tmp_path / "new")


@pytest.mark.parametrize("words", [["mcp"], ["mcp", "--http", "0"]], ids=" ".join)
def test_nor_does_a_server(tmp_path: Path, words: list[str]) -> None:
    """It says so before anybody asks it anything."""
    pytest.importorskip("mcp", reason="the mcp extra is not installed")
    refused(words, tmp_path / "new")


def refused(words: list[str], folder: Path) -> None:
    """Ask for a store in a folder that is not there."""
    ran = CliRunner().invoke(cli, [*words, "--store", str(folder)])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr.splitlines() == [
        f"Error: {folder} is not a store; name the folder of one with --store, or make one: neuronkb lm-head ingest "
        "MODEL, or neuronkb bundles load BUNDLE"
    ]
    assert not folder.exists()


def test_the_makers_are_those_that_bring_evidence_in() -> None:
    assert len(READERS) > 30
    assert {" ".join(words) for words, command in commands(cli) if command.verb.marks.begins} == MAKERS


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="is not a store; name the folder of one"):
        KnowledgeBase.open(tmp_path, create=False)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that somebody starts or asks is a failure."""

    def attach(*given: Any) -> Any:
        pytest.fail("a server was asked for")

    monkeypatch.setattr(arcade.server, "attach", attach)


@pytest.mark.parametrize("words", [["features", "list"], ["queries", "list"], ["store", "stop"]], ids=" ".join)
def test_no_server_is_started_for_it(no_server: None, tmp_path: Path, words: list[str]) -> None:
    ran = CliRunner().invoke(cli, words, env={"NEURONKB_STORE": str(tmp_path / "new")})
    assert ran.exit_code == 0, ran.output
    assert not (tmp_path / "new").exists()


def test_names_are_completed_without_a_server(local_store: Store, tmp_path: Path, no_server: None) -> None:
    everything.load(local_store)
    keep_names(Place(str(tmp_path)), local_store)
    store = ["--store", str(tmp_path)]
    for words, begun, offered in (
        (["card", *store], "gem", []),
        (["links", "diff", *store], "gem", [everything.BASE, everything.TUNED]),
        (["n2g", "show", "x/L0/N0", *store, "--run"], "n2g", ["n2g-1"]),
        (["similar", "show", "x/L0/N0", *store, "--by"], "voc", ["vocabulary"]),
    ):
        shell = ShellComplete(cli, {"obj": None}, "neuronkb", "_NEURONKB_COMPLETE")
        items = [item.value for item in shell.get_completions(words, begun)]
        assert [item for item in items if item != begun] == offered, words
    (tmp_path / "names.json").write_text(json.dumps(["broken"]))
    assert [item.value for item in shell.get_completions(["links", "diff", *store], "gem")] == ["gem"]
