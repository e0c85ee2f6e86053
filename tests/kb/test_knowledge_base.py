"""A base and its fine-tune, from weights to answers, on each store: the planted neurons are found."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.queries import Entity
from neuronkb.schema import SCHEMA_VERSION, IdError, LinkError, QueryError, RunError
from neuronkb.tests import planted
from neuronkb.tests.drawn import check_doors

from tests.filled import Filling

MONTHS = "base/L1/N3"
WEEKDAYS = "base/L0/N5"


@pytest.fixture
def kb(filling: Filling, planted_models: tuple[Path, Path]) -> KnowledgeBase:
    """Both planted models decoded and linked."""

    def linked(kb: KnowledgeBase) -> None:
        for folder in planted_models:
            kb.lm_head.ingest(folder)
        kb.links.make("base", "tuned")

    return filling.of(linked)


def test_words_find_the_planted_neurons(kb: KnowledgeBase) -> None:
    (end,) = kb.words.several(planted.MONTHS, least=8).ends[:1]
    assert (end.neuron, end.projection, end.pole, end.score) == (MONTHS, "down", 1, 10)
    assert {token.strip() for token in end.tokens} == set(planted.MONTHS)
    # 10 of 10 by luck, for 288 ends: 288 / C(167, 10).
    assert end.by_chance == pytest.approx(288 / 1.8e15, rel=0.1)
    weekdays = {
        (end.neuron, end.projection, end.pole) for end in kb.words.several(planted.WEEKDAYS, least=7, top=99).ends
    }
    assert {(WEEKDAYS, "gate", 1), ("tuned/L0/N5", "gate", 1), ("tuned/L1/N3", "down", 1)} <= weekdays
    assert (MONTHS, "down", 1) not in weekdays


def test_concepts_name_them(kb: KnowledgeBase) -> None:
    months, weekdays = kb.words.concepts(["months", "weekdays"], model="base").concepts
    assert [end.neuron for end in months.ends] == [MONTHS]
    assert weekdays.ends[0].score == 7
    with pytest.raises(QueryError, match="unknown concept 'moods'; known: months"):
        kb.words.concepts(["moods"])


def test_find_takes_any_spelling_or_the_exact_one(kb: KnowledgeBase) -> None:
    found = kb.words.token("August", model="base", top=3)
    assert found.dicts()[0]["neuron"] == MONTHS
    zs = [row["z"] for row in found.dicts()]
    assert zs == sorted(zs, reverse=True)
    assert kb.words.token(" august", exact=True, model="base", top=3).rows == found.rows
    assert len(kb.words.token("august", exact=True)) == 0
    with pytest.raises(QueryError, match="spells no word"):
        kb.words.token("  ")


def test_coherent_sides_are_the_planted_ones_strongest_first(kb: KnowledgeBase) -> None:
    ends = kb.words.coherent(least=0.9, model="base", top=99).ends
    assert (MONTHS, "down", 1) in [(end.neuron, end.projection, end.pole) for end in ends]
    assert [end.score for end in ends] == sorted((end.score for end in ends), reverse=True)
    assert ends[-1].score >= 0.9


def test_several_words_are_three_or_as_many_as_are_given(kb: KnowledgeBase) -> None:
    assert kb.words.several(planted.MONTHS[:2]).ends[0].score == 2
    assert {end.score for end in kb.words.several(planted.MONTHS[:4], top=99).ends} <= {3, 4}


def test_nothing_found_says_what_finds_more(kb: KnowledgeBase) -> None:
    (words,) = kb.words.several(planted.MONTHS, least=11).warnings
    assert words.startswith("nothing found: no end has so many of these words among its top tokens; a lower least")
    (close,) = kb.words.coherent(least=2.0).warnings
    assert close.startswith("nothing found: no end has top tokens so close together; a lower least")
    (token,) = kb.words.token("no such word").warnings
    assert token == (
        "nothing found: no end has 'no such word' among its top tokens; neuronkb search 'no such word' looks by meaning"
    )


def test_what_words_find_is_shown(kb: KnowledgeBase) -> None:
    several = kb.words.several(planted.MONTHS, least=8, model="base")
    for record in (
        several,
        kb.words.coherent(least=0.9),
        kb.words.coherent(least=2.0),
        kb.words.concepts(),
        kb.words.token("August"),
        kb.words.token("no such word"),
    ):
        check_doors(record)
    (section,) = several.sections()
    assert section.caption == "neurons of base"
    assert section.columns == ("neuron", "row", "words", "chance", "top tokens")
    assert section.rows[0][:4] == ("L1/N3", "down +", 10, several.ends[0].by_chance)


def test_a_card_shows_tokens_and_counterpart(kb: KnowledgeBase) -> None:
    card = kb.card(MONTHS)
    assert (card.model, card.layer, card.index, card.layers, card.width) == ("base", 1, 3, 2, 24)
    assert [(s.projection, s.pole) for s in card.ends] == [(p, q) for p in ("gate", "up", "down") for q in (1, -1)]
    down = card.ends[4]
    assert len(down.tokens) == 10
    assert down.coherence is not None
    assert down.coherence > 0.9
    (other,) = card.counterparts
    assert (other.relation, other.neuron) == ("fine-tune", "tuned/L1/N3")
    assert other.measures["same_top_down_pos"] is False
    assert kb.card("tuned/1-mlp/3").counterparts[0].relation == "base"


def test_absent_neurons_are_named(kb: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match="layers 0-1 and neurons 0-23"):
        kb.card("base/L2/N0")
    with pytest.raises(QueryError, match="no model 'gpt2' in the store; known: base, tuned"):
        kb.card("gpt2/L0/N0")
    with pytest.raises(IdError):
        kb.card("N3")


def test_diff_by_layer_and_most_changed(kb: KnowledgeBase) -> None:
    found = kb.links.diff("base", "tuned", top=3)
    by = {(row.layer, row.projection): row for row in found.layers}
    assert set(by) == {(layer, p) for layer in (0, 1) for p in ("gate", "up", "down")}
    assert by[0, "down"].changed == 0
    assert by[0, "down"].same_top == by[0, "down"].null == by[0, "down"].jaccard == 1
    assert by[1, "down"].changed == planted.WIDTH
    assert by[1, "down"].same_top < 1
    assert by[1, "gate"].same_top == by[1, "gate"].same_top_rows
    first = found.changes[0]
    assert (first.base, first.tuned, first.projection, first.pole) == (MONTHS, "tuned/L1/N3", "down", 1)
    assert {token.strip() for token in first.lost} == set(planted.MONTHS)
    assert {f" {word}" for word in planted.WEEKDAYS} <= set(first.gained)


def test_an_empty_answer_names_labels_that_are_none(kb: KnowledgeBase) -> None:
    found = kb.cypher("MATCH (n:Neurn)-[:DECODE_TO]->(t:Token) RETURN n, t")
    assert [warning.split("; ")[0] for warning in found.warnings] == [
        "the schema has no label 'Neurn'",
        "the schema has no relationship type 'DECODE_TO'",
    ]
    assert kb.cypher("MATCH (n:Neurn) RETURN count(n)").warnings != ()
    assert kb.cypher("MATCH (n:Neuron) RETURN count(n)").warnings == ()
    kb.db.write("CREATE (:Mine {id: 'x'})")
    assert kb.cypher("MATCH (n:Mine) RETURN n.id").warnings == ()


def test_links_need_two_decoded_models(kb: KnowledgeBase) -> None:
    with pytest.raises(LinkError, match="'gpt2' is not decoded; run neuronkb lm-head ingest gpt2"):
        kb.links.make("base", "gpt2")
    with pytest.raises(LinkError, match="cannot be linked to itself"):
        kb.links.make("base", "base")
    with pytest.raises(LinkError, match=r"not linked.*neuronkb links make tuned base"):
        kb.links.diff("tuned", "base")


def test_a_link_over_a_text_says_how_activations_moved(kb: KnowledgeBase, tmp_path: Path) -> None:
    words = [*planted.MONTHS, *planted.WEEKDAYS, *planted.FILLER]
    lines = (json.dumps({"text": " ".join(words[start:] + words[:start])}) for start in range(0, 160, 8))
    (tmp_path / "texts.jsonl").write_text("\n".join(lines))
    plain = kb.runs.list(job="link").dicts()[0]["run"]
    assert kb.links.diff("base", "tuned").drift == ()
    kb.links.make("base", "tuned", corpus=[tmp_path / "texts.jsonl"], positions=500)
    (run,) = kb.runs.list(job="link").dicts()
    assert run["run"] != plain
    assert json.loads(run["parameters"])["positions"] == 500
    first, second = kb.links.diff("base", "tuned").drift
    assert first.r > 0.999  # the first layer is as it was
    assert second.r < first.r
    assert abs(second.null_r or 0.0) < 0.5
    with pytest.raises(RunError, match="positions"):
        kb.links.make("base", "tuned", corpus=[tmp_path / "texts.jsonl"], positions=400)


@pytest.mark.long
def test_layers_linked_in_two_steps_are_as_those_of_one(planted_models: tuple[Path, Path], tmp_path: Path) -> None:
    asked = "MATCH (a:Neuron)-[c:COUNTERPART]->(b:Neuron) RETURN a.id, b.id, properties(c) AS all ORDER BY a.id"
    found = []
    at_once: list[list[int] | None] = [None]
    for number, steps in enumerate((at_once, [[1], None])):
        with LocalStore.open(tmp_path / str(number)) as empty:
            empty.setup()
            kb = KnowledgeBase(empty, str(tmp_path / str(number)))
            for layers in steps:
                for folder in planted_models:
                    kb.lm_head.ingest(folder, layers=layers)
                kb.links.make("base", "tuned", layers=layers)
            found.append(kb.cypher(asked).rows)
            with pytest.raises(LinkError, match="no layer 7: the models have layers 0 to 1"):
                kb.links.make("base", "tuned", layers=[7])
        stop(tmp_path / str(number))
    assert len(found[0]) == 48
    assert found[0] == found[1]


def test_untouched_layers_are_taken_over(kb: KnowledgeBase) -> None:
    summaries = {row["model"]: json.loads(row["summary"]) for row in kb.runs.list(job="lm-head").dicts()}
    assert summaries["base"]["reused_layers"] == []
    assert summaries["tuned"]["reused_layers"] == [0]
    kept = kb.cypher("MATCH (:Neuron {id: 'base/L0/N7'})-[d:DECODES_TO]->(t:Token) RETURN t.id, d.z ORDER BY d.z")
    same = kb.cypher("MATCH (:Neuron {id: 'tuned/L0/N7'})-[d:DECODES_TO]->(t:Token) RETURN t.id, d.z ORDER BY d.z")
    assert kept.rows == same.rows


def test_linking_from_the_store_alone_gives_the_same(kb: KnowledgeBase, tmp_path: Path) -> None:
    read = "MATCH (:Neuron)-[c:COUNTERPART]->(b:Neuron) RETURN b.id AS id, properties(c) AS c ORDER BY id"
    before = kb.cypher(read).rows
    elsewhere = KnowledgeBase(kb.db, str(tmp_path / "elsewhere"))
    elsewhere.links.make("base", "tuned")
    run = kb.runs.list(job="link").dicts()[0]["run"]
    from neuronkb.ingest.bundle import Bundle

    rows = [
        r
        for t in Bundle.open(tmp_path / "elsewhere" / "bundles" / run).tables("Neuron.COUNTERPART.Neuron")
        for r in t.to_pylist()
    ]
    assert sorted((r["end"], r["jaccard_down_pos"]) for r in rows) == sorted(
        (i, c["jaccard_down_pos"]) for i, c in before
    )


def test_answers_as_arrow_pandas_and_networkx(kb: KnowledgeBase) -> None:
    found = kb.cypher("MATCH (n:Neuron {id: $id})-[d:DECODES_TO {rank: 1}]->(t:Token) RETURN n, d, t", id=MONTHS)
    assert isinstance(found.rows[0][0], Entity)
    graph = found.to_networkx()
    assert isinstance(graph, nx.MultiDiGraph)
    assert graph.nodes[MONTHS]["labels"] == ["Neuron"]
    assert graph.number_of_edges() == 6
    assert {data["type"] for _, _, data in graph.edges(data=True)} == {"DECODES_TO"}
    plain = kb.cypher("MATCH (n:Neuron {model: 'base'}) RETURN n.id AS id, n.layer AS layer ORDER BY n.layer, n.index")
    assert plain.to_arrow().to_pydict() == plain.to_pandas().to_dict("list")
    assert plain.to_arrow().num_rows == planted.LAYERS * planted.WIDTH
    mixed = kb.cypher("UNWIND [1, 'two', null] AS x RETURN x")
    assert mixed.to_arrow()["x"].to_pylist() == ["1", '"two"', None]


def test_models_and_status(kb: KnowledgeBase) -> None:
    rows = {row["model"]: row for row in kb.models.list().dicts()}
    assert rows["tuned"]["bases"] == ["base"]
    assert rows["base"]["d_mlp"] == planted.WIDTH
    status = kb.store.status()
    assert status.nodes["Neuron"] == 2 * planted.LAYERS * planted.WIDTH
    assert status.relationships["COUNTERPART"] == planted.LAYERS * planted.WIDTH
    assert status.schema_version == SCHEMA_VERSION
