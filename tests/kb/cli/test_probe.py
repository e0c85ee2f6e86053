"""Probes as a person would ask for them: import, find, show, report and the card, on a local store."""

from __future__ import annotations

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
    for args in (["load", str(tmp_path / "bundle")], ["import", "probes", str(tmp_path / "tables")]):
        done = invoke(*args)
        assert done.exit_code == 0, done.output
    return invoke


def test_import_accounts_for_every_row(run: Run, tmp_path: Path) -> None:
    said = run("import", "probes", str(tmp_path / "tables")).stdout
    assert "2 rows read: 1 imported (0 of them new), 1 skipped" in said
    assert "no score of a probe" in said
    assert "columns not imported: seconds" in said
    assert "EleutherAI/pythia-70m-v0" in said
    found = json.loads(run("import", "probes", str(tmp_path / "tables"), "--json").stdout)
    assert [(each["rows"], each["imported"]) for each in found["tables"]] == [(1, 0), (1, 1)]


def test_find_by_feature(run: Run) -> None:
    said = run("find", "--feature", "is_french", "--min-f1", "0.9").stdout
    for text in ("neurons that tell is_french", "L1/N0", "L3/N609", "EleutherAI/pythia-70m-v0", "published:"):
        assert text in said
    assert "L1/N2" not in said
    assert max(map(len, said.splitlines())) <= 80
    rows = json.loads(run("find", "--feature", "fr", "--model", "m", "--json").stdout)
    assert [row["neuron"] for row in rows] == ["m/L1/N0", "m/L1/N2", "m/L0/N1"]
    assert "No neuron" in run("find", "--feature", "fr", "--min-f1", "1").stdout


def test_show_a_feature_and_draw_it(run: Run, tmp_path: Path) -> None:
    done = run("probe", "show", "is_french", "--plot", str(tmp_path / "out.svg"))
    assert done.exit_code == 0, done.output
    for text in ("Best single neuron of each layer", "N609", "always yes", "rotated", "optimal", "k=3", "3 of 3"):
        assert text in done.stdout
    assert (tmp_path / "out.svg").read_text().startswith("<?xml")
    whole = json.loads(run("probe", "show", "fr", "--model", "m", "--json").stdout)
    assert [each["layer"] for each in whole["curves"]] == [0, 1]
    refused = run("probe", "show", "fr", "--plot", str(tmp_path / "out.gif"))
    assert refused.exit_code == 1
    assert ".svg" in refused.stderr


def test_report_on_a_model(run: Run) -> None:
    said = run("probe", "report", "m").stdout
    for text in ("best neuron for each of 3 features", "One feature told", "several categories", "L1/N2", "noun 0.92"):
        assert text in said
    assert len(json.loads(run("probe", "report", "m", "--json").stdout)["best"]) == 6


def test_the_card_and_page_show_what_it_detects(run: Run, tmp_path: Path) -> None:
    said = run("neuron", "EleutherAI/pythia-70m-v0/L3/N609").stdout
    assert "Features that it alone tells" in said
    assert "is_french" in said
    assert run("neuron", "m/L1/N0", "--html", str(tmp_path / "n.html")).exit_code == 0
    assert "is_french" in (tmp_path / "n.html").read_text()


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["find", "--feature", "is_frensh"], 1, "did you mean is_french"),
        (["find", "--feature", "fr", "--token", "x"], 2, "--feature, or --activates-on"),
        (["find", "--token", "x", "--min-f1", "0.5"], 2, "--min-f1 goes with --feature"),
        (["find", "--feature", "fr", "--min-f1", "2"], 2, "--min-f1"),
        (["probe", "show", "xyzzy"], 1, "no feature 'xyzzy'"),
        (["probe", "report", "n"], 1, "no model 'n' in the store"),
        (["import", "probes", "no-such.csv"], 1, "no-such.csv"),
        (["import", "probes"], 2, "CSV"),
    ],
)
def test_mistakes_are_one_line(run: Run, args: list[str], code: int, message: str) -> None:
    done = run(*args)
    assert done.exit_code == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
