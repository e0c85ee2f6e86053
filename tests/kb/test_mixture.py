"""A mixture of experts in a store: its planted neurons are found, named, shown and taken away as any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.queries import query
from neuronkb.schema import IdError, ModelError, NotFoundError, QueryError
from neuronkb.tests import mixed
from neuronkb.tests.planted import MONTHS as WORDS

from tests.filled import Filling

LAYER, EXPERT, INDEX = mixed.MONTHS_NEURON
MONTHS = f"base/L{LAYER}/E{EXPERT}/N{INDEX}"
READERS = [f"base/L{layer}/E{e}/N{i}" for layer, e, i in (mixed.FIRING_NEURON, mixed.DEAF_NEURON)]
NEURONS = {MONTHS, *READERS}
PLANTED = {(MONTHS, "down", 1), *((name, part, 1) for name in READERS for part in ("gate", "up"))}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    where = tmp_path_factory.mktemp("mixed")
    base = mixed.base(where / "base")
    return base, mixed.tuned(base, where / "tuned")


@pytest.fixture
def kb(filling: Filling, folders: tuple[Path, Path]) -> KnowledgeBase:
    def decoded(kb: KnowledgeBase) -> None:
        for folder in folders:
            kb.lm_head.ingest(folder)

    return filling.of(decoded)


def test_words_find_the_planted_neuron(kb: KnowledgeBase) -> None:
    ends = kb.words.several(WORDS, least=10, model="base").ends
    assert {(end.neuron, end.projection, end.pole) for end in ends} == PLANTED
    (concept,) = kb.words.concepts("months", model="base").concepts
    assert concept.ends
    assert {end.neuron for end in concept.ends} <= NEURONS
    assert {row["neuron"] for row in kb.words.token("june", model="base", top=50).dicts()} >= NEURONS
    assert {hit.neuron for hit in kb.find(words=["june", "july", "april"], model="base").hits[:3]} == NEURONS
    assert kb.find(words=["june", "july", "april"], layers=[1], model="base").hits[0].neuron == MONTHS


def test_its_card_says_which_expert_it_is_of(kb: KnowledgeBase) -> None:
    card = kb.card(MONTHS)
    assert (card.layer, card.expert, card.index, card.width) == (LAYER, EXPERT, INDEX, mixed.WIDTH)
    assert card.place == f"layer 1 of 2, expert {EXPERT}, neuron {INDEX} of {mixed.WIDTH}"
    assert {end.projection for end in card.ends} == {"gate", "up", "down"}
    with pytest.raises(NotFoundError, match="mixture of experts, its neurons are such as L3/E5/N17"):
        kb.card(f"base/L{LAYER}/N{INDEX}")
    with pytest.raises(IdError, match="MODEL/L3/E5/N17"):
        kb.card("base/L1/Ex/N3")


def test_what_each_expert_is_sent(kb: KnowledgeBase) -> None:
    rows = kb.queries.run("experts", model="base", layer=0).dicts()
    (months,) = [r for r in rows if r["expert"] == f"base/L0/E{mixed.MONTHS_EXPERT}" and r["pole"] == 1]
    assert {token.strip() for token in months["tokens"]} <= set(WORDS)
    assert [row["expert"] for row in rows[::2]] == [f"base/L0/E{e}" for e in range(mixed.EXPERTS)]


def test_neurons_of_a_layer_stand_by_expert_and_number(kb: KnowledgeBase) -> None:
    rows = query("neurons_of_layer").run(kb.db, model="base", layer=1).dicts()
    expected = [f"base/L1/E{e}/N{i}" for e in range(mixed.EXPERTS) for i in range(mixed.WIDTH)]
    assert [row["neuron"] for row in rows] == expected


def test_its_models_say_how_many_experts(kb: KnowledgeBase) -> None:
    rows = {row["model"]: row for row in kb.models.list().dicts()}
    assert (rows["base"]["d_mlp"], rows["base"]["experts"]) == (None, mixed.EXPERTS)


def test_methods_that_do_not_read_experts_say_so(kb: KnowledgeBase, folders: tuple[Path, Path]) -> None:
    for ask in (lambda: kb.probes.ingest(folders[0]), lambda: kb.similar.match(*folders)):
        with pytest.raises(ModelError, match="is a mixture of experts"):
            ask()
    with pytest.raises(QueryError, match="mixture of experts"):
        kb.words.agree("base")


def test_a_clamp_says_how_many_tokens_reach_the_neuron(kb: KnowledgeBase) -> None:
    text = "june friday filler3 july"
    firing, deaf = (kb.clamp.run("base", [name], prompt=text, value=5.0, tokens=1) for name in READERS)
    assert (firing.neurons[0].own.routed, deaf.neurons[0].own.routed) == (2, 0)
    assert [value > 0 for value in firing.neurons[0].own.values] == [True, False, False, True]
    assert firing.result.kl > 0
    assert deaf.result.kl == 0


@pytest.fixture
def worked(filling: Filling, folders: tuple[Path, Path]) -> KnowledgeBase:
    """The same with what other jobs make of it."""

    def worked(kb: KnowledgeBase) -> None:
        for folder in folders:
            kb.lm_head.ingest(folder)
        kb.lm_head.ingest(folders[0], name="org/other")
        kb.findings.add("months", about=[MONTHS])
        kb.links.make("base", "tuned", experts=[EXPERT])
        kb.feeds.ingest("base", settings={"k": 2})
        texts = [f"{one} friday filler3 {two}" for one in WORDS[:5] for two in WORDS[:8]]
        file = folders[0].parent / "texts.jsonl"
        file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        kb.activations.ingest("base", file, layers=[0], settings={"least": 1})

    return filling.of(worked)


def test_a_finding_is_about_it_by_its_place(worked: KnowledgeBase) -> None:
    assert worked.findings.list(model="base").findings[0].about == (MONTHS,)
    assert worked.card(MONTHS).findings[0]["text"] == "months"


def test_a_fine_tune_is_linked_expert_by_expert(worked: KnowledgeBase) -> None:
    (other,) = worked.card(MONTHS).counterparts
    assert (other.relation, other.neuron) == ("fine-tune", MONTHS.replace("base", "tuned"))
    assert other.measures["cos_down"] < 0.9 < other.measures["cos_up"]
    assert worked.card("base/L1/E0/N0").counterparts == ()
    assert worked.links.diff("base", "tuned", top=1).changes[0].base == MONTHS


def test_feeds_go_from_expert_to_expert(worked: KnowledgeBase) -> None:
    feeds = worked.feeds.show(READERS[0], top=2).feeds
    assert {feed.way for feed in feeds} == {"down"}
    assert all(feed.neuron.startswith("base/L1/E") for feed in feeds)


def test_a_corpus_pass_counts_what_reaches_the_expert(worked: KnowledgeBase) -> None:
    firing, deaf = (worked.card(name) for name in READERS)
    assert {(one.n, one.routed) for one in firing.activity} == {(160, 80)}
    side = next(one for one in firing.activity if one.pole == 1)
    assert {token.strip() for token, *_ in side.tokens} == set(WORDS[:8])
    assert side.nonzero == 1
    assert not {token.strip() for one in deaf.activity for token, *_ in one.tokens} & set(WORDS)
    found = {section.caption for section in firing.sections()}
    assert any("the 80 of 160 tokens that reach it" in caption for caption in found)


def test_the_same_weights_under_another_name_have_experts_of_their_own(worked: KnowledgeBase) -> None:
    one, two = (worked.queries.run("experts", model=name).dicts() for name in ("base", "org/other"))
    assert [row["expert"].replace("base/", "org/other/", 1) for row in one] == [row["expert"] for row in two]
    assert [row["tokens"] for row in one] == [row["tokens"] for row in two]
    assert worked.card(MONTHS.replace("base", "org/other")).expert == EXPERT


def test_a_run_is_taken_away_whole(worked: KnowledgeBase) -> None:
    (run,) = [row["run"] for row in worked.runs.list().dicts() if (row["job"], row["model"]) == ("lm-head", "base")]
    worked.runs.remove(run)
    assert worked.cypher("MATCH (n:Neuron {model: 'base'})-[d:DECODES_TO]->() RETURN count(d)").rows == [(0,)]
    assert worked.cypher("MATCH (x:Expert {model: 'base'})-[d:ROUTES_ON]->() RETURN count(d)").rows == [(0,)]
    assert worked.cypher("MATCH (n:Neuron {model: 'tuned'})-[d:DECODES_TO]->() RETURN count(d) > 0").rows == [(True,)]
