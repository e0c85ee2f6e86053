"""neuronkb queries, agree and disagree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from neuronkb.kb.cli.main import cli
from neuronkb.kb.stores.local import LocalStore
from neuronkb.queries import public

from tests import everything
from tests.conftest import held
from tests.everything import BASE, MONTHS, OTHER


@pytest.fixture(scope="module")
def folder(local_folder: Path) -> Path:
    """The evidence of tests/everything.py."""
    with LocalStore.open(local_folder) as store:
        held(store, everything.load)
    return local_folder


def ask(*args: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(arg) for arg in args])


def test_list_has_all_or_those_that_say_the_words() -> None:
    listed = json.loads(ask("queries", "list", "--json").stdout)["queries"]
    assert [each["name"] for each in listed] == list(public())
    assert {
        each["name"] for each in json.loads(ask("queries", "list", "n2g", "pattern", "--json").stdout)["queries"]
    } == {"find_pattern"}
    assert "no query says 'zebra'" in ask("queries", "list", "zebra").stderr
    assert "find_pattern" in ask("queries", "list", "pattern").stdout


def test_show_is_the_whole_text() -> None:
    assert ask("queries", "show", "hub_words").stdout.strip() == public()["hub_words"].cypher
    shown = json.loads(ask("queries", "show", "hub_words", "--json").stdout)
    assert (shown["needs"][0]["from"], shown["parameters"][0]["name"]) == ("lm-head", "model")
    assert "did you mean hub_words" in ask("queries", "show", "hub_word").stderr


def test_run_takes_every_parameter_as_an_option(folder: Path) -> None:
    where = ("--store", folder)
    found = ask("queries", "run", "find_words", "--words", "june", "--words", "July", "--model", BASE, *where, "--json")
    assert [row["neuron"] for row in json.loads(found.stdout)["rows"]] == [MONTHS]
    cut = ask("queries", "run", "neuron_tokens", "--neuron", MONTHS, "--limit", "1", *where, "--format", "csv")
    assert cut.stdout.splitlines()[0].startswith("run,convention,projection,pole")
    assert "cut after 1 rows" in cut.stderr
    side = ("--projection", "up", "--pole", "-1", "--least", "1")
    same = ask("queries", "run", "same_tokens", "--neuron", OTHER, *side, *where, "--json")
    assert {row["neuron"] for row in json.loads(same.stdout)["rows"]} >= {MONTHS}
    assert "[required]" in ask("queries", "run", "same_tokens", "--help").stdout


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["find_trem"], 1, "unknown query 'find_trem'; did you mean find_term"),
        (["find_term"], 2, "Missing option '--term'"),
        (["find_term", "--trem", "x"], 2, "--term"),
        (["find_term", "--term", "june", "--top", "x"], 2, "'x' is not a valid integer"),
        (["find_term", "--term", "june", "--timeout", "abc"], 2, "'--timeout': 'abc', expected a finite number"),
        (["find_term", "--term", "june", "--limit", "-1"], 2, "'--limit': -1, expected 0 or more"),
        (["find_part", "--part", "x", "--projection", "gates"], 2, "'gates' is not one of 'gate', 'up', 'down'"),
    ],
)
def test_mistakes(args: list[str], code: int, message: str) -> None:
    found = ask("queries", "run", *args)
    assert (found.exit_code, message in found.stderr) == (code, True), found.stderr


def test_agree_and_disagree_fit_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = ask("words", "agree", BASE, "--store", folder)
    assert told.exit_code == 0, told.stderr
    assert "L9/N188 +" in told.stdout
    assert "share a word" in told.stdout
    assert max(map(len, told.stdout.splitlines())) <= 80
    found = json.loads(ask("words", "agree", BASE, "--store", folder, "--json").stdout)
    assert found["agreements"][0]["neuron"] == MONTHS
    other = ask("words", "disagree", BASE, "--store", folder)
    said = " ".join(other.stdout.split())
    assert "opposite sides" in said
    assert "push the decoded tokens the other way" in said
    assert max(map(len, other.stdout.splitlines())) <= 80
    assert "did you mean gemma-3-270m" in ask("words", "agree", "gemma-3-270", "--store", folder).stderr
