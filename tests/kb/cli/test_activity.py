"""The card with excerpts and the neuron's page, through the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from neuronkb.kb.cli.main import cli
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.tests.kb.jobs.test_activations import NEURON, texts

INGEST = ["--length", "16", "--k", "4", "--per-band", "1", "--tokens", "3", "--dtype", "float32", "--device", "cpu"]


@pytest.fixture(scope="module")
def store(planted_models: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("activity")
    where = str(folder / "store")
    corpus = str(texts(folder))
    model = str(planted_models[0])
    for command in (["lm-head", "ingest", model], ["activations", "ingest", model, "--corpus", corpus, *INGEST]):
        done = CliRunner().invoke(cli, [*command, "--store", where])
        assert done.exit_code == 0, done.output
    yield where
    stop(Path(where))


def test_the_card_shows_numbers_and_excerpts(store: str) -> None:
    done = CliRunner().invoke(cli, ["card", NEURON, "--store", store])
    assert done.exit_code == 0, done.output
    for text in ("Hidden value on", "pole +", "pole -", "Excerpts, pole +", "top tokens"):
        assert text in done.output
    assert max(map(len, done.output.splitlines())) <= 80


def test_the_card_as_json(store: str) -> None:
    done = CliRunner().invoke(cli, ["card", NEURON, "--json", "--store", store])
    found = json.loads(done.stdout)
    assert [each["pole"] for each in found["activity"]] == [1, -1]
    assert found["activity"][0]["excerpts"][0]["band"] == "top"


def test_the_page(store: str, tmp_path: Path) -> None:
    out = tmp_path / "neuron.html"
    done = CliRunner().invoke(cli, ["card", NEURON, "--save", str(out), "--store", store])
    assert done.exit_code == 0, done.output
    page = out.read_text()
    for text in (NEURON, "Decoded tokens", "Hidden value on", "Excerpts", "<svg"):
        assert text in page
    missing = CliRunner().invoke(cli, ["card", NEURON, "--save", str(tmp_path / "no" / "x.html"), "--store", store])
    assert missing.exit_code == 1
    assert "cannot be written" in missing.output


def test_a_pass_by_role(store: str, planted_models: tuple[Path, Path], tmp_path: Path) -> None:
    """From the command line to the card, its page and the query that compares two roles."""
    chatty = shutil.copytree(planted_models[0], tmp_path / "chatty")
    config = json.loads((chatty / "tokenizer_config.json").read_text())
    config["chat_template"] = "{% for m in messages %} {{ m.role }} {{ m.content }}{% endfor %}"
    (chatty / "tokenizer_config.json").write_text(json.dumps(config))
    rows = [
        [{"role": "user", "content": f"monday filler{i} friday"}, {"role": "assistant", "content": "july august june"}]
        for i in range(40)
    ]
    (tmp_path / "chats.jsonl").write_text("\n".join(json.dumps({"messages": turns}) for turns in rows))
    command = ["activations", "ingest", str(chatty), "--corpus", str(tmp_path / "chats.jsonl"), "--roles", *INGEST]
    done = CliRunner().invoke(cli, [*command, "--store", store])
    assert done.exit_code == 0, done.output
    card = CliRunner().invoke(cli, ["card", "chatty/L0/N5", "--json", "--store", store])
    first, second = json.loads(card.stdout)["activity"]
    assert [(each["role"], each["n"]) for each in first["roles"]] == [
        ("user", 120),
        ("assistant", 120),
        ("template", 80),
    ]
    assert first["roles"][0]["mean"] == -second["roles"][0]["mean"]
    mean = sum(each["n"] * each["mean"] for each in first["roles"]) / first["n"]
    assert mean == pytest.approx(first["mean"], rel=1e-4)
    shown = CliRunner().invoke(cli, ["card", "chatty/L0/N5", "--store", store, "--save", str(tmp_path / "n.html")])
    assert shown.exit_code == 0, shown.output
    assert "Hidden value by role" in (tmp_path / "n.html").read_text()
    shown = CliRunner().invoke(cli, ["card", "chatty/L0/N5", "--store", store])
    assert "Hidden value by role" in shown.output
    assert max(map(len, shown.output.splitlines())) <= 80
    asked = ["queries", "run", "role_neurons", "--model", "chatty", "--role", "user", "--other", "assistant"]
    found = json.loads(CliRunner().invoke(cli, [*asked, "--format", "json", "--store", store]).output)
    (own,) = (row for row in found["rows"] if row["neuron"] == "chatty/L0/N5")
    means = [each["mean"] for each in first["roles"]]
    assert own["difference"] == pytest.approx((means[0] - means[1]) / first["std"])
    sizes = [abs(row["difference"]) for row in found["rows"]]
    assert sizes == sorted(sizes, reverse=True)
    assert "By role" not in CliRunner().invoke(cli, ["card", NEURON, "--store", store]).output


def test_a_bad_setting_is_one_line(store: str, planted_models: tuple[Path, Path], tmp_path: Path) -> None:
    done = CliRunner().invoke(
        cli,
        ["activations", "ingest", str(planted_models[0]), "--corpus", str(tmp_path / "none.jsonl"), "--store", store],
    )
    assert done.exit_code == 1
    assert "none.jsonl" in done.output


@pytest.mark.parametrize("command", ["activations", "n2g", "match"])
def test_columns_are_named_on_every_command_that_reads_a_corpus(
    command: str, store: str, planted_models: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("key,body\na,june\n")
    base, tuned = map(str, planted_models)
    asked = ["similar", "match", base, tuned, "--by", "activation"] if command == "match" else [command, "ingest", base]
    where = ["--corpus", str(tmp_path / "t.csv"), "--store", store]
    for columns, message in (
        ([], "no column 'text'"),
        (["--field", "words"], "no column 'words'"),
        (["--field", "body", "--id", "name"], "no column 'name' for ids"),
    ):
        done = CliRunner().invoke(cli, [*asked, *where, *columns])
        assert done.exit_code == 1
        assert message in done.output
        assert "t.csv" in done.output


def test_the_store_is_the_one_that_was_filled(store: str) -> None:
    with LocalStore.open(Path(store)) as found:
        assert found.status().relationships["FIRES_ON"] > 0
