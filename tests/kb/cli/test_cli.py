"""Every command as a person would type it, on a local store: output, formats, errors and exit codes."""

from __future__ import annotations

import csv
import io
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
AUGUST = (
    "MATCH (n:Neuron)-[d:DECODES_TO]->(t:Token {text:$t}) "
    "RETURN n.id, d.projection, d.rank ORDER BY d.z DESC, n.id LIMIT 5"
)


@pytest.fixture(scope="module")
def folder(planted_models: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store made by the commands of the README."""
    place = tmp_path_factory.mktemp("cli") / "store"
    base, tuned = map(str, planted_models)
    for args in (["ingest", "lm-head", base], ["ingest", "lm-head", tuned], ["link", "base", "tuned"]):
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
    table = run("query", AUGUST, "--param", "t= august")
    assert table.exit_code == 0, table.output
    assert "n.id" in table.stdout
    assert "base/L1/N3" in table.stdout
    rows = json.loads(run("query", AUGUST, "--param", "t= august", "--json").stdout)
    assert len(rows) == 5
    assert [rows[0]["n.id"], rows[0]["d.projection"]] == expected
    lines = run("query", AUGUST, "--param", "t= august", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows
    read = list(csv.DictReader(io.StringIO(run("query", AUGUST, "--param", 't=" august"', "--format", "csv").stdout)))
    assert [row["n.id"] for row in read] == [row["n.id"] for row in rows]


def test_query_from_a_file_or_standard_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "q.cypher").write_text("RETURN $x + 1 AS y")
    assert json.loads(run("query", "--file", str(tmp_path / "q.cypher"), "--param", "x=2", "--json").stdout) == [
        {"y": 3}
    ]
    assert json.loads(run("query", "-", "--json", text="RETURN 'a' AS y").stdout) == [{"y": "a"}]


def test_query_says_when_it_cut(run: Run) -> None:
    cut = run("query", "MATCH (t:Token) RETURN t.text", "--limit", "3", "--format", "jsonl")
    assert len(cut.stdout.splitlines()) == 3
    assert "cut after 3 rows" in cut.stderr
    assert run("query", "RETURN 1", "--limit", "1").stderr == ""


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
    before = run("query", "MATCH (n) RETURN count(n)", "--json").stdout
    done = run("query", cypher)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert message in done.stderr
    assert run("query", "MATCH (n) RETURN count(n)", "--json").stdout == before


def test_find_concepts_neuron_diff(run: Run) -> None:
    assert "base/L1/N3" in run("find", "--token", "august").stdout
    assert "base/L1/N3" in run("find", *planted.MONTHS[:4]).stdout
    assert "L1/N3" in run("find", "--coherent", "--model", "base", "--top", "99").stdout
    concepts = run("concepts", "months", "--model", "base")
    assert "10/10" in concepts.stdout
    card = run("neuron", "base/blocks.1.mlp.hook_post/3")
    assert "august" in card.stdout
    assert "tuned/L1/N3" in card.stdout
    diff = run("diff", "base", "tuned")
    assert "untouched" in diff.stdout
    assert "monday" in diff.stdout
    rows = list(csv.DictReader(io.StringIO(run("diff", "base", "tuned", "--csv").stdout)))
    assert [int(row["layer"]) for row in rows] == [0, 1, 0, 1, 0, 1]
    whole = json.loads(run("diff", "base", "tuned", "--json").stdout)
    assert whole["changes"][0]["base"] == "base/L1/N3"


def test_models_runs_and_status(run: Run) -> None:
    assert "LlamaForCausalLM" in run("models").stdout
    jobs = [row["job"] for row in json.loads(run("runs", "--json").stdout)]
    assert sorted(jobs) == ["link", "lm-head", "lm-head"]
    status = json.loads(run("store", "status", "--json").stdout)
    assert status["kind"] == "local"
    assert status["nodes"]["Neuron"] == 96
    assert status["pid"] > 0
    assert "ArcadeDB" in run("store", "status").stdout


def test_the_same_again_changes_nothing(run: Run, planted_models: tuple[Path, Path]) -> None:
    report = json.loads(run("ingest", "lm-head", str(planted_models[0]), "--json").stdout)
    assert sum(report["created"].values()) == 0
    assert report["known"]["Neuron"] == 48


def test_another_convention_needs_a_decision(run: Run, planted_models: tuple[Path, Path]) -> None:
    refused = run("ingest", "lm-head", str(planted_models[0]), "--convention", "folded")
    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    assert "--alongside" in refused.stderr


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["ingest", "lm-head", "./nothing-here"], 1, "nothing-here"),
        (["ingest", "lm-head", "MODEL", "--layers", "0,9"], 1, "layer"),
        (["ingest", "lm-head", "MODEL", "--layers", "x"], 2, "--layers"),
        (["ingest", "lm-head", "MODEL", "--replace", "--alongside"], 2, "not both"),
        (["ingest", "lm-head", "MODEL", "--device", "tpu9"], 1, "device"),
        (["query", "RETURN 1", "--param", "x"], 2, "NAME=VALUE"),
        (["query", "--file", "no-such.cypher"], 2, "no-such.cypher"),
        (["find"], 2, "--token"),
        (["neuron", "base/L9/N0"], 1, "layers 0-1"),
        (["neuron", "what"], 1, "MODEL/L3/N17"),
        (["concepts", "moods"], 1, "known: months"),
        (["diff", "tuned", "base"], 1, "neuronkb link tuned base"),
        (["diff", "base", "gpt2"], 1, "no model 'gpt2' in the store; known: base, tuned"),
        (["load", "no-such-bundle"], 1, "no-such-bundle"),
        (["polish"], 2, "No such command"),
    ],
)
def test_wrong_usage(run: Run, planted_models: tuple[Path, Path], args: list[str], code: int, message: str) -> None:
    done = run(*[str(planted_models[0]) if arg == "MODEL" else arg for arg in args])
    assert (done.exit_code, message in done.stderr) == (code, True), done.output
    assert "Traceback" not in done.output


def test_bundle_check(run: Run, folder: Path, tmp_path: Path) -> None:
    (bundle,) = (folder / "bundles").glob("link-*")
    assert "sound" in CliRunner().invoke(cli, ["bundle", "check", str(bundle)]).stdout
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in bundle.rglob("*"):
        target = copy / path.relative_to(bundle)
        target.mkdir() if path.is_dir() else target.write_bytes(path.read_bytes())
    (copy / "L001" / "Neuron.COUNTERPART.Neuron.parquet").write_bytes(b"PAR1")
    broken = CliRunner().invoke(cli, ["bundle", "check", str(copy)])
    assert broken.exit_code == 1
    assert "checksum" in broken.stderr
    assert run("load", str(bundle)).exit_code == 0


def test_a_store_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(cli, ["models", "--store", str(tmp_path / "file")])
    assert done.exit_code == 1
    assert str(tmp_path / "file") in done.stderr
    done = CliRunner().invoke(cli, ["models", "--store", "bolt://127.0.0.1:1", "--user", "neo4j"])
    assert done.exit_code == 1
    assert len(done.stderr.strip().splitlines()) == 1


def test_debug_shows_the_traceback(folder: Path) -> None:
    command = [sys.executable, "-m", "neuronkb", "--debug", "neuron", "what", "--store", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_query_commands_do_not_import_torch(folder: Path) -> None:
    code = (
        "import sys\nfrom neuronkb.kb.cli.main import cli\n"
        "for args in (['find', '--token', 'august'], ['concepts'], ['neuron', 'base/L1/N3'], ['diff', 'base', 'tuned'],"
        " ['query', 'RETURN 1'], ['models'], ['runs'], ['store', 'status']):\n"
        f"    cli([*args, '--store', {str(folder)!r}], standalone_mode=False)\n"
        "print(sorted({'torch', 'transformers', 'pandas'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_findings_from_a_note_to_a_report(run: Run, tmp_path: Path) -> None:
    added = json.loads(
        run("finding", "add", "writes months", "--about", "base/L1/N3", "--author", "me", "--json").stdout
    )
    assert added["about"] == ["base/L1/N3"]
    assert "writes months" in run("finding", "list", "--model", "base").stdout
    assert run("finding", "list", "--model", "tuned", "--json").stdout.strip() == "[]"
    tried = json.loads(run("finding", "carry", "base", "tuned", "--dry-run", "--json").stdout)
    assert tried["load"] is None
    report = tmp_path / "report.md"
    done = run("finding", "carry", "base", "tuned", "--markdown", str(report))
    assert done.exit_code == 0, done.output
    assert "weakened" in done.stdout
    assert "1 weakened" in done.stderr
    assert "| writes months | `base/L1/N3` | weakened | `tuned/L1/N3` |" in report.read_text("utf-8")
    shown = json.loads(run("finding", "show", added["id"], "--json").stdout)
    assert [one["verdict"] for one in shown["carried"]] == ["weakened"]
    assert "current" in run("finding", "show", added["id"]).stdout
    assert "removed" in run("finding", "remove", added["id"]).stdout
    gone = run("finding", "show", added["id"])
    assert (gone.exit_code, gone.stderr.startswith("Error: no finding is named")) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ["find", "--token", "august", "--model", "bse"],
        ["find", "august", "june", "--model", "bse"],
        ["find", "--coherent", "--model", "bse"],
        ["concepts", "months", "--model", "bse"],
        ["runs", "--model", "bse"],
        ["finding", "list", "--model", "bse"],
        ["explain", "report", "bse"],
        ["causal", "bse"],
        ["diff", "bse", "tuned"],
        ["link", "bse", "tuned"],
        ["n2g", "report", "bse"],
        ["explain", "rate", "bse"],
        ["neuron", "bse/L1/N3"],
        ["ingest", "lm-head", "bse"],
        ["similar", "base/L1/N3", "--model", "bse"],
    ],
)
def test_an_unknown_model_is_told_with_the_near_name(run: Run, words: list[str]) -> None:
    done = run(*words)
    assert done.exit_code == 1
    assert "did you mean base" in done.stderr


def test_an_empty_answer_says_why(run: Run) -> None:
    nothing = run("find", "--token", "xyzzy")
    assert nothing.exit_code == 0
    assert "nothing found: no side has 'xyzzy' among its top tokens; neuronkb search" in nothing.stderr
    assert run("find", "--token", "xyzzy", "--json").stdout.strip() == "[]"
    other = run("find", "--token", "xyzzy", "--run", "lm-head")
    assert "no run 'lm-head' in the store; did you mean lm-head-" in other.stderr
    assert "neuronkb ingest n2g MODEL" in run("find", "--activates-on", "june").stderr
    assert "did you mean lm-head" in run("runs", "--job", "lm-hed").stderr
    assert "no findings yet; neuronkb finding add" in run("finding", "list").stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["find", "--coherent", "--exact"], "--exact goes with --token"),
        (["find", "--token", "june", "--least", "2"], "--least goes with several WORDS or --coherent"),
        (["find", "--token", "june", "--min-f1", "0.5"], "--min-f1 goes with --feature"),
        (["features", "build", "--label", "x"], "--label goes with --source"),
        (["find", "--token", "june", "--top", "-1"], "-1 is not in the range"),
    ],
)
def test_options_without_effect_are_refused(run: Run, words: list[str], why: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert why in done.stderr


def test_a_stored_models_name_is_enough(run: Run, planted_models: tuple[Path, Path]) -> None:
    done = run("ingest", "lm-head", "base", "--json")
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.stdout)["created"].values()) == {0}
    assert run("features", "list", "--model", "base").exit_code == 0
