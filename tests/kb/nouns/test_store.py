"""The nouns of the store itself: status, check, stop, import files, runs, models and bundles, drawn in every format."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from neuronkb.ingest.bundle import Bundle
from neuronkb.kb.cli.emit import Sink, emit, written
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.keepsakes import KEEPSAKES, SHOW_KEPT
from neuronkb.kb.load.soundness import Fault, Soundness
from neuronkb.kb.names import kept_names
from neuronkb.kb.stores.base import Status
from neuronkb.kb.stores.import_files import ImportPlan
from neuronkb.kb.stores.local import LocalStore
from neuronkb.queries.result.record import Record
from neuronkb.schema import QueryError, RunError
from neuronkb.tests import everything

from tests.filled import Filling


@pytest.fixture
def kb(local_filling: Filling, tmp_path: Path) -> KnowledgeBase:
    """Hand-made evidence of every method; the files beside it in a folder of its own."""
    return KnowledgeBase(local_filling.holding(everything.load), str(tmp_path))


def drawn(answer: Record, monkeypatch: pytest.MonkeyPatch) -> str:
    """On a terminal of 80 columns."""
    held = io.StringIO()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout", held)
    emit(answer, Sink())
    return held.getvalue()


FAULTS = (
    Fault(
        "missing", "Neuron.DECODES_TO.Token", "lm-head-0123456789ab", 1200, "load the bundle of lm-head-0123456789ab"
    ),
    Fault("unclear", "Token", None, 3, "load it and check again"),
)
ANSWERS: dict[str, Record] = {
    "status": Status("local", "/a/store", "ArcadeDB 25", 3, {"Neuron": 12000}, {"DECODES_TO": 7}, 2**21, 12, 7687),
    "stopped": Status("local", "/a/store", "ArcadeDB 25 (stopped)", None, {}, {}),
    "whole": Soundness(12, 3000, ()),
    "faults": Soundness(12, 3000, FAULTS, {"Explanation": 2}),
    "plan": ImportPlan(Path("/a/files"), 1200, {"Neuron": 1200}, ("database", "import", "--x", "--nodes=a b.parquet")),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_drawn_in_every_format(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = ANSWERS[name]
    assert max(map(len, drawn(answer, monkeypatch).splitlines())) <= 80
    for form in ("md", "html", "csv", "jsonl"):
        assert written(answer, Sink(form)) or not answer.sections()
    assert set(json.loads(written(answer, Sink("json")))) >= {"warnings"}
    assert repr(answer)


def test_the_answers_of_a_store_too(kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in (kb.store.status(), kb.runs.list(), kb.models.list(), kb.store.check()):
        shown = drawn(answer, monkeypatch)
        assert max(map(len, shown.splitlines())) <= 80
        for form in ("md", "html", "csv", "json"):
            assert written(answer, Sink(form))


def test_what_status_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = drawn(ANSWERS["status"], monkeypatch)
    for part in ("local, /a/store", "ArcadeDB 25", "2.0 MiB", "7687", "12,000"):
        assert part in shown
    assert "port" not in drawn(ANSWERS["stopped"], monkeypatch)


def test_what_a_check_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, faults = ANSWERS["whole"], ANSWERS["faults"]
    assert drawn(whole, monkeypatch).strip() == "3,000 nodes and 12 relationships: sound"
    shown = drawn(faults, monkeypatch)
    assert "1 faults" in shown  # what is only unclear is none
    assert "neuronkb store check --mend puts right what it can" in shown
    assert f"2 Explanation; see {SHOW_KEPT}" in " ".join(shown.split())
    assert (whole.ok, faults.ok) == (True, False)


def test_the_command_of_an_import_can_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = ANSWERS["plan"]
    assert isinstance(plan, ImportPlan)
    assert plan.command in drawn(plan, monkeypatch)
    assert json.loads(written(plan, Sink("json")))["command"] == plan.command


def test_models_say_what_evidence_there_is_of_them(kb: KnowledgeBase) -> None:
    models = {row["model"]: row for row in kb.models.list().dicts()}
    assert models[everything.BASE]["evidence"] == ["activations", "clamp", "explain", "lm-head", "n2g", "probes"]
    assert models[everything.TUNED]["bases"] == [everything.BASE]
    assert "weights" not in kb.models.list().sections()[0].columns


def test_runs_name_their_corpora_and_keep_their_parameters(kb: KnowledgeBase) -> None:
    (run,) = kb.runs.list(job="n2g").dicts()
    assert (run["corpus"], json.loads(run["parameters"])) == ("c0", {"corpus": "c0"})
    assert "parameters" not in kb.runs.list().sections()[0].columns
    assert {row["model"] for row in kb.runs.list(model=everything.TUNED).dicts()} == {everything.TUNED}


def test_why_there_is_no_run(kb: KnowledgeBase) -> None:
    (why,) = kb.runs.list(job="lm-hed").warnings
    assert "no run of the job 'lm-hed' in the store; did you mean lm-head" in why
    with pytest.raises(QueryError, match="no model 'gemma'"):
        kb.runs.list(model="gemma")


def test_the_run_of_kept_nodes_is_explained(kb: KnowledgeBase) -> None:
    assert kb.runs.list().warnings == ()
    kb.db.write("CREATE (:Run {id: $id, job: $id})", {"id": KEEPSAKES})
    (said,) = kb.runs.list().warnings
    assert said.endswith(SHOW_KEPT)


def test_a_run_that_is_taken_away_is_completed_no_more(kb: KnowledgeBase) -> None:
    removed = kb.runs.remove("n2g-1")
    assert removed.run == "n2g-1"
    assert "n2g-1" not in kept_names(kb.place)["RUN"]
    assert "lm-head-1" in kept_names(kb.place)["RUN"]
    with pytest.raises(QueryError):
        kb.runs.remove("n2g-1")


def test_a_bundle_is_checked_and_loaded(
    local_store: LocalStore, planted_models: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kb = KnowledgeBase(local_store, str(tmp_path / "store"))
    (tmp_path / "store").mkdir()
    run = kb.lm_head.ingest(planted_models[0]).run
    folder = kb.place.bundle(run)
    sound = kb.bundles.check(folder)
    assert (sound.ok, sound.run.id, sound.rows) == (True, run, Bundle.open(folder).rows)
    assert "sound" in drawn(sound, monkeypatch)
    assert [load.total for load in kb.bundles.load(folder).loads] == [0]
    assert kept_names(kb.place) == {"MODEL": ["base"], "RUN": [run]}
    with pytest.raises(RunError, match="give one of them"):
        kb.bundles.load([folder], replace=True, alongside=True)
    for file in folder.rglob("*.parquet"):
        file.write_bytes(b"PAR1")
    broken: Any = kb.bundles.check(folder)
    assert not broken.ok
    assert "checksum" in drawn(broken, monkeypatch)


def test_a_server_is_not_stopped_from_here() -> None:
    from neuronkb.kb.session import Session
    from neuronkb.schema import StoreError

    kb = KnowledgeBase.of(Session.at("bolt://127.0.0.1:1"))
    with pytest.raises(StoreError, match="is no local store"):
        kb.store.stop()
