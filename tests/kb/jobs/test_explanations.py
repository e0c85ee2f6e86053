"""Explanations end to end on a model whose neurons are known: written, simulated, scored, stored, shown, resumed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from neuronkb.kb.cli.main import cli
from neuronkb.kb.inputs.evidence import StoredEvidence
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.queries.answers.explanation_report import pooled
from neuronkb.schema import LanguageModelError, QueryError
from neuronkb.tests.ingest.n2g import planted

from tests.explained import ALWAYS, FIRES, SETTINGS, Model, job, load, prepare
from tests.filled import Filling


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.model(tmp_path_factory.mktemp("explaining") / "planted")


@pytest.fixture
def kb(filling: Filling, folder: Path, tmp_path: Path) -> KnowledgeBase:
    return filling.copied(lambda kb: prepare(kb, folder), tmp_path / "store")


@pytest.mark.long("neo4j")
def test_known_neurons_are_explained_scored_shown_and_reported(kb: KnowledgeBase, folder: Path) -> None:
    made = job(kb, folder, Model())
    load(kb, made)
    found = {
        one.kind: one
        for one in kb.explanations.show(ALWAYS).explanations
        if one.rank == 1 and one.explainer != "token table"
    }
    assert found["text"].text == planted.AFTER
    assert found["text"].method == "token_activations"
    value = found["text"].value()
    assert value is not None
    # It fires on that word alone and always as hard: the word says all.
    assert value.value == pytest.approx(1.0, abs=0.02)
    assert value.null == pytest.approx(0.0, abs=0.2)
    assert value.failed == 0
    scores = {(one.scorer, one.formula): one for one in found["text"].scores}
    # It writes nothing, so there is nothing that a simulation could keep.
    ablated = scores["ablation", "js-ablation"]
    assert (ablated.value, ablated.failed) == (None, ablated.n)
    # The other needs a second word before: its own word alone says less, and the table of tokens no more.
    (needs,) = [one for one in kb.explanations.show(FIRES).explanations if one.kind == "text"]
    assert needs.text == planted.FIRES_ON
    random = needs.value(split="random-only")
    assert random is not None
    assert random.value is not None
    assert 0.1 < random.value < 0.95
    scores = {(one.scorer, one.formula): one for one in needs.scores}
    for scorer in ("detection", "fuzzing"):
        for formula in ("balanced-accuracy", "f1", "auroc"):
            score = scores[scorer, formula]
            assert score.value is not None
            assert score.value >= 0.5, (scorer, formula)
            assert score.null is not None
            assert (score.n, score.positives, score.failed) == (score.n, (score.n or 0) // 2, 0)
    assert (scores["fuzzing", "balanced-accuracy"].value or 0) > 0.8
    report = kb.explanations.report("planted")
    (said,) = report.runs.values()
    assert said["usage"]["explainer"]["requests"] > 20
    assert (said["sides"], said["dead"], said["unexplained"], said["explanations"]) == (3, 1, 0, 2)
    by_kind = {
        (row.kind, row.explainer): row for row in pooled(report.only("correlation", "ev-correlation", "random-only"))
    }
    assert by_kind["text", "first word"].sides == 2
    table = by_kind["token_table", "token table"]
    assert table.mean is not None
    assert table.length is not None
    text = by_kind["text", "first word"]
    assert text.length is not None
    assert table.length > text.length
    assert kb.card(ALWAYS).explanations == kb.explanations.show(ALWAYS).explanations
    assert kb.explanations.show(found["text"].id[:10]).explanations[0].unit == ALWAYS


def test_a_run_cut_off_asks_no_prompt_twice(kb: KnowledgeBase, folder: Path) -> None:
    whole = Model()
    made = job(kb, folder, whole)
    expected = {name: tables for name, tables in made.shards() if name != "model"}
    asked = len(whole.asked)
    assert asked > 20
    Path(kb.where, "answers.sqlite").unlink()
    asked_by_all: list[Any] = []
    for dies_after in (3, 17, None):
        model = Model(dies_after)
        again = job(kb, folder, model)
        if dies_after is not None:
            with pytest.raises(LanguageModelError, match="gone"):
                load(kb, again)
        else:
            load(kb, again)
        asked_by_all += model.asked
    assert len(asked_by_all) == asked
    assert len(set(map(str, asked_by_all))) == asked
    (shard,) = expected
    scores = {row["id"]: row["value"] for row in expected[shard]["Score"].to_pylist()}
    stored = kb.cypher("MATCH (s:Score) RETURN s.id AS id, s.value AS value").rows
    assert {name: pytest.approx(value) for name, value in stored} == scores
    # All is there: a further start asks nothing and changes nothing.
    model = Model(0)
    load(kb, job(kb, folder, model))
    assert not model.asked
    assert list((Path(kb.where) / "unfinished").glob("*.npz")) == []


def test_other_settings_are_another_run_and_other_neurons_are_not(kb: KnowledgeBase, folder: Path) -> None:
    first = job(kb, folder, Model()).run.id
    assert job(kb, folder, Model(), replace(SETTINGS, batch=3)).run.id == first
    assert job(kb, folder, Model(), replace(SETTINGS, top=3)).run.id != first


def test_the_graphs_seed_names_the_run_only_where_it_is_not_0(
    kb: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = job(kb, folder, Model()).run
    assert "divided" not in plain.parameters
    monkeypatch.setattr(StoredEvidence, "divided", 1)
    other = job(kb, folder, Model()).run
    assert other.parameters == {**plain.parameters, "divided": 1}
    assert other.id != plain.id


def test_without_choosing_windows_the_first_candidate_counts(kb: KnowledgeBase, folder: Path) -> None:
    made = job(kb, folder, Model(), replace(SETTINGS, choose=0, scores=("correlation",)))
    load(kb, made)
    (one,) = [one for one in kb.explanations.show(ALWAYS).explanations if one.kind == "text"]
    assert {score.formula for score in one.scores} == {
        "ev-correlation",
        "r2-uncentred",
        "absolute-deviation-from-0",
    }


def test_what_is_not_there_is_said(kb: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match="no scored explanations of planted"):
        kb.explanations.report("planted")
    with pytest.raises(QueryError, match="no model 'plant'"):
        kb.explanations.report("plant")
    with pytest.raises(QueryError, match=r"planted/L0/N1 has no explanation"):
        kb.explanations.show("planted/L0/N1")
    with pytest.raises(QueryError, match="no explanation 'abc'"):
        kb.explanations.show("abc")


@pytest.fixture
def refusing() -> Iterator[str]:
    """A server that refuses every key."""

    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"error": {"message": "Incorrect API key provided"}}'
            self.send_response(401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *about: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Refuse)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_command_line(
    local_store: Store,
    local_folder: Path,
    folder: Path,
    tmp_path: Path,
    refusing: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A model that cannot answer: counted, and the rest is there; a refused key and a bad list are one line."""
    prepare(KnowledgeBase(local_store, str(tmp_path / "store")), folder)
    monkeypatch.setenv("OPENAI_API_KEY", "wrong")
    where = ["--store", str(local_folder)]
    neurons = tmp_path / "neurons.txt"
    neurons.write_text(f"# the known ones\nL0/N{planted.NEURON}\n\nplanted/L0/N{planted.ALWAYS}  # and this\n")
    command = ["explanations", "ingest", str(folder), "--neurons", str(neurons), *where]
    small = ["--choose", "1", "--examples", "2", "--ablate", "1", "--device", "cpu"]
    refused = CliRunner().invoke(cli, [*command, "--explainer", "gpt", "--base-url", refusing, *small])
    assert refused.exit_code == 1
    assert "401" in refused.output or "key" in refused.output
    assert len(refused.output.strip().splitlines()) == 1
    neurons.write_text("L0/Nx\n")
    bad = CliRunner().invoke(cli, [*command, "--explainer", str(folder), *small])
    assert bad.exit_code == 1
    assert "'L0/Nx'" in bad.output
