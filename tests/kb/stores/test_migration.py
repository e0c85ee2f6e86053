"""The ladder over a store's rows, in place: every kind of change, cut off and taken up again, on each store."""

from __future__ import annotations

from typing import Any

import pytest
from neuronkb.kb.stores import migration
from neuronkb.kb.stores.base import Store, untold
from neuronkb.schema import SCHEMA_VERSION, VersionError

from tests.schema.test_ladder import MADE_UP

PROBES = 7
MADE = """
UNWIND range(0, $n - 1) AS i
CREATE (p:Probe {id: 'p' + toString(i), k: i, seconds: 0.5, double: 4.0, gone: ['x'], mine: i})
CREATE (n:Neuron {id: 'm/L0/N' + toString(i), model: 'm', layer: 0, index: i})
CREATE (p)-[:USES {run: 'r', rank: 1, double: 6.0, mine: 'yes'}]->(n)
CREATE (p)-[:USES {run: 's', rank: 2}]->(n)
CREATE (p)-[:LIKES {double: 8.0}]->(n)
"""
RUN = (
    "CREATE (m:Model {id: 'm', tokenizer: 't'}) CREATE (r:Run {id: 'r', job: 'probes', model: 'm', "
    'parameters: \'{"methods": ["optimal"]}\', schema: 1})'
)


@pytest.fixture
def old(store: Store) -> Store:
    """A store of version 1: probes that took half a second, their neurons, and what people put in."""
    store.write(MADE, {"n": PROBES})
    store.write(RUN)
    store.write("MATCH (s:Schema {id: 'schema'}) SET s.version = 1")
    return store


def rows(store: Store, cypher: str) -> list[Any]:
    return list(store.read(cypher, limit=None).rows)


def version(store: Store) -> Any:
    return rows(store, "MATCH (s:Schema {id: 'schema'}) RETURN s.version")[0][0]


def test_opening_brings_it_to_this_version(old: Store) -> None:
    steps: list[str] = []
    old.setup(lambda step, done, total: steps.append(f"{step} {done}/{total}"))
    assert steps[0] == "schema version 2 0/1"
    assert f"schema version 2: Probe {PROBES}/{PROBES}" in steps
    assert version(old) == SCHEMA_VERSION
    assert rows(old, "MATCH (p:Probe) RETURN count(p.seconds), count(p.k), count(p.mine)") == [(0, PROBES, PROBES)]
    ((parameters, schema),) = rows(old, "MATCH (r:Run) RETURN r.parameters, r.schema")
    assert (parameters, schema) == ('{"methods": ["optimal"], "nodes": 3000, "tokenizer": "t"}', SCHEMA_VERSION)
    again: list[str] = []
    old.setup(lambda step, done, total: again.append(step))
    assert again == []


def test_a_migration_that_was_cut_off_goes_on(old: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "BATCH", 2)

    class CutOffError(Exception):
        pass

    def die(step: str, done: int, total: int) -> None:
        if done == 4:
            raise CutOffError

    with pytest.raises(CutOffError):
        old.setup(die)
    assert version(old) == 1
    assert rows(old, "MATCH (p:Probe) RETURN count(p.seconds)") == [(PROBES - 4,)]
    steps: list[tuple[int, int]] = []
    old.setup(lambda step, done, total: steps.append((done, total)))
    assert (0, PROBES - 4) in steps
    assert version(old) == SCHEMA_VERSION
    assert rows(old, "MATCH (p:Probe) RETURN count(p.seconds), count(p.k)") == [(0, PROBES)]


def test_every_kind_of_change_and_twice_is_as_once(old: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "BATCH", 3)
    for _ in range(2):
        migration.migrate(old, 97, untold, [MADE_UP])
        found = rows(old, "MATCH (p:Probe) RETURN p.half, p.double, p.gone, p.size, p.seconds, p.mine ORDER BY p.id")
        assert found == [(2.0, None, None, 2, 0.5, i) for i in range(PROBES)]
        edges = (
            "MATCH (:Probe)-[u:USES]->(:Neuron) RETURN u.run, u.rank, u.half, u.double, u.mine, count(u) ORDER BY u.run"
        )
        assert rows(old, edges) == [("r", 1, 3.0, None, "yes", PROBES), ("s", 2, None, None, None, PROBES)]
        assert rows(old, "MATCH (:Probe)-[l:LIKES]->() RETURN l.double, count(l)") == [(8.0, PROBES)]
    ((parameters,),) = rows(old, "MATCH (r:Run) RETURN r.parameters")
    assert parameters == '{"job": "probes", "methods": ["optimal"], "tokenizer": "t"}'


@pytest.mark.parametrize("found", [SCHEMA_VERSION + 1, 0, -3, "2", 2.5, True])
def test_a_version_that_is_not_known_is_refused_and_left_alone(old: Store, found: Any) -> None:
    old.write("MATCH (s:Schema {id: 'schema'}) SET s.version = $found", {"found": found})
    try:
        with pytest.raises(VersionError, match=r"knows 1 to 2; install the release that wrote it or a newer one"):
            old.setup()
        assert rows(old, "MATCH (p:Probe) RETURN count(p.seconds)") == [(PROBES,)]
    finally:
        old.write("MATCH (s:Schema {id: 'schema'}) SET s.version = $found", {"found": SCHEMA_VERSION})
