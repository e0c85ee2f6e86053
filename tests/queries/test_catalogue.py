"""Every query's example on hand-made evidence of all methods: what it gives, and that both stores give the same."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.local import LocalStore
from neuronkb.kb.stores.neo4j import Neo4jStore
from neuronkb.queries import Result, catalogue, public, query
from neuronkb.queries.catalogue.check import RESERVED
from neuronkb.queries.catalogue.evidence import MAKERS
from neuronkb.schema import NODES, RELATIONSHIPS, IdError, QueryError

from tests import everything
from tests.conftest import empty, held
from tests.everything import BASE, DEAD, EARLY, MONTHS, OTHER, TUNED, TUNED_MONTHS
from tests.neo4j_server import Server

INDEXED = {"explanations_near"}
"""Asked where a vector index is made: tests/kb/nouns/test_search.py."""
RELEVANCE = {"explanations_with_words": "score"}
"""Columns that only order the rows of one store: the relevance of its full-text index."""
LINED = "MATCH (n:Neuron {id: $neuron}) SET n.line = 'names months', n.line_source = 'decoded', n.line_score = 0.5"
UNORDERED = {"named_words": "words"}
"""Columns whose lists come in any order."""


@pytest.fixture(scope="module")
def local(local_folder: Path) -> Iterator[Store]:
    """The local store with all of it."""
    with LocalStore.open(local_folder) as store:
        held(store, everything.load)
        store.write(LINED, {"neuron": MONTHS})
        yield store


@pytest.fixture(scope="module")
def neo4j(neo4j_server: Server) -> Iterator[Store]:
    """Neo4j with all of it."""
    empty(neo4j_server)
    with Neo4jStore.open(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as store:
        store.setup()
        everything.load(store)
        store.write(LINED, {"neuron": MONTHS})
        yield store


@pytest.fixture
def kb(local: Store) -> KnowledgeBase:
    return KnowledgeBase(local, "unused")


@pytest.mark.parametrize("name", sorted(set(catalogue()) - INDEXED))
def test_the_example_finds_something_under_the_columns_named(local: Store, name: str) -> None:
    """Where this fails for a new query, tests/everything.py has no row yet that its example finds."""
    asked = query(name)
    found = local.read(asked.cypher, asked.values(asked.header.example), limit=None)
    assert found.rows
    assert found.columns == asked.header.columns


@pytest.mark.neo4j
@pytest.mark.parametrize("name", sorted(set(catalogue()) - INDEXED))
def test_both_stores_answer_alike(local: Store, neo4j: Store, name: str) -> None:
    asked = query(name)
    one, two = (asked.run(store, **asked.header.example) for store in (local, neo4j))
    assert one.columns == two.columns
    rows = (ordered(asked.body, alike(name, answer)) for answer in (one, two))
    assert equal(*rows), f"{one.rows} is not {two.rows}"


def equal(one: Any, two: Any) -> bool:
    """Numbers to eight digits, for the servers add in their own order; the rest as it stands."""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(equal(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(equal, one, two))
    if isinstance(one, float) and isinstance(two, float):
        return math.isclose(one, two, rel_tol=1e-8, abs_tol=1e-12) or (math.isnan(one) and math.isnan(two))
    return bool(one == two)


def alike(name: str, found: Result) -> list[dict[str, Any]]:
    """What both stores must agree in: all but a full-text index's relevance, which each server weighs in its way."""
    own, free = RELEVANCE.get(name), UNORDERED.get(name)
    return [
        {column: sorted(value) if column == free else value for column, value in row.items() if column != own}
        for row in found.dicts()
    ]


