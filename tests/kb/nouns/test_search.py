"""Search by meaning with the real MiniLM, on both stores: what is planted is found, what is shuffled is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest.embedding.embedder import Embedder
from neuronkb.ingest.progress import silent
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.write import write_and_load
from neuronkb.kb.search.matrix import Matrix
from neuronkb.kb.search.records import Behind, Evidence, Found, Hit
from neuronkb.kb.search.sources import sources
from neuronkb.kb.stores.base import Store
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
def kb(filling: Filling, tmp_path: Path, minilm: Embedder) -> KnowledgeBase:
    return asking(filling.copied(planted, tmp_path / "store"), minilm)


@pytest.fixture
def local(local_filling: Filling, tmp_path: Path, minilm: Embedder) -> KnowledgeBase:
    return asking(local_filling.copied(planted, tmp_path / "store"), minilm)


def why(hit: Hit) -> list[str]:
    return [reason.evidence for reason in hit.reasons]


def units(found: Found) -> list[str]:
    return [hit.unit for hit in found.hits]


def test_each_kind_of_evidence_finds_its_neuron_by_words_that_it_does_not_hold(kb: KnowledgeBase) -> None:
    asked: list[tuple[str, str, Evidence]] = [
        ("puppy", searched.DOG_NEURON, "decoded"),
        ("the time of the year", searched.MONTH_NEURON, "fires"),
        ("preparing food in the kitchen", searched.COOK_NEURON, "graph"),
        ("boats on the ocean", searched.SAID_NEURON, "explanation"),
        ("language spoken in Paris", searched.TOLD_NEURON, "feature"),
    ]
    for text, neuron, kind in asked:
        (hit,) = kb.search(text, evidence=[kind], top=1).hits
        (reason,) = hit.reasons
        assert (hit.unit, reason.evidence, reason.rank) == (neuron, kind, 1), text
        assert reason.cosine is not None
        assert reason.null is not None
        assert reason.cosine > reason.null
    dog = kb.search("puppy", top=1).hits[0]
    assert (dog.model, dog.layer, dog.reasons[0].projection, dog.reasons[0].pole) == ("m", 1, "down", 1)
    assert set(dog.reasons[0].words) == set(searched.DOGS)
    assert dog.reasons[0].by_chance == 0


def test_shuffled_evidence_finds_nothing(local_store: Store, tmp_path: Path, minilm: Embedder) -> None:
    kb = asking(KnowledgeBase(local_store, str(tmp_path / "store")), minilm)
    load(kb, replace(SearchedJob(), shuffled=True, parts=("decoded",)))
    reason = kb.search("puppy", top=1).hits[0].reasons[0]
    assert reason.by_chance is not None
    assert reason.by_chance > 0.5
    assert reason.cosine is not None
    assert reason.null is not None
    assert reason.cosine <= reason.null


def test_the_ranking_is_that_of_every_signature(kb: KnowledgeBase, minilm: Embedder) -> None:
    job, text = SearchedJob(), "animals on a farm"
    names = [f"m/L{layer}/N{i}" for layer in range(2) for i in range(searched.WIDTH)]
    asked = minilm.embed([text])[0]
    cosines = {}
    for name, words in zip(names, job._draw(names, searched.DOG_NEURON, searched.DOGS), strict=True):
        weights = np.array([5.0 - 0.1 * rank for rank in range(1, len(words) + 1)])
        mean = weights @ minilm.embed(words).astype(np.float64)
        cosines[name] = float(mean @ asked / np.linalg.norm(mean))
    found = kb.search(text, evidence=["decoded"], top=60)
    assert len(found.hits) == 60
    for hit in found.hits:
        # The words' vectors may have been made in bfloat16.
        assert hit.reasons[0].cosine == pytest.approx(cosines[hit.unit], abs=3e-3)
    ranked = [hit.reasons[0].cosine or 0 for hit in found.hits]
    assert ranked == sorted(ranked, reverse=True)
    assert [hit.reasons[0].rank for hit in found.hits] == list(range(1, 61))


def test_a_word_as_typed_counts_too(kb: KnowledgeBase) -> None:
    found = kb.search("terrier", top=1)
    assert found.hits[0].unit == searched.DOG_NEURON
    assert {"decoded", "word"} <= set(why(found.hits[0]))
    ships = kb.search("sailing", evidence=["word", "explanation"], top=1).hits[0]
    assert ships.unit == searched.SAID_NEURON
    assert {reason.evidence for reason in ships.reasons} == {"word", "explanation"}
    assert all("sailing vessels" in (reason.text or "") for reason in ships.reasons)


def test_filters(kb: KnowledgeBase) -> None:
    load(kb, SearchedJob("hand-2", "other"))
    both = kb.search("puppy", evidence=["decoded"], top=2)
    assert units(both) == [searched.DOG_NEURON, "other/L1/N3"]
    assert units(kb.search("puppy", model="other", top=1)) == ["other/L1/N3"]
    assert {hit.model for hit in kb.search("puppy", model="other", top=50).hits} == {"other"}
    only = kb.search("puppy", layers=[0], top=50)
    assert {hit.layer for hit in only.hits} == {0}
    assert all(why(hit) == ["fires"] for hit in kb.search("puppy", evidence=["fires"], top=5).hits)
    least = kb.search("puppy", evidence=["decoded"], least=0.65, top=50)
    assert sorted(units(least)) == [searched.DOG_NEURON, "other/L1/N3"]


def test_the_vector_index_answers_as_the_matrix_does(kb: KnowledgeBase, minilm: Embedder) -> None:
    with pytest.raises(ModelError, match=r"2 by none\), and 'all-MiniLM"):
        kb.search("boats", way="index")
    texts = kb.db.read("MATCH (e:Explanation) RETURN e.id, e.text").rows
    for (name, _), vector in zip(texts, minilm.embed([text for _, text in texts]), strict=True):
        kb.db.write(
            "MATCH (e:Explanation {id: $id}) SET e.embedding = $v, e.embedder = $m RETURN e.id",
            {"id": name, "v": vector.tolist(), "m": minilm.id},
        )
    by_index = kb.search("boats on the ocean", evidence=["explanation"], way="index")
    by_matrix = kb.search("boats on the ocean", evidence=["explanation"], way="matrix")
    assert "vector index" in by_index.ways["explanation"]
    assert by_matrix.ways["explanation"] == "exact, 2 rows"
    assert units(by_index) == units(by_matrix)
    for one, other in zip(by_index.hits, by_matrix.hits, strict=True):
        # Neo4j's index keeps its vectors in a byte a number.
        assert one.reasons[0].cosine == pytest.approx(other.reasons[0].cosine, abs=5e-3)


def test_the_store_alone_makes_the_same_matrix_as_the_bundles(kb: KnowledgeBase, tmp_path: Path) -> None:
    first = kb.search("puppy", top=60)
    bare = KnowledgeBase(kb.db, str(tmp_path / "elsewhere"))
    bare.session.search.open_embedder = kb.session.search.open_embedder
    assert bare.search("puppy", top=60) == first


def test_only_what_is_new_is_made(local: KnowledgeBase) -> None:
    folder = Path(local.index.build().folder)
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert local.index.build().made == ()
    load(local, replace(SearchedJob("hand-2", "other", seed=3), parts=("decoded",)))
    built = local.index.build()
    assert (built.made, built.kept, built.removed) == (("decoded of hand-2",), 5, 0)
    after = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert {name for name in before if after.get(name) != before[name]} == {"index.json"}
    local.db.write("MATCH (s:Shard {run: 'hand-2'}) DETACH DELETE s RETURN count(*)")
    built = local.index.build()
    assert (built.made, built.kept, built.removed) == ((), 5, 1)
    assert "other/L1/N3" not in units(local.search("puppy", top=60))


def test_damage_is_found_and_mended(local: KnowledgeBase) -> None:
    first = local.search("puppy", evidence=["decoded"], top=5)
    folder = Path(local.index.build().folder)
    (part,) = folder.glob("decoded-*")
    whole = (part / "high.i16").read_bytes()
    (part / "high.i16").write_bytes(whole[:-2])
    assert local.search("puppy", evidence=["decoded"], top=5) == first
    (part / "high.i16").write_bytes(bytes(len(whole)))
    assert local.index.build().made == ()
    assert local.index.build(whole=True).made == ("decoded of hand-1",)
    assert (part / "high.i16").read_bytes() == whole
    (folder / "index.json").write_text("{")
    assert local.search("puppy", evidence=["decoded"], top=5) == first


KILLED = """
import sys
from pathlib import Path
from neuronkb import KnowledgeBase
from neuronkb.kb.search import segment

