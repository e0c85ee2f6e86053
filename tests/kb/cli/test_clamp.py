"""neuronkb clamp run as a person types it, on the planted model."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from neuronkb.kb.cli.main import cli
from neuronkb.kb.stores.local import stop
from neuronkb.tests import planted

Run = Callable[..., Result]
PROMPT = ("--prompt", "filler9 filler12")


@pytest.fixture(scope="module")
def folder(planted_models: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store that has decoded the planted base."""
    place = tmp_path_factory.mktemp("clamp") / "store"
    done = CliRunner().invoke(cli, ["lm-head", "ingest", str(planted_models[0]), "--store", str(place)])
    assert done.exit_code == 0, done.output
    yield place
    stop(place)


@pytest.fixture
def run(folder: Path) -> Run:
    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli, ["clamp", "run", *args, "--store", str(folder)])

    return invoke


def test_what_it_prints(run: Run) -> None:
    done = run("base", "L1/N3", "--value", "8", "--tokens", "4", *PROMPT)
    assert done.exit_code == 0, done.output
    assert "hidden = 8" in done.stdout
    assert "no activation statistics" in done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "KL(before || after)" in done.stdout
    (april,) = [line for line in done.stdout.splitlines() if "' april'" in line]
    assert "down +" in april
    before, after = (
        words[1:] for line in done.stdout.splitlines() if (words := line.split())[:1] in (["before"], ["after"])
    )
    assert set(after) <= set(planted.MONTHS)
    assert len(before) == len(after) == 4


def test_json_has_everything(run: Run) -> None:
    done = run("base", "L1/N3", "L0/N5", "--value=-8,0.5", "--positions", "0,-1", "--json", *PROMPT)
    found = json.loads(done.stdout)
    assert [(one["neuron"], one["value"]) for one in found["neurons"]] == [("base/L1/N3", -8.0), ("base/L0/N5", 0.5)]
    assert len(found["neurons"][0]["decoded"]) == 6
    assert len(found["neurons"][0]["decoded"][0]["watched"]["controls"]) == len(found["result"]["kl_controls"]) == 20
    assert found["result"]["kl"] > 0


def test_options_reach_the_model(run: Run) -> None:
    def written(*args: str) -> str:
        text: str = json.loads(run("base", "L1/N3", "--json", *args, *PROMPT).stdout)["result"]["written_after"]
        return text

    plain = json.loads(run("base", "L1/N3", "--how", "scale", "--value", "1", "--json", *PROMPT).stdout)["result"]
    assert plain["written_after"] == plain["written_before"]
    assert set(written("--value", "8").split()) <= set(planted.MONTHS)
    assert not set(written("--value", "8", "--positions", "0").split()) <= set(planted.MONTHS)
    assert not set(written("--value", "8", "--site", "gate", "--tokens", "6").split()) <= set(planted.MONTHS)
    assert written("--value", "1", "--sample", "1") != written("--value", "1", "--sample", "2")
    assert written("--how", "zero") != written("--value", "8")
    assert len(written("--value", "8", "--tokens", "3", "--dtype", "bfloat16").split()) == 3


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["base", "L1/N3"], 1, "0 values for 1 neurons"),
        (["base", "L1/N3", "L0/N5", "L0/N6", "--value", "1", "--value", "2"], 1, "2 values for 3 neurons"),
        (["base", "L1/N3", "--how", "zero", "--value", "1"], 1, "zero takes none"),
        (["base", "L1/N3", "--value", "1", "--positions", "x"], 2, "--positions"),
        (["base", "L1/N3", "--value", "1", "--positions", "5000"], 1, "no position 5000"),
        (["base", "L1/N3", "--value", "nan"], 2, "expected a finite number"),
        (["base", "L9/N3", "--value", "1"], 1, "no neuron 'base/L9/N3'"),
        (["base", "L1/N99", "--value", "1"], 1, "no neuron 'base/L1/N99'"),
        (["base", "gpt2/L1/N3", "--value", "1"], 1, "of the model 'gpt2'"),
        (["base", "L1/N3", "--value", "1", "--chat"], 1, "no chat template"),
        (["base", "L1/N3", "--value", "1", "--tokens", "99"], 1, "64 positions"),
        (["base", "L1/N3", "--value", "1", "--dtype", "int4"], 1, "int4"),
        (["base", "L1/N3", "--how", "mean"], 1, "neuronkb activations ingest"),
        (["./no-such-model", "L1/N3", "--value", "1"], 1, "no-such-model"),
    ],
)
def test_wrong_usage(run: Run, args: list[str], code: int, message: str) -> None:
    done = run(*args, *PROMPT)
    assert (done.exit_code, message in done.stderr) == (code, True), done.output
    assert "Traceback" not in done.output


def test_help_does_not_import_torch() -> None:
    code = (
        "import sys\nfrom neuronkb.kb.cli.main import cli\ncli(['clamp', 'run', '--help'], standalone_mode=False)\n"
        "print(sorted({'torch', 'transformers'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
