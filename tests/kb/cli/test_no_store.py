"""Commands that only read make no store: a folder that is none is refused, in one line that says what makes one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from neuronkb.kb.cli.main import cli
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.schema import StoreError

MAKERS = {
    "load",
    "import explanations",
    "import n2g",
    "import probes",
    "ingest activations",
    "ingest clamp",
    "ingest explanations",
    "ingest feeds",
    "ingest lm-head",
    "ingest n2g",
    "ingest probes",
}


def commands(group: click.Group, *words: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from commands(found, *words, name)
        elif found is not None:
            yield (*words, name), found


def asked(command: click.Command, tmp_path: Path) -> list[str]:
    """Words for all that the command cannot do without."""
    words = []
    for param in command.params:
        if not param.required:
            continue
        value = str(tmp_path / "given") if isinstance(param.type, click.Path) else "1"
        if isinstance(param.type, click.Choice):
            value = str(next(iter(param.type.choices)))
        words += [value] if isinstance(param, click.Argument) else [param.opts[0], value]
    return words


READERS = [
    (words, command)
    for words, command in commands(cli)
    if any(param.name == "heap" for param in command.params) and " ".join(words) not in MAKERS
]


@pytest.mark.parametrize(("words", "command"), READERS, ids=[" ".join(words) for words, _ in READERS])
def test_a_reader_makes_no_store(words: tuple[str, ...], command: click.Command, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("{}")
    folder = tmp_path / "new"
    ran = CliRunner().invoke(cli, [*words, *asked(command, tmp_path), "--store", str(folder)])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr.splitlines() == [
        f"Error: {folder} is not a store; name the folder of one with --store, or make one: neuronkb ingest lm-head "
        "MODEL, or neuronkb load BUNDLE"
    ]
    assert not folder.exists()


def test_the_makers_are_those_that_bring_evidence_in() -> None:
    found = {" ".join(words) for words, _ in commands(cli)}
    assert len(READERS) > 30
    assert found >= MAKERS


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="is not a store; name the folder of one"):
        KnowledgeBase.open(tmp_path, create=False)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