def ordered(body: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As they come where the query sorts them, else by their text. A union sorts only its parts."""
    last = body[body.rindex("RETURN") :]
    return rows if "ORDER BY" in last and "UNION ALL" not in body else sorted(rows, key=repr)


def test_there_are_many_and_each_needs_what_somebody_makes() -> None:
    assert len(public()) >= 25
    types = {rel.type for rel in RELATIONSHIPS.values()}
    for found in catalogue().values():
        for need in found.header.needs:
            for name in need.names:
                assert name in MAKERS[need.maker].makes, f"{found.name}: {name} from {need.maker}"
                assert name in types or name.split()[0] in NODES


def test_no_parameter_hides_an_option_of_the_command() -> None:
    assert not [f"{q.name} {p.name}" for q in catalogue().values() for p in q.parameters if p.name in RESERVED]


def rows(kb: KnowledgeBase, name: str, **params: Any) -> list[tuple[Any, ...]]:
    return kb.queries.run(name, **params).rows


def test_by_explanation_word_feature_and_piece(kb: KnowledgeBase) -> None:
    said = kb.queries.run("find_explanation", text="months")
    assert [(row.neuron, row.explanation, row.score) for row in said] == [(MONTHS, "the months June and July", 0.7)]
    assert [row.kind for row in kb.queries.run("find_explanation", text="july", kind="token_table")] == ["token_table"]
    assert [row[:3] for row in rows(kb, "find_fires", word="June")] == [(MONTHS, 1, " June"), (OTHER, 1, "june")]
    assert [row[0] for row in rows(kb, "find_named", feature="month", model=BASE)] == [MONTHS, OTHER]
    assert [row[:4] for row in rows(kb, "find_part", part="ju", projection="down", model=BASE)] == [
        (MONTHS, "down", 1, 2)
    ]


def test_patterns_follow_the_graph(kb: KnowledgeBase) -> None:
    (found,) = kb.queries.run("find_pattern", word="june", before="early")
    assert (found.neuron, found.token, found.before, found.distance) == (MONTHS, " June", " early", 1)
    assert not rows(kb, "find_pattern", word="july", before="early")


def test_agreement_counts_one_corpus_once_and_no_computed_explanation(kb: KnowledgeBase) -> None:
    by = {
        row.neuron: dict(zip(row.words, row.methods, strict=True))
        for row in kb.queries.run("agreeing_words", model=BASE, layer=9)
    }
    assert by[MONTHS]["june"] == ["corpus", "explanations", "lm-head", "probes"]
    assert by[MONTHS]["july"] == ["corpus", "explanations", "lm-head"]
    assert "early" not in by[MONTHS]
    assert DEAD not in by


def test_neurons_that_tell_two_roles_apart(kb: KnowledgeBase) -> None:
    told = kb.queries.run("role_neurons", model=BASE, role="assistant", least=40)
    assert [row.neuron for row in told] == [MONTHS, OTHER, DEAD]
    assert [row.difference for row in told] == pytest.approx([0.5, -0.25, 0.0])
    assert [row.other_n for row in told] == [60, 60, 60]
    assert not kb.queries.run("role_neurons", model=BASE, role="assistant", least=41)
    assert not kb.queries.run("role_neurons", model=BASE, role="system", least=1)


def test_contradictions_dead_and_hubs(kb: KnowledgeBase) -> None:
    found = [(row.neuron, row.kind, row.projection, row.pole) for row in kb.queries.run("contradictions", model=BASE)]
    assert found == [(OTHER, "opposite side", "up", -1), (OTHER, "clamp", "up", -1)]
    assert [row.neuron for row in kb.queries.run("dead_neurons", model=BASE)] == [DEAD]
    assert [row.neuron for row in kb.queries.run("dense_neurons", model=BASE, least=0.5)] == [OTHER]
    # June: two sides of N188 and one of N189.
    first = kb.queries.run("hub_words", model=BASE)[0]
    assert (first.word, first.neurons, first.sides) == ("june", 2, 3)
    assert rows(kb, "many_words", model=BASE, least=2)[0][:4] == (MONTHS, 1, 2, ["june", "july"])


@pytest.mark.parametrize("top", [0, 1, 2, 3, 20])
@pytest.mark.parametrize("only", [{}, {"projection": "up"}, {"run": "lm-head-1"}, {"model": TUNED}])
def test_hub_words_are_those_of_all_decoded_words(kb: KnowledgeBase, only: dict[str, str], top: int) -> None:
    """The query looks at few words only; the plain form at all."""
    asked = {"model": BASE, "run": None, "projection": None} | only
    every = kb.cypher(
        "MATCH (n:Neuron {model: $model})-[d:DECODES_TO]->(:Token)-[:SPELLS]->(w:Term) "
        "WHERE ($run IS NULL OR d.run = $run) AND ($projection IS NULL OR d.projection = $projection) "
        "RETURN w.id AS word, count(DISTINCT n) AS neurons, count(d) AS sides "
        "ORDER BY neurons DESC, sides DESC, word",
        asked,
    )
    assert [row[:3] for row in rows(kb, "hub_words", top=top, **asked)] == every.rows[:top]


def test_what_a_fine_tune_lost_kept_and_gained(kb: KnowledgeBase) -> None:
    assert rows(kb, "counterpart_tokens", neuron=MONTHS) == [
        (TUNED_MONTHS, "down", 1, [" July", " May"], [" June"], [" dog"])
    ]
    assert rows(kb, "shared_features", model=BASE, other=TUNED) == [
        ("texts/is_month", MONTHS, 0.9, f"{TUNED}/L9/N189", 0.7, 0.3)
    ]


def test_provenance_goes_back_step_by_step(kb: KnowledgeBase) -> None:
    steps = [(row.steps, row.run) for row in kb.queries.run("provenance", run="clamp-1")]
    assert steps == [(0, "clamp-1"), (1, "activations-1"), (1, "lm-head-1")]
    assert [row.run for row in kb.queries.run("provenance", run="lm-head-1")] == ["lm-head-1"]


def test_coverage_and_what_is_missing(kb: KnowledgeBase) -> None:
    nine = next(row for row in kb.queries.run("coverage", model=BASE) if row.layer == 9)
    counted = (nine.neurons, nine.decoded, nine.active, nine.graphed, nine.probed, nine.explained, nine.clamped)
    assert counted == (3, 2, 2, 1, 2, 2, 2)
    missing = {row.neuron: row.missing for row in kb.queries.run("missing_evidence", model=BASE, layer=9)}
    assert missing == {
        DEAD: ["decoded tokens", "activations", "N2G graph", "probes", "explanation", "clamp"],
        OTHER: ["N2G graph"],
    }


def test_clear_rows_and_graphs_without_a_word_in_common(kb: KnowledgeBase) -> None:
    (found,) = kb.queries.run("unshared_words", model=BASE, f1=0.6)
    assert (found.neuron, found.decoded, found.fires_on) == (EARLY, ["early", "may"], ["dog"])


def test_findings_and_their_fate(kb: KnowledgeBase) -> None:
    fates = [(row.finding, row.neuron, row.verdict, row.carried_to) for row in kb.queries.run("finding_fates")]
    assert fates == [("f0", MONTHS, "weakened", TUNED_MONTHS), ("f1", OTHER, None, None)]
    assert [row.verdict for row in kb.queries.run("neuron_findings", neuron=TUNED_MONTHS)] == ["weakened"]


def test_a_card_in_one_row(kb: KnowledgeBase) -> None:
    (card,) = kb.queries.run("neuron_card", neuron=f"{BASE}/9-mlp/188")
    assert [token["token"] for token in card.decodes] == [" June", " July", " May", " June", " dog"]
    assert card.findings == ["fires on months"]
    assert (len(card.fires_on), len(card.graphs), len(card.detects), len(card.explanations)) == (2, 1, 2, 2)
    assert (len(card.clamps), card.counterparts, len(card.feeders)) == (1, [TUNED_MONTHS], 2)
    (bare,) = kb.queries.run("neuron_card", neuron=DEAD)
    assert (bare.decodes, bare.graphs, bare.findings) == ([], [], [])


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("find_trem", {}, "unknown query 'find_trem'; did you mean find_term"),
        ("find_term", {"trem": "june"}, "no parameter 'trem'; did you mean term"),
        ("find_term", {}, "'find_term' needs term: the word"),
        ("find_term", {"term": "june", "top": "x"}, "top is 'x', expected a whole number"),
        ("find_term", {"term": "june", "top": True}, "top is True, expected a whole number"),
        ("find_words", {"words": "june"}, "words is 'june', expected a list of words"),
        ("find_part", {"part": "ju", "projection": "gates"}, "projection is 'gates', expected one of gate, up, down"),
        (
            "find_term",
            {"term": "june", "model": "gemma-3-270"},
            "no model 'gemma-3-270' in the store; did you mean gemma",
        ),
        ("neuron_tokens", {"neuron": f"{BASE}/L1/N1"}, "no neuron 'gemma-3-270m/L1/N1' in the store"),
        ("graph_layers", {"model": TUNED}, f"needs HAS_GRAPH of '{TUNED}', which nobody made yet; neuronkb n2g ingest"),
    ],
)
def test_mistakes_are_answered_in_a_line(kb: KnowledgeBase, name: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=re.escape(message)):
        kb.queries.run(name, **params)


def test_a_neuron_that_is_none_and_a_word_nobody_names(kb: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match="is not a neuron id") as caught:
        kb.queries.run("neuron_tokens", neuron="N3")
    assert not isinstance(caught.value, IdError)
    empty_result = kb.queries.run("find_term", term="zebra")
    assert (empty_result.rows, empty_result.columns) == ([], query("find_term").header.columns)
