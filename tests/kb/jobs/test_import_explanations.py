"""Published explanations in each store: all accounted for, the same twice, nothing where a file is damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from neuronkb.ingest.embedding.embedder import Embedder
from neuronkb.ingest.explain.published import job, tally
from neuronkb.ingest.progress import silent
from neuronkb.kb.cli.main import cli
from neuronkb.kb.jobs.embed import embed_with
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.queries import query
from neuronkb.schema import NODES, PublishedError, RunError

from tests.graph import checksum

PUBLISHED = Path(__file__).parents[4] / "shared" / "data"
TEXTS = (
    "names of dogs and other pets",
    "months of the year",
    "the months from January to December",
    "opening brackets in Python code",
    "French words",
    "words that end a sentence",
)
SCORES = "MATCH (e:Explanation)-[:SCORED]->(s:Score)-[:OF]->(l) RETURN e.text, s.formula, s.value, s.n, s.failed, l.id"


@pytest.fixture
def kb(store: Store, tmp_path: Path) -> KnowledgeBase:
    return KnowledgeBase(store, str(tmp_path / "store"))


@pytest.fixture(scope="module")
def minilm() -> Embedder:
    return Embedder.open(environ={})


def described(index: object, text: str, layer: str = "3-mlp", **more: Any) -> dict[str, Any]:
    return {"modelId": "gpt2-small", "layer": layer, "index": index, "description": text} | more


def batch(folder: Path, rows: list[dict[str, Any]], name: str = "batch-0.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / name


def delphi(folder: Path, text: str) -> Path:
    rows = [
        {"str_tokens": [" a"], "activations": [active], "distance": 1, "activating": bool(active), "prediction": said}
        for active, said in ((2.0, True), (1.0, False), (0.0, False), (0.0, None))
    ]
    for name, value in (("explanations", text), ("scores/detection", rows)):
        (folder / name).mkdir(parents=True)
        (folder / name / "layers.4_latent17.txt").write_text(json.dumps(value))
    return folder


def test_an_export_becomes_neurons_latents_and_their_evidence(kb: KnowledgeBase, tmp_path: Path) -> None:
    fired = {"modelId": "gpt2-small", "layer": "6-res-jb", "index": 7, "tokens": [" a", " b"], "values": [0.0, 2.5]}
    feature = {"modelId": "gpt2-small", "layer": "6-res-jb", "index": "7", "maxActApprox": 2.5, "hookName": "blocks.6"}
    rows = [described("17", "names of dogs"), described(7, "months", "6-res-jb"), fired, fired, feature]
    found = kb.explanations.import_(batch(tmp_path, rows), embed=False)
    assert (found.format, found.guessed) == ("neuronpedia", True)
    (model,) = found.models
    assert model.read == {"explanations": 2, "windows": 2, "statistics": 1, "files": 1}
    assert (model.merged, model.failed, model.skipped) == ({"windows": 1}, {}, {})
    neuron = "MATCH (n:Neuron {id: 'gpt2-small/L3/N17'})-[:EXPLAINED_BY]->(e)-[:MENTIONS]->(t:Term) RETURN e.text, t.id"
    assert sorted(kb.cypher(neuron).rows) == [("names of dogs", "dogs"), ("names of dogs", "names")]
    latent = "MATCH (l:Latent {id: 'gpt2-small/6-res-jb/7'})-[:IN_SOURCE]->(s:Source)-[:OF]->(m:Model) "
    assert kb.cypher(latent + "RETURN s.id, s.hook, m.id, m.weights").rows == [
        ("gpt2-small/6-res-jb", "blocks.6", "gpt2-small", "unverified")
    ]
    fires = "MATCH (:Latent)-[f:FIRES_ON]->(e:Excerpt) RETURN f.levels, f.unit, f.band, e.tokens, e.text"
    assert kb.cypher(fires).rows == [("0 1000", 0.0025, "top", [" a", " b"], " a b")]
    assert kb.cypher("MATCH (:Latent)-[:HAS_STATS]->(s:Stats) RETURN s.kind, s.max").rows == [("published", 2.5)]
    assert kb.store.status().nodes["Neuron"] == 1


def test_delphi_scores_stand_side_by_side(kb: KnowledgeBase, tmp_path: Path) -> None:
    kb.explanations.import_(delphi(tmp_path / "base", "Dogs."), model="base", embed=False)
    kb.explanations.import_(delphi(tmp_path / "tuned", "Cats."), model="tuned", embed=False)
    rows = sorted(kb.cypher(SCORES).rows)
    # TP 1 of 2, TN 1 of 1, one not answered: (1/2 + 1) / 2, and 2 / (2 + 1).
    assert rows == [
        (text, formula, value, 3, 1, f"{model}/{model}/layers.4/17")
        for text, model in (("Cats.", "tuned"), ("Dogs.", "base"))
        for formula, value in (("balanced-accuracy", 0.75), ("f1", pytest.approx(2 / 3)))
    ]
    assert "Neuron" not in kb.store.status().nodes


def test_the_same_again_changes_nothing_and_another_needs_a_decision(kb: KnowledgeBase, tmp_path: Path) -> None:
    path = batch(tmp_path, [described(1, "dogs"), described(2, "dogs")])
    kb.explanations.import_(path, embed=False)
    before = checksum(kb.db)
    assert kb.explanations.import_([path, path], embed=False).total == 0
    assert checksum(kb.db) == before
    batch(tmp_path, [described(1, "cats")])
    with pytest.raises(RunError, match=r"--replace.*--alongside"):
        kb.explanations.import_(path, embed=False)
    kb.explanations.import_(path, embed=False, replace=True)
    assert kb.cypher("MATCH (e:Explanation) RETURN e.text").rows == [("cats",)]


def test_failures_that_an_older_release_stored_stay_until_replace(
    kb: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = batch(tmp_path, [described(1, "dogs"), described(2, "I need more examples to tell.")])
    stored = "MATCH (e:Explanation) RETURN e.text ORDER BY e.text"
    with monkeypatch.context() as before:
        before.setattr(tally, "failure", lambda text: None)
        kb.explanations.import_(path, embed=False)
    assert kb.explanations.import_(path, embed=False).total == 0
    assert kb.cypher(stored).rows == [("I need more examples to tell.",), ("dogs",)]
    kb.explanations.import_(path, embed=False, replace=True)
    assert kb.cypher(stored).rows == [("dogs",)]
    after = checksum(kb.db)
    assert kb.explanations.import_(path, embed=False, replace=True).total == 0
    assert checksum(kb.db) == after
    assert len(kb.runs.list().rows) == 1
    assert not list(tmp_path.rglob(".again-*"))


def test_nothing_is_loaded_or_left_when_a_batch_is_damaged(kb: KnowledgeBase, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    batch(folder, [described(1, "dogs")])
    second = batch(folder, [described(1, "dogs"), described(2, "cats")], "batch-1.jsonl")
    second.write_text(second.read_text()[:-9])
    with pytest.raises(PublishedError, match=r"batch-1\.jsonl:2: cut off"):
        kb.explanations.import_(folder, embed=False)
    assert "Run" not in kb.store.status().nodes
    assert not list(tmp_path.rglob("run.json"))


def test_shards_of_a_few_items_make_the_same_graph(
    kb: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [described(i % 3, f"dogs number{i % 4}") for i in range(9)]
    folder = tmp_path / "export"
    batch(folder, rows)
    batch(folder, rows[3:], "batch-1.jsonl")
    (whole,) = kb.explanations.import_(folder, embed=False).models
    before = checksum(kb.db)
    monkeypatch.setattr(job, "ITEMS", 2)
    monkeypatch.setattr(job, "METHOD", 2)
    (pieces,) = kb.explanations.import_(folder, embed=False, replace=True).models
    assert (pieces.read, pieces.merged) == (whole.read, whole.merged)
    assert whole.merged == {"explanations": 6}
    after = checksum(kb.db)
    kept = ("Neuron", "Explanation", "Term", "EXPLAINED_BY", "MENTIONS", "IN_MODEL")
    assert [after[0][name] for name in kept] == [before[0][name] for name in kept]


@pytest.mark.parametrize("items", [8_192, 1])
def test_a_headline_that_comes_in_a_later_shard_is_found(
    kb: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, items: int
) -> None:
    """The same explanation without a score first: with one item a shard, its row is in the store when the score
    comes."""
    monkeypatch.setattr(job, "ITEMS", items)
    scored: list[dict[str, Any]] = [{"explanation": "dogs", "scored_simulation": None}]
    scored += [{"explanation": "dogs", "scored_simulation": {"ev_correlation_score": value}} for value in (0.5, 0.75)]
    neuron = {"neuron_id": {"layer_index": 3, "neuron_index": 7}, "scored_explanations": scored}
    file = tmp_path / "3" / "7.jsonl"
    file.parent.mkdir()
    file.write_text(json.dumps(neuron) + "\n")
    kb.explanations.import_(tmp_path, model="gpt2-small", embed=False)
    obvious = "MATCH (n:Neuron)-[x:EXPLAINED_BY]->(e) RETURN n.id, e.text, x.scorer, x.formula, x.value"
    assert kb.cypher(obvious).rows == [("gpt2-small/L3/N7", "dogs", "correlation", "ev-correlation", 0.5)]


def test_nothing_to_import_says_why(kb: KnowledgeBase, tmp_path: Path) -> None:
    path = batch(tmp_path, [described("x", "dogs"), described(2, "")])
    with pytest.raises(PublishedError, match=r"nothing to import: .*jsonl:1: index is no whole number from 0"):
        kb.explanations.import_(path, embed=False)
    with pytest.raises(PublishedError, match="its format cannot be told; say --format openai, delphi, neuronpedia"):
        kb.explanations.import_(batch(tmp_path / "x", [{"a": 1}]))


def test_an_import_does_not_go_beyond_a_known_model(kb: KnowledgeBase, tmp_path: Path) -> None:
    kb.db.write("CREATE (:Model {id: 'gpt2-small', weights: 'w', n_layers: 12, d_mlp: 8})")
    with pytest.raises(PublishedError, match=r"jsonl:1: neuron 8, and gpt2-small has neurons 0 to 7"):
        kb.explanations.import_(batch(tmp_path, [described(8, "dogs")]))
    kb.explanations.import_(batch(tmp_path, [described(7, "dogs")]), embed=False)
    assert kb.models.list().dicts()[0]["weights"] == "w"


def test_the_vector_index_finds_what_exact_search_finds(kb: KnowledgeBase, tmp_path: Path, minilm: Embedder) -> None:
    kb.explanations.import_(batch(tmp_path, [described(i, text) for i, text in enumerate(TEXTS)]), embed=False)
    assert embed_with(kb.db, minilm, silent).embedded == len(TEXTS)
    assert embed_with(kb.db, minilm, silent).embedded == 0
    rows = kb.cypher("MATCH (e:Explanation) RETURN e.text, e.embedding, e.embedder").rows
    assert {row[2] for row in rows} == {minilm.id}
    texts, vectors = [row[0] for row in rows], np.array([row[1] for row in rows])
    for asked in ("calendar months", "puppies", "punctuation of a programming language"):
        vector = minilm.embed([asked])[0].astype(float)
        exact = sorted(zip((1 + vectors @ vector) / 2, texts, strict=True), reverse=True)[:3]
        near = (
            "CALL db.index.vector.queryNodes('Explanation_embedding', 3, $v) YIELD node, score RETURN score, node.text"
        )
        found = sorted(kb.cypher(near, v=vector.tolist()).rows, reverse=True)
        assert [text for _, text in found] == [text for _, text in exact]
        # Neo4j quantises the vectors of an index: its scores are some thousandths off.
        assert [score for score, _ in found] == pytest.approx([score for score, _ in exact], abs=5e-3)


def test_what_is_taken_away_while_it_is_embedded_stays_away(
    kb: KnowledgeBase, tmp_path: Path, minilm: Embedder
) -> None:
    kb.explanations.import_(batch(tmp_path, [described(i, text) for i, text in enumerate(TEXTS[:2])]), embed=False)

    def take_away(step: str, done: int, total: int) -> None:
        if step == "embedding explanations" and done == 0:
            kb.db.write("MATCH (e:Explanation) WHERE e.text = $text DETACH DELETE e", {"text": TEXTS[0]})

    assert embed_with(kb.db, minilm, take_away).embedded == 1
    assert kb.cypher("MATCH (e:Explanation) RETURN e.text, e.embedder").rows == [(TEXTS[1], minilm.id)]


def test_without_an_embedding_model_the_import_stands_and_says_so(
    kb: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURONKB_EMBEDDER", str(tmp_path / "nowhere"))
    found = kb.explanations.import_(batch(tmp_path, [described(1, "dogs")]))
    assert found.embedding is None
    assert "nowhere" in str(found.not_embedded)
    assert kb.cypher("MATCH (e:Explanation) RETURN e.text, e.embedder").rows == [("dogs", None)]


def test_a_changed_text_model_embeds_anew(kb: KnowledgeBase, tmp_path: Path, minilm: Embedder) -> None:
    kb.explanations.import_(batch(tmp_path, [described(1, "dogs")]), embed=False)
    node = NODES["Explanation"]
    prop = next(prop for prop in node.properties if prop.name == "embedding")
    kb.db.drop_vector_index(node, prop)
    kb.db.write("MATCH (e:Explanation) SET e.embedding = [1.0, 0.0], e.embedder = 'another'")
    kb.db.vector_index(node, prop, 2)
    assert query("unembedded").run(kb.db, embedder=minilm.id).dicts()[0]["text"] == "dogs"
    assert embed_with(kb.db, minilm, silent).embedded == 1
    near = "CALL db.index.vector.queryNodes('Explanation_embedding', 1, $v) YIELD node RETURN node.text"
    assert kb.cypher(near, v=minilm.embed(["puppies"])[0].tolist()).rows == [("dogs",)]
    ((embedder, size),) = kb.cypher("MATCH (e:Explanation) RETURN e.embedder, size(e.embedding)").rows
    assert (embedder, size) == (minilm.id, minilm.dimensions)


def test_the_command_accounts_for_everything(local_folder: Path, local_store: Store, tmp_path: Path) -> None:
    rows = [described(1, "dogs"), described(1, "dogs"), described("x", "cats"), described(2, "Error: timeout")]
    command = ["explanations", "import", str(batch(tmp_path, rows)), "--no-embed", "--store", str(local_folder)]
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 0, done.output
    assert "format neuronpedia, told by the files" in done.output
    assert "failed 1: no explanation: the explainer's failure message" in done.output
    assert "skipped 1: index is no whole number from 0" in done.output
    found = json.loads(CliRunner().invoke(cli, [*command, "--json"]).output)
    assert found["models"][0]["read"]["explanations"] == 4
    assert found["models"][0]["merged"] == {"explanations": 1}


@pytest.mark.long("neo4j")
@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published files (shared/data) are not here")
def test_the_published_files(kb: KnowledgeBase) -> None:
    (record,) = kb.explanations.import_(PUBLISHED / "openai", model="gpt2-xl", embed=False).models
    assert (record.read["windows"], record.kept["windows"], record.merged["windows"]) == (200, 180, 20)
    (dashboard,) = kb.explanations.import_(PUBLISHED / "saedashboard", embed=False).models
    assert (dashboard.read["windows"], dashboard.merged["windows"], dashboard.failed) == (73, 38, {})
    results = PUBLISHED / "delphi_base_vs_finetune"
    for model in ("base", "finetuned"):
        folders = [results / f"{model}_model_layer{layer}" for layer in (4, 10)]
        (found,) = kb.explanations.import_(folders, model=model, embed=False).models
        assert (found.kept["explanations"], found.kept["scores"], found.failed) == (20, 40, {})
    rows = kb.cypher(SCORES).rows
    assert [sum(row[1] == name for row in rows) for name in ("balanced-accuracy", "f1")] == [40, 40]
    assert kb.store.status().nodes["Latent"] == 42
    assert kb.store.status().nodes["Neuron"] == 1
