"""neuronkb queries: one's own, beside those of the package."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from neuronkb.kb.cli.main import cli
from neuronkb.kb.cli.queries import command as run
from neuronkb.kb.stores.local import LocalStore
from neuronkb.queries import public
from neuronkb.queries.catalogue.check import RESERVED

MINE = """// Doubles numbers. Nothing else.
// $numbers: ints; what to double
// $by_two: int = 2; times what
// columns: doubled
// needs: nothing
// example: {"numbers": [1]}
UNWIND $numbers AS number
RETURN number * $by_two AS doubled
"""


@pytest.fixture
def folder(local_store: LocalStore, local_folder: Path) -> Iterator[Path]:
    """A store with one query of its own."""
    own = local_folder / "queries"
    own.mkdir()
    (own / "doubled.cypher").write_text(MINE)
    yield local_folder
    shutil.rmtree(own)


def ask(folder: Path, *args: str) -> Result:
    return CliRunner().invoke(cli, ["queries", *args, "--store", str(folder)], env={"COLUMNS": "200"})


def test_listed_and_shown_without_a_store(tmp_path: Path) -> None:
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "doubled.cypher").write_text(MINE)
    listed = ask(tmp_path, "list")
    assert listed.exit_code == 0, listed.stderr
    shipped, own = listed.stdout.split("your own")
    assert "models" in shipped
    assert "doubled" not in shipped
    assert " ".join(own.splitlines()[-2].split()) == "doubled numbers, [by_two] Doubles numbers"
    records = json.loads(ask(tmp_path, "list", "--json").stdout)["queries"]
    assert [record["name"] for record in records] == [*public(), "doubled"]
    assert [record["name"] for record in records if record["own"]] == ["doubled"]
    assert [each["name"] for each in json.loads(ask(tmp_path, "list", "doubles", "--json").stdout)["queries"]] == [
        "doubled"
    ]
    assert ask(tmp_path, "show", "doubled").stdout == MINE
    assert "did you mean doubled" in ask(tmp_path, "show", "double").stderr
    assert "numbers" in ask(tmp_path, "run", "doubled", "--help").stdout
    assert [path.name for path in tmp_path.iterdir()] == ["queries"]


def test_the_default_store_is_the_one_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "doubled.cypher").write_text(MINE)
    shown = CliRunner().invoke(cli, ["queries", "show", "doubled"], env={"NEURONKB_STORE": str(tmp_path)})
    assert shown.stdout == MINE
    helped = CliRunner().invoke(cli, ["queries", "run", "doubled", "-h"], env={"NEURONKB_STORE": str(tmp_path)})
    assert "--by-two" in helped.stdout


def test_run_takes_its_parameters(folder: Path) -> None:
    found = ask(folder, "run", "doubled", "--numbers", "2", "--numbers", "-1", "--json")
    assert json.loads(found.stdout)["rows"] == [{"doubled": 4}, {"doubled": -2}]
    assert ask(folder, "run", "doubled", "--numbers", "2", "--by-two", "5", "--format", "csv").stdout.split() == [
        "doubled",
        "10",
    ]
    assert "Missing option '--numbers'" in ask(folder, "run", "doubled").stderr
    assert "did you mean doubled" in ask(folder, "run", "dubbled").stderr


def test_check_ends_with_1_where_one_is_wrong(folder: Path) -> None:
    checked = ask(folder, "check")
    assert (checked.exit_code, checked.stdout) == (0, "doubled: sound\n")
    (folder / "queries" / "writes.cypher").write_text(
        "// What.\n// columns: n\n// needs: nothing\n// example: {}\nMATCH (n:Neuron) SET n.mine = 1 RETURN n\n"
    )
    (folder / "queries" / "bad\x1b[31m.cypher").write_text(MINE)
    checked = ask(folder, "check")
    assert checked.exit_code == 1
    doubled, writes, bad = checked.stdout.splitlines()
    assert (doubled, writes) == ("doubled: sound", "writes: a read may not do this: the query writes")
    assert "rename the file" in bad
    assert "\x1b" not in checked.stdout
    as_json = ask(folder, "check", "--json")
    assert as_json.exit_code == 1
    said = json.loads(as_json.stdout)
    assert [query["problem"] is None for query in said["queries"]] == [True, False]
    assert len(said["problems"]) == 1
    listed = ask(folder, "list")
    assert (listed.exit_code, len(listed.stderr.splitlines())) == (0, 1)
    assert "a read may not do this" in ask(folder, "run", "writes").stderr


def test_no_parameter_takes_an_option_of_the_command() -> None:
    """What the command of every query has besides its parameters is reserved."""
    context = click.Context(run)
    command = run.get_command(context, "models")
    assert command is not None
    options = [option.lstrip("-").replace("-", "_") for param in command.params for option in param.opts]
    assert {*options, *(str(param.name) for param in command.params), "help"} <= RESERVED
