"""A search whose matrix lacks something: at once from what is there, early and then whole, or made aside."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from neuronkb.ingest.embedding.embedder import Embedder
from neuronkb.ingest.progress import silent
from neuronkb.kb.cli.main import cli
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.write import write_and_load
from neuronkb.kb.search import search as searching
from neuronkb.kb.search.records import Found, Hit
from neuronkb.queries.result.record import Record
from neuronkb.schema import ModelError, QueryError
from neuronkb.tests import searched
from neuronkb.tests.searched import SearchedJob

from tests.filled import Filling


@pytest.fixture(scope="module")
def minilm() -> Embedder:
    return Embedder.open(environ={})


def load(kb: KnowledgeBase, job: SearchedJob) -> None:
    write_and_load(job, kb.db, kb.place.bundle(job.name), clash="alongside", progress=silent)


def planted(kb: KnowledgeBase) -> None:
    load(kb, SearchedJob())


def asking(kb: KnowledgeBase, minilm: Embedder) -> KnowledgeBase:
    kb.session.search.open_embedder = lambda model: minilm
    return kb


@pytest.fixture
def local(local_filling: Filling, tmp_path: Path, minilm: Embedder) -> KnowledgeBase:
    return asking(local_filling.copied(planted, tmp_path / "store"), minilm)


def why(hit: Hit) -> list[str]:
    return [reason.evidence for reason in hit.reasons]


def units(found: Found) -> list[str]:
    return [hit.unit for hit in found.hits]


def test_now_answers_from_what_there_is(local: KnowledgeBase, caplog: pytest.LogCaptureFixture) -> None:
    found = local.search("terrier", top=5, now=True)
    assert found.behind == local.index.status().rows > 0
    assert found.hits[0].unit == searched.DOG_NEURON
    assert {reason.evidence for hit in found.hits for reason in hit.reasons} == {"word"}
    whole = local.search("terrier", top=5)
    assert whole.behind == 0
    assert not caplog.records
    load(local, replace(SearchedJob("hand-2", "other", seed=3), parts=("decoded",)))
    held = local.search("puppy", top=1, now=True)
    assert held.behind == 360
    assert {"decoded", "fires"} <= set(why(held.hits[0]))
    local.session.search.build_aside()
    assert local.session.search._aside is not None
    local.session.search._aside.join()
    assert local.search("terrier", top=5, now=True) == local.search("terrier", top=5)


def test_nobody_waits_in_silence(
    local: KnowledgeBase, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SOON", 0)
    local.search("puppy", top=1)
    (record,) = caplog.records
    assert "rows of evidence are not in the search matrix; making it takes about" in record.getMessage()
    local.search("puppy", top=1)
    assert len(caplog.records) == 1


def test_a_door_that_waits_shows_early_what_is_there(
    local: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shown: list[Record] = []
    local.session.early, local.session.progress = shown.append, lambda step, done, total: None
    whole = local.search("terrier", top=5)
    assert shown == []  # little is missing: it is made without a word
    load(local, replace(SearchedJob("hand-2", "other", seed=3), parts=("decoded",)))
    monkeypatch.setattr(searching, "SOON", 0)
    later = local.search("terrier", top=50)
    (early,) = shown
    assert isinstance(early, Found)
    assert early.behind == 360
    assert "360 rows of evidence are not in the search matrix" in early.warnings[0]
    assert early.warnings[0].endswith("what is there already says")
    assert (later.behind, later.warnings, whole.behind) == (0, (), 0)
    assert local.search("terrier", top=50) == later
    assert len(shown) == 1
    assert not caplog.records


def test_a_door_that_does_not_wait_has_the_rest_made_aside(
    local: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.session.waits = False
    with monkeypatch.context() as patched:
        patched.setattr(searching, "SOON", 0)
        found = local.search("terrier", top=5)
    assert found.behind > 0
    assert found.title == "'terrier' by words as typed"
    (why,) = found.warnings
    assert why.startswith("not all by meaning: ")
    assert why.endswith("it is being made, ask again then")
    assert found.hits[0].unit == searched.DOG_NEURON
    assert local.session.search._aside is not None
    local.session.search._aside.join()
    whole = local.search("terrier", top=5)
    assert (whole.behind, whole.warnings) == (0, ())
    assert whole.title.startswith("'terrier' by all-MiniLM")
    load(local, replace(SearchedJob("hand-2", "other", seed=3), parts=("decoded",)))
    assert local.search("terrier", top=5).behind == 0  # what is made soon is waited for


def test_words_as_typed_answer_where_no_model_can_be_asked(local: KnowledgeBase) -> None:
    def absent(model: object) -> Embedder:
        raise ModelError("embedding texts needs sentence-transformers")

    local.session.search.open_embedder = absent
    with pytest.raises(ModelError, match="needs sentence-transformers"):
        local.search("terrier")
    local.session.waits = False
    found = local.search("terrier and hound", top=5)
    assert (found.embedder, found.warnings) == (
        None,
        ("not by meaning: embedding texts needs sentence-transformers",),
    )
    (reason,) = found.hits[0].reasons
    assert (found.hits[0].unit, reason.evidence, reason.rank, set(reason.words)) == (
        searched.DOG_NEURON,
        "word",
        1,
        {"terrier", "hound"},
    )
    assert (reason.projection, reason.pole) == ("down", 1)
    assert {hit.layer for hit in local.search("terrier", layers=[0]).hits} <= {0}
    assert local.search("sailing", evidence=["explanation"]).hits[0].unit == searched.SAID_NEURON
    with pytest.raises(QueryError, match="asks for nothing"):
        local.search(" ")


def test_words_alone_can_be_asked_for(local: KnowledgeBase) -> None:
    assert local.search("terrier", evidence=["word"], top=1).hits[0].unit == searched.DOG_NEURON


def test_the_command_shows_early_what_is_there(
    local: KnowledgeBase, local_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SOON", 0)
    command = ["search", "terrier", "--store", str(local_folder), "--top", "1"]
    done = CliRunner().invoke(cli, [*command, "--folder", str(tmp_path / "a")])
    assert done.exit_code == 0, done.output
    assert done.stdout.count("'terrier' by") == 2
    assert done.stdout.index("by words as typed: ") < done.stdout.index("by all-MiniLM")
    assert "what is there already says" in done.stderr
    done = CliRunner().invoke(cli, [*command, "--folder", str(tmp_path / "b"), "--json"])
    assert json.loads(done.stdout)["behind"] == 0
    assert "what is there already says" in done.stderr
    status = CliRunner().invoke(cli, ["index", "status", "--store", str(local_folder), "--json"])
    assert json.loads(status.stdout)["seconds"] > 0


ASKED = """
import sys
from pathlib import Path
from neuronkb import KnowledgeBase
with KnowledgeBase.open(sys.argv[1]) as kb:
    print(kb.search("puppy", top=1, folder=Path(sys.argv[2])).hits[0].unit)
print([name for name in ("torch", "transformers", "sentence_transformers", "pandas") if name in sys.modules])
"""


def test_a_search_of_a_new_process_loads_no_torch(local: KnowledgeBase, local_folder: Path) -> None:
    folder = local.index.build().folder
    command = [sys.executable, "-c", ASKED, str(local_folder), folder]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [searched.DOG_NEURON, "[]"]
