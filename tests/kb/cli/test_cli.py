"""Every command as a person would type it, on a local store: output, formats, errors and exit codes."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
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
AUGUST = (
    "MATCH (n:Neuron)-[d:DECODES_TO]->(t:Token {text:$t}) "
    "RETURN n.id, d.projection, d.rank ORDER BY d.z DESC, n.id LIMIT 5"
)


@pytest.fixture(scope="module")
def folder(planted_models: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store made by the commands of the README."""
    place = tmp_path_factory.mktemp("cli") / "store"
    base, tuned = map(str, planted_models)
    for args in (["lm-head", "ingest", base], ["lm-head", "ingest", tuned], ["links", "make", "base", "tuned"]):
        done = CliRunner().invoke(cli, [*args, "--store", str(place)])
        assert done.exit_code == 0, done.output
    yield place
    stop(place)


@pytest.fixture
def run(folder: Path) -> Run:
    def invoke(*args: str, text: str | None = None) -> Result:
        return CliRunner().invoke(cli, [*args, "--store", str(folder)], input=text)

    return invoke


def test_query_as_table_json_lines_and_csv(run: Run) -> None:
    expected = ["base/L1/N3", "down"]
    table = run("cypher", AUGUST, "--params", "t= august")
    assert table.exit_code == 0, table.output
    assert "n.id" in table.stdout
    assert "base/L1/N3" in table.stdout
    rows = json.loads(run("cypher", AUGUST, "--params", "t= august", "--json").stdout)["rows"]
    assert len(rows) == 5
    assert [rows[0]["n.id"], rows[0]["d.projection"]] == expected
    lines = run("cypher", AUGUST, "--params", "t= august", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows
    read = list(csv.DictReader(io.StringIO(run("cypher", AUGUST, "--params", 't=" august"', "--format", "csv").stdout)))
    assert [row["n.id"] for row in read] == [row["n.id"] for row in rows]


def test_query_from_a_file_or_standard_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "q.cypher").write_text("RETURN $x + 1 AS y")
    asked = ("--file", str(tmp_path / "q.cypher"), "--params", "x=2")
    assert json.loads(run("cypher", *asked, "--json").stdout)["rows"] == [{"y": 3}]
    assert json.loads(run("cypher", "-", "--json", text="RETURN 'a' AS y").stdout)["rows"] == [{"y": "a"}]


def test_query_says_when_it_cut(run: Run) -> None:
    cut = run("cypher", "MATCH (t:Token) RETURN t.text", "--limit", "3", "--format", "jsonl")
    assert len(cut.stdout.splitlines()) == 3
    assert "cut after 3 rows" in cut.stderr
    assert run("cypher", "RETURN 1", "--limit", "1").stderr == ""


@pytest.mark.parametrize(
    ("cypher", "message"),
    [
        ("CREATE (n:Neuron {id: 'x'})", "read"),
        ("MATCH (n:Neuron) SET n.layer = 9", "read"),
        ("MATCH (n) DETACH DELETE n", "read"),
        ("LOAD CSV FROM 'file:///etc/passwd' AS row RETURN row", ""),
        ("MATCH (n:Neuron RETURN n", ""),
        ("RETURN $missing", ""),
    ],
)
def test_bad_queries_are_one_line(run: Run, cypher: str, message: str) -> None:
    before = run("cypher", "MATCH (n) RETURN count(n)", "--json").stdout
    done = run("cypher", cypher)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert message in done.stderr
    assert run("cypher", "MATCH (n) RETURN count(n)", "--json").stdout == before


def test_find_concepts_neuron_diff(run: Run) -> None:
    assert "base/L1/N3" in run("words", "token", "august").stdout
    assert "base/L1/N3" in run("words", "several", *planted.MONTHS[:4]).stdout
    assert "L1/N3" in run("words", "coherent", "--model", "base", "--top", "99").stdout
    concepts = run("words", "concepts", "months", "--model", "base")
    words = concepts.stdout.split()
    assert ("10", "10") in itertools.pairwise(words)
    card = run("card", "base/blocks.1.mlp.hook_post/3")
    assert "august" in card.stdout
    assert "tuned/L1/N3" in card.stdout
    diff = run("links", "diff", "base", "tuned")
    assert "untouched" in diff.stdout
    assert "monday" in diff.stdout
    rows = list(csv.DictReader(io.StringIO(run("links", "diff", "base", "tuned", "--format", "csv").stdout)))
    assert [int(row["layer"]) for row in rows] == [0, 1, 0, 1, 0, 1]
    whole = json.loads(run("links", "diff", "base", "tuned", "--json").stdout)
    assert whole["changes"][0]["base"] == "base/L1/N3"


