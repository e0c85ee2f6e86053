"""neuronkb causal report as a person types it, on the planted model; the doses on the card and the page."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from neuronkb.kb.cli.main import cli
from neuronkb.kb.inputs.neurons import lines
from neuronkb.kb.stores.local import stop

OPTIONS = ["--null-neurons", "19", "--pool", "24", "--null-tokens", "99", "--multiples", "0.5,1", "--device", "cpu"]
QUESTION = ["--answers", "4", "--answers-neurons", "1", "--question", "filler9 filler12"]


@pytest.fixture(scope="module")
def store(planted_models: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A store in which the planted base is decoded and twelve of its sides are clamped."""
    folder = tmp_path_factory.mktemp("causal")
    where = str(folder / "store")
    prompts = folder / "prompts.txt"
    prompts.write_text("filler9 filler12\n\nfiller3 filler5 filler7\n")
    for args in (
        ["lm-head", "ingest", str(planted_models[0])],
        [
            "causal",
            "ingest",
            "base",
            "--top",
            "12",
            "--maxima",
            "prompts",
            "--prompts",
            str(prompts),
            *OPTIONS,
            *QUESTION,
        ],
    ):
        done = CliRunner().invoke(cli, [*args, "--store", where])
        assert done.exit_code == 0, done.output
    for text in ("Intervention", "Beat both nulls", "up at hidden", "FDR"):
        assert text in done.stdout
    yield where
    stop(Path(where))


def test_the_report_again(store: str) -> None:
    done = CliRunner().invoke(cli, ["causal", "report", "base", "--store", store])
    assert done.exit_code == 0, done.output
    for text in ("base, 2 prompts", "down", "up at up", "gate", "Answers that name a decoded word", "Do not, smallest"):
        assert text in done.stdout


def test_json_has_every_clamp(store: str) -> None:
    found = json.loads(CliRunner().invoke(cli, ["causal", "report", "base", "--json", "--store", store]).stdout)
    assert found["maxima"] == "prompts"
    assert found["total"]["tested"] == len(found["clamps"]) >= 8
    assert sum(share["tested"] for share in found["by_projection"]) == len(found["clamps"])
    assert sum(share["tested"] for layer in found["by_layer"] for share in layer) == len(found["clamps"])
    assert all(0 < one["p_tokens"] <= 1 and one["p_neurons"] >= 0.05 for one in found["clamps"])
    assert [one["answers"] for one in found["clamps"] if one["answers"]] == [4]


def test_the_sides_can_be_tested_again(store: str, tmp_path: Path) -> None:
    file = tmp_path / "sides.csv"
    done = CliRunner().invoke(cli, ["causal", "report", "base", "--sides", "--save", str(file), "--store", store])
    assert done.exit_code == 0, done.output
    found = json.loads(CliRunner().invoke(cli, ["causal", "report", "base", "--json", "--store", store]).stdout)
    sides = {
        f"{one['neuron'].removeprefix('base/')}:{one['projection']}{'+' if one['pole'] > 0 else '-'}"
        for one in found["clamps"]
    }
    # As a list of neurons is read: the head is a comment.
    assert sorted(name for _, name in lines(file)) == sorted(sides)
    shown = CliRunner().invoke(cli, ["causal", "report", "base", "--sides", "--store", store]).stdout.split()
    assert sides <= set(shown)


def test_clamps_as_a_table(store: str) -> None:
    done = CliRunner().invoke(cli, ["causal", "report", "base", "--format", "csv", "--store", store])
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert len(rows) >= 8
    assert all(float(row["null_neurons_95"]) and row["neuron"].startswith("base/") for row in rows)


def test_the_card_and_the_page_show_the_doses(store: str, tmp_path: Path) -> None:
    found = json.loads(CliRunner().invoke(cli, ["causal", "report", "base", "--json", "--store", store]).stdout)
    neuron = found["clamps"][0]["neuron"]
    out = tmp_path / "neuron.html"
    done = CliRunner().invoke(cli, ["card", neuron, "--save", str(out), "--store", store])
    assert done.exit_code == 0, done.output
    shown = CliRunner().invoke(cli, ["card", neuron, "--store", store])
    assert "Clamped: change in log-probability" in shown.stdout
    page = out.read_text()
    assert "Clamped: change in log-probability" in page
    assert "Change in log-probability against the value" in page
    assert "tokens, clamped at" in page
    untouched = next(
        f"base/L1/N{i}" for i in range(24) if f"base/L1/N{i}" not in {one["neuron"] for one in found["clamps"]}
    )
    CliRunner().invoke(cli, ["card", untouched, "--save", str(out), "--store", store])
    assert "Clamped: change in log-probability" not in out.read_text()


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["causal", "ingest", "base", "--multiples", "a"], 2, "--multiples"),
        (["causal", "ingest", "base", "--multiples", "0", "--maxima", "prompts"], 2, "expected above 0"),
        (["causal", "ingest", "base"], 1, "--maxima prompts"),
        (["causal", "ingest", "base", "--neurons", "L9/N1", "--maxima", "prompts"], 1, "no neuron 'base/L9/N1'"),
        (["causal", "ingest", "base", "--prompts", "none.txt", "--maxima", "prompts"], 1, "none.txt"),
        (["causal", "report", "other"], 1, "no run of clamps on other"),
        (["causal", "report", "base", "--run", "clamp-0"], 1, "no run clamp-0"),
    ],
)
def test_wrong_usage(store: str, args: list[str], code: int, message: str) -> None:
    done = CliRunner().invoke(cli, [*args, "--store", store])
    assert (done.exit_code, message in done.stderr) == (code, True), done.output
    assert "Traceback" not in done.output


def test_neurons_from_a_file(store: str, tmp_path: Path) -> None:
    names = tmp_path / "neurons.txt"
    names.write_text("L1/N3:down+\n\nL0/N5:gate+\n")
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("filler9 filler12\n")
    more = ["--prompts", str(prompts), "--maxima", "prompts", "--alongside", "--json", "--store", store]
    done = CliRunner().invoke(cli, ["causal", "ingest", "base", "--neurons", str(names), *OPTIONS, *more])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["causal"]
    assert [(one["neuron"], one["projection"]) for one in found["clamps"]] == [
        ("base/L0/N5", "gate"),
        ("base/L1/N3", "down"),
    ]
