"""Probes as a person asks for them: import, find, show, report and the card, on a local store."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from neuronkb.ingest.bundle import BundleWriter
from neuronkb.kb.cli.main import cli

from tests.probed import ProbedJob

Run = Callable[..., Result]
TABLE = (
    "model,dataset,feature,layer,neuron,test_mcc,test_f1_score,coef,seconds\n"
    "pythia-70m,natural_lang_id.pyth.512.-1,fr,3,609,0.9,0.95,5.5,1\n"
)


@pytest.fixture
def run(local_store: object, local_folder: Path, tmp_path: Path) -> Run:
    """Commands on an empty store into which a model's probes and a published table are loaded."""

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli, [*args, "--store", str(local_folder)])

    job = ProbedJob()
    writer = BundleWriter.open(tmp_path / "bundle", job.run)
    for name, tables in job.shards():
        writer.write(name, tables)
    writer.finish()
    (tmp_path / "tables" / "sub").mkdir(parents=True)
    (tmp_path / "tables" / "sub" / "neurons.csv").write_text(TABLE)
    (tmp_path / "tables" / "bias.csv").write_text("layer,neuron,bias\n1,2,3\n")
    for args in (["bundles", "load", str(tmp_path / "bundle")], ["probes", "import", str(tmp_path / "tables")]):
        done = invoke(*args)
        assert done.exit_code == 0, done.output
    return invoke


def test_import_accounts_for_every_row(run: Run, tmp_path: Path) -> None:
    said = run("probes", "import", str(tmp_path / "tables")).stdout
    assert "2 rows read: 1 imported (0 of them new), 1 skipped" in said
    assert "no score of a probe" in said
    assert "columns not imported: seconds" in said
    assert "EleutherAI/pythia-70m-v0" in said
    found = json.loads(run("probes", "import", str(tmp_path / "tables"), "--json").stdout)
    assert [(each["rows"], each["imported"]) for each in found["tables"]] == [(1, 0), (1, 1)]


def test_find_by_feature(run: Run) -> None:
    said = run("probes", "find", "is_french", "--least", "0.9").stdout
    for text in ("neurons that tell is_french", "L1/N0", "L3/N609", "EleutherAI/pythia-70m-v0", "published:"):
        assert text in said
    assert "L1/N2" not in said
    assert max(map(len, said.splitlines())) <= 80
    found = json.loads(run("probes", "find", "fr", "--model", "m", "--json").stdout)
    assert [row["neuron"] for row in found["detections"]] == ["m/L1/N0", "m/L1/N2", "m/L0/N1"]
    table = list(csv.DictReader(run("probes", "find", "fr", "--model", "m", "--format", "csv").stdout.splitlines()))
    assert [(row["neuron"], row["precision"], row["rotated"]) for row in table][:1] == [("m/L1/N0", "", "0.45")]
    assert "no neuron of the store tells it so well" in run("probes", "find", "fr", "--least", "1").stdout


def test_show_a_feature_and_draw_it(run: Run, tmp_path: Path) -> None:
    drawn = run("probes", "show", "is_french", "--save", str(tmp_path / "out.svg"))
    assert drawn.exit_code == 0, drawn.output
    assert (tmp_path / "out.svg").read_text().startswith("<?xml")
    done = run("probes", "show", "is_french")
    for text in ("best single neuron of each layer", "N609", "always yes", "null", "F1 against k", "published:"):
        assert text in done.stdout
    # Three probes of one to three neurons, each proven best.
    assert [line.split()[2] for line in done.stdout.splitlines() if line.split()[:1] == ["optimal"]] == ["1", "2", "3"]
    assert done.stdout.count("optimal") == 6
    assert max(map(len, done.stdout.splitlines())) <= 80
    page = tmp_path / "page.html"
    assert run("probes", "show", "is_french", "--save", str(page)).exit_code == 0
    assert "<svg" in page.read_text()
    whole = json.loads(run("probes", "show", "fr", "--model", "m", "--json").stdout)
    assert [each["layer"] for each in whole["curves"]] == [0, 1]
    refused = run("probes", "show", "fr", "--save", str(tmp_path / "out.gif"))
    assert refused.exit_code == 2
    assert ".svg" in refused.stderr


def test_report_on_a_model(run: Run) -> None:
    said = run("probes", "report", "m").stdout
    for text in ("Best neuron for each of 3 features", "One feature told", "several categories", "L1/N2", "noun"):
        assert text in said
    assert max(map(len, said.splitlines())) <= 80
    assert len(json.loads(run("probes", "report", "m", "--json").stdout)["best"]) == 6


def test_the_card_and_page_show_what_it_detects(run: Run, tmp_path: Path) -> None:
    said = run("card", "EleutherAI/pythia-70m-v0/L3/N609").stdout
    assert "Features that it alone tells" in said
    assert "is_french" in said
    assert run("card", "m/L1/N0", "--save", str(tmp_path / "n.html")).exit_code == 0
    assert "is_french" in (tmp_path / "n.html").read_text()


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["probes", "find", "is_frensh"], 1, "did you mean is_french"),
        (["probes", "find", "fr", "--least", "2"], 2, "--least"),
        (["probes", "show", "xyzzy"], 1, "no feature 'xyzzy'"),
        (["probes", "report", "n"], 1, "no model 'n' in the store"),
        (["probes", "import", "no-such.csv"], 1, "no-such.csv"),
        (["probes", "import"], 2, "FILES"),
    ],
)
def test_mistakes_are_one_line(run: Run, args: list[str], code: int, message: str) -> None:
    done = run(*args)
    assert done.exit_code == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