def test_models_runs_and_status(run: Run) -> None:
    shown = run("models", "list").stdout
    assert "LlamaForCausalLM" in shown
    models = {row["model"]: row for row in json.loads(run("models", "list", "--json").stdout)["rows"]}
    assert (models["tuned"]["bases"], models["tuned"]["evidence"]) == (["base"], ["link", "lm-head"])
    assert models["base"]["weights"] not in shown
    jobs = [row["job"] for row in json.loads(run("runs", "list", "--json").stdout)["rows"]]
    assert sorted(jobs) == ["link", "lm-head", "lm-head"]
    assert "parameters" not in run("runs", "list").stdout
    status = json.loads(run("store", "status", "--json").stdout)
    assert status["kind"] == "local"
    assert status["nodes"]["Neuron"] == 96
    assert status["pid"] > 0
    assert "ArcadeDB" in run("store", "status").stdout


def test_the_same_again_changes_nothing(run: Run, planted_models: tuple[Path, Path]) -> None:
    report = json.loads(run("lm-head", "ingest", str(planted_models[0]), "--json").stdout)
    assert sum(report["created"].values()) == 0
    assert report["known"]["Neuron"] == 48


def test_another_convention_needs_a_decision(run: Run, planted_models: tuple[Path, Path]) -> None:
    refused = run("lm-head", "ingest", str(planted_models[0]), "--convention", "folded")
    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    assert "--alongside" in refused.stderr


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["lm-head", "ingest", "./nothing-here"], 1, "nothing-here"),
        (["lm-head", "ingest", "MODEL", "--layers", "0,9"], 1, "layer"),
        (["lm-head", "ingest", "MODEL", "--layers", "x"], 2, "--layers"),
        (["lm-head", "ingest", "MODEL", "--replace", "--alongside"], 1, "give one of them"),
        (["lm-head", "ingest", "MODEL", "--device", "tpu9"], 1, "device"),
        (["cypher", "RETURN 1", "--params", "x"], 2, "NAME=VALUE"),
        (["cypher", "--file", "no-such.cypher"], 2, "no-such.cypher"),
        (["card", "base/L9/N0"], 1, "layers 0-1"),
        (["card", "what"], 1, "MODEL/L3/N17"),
        (["words", "concepts", "moods"], 1, "known: months"),
        (["links", "diff", "tuned", "base"], 1, "neuronkb links make tuned base"),
        (["links", "diff", "base", "gpt2"], 1, "no model 'gpt2' in the store; known: base, tuned"),
        (["bundles", "load", "no-such-bundle"], 1, "no-such-bundle"),
        (["words", "token", "june", "--top", "-1"], 2, "-1, expected 1 or more"),
        (["polish"], 2, "No such command"),
    ],
)
def test_wrong_usage(run: Run, planted_models: tuple[Path, Path], args: list[str], code: int, message: str) -> None:
    done = run(*[str(planted_models[0]) if arg == "MODEL" else arg for arg in args])
    assert (done.exit_code, message in done.stderr) == (code, True), done.output
    assert "Traceback" not in done.output


def test_bundle_check(run: Run, folder: Path, tmp_path: Path) -> None:
    (bundle,) = (folder / "bundles").glob("link-*")
    assert "sound" in CliRunner().invoke(cli, ["bundles", "check", str(bundle)]).stdout
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in bundle.rglob("*"):
        target = copy / path.relative_to(bundle)
        target.mkdir() if path.is_dir() else target.write_bytes(path.read_bytes())
    (copy / "L001" / "Neuron.COUNTERPART.Neuron.parquet").write_bytes(b"PAR1")
    broken = CliRunner().invoke(cli, ["bundles", "check", str(copy)])
    assert broken.exit_code == 1
    assert "checksum" in broken.stdout
    assert run("bundles", "load", str(bundle)).exit_code == 0


def test_a_store_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(cli, ["models", "list", "--store", str(tmp_path / "file")])
    assert done.exit_code == 1
    assert str(tmp_path / "file") in done.stderr
    done = CliRunner().invoke(cli, ["models", "list", "--store", "bolt://127.0.0.1:1", "--user", "neo4j"])
    assert done.exit_code == 1
    assert len(done.stderr.strip().splitlines()) == 1


