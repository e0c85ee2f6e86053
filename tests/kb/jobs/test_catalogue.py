"""People's own queries asked of both stores: run with parameters, checked, and never a write."""

from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.place import Place
from neuronkb.queries.answers.catalogued import CheckedQuery
from neuronkb.queries.catalogue.own_page import EXAMPLE
from neuronkb.schema import QueryError, ReadOnlyError
from neuronkb.tests import everything
from neuronkb.tests.everything import BASE, MONTHS

from tests.filled import Filling

WRONG = {
    "writes": ("MATCH (n:Neuron) SET n.mine = 1 RETURN n AS x", "a read may not"),
    "makes": ("CREATE (n:Zebra) RETURN n AS x", "a read may not"),
    "misspelt": ("MATCH (n:Neuron) RETRUN n AS x", "RETRUN"),
    "unbound": ("MATCH (n:Neuron) RETURN m AS x", "m"),
    "other_columns": ("RETURN 1 AS y", "gives y, and its head comment says columns: x"),
}


@pytest.fixture
def kb(filling: Filling, tmp_path: Path) -> KnowledgeBase:
    kb = KnowledgeBase(filling.holding(everything.load), str(tmp_path))
    kb.place.queries.mkdir()
    return kb


def put(kb: KnowledgeBase, name: str, text: str) -> None:
    (kb.place.queries / f"{name}.cypher").write_text(text)


def plain(body: str) -> str:
    return f"// What.\n// columns: x\n// needs: nothing\n// example: {{}}\n{body}\n"


def test_the_page_shows_a_query_that_runs(kb: KnowledgeBase) -> None:
    put(kb, "loud_neurons", EXAMPLE)
    found = kb.queries.run("loud_neurons", model=BASE, least=7)
    assert found.rows == [(MONTHS, "activations-1", 8.0)]
    assert len(kb.queries.run("loud_neurons", model=BASE, top=2)) == 2
    with pytest.raises(QueryError, match="pole is 2, expected one of 1, -1"):
        kb.queries.run("loud_neurons", model=BASE, pole=2)
    with pytest.raises(QueryError, match="no model 'gemma-3-270' in the store; did you mean"):
        kb.queries.run("loud_neurons", model="gemma-3-270")
    checked = kb.queries.check()
    assert checked.queries == (CheckedQuery("loud_neurons", None, ()),)
    assert checked.problems == ()
    assert checked.ok


def test_a_check_says_what_the_store_does_not_take(kb: KnowledgeBase) -> None:
    before = kb.store.status().nodes
    for name, (body, _) in WRONG.items():
        put(kb, name, plain(body))
    put(kb, "headless", "RETURN 1 AS x")
    put(kb, "strange", plain("MATCH (z:Zebra) RETURN z.id AS x"))
    checked = kb.queries.check()
    assert not checked.ok
    (problem,) = checked.problems
    said = {query.name: query.problem for query in checked.queries}
    assert set(said) == {*WRONG, "strange"}
    assert {query.name: query.notes for query in checked.queries}["strange"][0].startswith(
        "the schema has no label 'Zebra'"
    )
    assert said["strange"] is None
    for name, (_, message) in WRONG.items():
        assert message in str(said[name])
        assert "\n" not in str(said[name])
    assert "headless.cypher: its head comment lacks a purpose" in problem
    for name in ("writes", "makes"):
        with pytest.raises(ReadOnlyError):
            kb.queries.run(name)
    assert kb.store.status().nodes == before


def test_writes_are_refused_where_they_would_find_nothing(kb: KnowledgeBase) -> None:
    put(kb, "writes", plain("MATCH (n:Neuron {id: 'none'}) SET n.mine = 1 RETURN n.id AS x"))
    assert "a read may not" in str(kb.queries.check().queries[0].problem)


def test_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Place(str(tmp_path / "store")).queries == tmp_path / "store" / "queries"
    assert Place("~/store").queries == tmp_path / "store" / "queries"
    assert Place("bolt://localhost").queries == tmp_path / "data" / "neuronkb" / "queries"
