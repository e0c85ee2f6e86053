from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from neuronkb.kb.cli.main import cli


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new user's empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


def typed(*words: str) -> Result:
    return CliRunner().invoke(cli, ["features", *words])


def test_nothing_is_built_yet(run: Path) -> None:
    found = typed("list", "--store", "store")
    assert found.exit_code == 0
    assert "neuronkb features build makes them, of " in found.output
    assert json.loads(typed("list", "--store", "store", "--json").stdout)["rows"] == []
    # No store is made to look for data sets.
    assert not (run / "store").exists()


def test_build_then_list(run: Path) -> None:
    built = typed("build", "natural_language", "--store", "store")
    assert built.exit_code == 0, built.output
    assert "is_french" in built.output
    assert "16 features in" in built.output
    listed = typed("list", "is_french", "--store", "store")
    assert [word in listed.output for word in ("is_french", "is_german", "never on both sides")] == [True, False, True]
    (row,) = json.loads(typed("list", "is_french", "--store", "store", "--json").stdout)["rows"]
    assert row["category"] == "natural_language"
    assert row["positives"] == row["groups_positive"]
    assert row["licence"].startswith("BSD")


def test_a_file_of_ones_own(run: Path) -> None:
    (run / "mine.jsonl").write_text('{"text": "a b", "group": 1, "spans": [[0, 1, ["letter_a"]], [2, 3, ["b"]]]}\n')
    found = typed("list", "mine.jsonl")
    assert found.exit_code == 0
    assert "letter_a" in found.output
    assert "positives in 1 groups, fewer than 30" in found.output
    (run / "bad.jsonl").write_text('{"text": "a b", "spans": []}\n')
    bad = typed("list", "bad.jsonl")
    assert bad.exit_code == 1
    assert "bad.jsonl:1: 'group' is missing" in bad.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["build", "languages"], "no category 'languages'; did you mean natural_language"),
        (["build", "--source", "x"], "a source is for one category"),
        (["build", "latex", "--text", "body"], "'body' have none; give it with --source"),
        (["build", "latex", "--source", "none.tex"], "no file or folder 'none.tex'"),
        (["list", "is_french", "--out", "none"], "has no data sets; neuronkb features build"),
    ],
)
def test_mistakes_are_one_line(run: Path, words: list[str], message: str) -> None:
    found = typed(*words)
    assert found.exit_code == 1
    assert message in found.output
    assert "Traceback" not in found.output