def test_debug_shows_the_traceback(folder: Path) -> None:
    command = [sys.executable, "-m", "neuronkb", "--debug", "card", "what", "--store", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_query_commands_do_not_import_torch(folder: Path) -> None:
    code = (
        "import sys\nfrom neuronkb.kb.cli.main import cli\n"
        "for args in ('words token august', 'words concepts', 'card base/L1/N3', 'links diff base tuned',"
        " 'models list', 'runs list', 'store status', 'cypher RETURN/**/1'):\n"
        f"    cli([*args.split(), '--store', {str(folder)!r}], standalone_mode=False)\n"
        "print(sorted({'torch', 'transformers', 'pandas'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_findings_from_a_note_to_a_report(run: Run, tmp_path: Path) -> None:
    added = json.loads(
        run("findings", "add", "writes months", "--about", "base/L1/N3", "--author", "me", "--json").stdout
    )
    assert added["about"] == ["base/L1/N3"]
    assert "writes months" in run("findings", "list", "--model", "base").stdout
    assert json.loads(run("findings", "list", "--model", "tuned", "--json").stdout)["findings"] == []
    tried = json.loads(run("findings", "carry", "base", "tuned", "--preview", "--json").stdout)
    assert tried["load"] is None
    report = tmp_path / "report.md"
    done = run("findings", "carry", "base", "tuned", "--save", str(report))
    assert done.exit_code == 0, done.output
    assert re.search(r"\| writes months +\| L1/N3 +\| weakened +\| L1/N3 ", report.read_text("utf-8"))
    assert "1 weakened" in run("findings", "carry", "base", "tuned").stdout
    shown = json.loads(run("findings", "show", added["id"], "--json").stdout)
    assert [one["verdict"] for one in shown["carried"]] == ["weakened"]
    assert "current" in run("findings", "show", added["id"]).stdout
    assert "removed" in run("findings", "remove", added["id"]).stdout
    gone = run("findings", "show", added["id"])
    assert (gone.exit_code, gone.stderr.startswith("Error: no finding is named")) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ["words", "token", "august", "--model", "bse"],
        ["words", "several", "august", "june", "--model", "bse"],
        ["words", "coherent", "--model", "bse"],
        ["words", "concepts", "months", "--model", "bse"],
        ["runs", "list", "--model", "bse"],
        ["findings", "list", "--model", "bse"],
        ["explanations", "report", "bse"],
        ["causal", "report", "bse"],
        ["links", "diff", "bse", "tuned"],
        ["links", "make", "bse", "tuned"],
        ["n2g", "report", "bse"],
        ["ratings", "rate", "bse"],
        ["ratings", "report", "bse"],
        ["card", "bse/L1/N3"],
        ["lm-head", "ingest", "bse"],
        ["similar", "show", "base/L1/N3", "--model", "bse"],
    ],
)
def test_an_unknown_model_is_told_with_the_near_name(run: Run, words: list[str]) -> None:
    done = run(*words)
    assert done.exit_code == 1
    assert "did you mean base" in done.stderr


def test_an_empty_answer_says_why(run: Run) -> None:
    nothing = run("words", "token", "xyzzy")
    assert nothing.exit_code == 0
    assert "nothing found: no end has 'xyzzy' among its top tokens; neuronkb search" in nothing.stderr
    assert json.loads(run("words", "token", "xyzzy", "--json").stdout)["rows"] == []
    other = run("words", "token", "xyzzy", "--run", "lm-head")
    assert "no run 'lm-head' in the store; did you mean lm-head-" in other.stderr
    assert "neuronkb n2g ingest MODEL" in run("n2g", "find", "june").stderr
    assert "did you mean lm-head" in run("runs", "list", "--job", "lm-hed").stderr
    assert "no findings yet; neuronkb findings add" in run("findings", "list").stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["words", "coherent", "--exact"], "No such option"),
        (["words", "token", "june", "--least", "2"], "No such option"),
        (["cypher", "RETURN 1", "--spreadsheet"], "--spreadsheet goes with CSV"),
    ],
)
def test_options_without_effect_are_refused(run: Run, words: list[str], why: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert why in done.stderr


def test_a_stored_models_name_is_enough(run: Run, planted_models: tuple[Path, Path]) -> None:
    done = run("lm-head", "ingest", "base", "--json")
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.stdout)["created"].values()) == {0}
    assert run("features", "list", "--model", "base").exit_code == 0
