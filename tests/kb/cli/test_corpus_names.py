"""Evidence of two corpora in one store: every command that reads it says of which corpus it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from neuronkb.kb.cli.main import cli
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import stop
from neuronkb.queries.catalogue.corpora import corpora
from neuronkb.tests import every_job

NEURON = every_job.NAMES[0]
ONE, TWO = "texts.jsonl", "letters/"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The planted models over a file, then over a folder of other texts."""
    root = tmp_path_factory.mktemp("corpora")
    given = every_job.materials(root)
    lines = (given / ONE).read_text().splitlines()
    (given / TWO).mkdir()
    (given / TWO / "part.jsonl").write_text("\n".join(lines[::-1][:70]).replace('"d', '"e') + "\n")
    where = str(root / "store")
    with KnowledgeBase.open(where, heap="512m") as kb:
        for model in ("base", "tuned"):
            kb.lm_head.ingest(given / model, settings=every_job.DECODING)
        for text in (given / ONE, given / TWO):
            read: dict[str, Any] = {"windows": every_job.WINDOWS, "alongside": True}
            kb.activations.ingest(given / "base", text, settings=every_job.PASS, **read)
            kb.n2g.ingest(given / "base", text, neurons=every_job.NEURONS, settings=every_job.GRAPHS, **read)
            every_job.explanations(kb, given)
            kb.links.make("base", "tuned", corpus=[text], positions=500, alongside=True)
            asked = {"by": "activation", "k": 2, "device": "cpu"}
            kb.similar.match("base", given / "tuned", corpus=[text], settings=asked)
    yield where
    stop(Path(where))


def said(store: str, *args: str) -> Result:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(cli, [*args, "--store", store])
    assert done.exit_code == 0, done.output
    return done


BOTH = (
    ("runs", "list"),
    ("card", NEURON),
    ("n2g", "show", NEURON),
    ("n2g", "predict", NEURON, "june may"),
    ("n2g", "report", "base"),
    ("explanations", "show", NEURON),
    ("explanations", "report", "base"),
    ("similar", "show", NEURON, "--by", "activation", "--model", "tuned"),
    ("words", "agree", "base"),
    ("words", "disagree", "base"),
    ("cypher", "MATCH (n:Neuron)-[f:FIRES_ON]->() RETURN n.id, f"),
    ("cypher", "MATCH (r:Run) RETURN r"),
    *(("queries", "run", name, "--neuron", NEURON) for name in ("neuron_activity", "neuron_excerpts", "neuron_graphs")),
    *(("queries", "run", name, "--neuron", NEURON) for name in ("neuron_fires_on_tokens", "neuron_signs")),
    *(("queries", "run", name, "--neuron", NEURON) for name in ("neuron_card", "neuron_words", "neuron_counterparts")),
    ("queries", "run", "graph_layers", "--model", "base"),
    ("queries", "run", "dense_neurons", "--model", "base", "--least", "0", "--top", "100"),
    ("queries", "run", "dead_neurons", "--model", "base", "--share", "2"),
    ("queries", "run", "agreeing_words", "--model", "base", "--layer", "1"),
)


@pytest.mark.parametrize("command", BOTH, ids=" ".join)
def test_both_are_named(store: str, command: tuple[str, ...]) -> None:
    shown = said(store, *command).output
    assert ONE in shown
    assert TWO in shown


def test_what_reads_one_says_which(store: str) -> None:
    assert f"on the same text, {TWO}" in " ".join(said(store, "links", "diff", "base", "tuned").output.split())
    clamp = ("clamp", "run", "base", "L1/N3", "--prompt", "filler9", "--value", "1", "--tokens", "1", "--device", "cpu")
    assert f"over {TWO}" in " ".join(said(store, *clamp).output.split())
    for verb in ("agree", "disagree"):
        shown = " ".join(said(store, "words", verb, "base").output.split())
        heard, _, left = shown[shown.index("corpora: ") :].partition("; not listened to: ")
        assert f"{TWO} (" in heard
        assert left.startswith(f"{ONE} (activations-")
        assert "--runs" in left
        record = json.loads(said(store, "words", verb, "base", "--json").stdout)
        assert TWO in record["corpora"].values()
        assert set(record["unheard"].values()) == {ONE}


def test_one_run_alone_is_no_mixture(store: str) -> None:
    run = json.loads(said(store, "runs", "list", "--job", "n2g", "--json").stdout)["rows"][0]["run"]
    for command in (("n2g", "report", "base"), ("queries", "run", "graph_layers", "--model", "base")):
        assert "corpora: " not in said(store, *command, "--run", run).output


def test_rows_for_programs_stay_rows(store: str) -> None:
    asked = ("queries", "run", "neuron_graphs", "--neuron", NEURON, "--format")
    assert set(json.loads(said(store, *asked, "json").stdout)["corpora"].values()) == {ONE, TWO}
    for form in ("jsonl", "csv"):
        done = said(store, *asked, form)
        assert "corpora: " not in done.stdout
        assert done.stderr.startswith("corpora: ")


def test_records(store: str) -> None:
    with KnowledgeBase.open(store) as kb:
        runs = {row["run"]: row for row in kb.runs.list(model="base").dicts()}
        called = corpora(kb.db)
        assert {run: row["corpus"] for run, row in runs.items()} == {run: called.get(run) for run in runs}
        assert [row["corpus"] for row in runs.values() if row["job"] == "activations"] == [ONE, TWO]
        card = kb.card(NEURON)
        assert [(one.pole, one.corpus) for one in card.activity] == [(1, ONE), (-1, ONE), (1, TWO), (-1, TWO)]
        for of_runs in (card.explanations, card.counterparts, kb.n2g.predict(NEURON, "june").predictions):
            assert {each.corpus for each in of_runs} == {ONE, TWO}
        assert {graph.facts["corpus"] for graph in kb.n2g.show(NEURON).graphs} == {ONE, TWO}
        assert all(name in card._repr_html_() for name in (ONE, TWO))
        assert {sheet.corpus for sheet in kb.ratings.sheets("base", "ann")} == {TWO}
        answer = kb.queries.run("neuron_graphs", neuron=NEURON).json()
        assert set(answer["corpora"].values()) == {ONE, TWO}
        assert {each["corpus"] for each in card.json()["activity"]} == {ONE, TWO}


def test_another_pass_says_what_stays_beside_it(store: str, tmp_path: Path) -> None:
    with KnowledgeBase.open(store) as kb:
        known = {row["corpus"]: row for row in kb.runs.list(job="activations").dicts()}
        settings = json.loads(known[ONE]["parameters"])
        (again,) = kb.bundles.load(Path(store) / "bundles" / known[ONE]["run"]).loads
        assert again.beside == (known[TWO]["run"],)
        assert again.corpora == {known[TWO]["run"]: TWO}
        assert corpora(kb.db)[known[ONE]["run"]] == ONE
        assert settings["corpus"][:8] not in known[ONE]["corpus"]
