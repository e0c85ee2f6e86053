"""Matches and feeds through the API, on both stores: stored, asked again, resumed, and taken away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.similar.search import Search
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.queries import query
from neuronkb.schema import LinkError, QueryError, RunError
from neuronkb.tests import matched, planted

SETTINGS = {"k": 3, "device": "cpu"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("matched")
    base = matched.base(root / "base")
    return {
        "base": base,
        "permuted": matched.permuted(base, root / "permuted"),
        "tuned": matched.tuned(base, root / "tuned", overwritten=((0, 3),)),
    }


@pytest.fixture
def kb(store: Store, tmp_path: Path) -> KnowledgeBase:
    return KnowledgeBase(store, str(tmp_path / "store"))


def of_permuted(name: str) -> str:
    """Where the permuted copy has a neuron of the base."""
    layer, index = (int(part[1:]) for part in name.split("/")[1:])
    return f"permuted/L{layer}/N{int(torch.argsort(matched.order(layer))[index])}"


def test_a_match_is_stored_both_ways_and_asked_again(kb: KnowledgeBase, folders: dict[str, Path]) -> None:
    report = kb.similar.match(folders["base"], folders["permuted"], settings=SETTINGS)
    n = matched.LAYERS * matched.WIDTH
    assert report.load.created["Neuron.SIMILAR.Neuron"] == 2 * 3 * n
    assert report.load.created["Neuron"] == 2 * n
    assert report.whole["mutual"] == 1
    assert report.whole["claimed"] == n
    assert report.whole["same_index"] < 0.2
    assert len(report.layers) == matched.LAYERS
    found = kb.similar.show("base/L1/N5", by="weights", model="permuted", top=2).neighbours
    assert [each.rank for each in found] == [1, 2]
    assert found[0].neuron == of_permuted("base/L1/N5")
    assert found[0].score == pytest.approx(1, abs=1e-6)
    assert found[0].control is not None
    assert found[0].control < 0.9
    assert found[0].run == report.load.run
    back = kb.similar.show(found[0].neuron).neighbours
    assert (back[0].neuron, back[0].measure) == ("base/L1/N5", "weights")
    rows = query("mutual_matches").run(kb.db, model="base", other="permuted", by="weights", top=1000).dicts()
    assert {row["neuron"]: row["other"] for row in rows} == {
        name: of_permuted(name) for name in (f"base/L{a}/N{i}" for a in (0, 1) for i in range(matched.WIDTH))
    }
    again = kb.similar.match("base", folders["permuted"], settings=SETTINGS)
    assert not any(again.load.created.values())
    assert again.whole == report.whole


def test_another_measure_stands_beside_and_the_same_with_other_settings_does_not(
    kb: KnowledgeBase, folders: dict[str, Path]
) -> None:
    first = kb.similar.match(folders["base"], folders["tuned"], settings=SETTINGS)
    second = kb.similar.match("base", folders["tuned"], settings=SETTINGS | {"by": "vocabulary"})
    assert {each.measure for each in kb.similar.show("base/L0/N1", model="tuned").neighbours} == {
        "weights",
        "vocabulary",
    }
    for report in (first, second):
        n = matched.LAYERS * matched.WIDTH
        assert report.whole["same_index"] == pytest.approx((n - 1) / n)
    with pytest.raises(RunError, match="k 3 there, 2 here"):
        kb.similar.match("base", folders["tuned"], settings=SETTINGS | {"k": 2})
    kb.similar.match("base", folders["tuned"], settings=SETTINGS | {"k": 2}, replace=True)
    edges = "MATCH ()-[s:SIMILAR {measure: 'weights'}]->() RETURN count(s)"
    assert kb.cypher(edges).rows == [(2 * 2 * matched.LAYERS * matched.WIDTH,)]


@pytest.mark.long("neo4j")
def test_tokens_match_as_decoded(kb: KnowledgeBase, folders: dict[str, Path]) -> None:
    with pytest.raises(LinkError, match="not decoded; run neuronkb lm-head ingest"):
        kb.similar.match(folders["base"], folders["permuted"], settings=SETTINGS | {"by": "tokens"})
    for name in ("base", "permuted"):
        kb.lm_head.ingest(folders[name], settings={"k": 4})
    report = kb.similar.match("base", "permuted", settings=SETTINGS | {"by": "tokens"})
    assert report.whole["mutual"] == 1
    best = kb.similar.show("base/L0/N9", by="tokens", model="permuted", top=1).neighbours[0]
    assert (best.neuron, best.score, best.jaccard) == (of_permuted("base/L0/N9"), 1, 1)
    assert kb.runs.list(job="match").dicts()[0]["model"] == "base"


@pytest.mark.long("neo4j")
def test_one_neuron_without_a_match(kb: KnowledgeBase, folders: dict[str, Path]) -> None:
    """The same answer as a match stores, worked out for one neuron."""
    kb.lm_head.ingest(folders["base"], settings={"k": 4})
    kb.lm_head.ingest(folders["tuned"], settings={"k": 4})
    for by in ("weights", "vocabulary", "tokens"):
        before = kb.similar.show("base/L1/N5", by=by, model="tuned", top=3).neighbours
        kb.similar.match("base", "tuned", settings=SETTINGS | {"by": by})
        after = kb.similar.show("base/L1/N5", by=by, model="tuned", top=3).neighbours
        assert all(each.run is None for each in before)
        assert [each.neuron for each in before] == [each.neuron for each in after]
        assert [each.score for each in before] == pytest.approx([each.score for each in after], rel=1e-6)
        assert [each.control for each in before] == pytest.approx([each.control for each in after], rel=1e-6)
    own = kb.similar.show("base/L1/N5", by="tokens", model="base").neighbours
    assert own
    assert all(each.model == "base" and each.neuron != "base/L1/N5" for each in own)
    (down,) = [side for side in kb.card(own[0].neuron).ends if (side.projection, side.pole) == ("down", 1)]
    assert own[0].tokens == tuple(text for text, *_ in down.tokens[:3])
    with pytest.raises(QueryError, match=r"neuronkb similar match base tuned --by activation --corpus TEXTS"):
        kb.similar.show("base/L1/N5", by="activation", model="tuned")
    with pytest.raises(QueryError, match=r"no model 'bse' in the store.*base"):
        kb.similar.show("bse/L1/N5", by="weights")
    with pytest.raises(QueryError, match="neurons 0-47"):
        kb.similar.show("base/L1/N500", by="weights")
    unknown: dict[str, Any] = {"by": "colour"}
    with pytest.raises(QueryError, match="expected one of weights, vocabulary"):
        kb.similar.show("base/L1/N5", **unknown)


def test_activation_on_a_text(kb: KnowledgeBase, folders: dict[str, Path], tmp_path: Path) -> None:
    words = [*planted.MONTHS, *planted.WEEKDAYS, *planted.FILLER]
    lines = [json.dumps({"text": " ".join(words[i * 7 % 60 : i * 7 % 60 + 50])}) for i in range(40)]
    (tmp_path / "texts.jsonl").write_text("\n".join(lines))
    asked = SETTINGS | {"by": "activation", "positions": 900}
    with pytest.raises(LinkError, match="--corpus"):
        kb.similar.match(folders["base"], folders["permuted"], settings=asked)
    report = kb.similar.match(folders["base"], folders["permuted"], corpus=[tmp_path / "texts.jsonl"], settings=asked)
    assert report.whole["mutual"] == 1
    assert report.whole["score"] == pytest.approx(1, abs=1e-3)
    assert 0 < report.whole["universal"] < 1
    best = kb.similar.show("base/L0/N2", by="activation", top=1).neighbours[0]
    assert best.neuron == of_permuted("base/L0/N2")
    assert not list((tmp_path / "matches").glob("*/one"))
    again = kb.similar.match("base", folders["permuted"], corpus=[tmp_path / "texts.jsonl"], settings=asked)
    assert again.whole == report.whole


class Broken(Exception):
    """What interrupts a match."""


def test_an_interrupted_match_goes_on_and_ends_the_same(
    local_store: Store, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = KnowledgeBase(local_store, str(tmp_path / "a" / "store"))
    expected = undisturbed.similar.match(folders["base"], folders["tuned"], settings=SETTINGS)
    edges = "MATCH (a)-[s:SIMILAR]->(b) RETURN a.id, b.id, s.rank, s.score, s.`null`"
    rows = sorted(undisturbed.cypher(edges, limit=None).rows)
    seen: list[int] = []
    whole = Search.layer

    def layer(self: Search, a: int, *args: Any, **kwargs: Any) -> Any:
        seen.append(a)
        if seen == [0, 1]:
            raise Broken
        return whole(self, a, *args, **kwargs)

    monkeypatch.setattr(Search, "layer", layer)
    kb = KnowledgeBase(local_store, str(tmp_path / "b" / "store"))
    with pytest.raises(Broken):
        kb.similar.match(folders["base"], folders["tuned"], settings=SETTINGS)
    local_store.write("MATCH ()-[s:SIMILAR]->() DELETE s")
    local_store.write("MATCH (s:Shard) DELETE s")
    found = kb.similar.match(folders["base"], folders["tuned"], settings=SETTINGS)
    assert seen == [0, 1, 1]
    assert found.whole == expected.whole
    assert sorted(kb.cypher(edges, limit=None).rows) == rows
    seen.clear()
    kb.similar.match(folders["base"], folders["tuned"], settings=SETTINGS)
    assert seen == []


def test_neighbours_within_one_model(kb: KnowledgeBase, folders: dict[str, Path]) -> None:
    report = kb.similar.match(folders["base"], folders["base"], settings=SETTINGS)
    assert report.load.created["Neuron.SIMILAR.Neuron"] == 3 * matched.LAYERS * matched.WIDTH
    assert "mutual" not in report.whole
    assert all(each.neuron != "base/L0/N0" for each in kb.similar.show("base/L0/N0").neighbours)


def test_feeds_are_stored_and_walked(kb: KnowledgeBase, folders: dict[str, Path]) -> None:
    with pytest.raises(QueryError, match="no model 'base' in the store"):
        kb.feeds.show("base/L0/N3")
    report = kb.feeds.ingest(folders["base"], settings=SETTINGS)
    n = matched.WIDTH
    # Each neuron of the first layer has 3 downstream, each of the last 3 upstream, through gate and up.
    assert 2 * 3 * n <= report.created["Neuron.FEEDS.Neuron"] <= 2 * 6 * n
    down = kb.feeds.show("base/L0/N3").feeds
    assert [(f.way, f.through, f.rank) for f in down] == [("down", p, r) for p in ("gate", "up") for r in (1, 2, 3)]
    sizes = [abs(f.weight) for f in down if f.through == "gate"]
    assert sizes == sorted(sizes, reverse=True)
    assert all(f.control is not None for f in down)
    up = kb.feeds.show(down[0].neuron).feeds
    assert {f.way for f in up} == {"up"}
    assert kb.runs.list(job="feeds").dicts()[0]["model"] == "base"
    assert not any(kb.feeds.ingest("base", settings=SETTINGS).created.values())
    assert query("circuit").run(kb.db, neuron="base/L0/N3", top=5).rows == []
    kb.db.write(
        "MATCH (a:Neuron {id: 'base/L0/N1'}), (b:Neuron {id: 'base/L0/N3'}) "
        "CREATE (a)-[:FEEDS {run: $run, rank: 1, weight: -2.0, `null`: 0.5, through: 'up'}]->(b)",
        {"run": report.run},
    )
    first = query("circuit").run(kb.db, neuron="base/L0/N1", top=5).dicts()
    strengths = {(f.through, f.neuron): 2 / 0.5 * abs(f.weight) / f.control for f in down if f.control is not None}
    assert len(first) == 5
    best = max(strengths, key=lambda key: strengths[key])
    assert (first[0]["then_through"], first[0]["second"]) == best
    assert first[0]["strength"] == pytest.approx(strengths[best])


def test_explanations_that_mean_the_same(kb: KnowledgeBase, folders: dict[str, Path]) -> None:
    kb.feeds.ingest(folders["base"], settings=SETTINGS)
    with pytest.raises(QueryError, match=r"no explanation with an embedding; run: neuronkb explanations ingest base"):
        kb.similar.show("base/L0/N0", by="explanation")
    for index, vector in enumerate(([1.0, 0.0, 0.2], [0.9, 0.1, 0.2], [0.0, 1.0, 0.0])):
        kb.db.write(
            "MATCH (n:Neuron {id: $neuron}) CREATE (n)-[:EXPLAINED_BY {run: 'r', pole: 1}]->"
            "(:Explanation {id: $id, kind: 'text', text: 'x', embedder: 'm', embedding: $vector})",
            {"neuron": f"base/L0/N{index}", "id": f"e{index}", "vector": vector},
        )
    found = kb.similar.show("base/L0/N0", by="explanation", top=5).neighbours
    assert [each.neuron for each in found] == ["base/L0/N1", "base/L0/N2"]
    assert found[0].score == pytest.approx(0.94 / (1.04 * 0.86) ** 0.5)
    assert found[1].score == pytest.approx(0)


def test_graphs_that_share_words(kb: KnowledgeBase, folders: dict[str, Path]) -> None:
    kb.feeds.ingest(folders["base"], settings=SETTINGS)
    with pytest.raises(QueryError, match=r"no N2G graph with words; run: neuronkb n2g ingest base"):
        kb.similar.show("base/L0/N0", by="graph")
    for index, kind, word in ((0, "ACTIVATES_ON", "june"), (0, "HAS_CONTEXT", "in"), (1, "ACTIVATES_ON", "june")):
        kb.db.write(
            "MATCH (n:Neuron {id: $neuron}) MERGE (t:Term {id: $word}) "
            f"CREATE (n)-[:{kind} {{run: 'r', pole: 1}}]->(t)",
            {"neuron": f"base/L0/N{index}", "word": word},
        )
    found = kb.similar.show("base/L0/N0", by="graph").neighbours
    assert [(each.neuron, each.score) for each in found] == [("base/L0/N1", 1.0)]
