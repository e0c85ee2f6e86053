"""A link over a text, and what diff says of it: a table, a picture, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from neuronkb.kb.cli.main import cli
from neuronkb.kb.stores.local import stop
from neuronkb.tests import planted


@pytest.fixture(scope="module")
def store(planted_models: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("drift")
    where = str(folder / "store")
    words = [token.removeprefix("▁") for token in planted.TOKENS if token.startswith("▁")]
    lines = (json.dumps({"text": " ".join(words[i:] + words[:i])}) for i in range(0, len(words), 3))
    (folder / "texts.jsonl").write_text("\n".join(lines))
    base, tuned = map(str, planted_models)
    link = ["links", "make", "base", "tuned", "--corpus", str(folder / "texts.jsonl")]
    for command in (["lm-head", "ingest", base], ["lm-head", "ingest", tuned], link):
        done = ask(*command, "--store", where)
        assert done.exit_code == 0, done.output
    yield where
    stop(Path(where))


def ask(*args: str) -> Result:
    return CliRunner().invoke(cli, list(args), env={"COLUMNS": "80"})


def test_a_layer_is_a_row(store: str) -> None:
    shown = ask("links", "diff", "base", "tuned", "--store", store)
    assert shown.exit_code == 0, shown.output
    assert "texts.jsonl" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    drift = json.loads(ask("links", "diff", "base", "tuned", "--store", store, "--json").stdout)["drift"]
    assert [row["layer"] for row in drift] == [0, 1]
    assert all(-1 <= row["null_r"] < row["r"] <= 1 for row in drift)


def test_it_is_drawn(store: str, tmp_path: Path) -> None:
    file = tmp_path / "drift.svg"
    done = ask("links", "diff", "base", "tuned", "--store", store, "--save", str(file))
    assert done.exit_code == 0, done.output
    words = ["".join(each.itertext()).strip() for each in ElementTree.parse(file).iter() if each.tag.endswith("text")]
    assert {"0", "1"} <= set(words)
    refused = ask("links", "diff", "base", "tuned", "--store", store, "--save", str(tmp_path / "drift.gif"))
    assert refused.exit_code == 2
    assert "the suffix '.gif'; expected one of" in refused.output