real = segment.make_folder
def slow(folder, fill):
    def halted(partial):
        facts = fill(partial)
        if folder.name.startswith("graph"):
            print("ready", flush=True)
            sys.stdin.read()
        return facts
    return real(folder, halted)

segment.make_folder = slow
with KnowledgeBase.open(sys.argv[1]) as kb:
    kb.session.search.build(folder=Path(sys.argv[2]))
"""


def test_a_killed_build_leaves_what_was_there_and_goes_on(
    local: KnowledgeBase, local_folder: Path, tmp_path: Path, minilm: Embedder
) -> None:
    folder = tmp_path / "matrix"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(local_folder), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    held = Matrix.open(folder, minilm.id, minilm.dimensions, whole=True)
    assert {segment.kind for segment in held.segments} == {"decoded", "fires"}
    assert [path for path in folder.iterdir() if path.name.startswith(".partial")]
    built = local.index.build(folder=folder)
    assert (len(built.made), built.kept) == (3, 2)
    assert not [path for path in folder.iterdir() if path.name.startswith(".partial")]
    assert units(local.search("puppy", folder=folder, top=1)) == [searched.DOG_NEURON]


def test_words_of_another_store_are_not_embedded_again(
    local: KnowledgeBase, minilm: Embedder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = local.search("puppy", top=60)
    assert local.index.status() == Behind(0, 0)
    embedded: list[str] = []
    real = Embedder.embed

    def embed(self: Embedder, texts: Sequence[str], *given: Any, **options: Any) -> Any:
        embedded.extend(texts)
        return real(self, texts, *given, **options)

    monkeypatch.setattr(Embedder, "embed", embed)
    other = tmp_path / "other"
    assert local.index.status(folder=other).words < 20  # those of explanations alone
    assert local.search("puppy", top=60, folder=other) == first
    assert not {"terrier", "march", "oven"} & set(embedded)
    load(local, replace(SearchedJob("hand-2", "other", seed=3), parts=("decoded",)))
    step_by_step = local.search("puppy", top=60)
    assert local.search("puppy", top=60, folder=tmp_path / "at once") == step_by_step != first


def test_bad_input(local: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match=r"'  ' asks for nothing; give a word"):
        local.search("  ")
    with pytest.raises(QueryError, match="no model 'mm' in the store"):
        local.search("puppy", model="mm")
    with pytest.raises(QueryError, match="evidence is 'tokens', expected some of decoded, fires"):
        local.search("puppy", evidence=["tokens"])  # type: ignore[list-item]


def test_no_evidence_names_what_makes_it(local_store: Store, tmp_path: Path, minilm: Embedder) -> None:
    kb = asking(KnowledgeBase(local_store, str(tmp_path / "store")), minilm)
    with pytest.raises(QueryError, match="neuronkb lm-head ingest MODEL"):
        kb.search("puppy")
    with pytest.raises(QueryError, match="neuronkb lm-head ingest MODEL"):
        kb.session.search.build()
    load(kb, replace(SearchedJob(), parts=("decoded",)))
    with pytest.raises(QueryError, match=r"no such evidence to search; what makes it: graph: neuronkb n2g ingest"):
        kb.search("puppy", evidence=["graph"])
    assert kb.search("puppy").hits[0].unit == searched.DOG_NEURON


def test_another_model_has_a_matrix_of_its_own(local: KnowledgeBase, minilm: Embedder) -> None:
    first = local.search("puppy", top=3)
    folder = Path(local.index.build().folder)
    facts = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps({**facts, "dimensions": 256}))
    assert Matrix.open(folder, minilm.id, minilm.dimensions).segments == []
    assert local.search("puppy", top=3) == first
    assert len(sources(local.db)) == 5


def test_two_searches_at_once_build_once(local: KnowledgeBase) -> None:
    from concurrent.futures import ThreadPoolExecutor

    start = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: local.search("puppy", top=5), range(2))
    assert one == two
    assert time.monotonic() > start
