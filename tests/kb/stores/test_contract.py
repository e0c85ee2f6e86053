"""What every store does with rows, on each of them: tests of its reads are in test_contract_reads.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.local import LocalStore
from neuronkb.kb.stores.neo4j import Neo4jStore
from neuronkb.schema import SCHEMA_VERSION, QueryError, SchemaError, VersionError, conform

from tests.kb.stores.small_graph import (
    DECODES,
    EXCERPT,
    NEURON,
    STATS,
    TOKEN,
    decodings,
    graph,
    neurons,
    stats,
    tokens,
    values,
)

TEXTS = ["plain", 'quo"te', "apo'strophe", "back\\slash", "tab\tline\nreturn\r", "\x00\x1f\x7f", " August", "☃ ü 𝄞", ""]
TEXTS += ["01", "null", "true", "1e5", "\u2028", "`b`", "$x", "{a}", "  ", "//", "/*"]
FLOATS = [3.0, 1 / 3, 1e300, 5e-324, -0.0, -1.5e-7, 123456789012345680.0, 0.1]


def test_setup_again_changes_nothing(store: Store) -> None:
    graph(store)
    store.setup()
    assert store.read("MATCH (s:Schema {id: 'schema'}) RETURN s.version").rows == [(SCHEMA_VERSION,)]


def test_another_schema_version_is_refused(store: Store) -> None:
    store.write("MATCH (s:Schema) SET s.version = 99")
    try:
        with pytest.raises(VersionError, match=r"version 99.*knows 1 to 2"):
            store.setup()
    finally:
        store.write("MATCH (s:Schema) SET s.version = 2")
    store.setup()


def test_ids_are_unique(store: Store) -> None:
    store.create_nodes(NEURON, neurons(1))
    with pytest.raises(QueryError):
        store.write("CREATE (:Neuron {id: 'N0'})")
    store.create_nodes(NEURON, neurons(2))
    assert store.status().nodes["Neuron"] == 2


@pytest.mark.parametrize("how", ["create", "merge"])
def test_text_comes_back_as_it_was(store: Store, how: str) -> None:
    if how == "create":
        store.create_nodes(TOKEN, tokens(TEXTS))
    else:
        store.merge_nodes(TOKEN, tokens(TEXTS))
    found = store.read("MATCH (t:Token) RETURN t.text, t.token ORDER BY t.token").rows
    assert [row[0] for row in found] == TEXTS
    for text in TEXTS:
        assert (text,) in store.read("MATCH (t:Token {text: $text}) RETURN t.text", {"text": text}).rows


@pytest.mark.parametrize("how", ["create", "merge"])
def test_every_kind_comes_back_as_it_was(store: Store, how: str) -> None:
    given: dict[str, list[Any]] = {
        "mean": [*FLOATS, None],
        "n": [0, -1, 2**62, -(2**62), 1, 2, 3, 4, None],
        "quantiles": [FLOATS, [], None, [1.0], [2.0], [0.1], [3.0], [4.0], [5.0]],
        "histogram": [[1, 2**40], [], None, [1], [2], [3], [4], [5], [6]],
        "convention": [None, "", "x", "x", "x", "x", "x", "x", "x"],
    }
    rows = stats(**given)
    if how == "create":
        store.create_nodes(STATS, rows)
    else:
        store.merge_nodes(STATS, rows)
    for name, expected in given.items():
        found = values(store, name)
        assert found == expected
        assert [type(v) for v in found] == [type(v) for v in expected]
    assert str(values(store, "mean")[4]) == "-0.0"


def test_booleans_lists_of_text_and_absent_properties(store: Store) -> None:
    store.create_nodes(
        EXCERPT,
        conform(EXCERPT, pa.table({"id": ["e1", "e2"], "tokens": pa.array([[" a", 'b"\n'], None])})),
    )
    assert values(store, "tokens", "Excerpt") == [[" a", 'b"\n'], None]
    rows = tokens(["x", "y", "z"]).set_column(4, "special", pa.array([True, False, None]))
    store.create_nodes(TOKEN, rows)
    assert values(store, "special", "Token") == [True, False, None]
    assert store.read("MATCH (t:Token {id: 'T2'}) RETURN keys(t)").rows[0][0].count("special") == 0


def test_relationship_properties_come_back(store: Store) -> None:
    graph(store)
    found = store.read("MATCH (n)-[d:DECODES_TO]->(t) RETURN n.id, t.id, properties(d) ORDER BY n.id, t.id").rows
    fixed = {"projection": "up", "convention": "raw", "rank": 1, "logit": 2.0, "z": 0.5, "probability": 0.25}
    assert found == [
        ("N0", "T0", {**fixed, "pole": 1, "run": "r1"}),
        ("N0", "T1", {**fixed, "pole": -1, "run": "r1"}),
        ("N1", "T0", {**fixed, "pole": 1, "run": "r2"}),
    ]


def test_merge_adds_and_keeps(store: Store) -> None:
    store.merge_nodes(STATS, stats(mean=[1.0, 2.0], n=[1, None]))
    store.merge_nodes(STATS, stats(mean=[None, 5.0, 6.0], n=[7, 8, None]))
    assert values(store, "mean") == [1.0, 5.0, 6.0]
    assert values(store, "n") == [7, 8, None]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none_are_refused(store: Store, value: float) -> None:
    with pytest.raises(SchemaError, match=r"Stats\.mean: NaN or infinite"):
        store.create_nodes(STATS, stats(mean=[1.0, value]))
    with pytest.raises(SchemaError, match=r"Stats\.quantiles: NaN or infinite"):
        store.merge_nodes(STATS, stats(quantiles=[[value]]))
    with pytest.raises(SchemaError, match=r"Stats\.quantiles: a list holds a null"):
        store.create_nodes(STATS, stats(quantiles=[[None, 1.0]]))
    assert "Stats" not in store.status().nodes


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(TEXT, st.none() | NUMBER, st.none() | st.integers(-(2**63), 2**63 - 1), st.lists(NUMBER, max_size=3)),
        min_size=1,
        max_size=8,
    )
)
def test_any_value_comes_back(store: Store, rows: list[tuple[str, float | None, int | None, list[float]]]) -> None:
    store.write("MATCH (s:Stats) DETACH DELETE s")
    text, mean, n, quantiles = (list(column) for column in zip(*rows, strict=True))
    store.create_nodes(STATS, stats(convention=text, mean=mean, n=n, quantiles=quantiles))
    assert values(store, "convention") == text
    assert [repr(v) for v in values(store, "mean")] == [repr(v) for v in mean]
    assert values(store, "n") == n
    assert [repr(v) for v in values(store, "quantiles")] == [repr(v) for v in quantiles]


def test_progress_counts_every_row(store: Store) -> None:
    told: list[int] = []
    store.create_nodes(NEURON, neurons(12_000), told.append)
    assert sum(told) == 12_000
    assert store.status().nodes["Neuron"] == 12_000


def test_a_missing_end_is_an_error(store: Store) -> None:
    store.create_nodes(NEURON, neurons(1))
    with pytest.raises(SchemaError, match=r"load the .*Token rows first"):
        store.create_relationships(DECODES, decodings(("N0", "T9", 1, "r")))


def test_existing(store: Store) -> None:
    graph(store)
    assert sorted(store.existing_ids(NEURON, ["N0", "N7", "N1"]).to_pylist()) == ["N0", "N1"]
    assert store.existing_ids(NEURON, []).to_pylist() == []
    assert store.existing_ids(NEURON, ["N7"]).type == pa.string()
    found = store.existing_relationships(DECODES, ["N0", "N1", "N7"], "r1")
    key = ("start", "end", "projection", "pole", "run")
    assert found.column_names == list(key)
    assert sorted(zip(*(found[name].to_pylist() for name in key), strict=True)) == [
        ("N0", "T0", "up", 1, "r1"),
        ("N0", "T1", "up", -1, "r1"),
    ]
    assert store.existing_relationships(DECODES, ["N0", "N1"]).num_rows == 3
    assert store.existing_relationships(DECODES, ["N7"]).num_rows == 0


def test_existing_after_deletion(store: Store) -> None:
    """What was known of a node is not believed once it is deleted and made again."""
    graph(store)
    store.write("MATCH (n:Neuron) DETACH DELETE n")
    assert store.existing_ids(NEURON, ["N0"]).to_pylist() == []
    store.create_nodes(TOKEN, tokens([" a", " b", " c"]).slice(2))
    store.create_nodes(NEURON, neurons(1))
    store.create_relationships(DECODES, decodings(("N0", "T2", 1, "r")))
    assert store.read("MATCH (n)-[:DECODES_TO]->(t) RETURN n.id, t.id").rows == [("N0", "T2")]


def test_status_counts(store: Store) -> None:
    graph(store)
    status = store.status()
    assert status.kind == store.kind
    locks = 1 if store.kind == "neo4j" else 0
    assert status.nodes == {"Neuron": 2, "Token": 2, "Schema": 1 + locks}
    assert status.relationships == {"DECODES_TO": 3}
    assert status.schema_version == SCHEMA_VERSION


def test_write_answers_with_rows(store: Store) -> None:
    assert store.write("MERGE (t:Term {id: $id}) RETURN t.id AS id", {"id": "dog"}).rows == [("dog",)]


def stamp(store: Store) -> str:
    """The store's stamp, once its last write is a moment ago."""
    deadline = time.monotonic() + 10
    while (found := store.stamp()) is None:
        assert time.monotonic() < deadline, "no stamp"
        time.sleep(0.02)
    return found


def test_a_stamp_changes_with_every_write_and_with_no_read(store: Store) -> None:
    writes: list[Callable[[], object]] = [
        lambda: graph(store),
        lambda: store.write("MATCH (t:Token {id: 'T0'}) SET t.text = ' c'"),
        lambda: store.write("MATCH (t:Token {id: 'T0'}) SET t.text = ' d'"),
        lambda: store.merge_nodes(STATS, stats(id=["S0"])),
        lambda: store.create_nodes(STATS, stats(id=["S1"])),
        lambda: store.create_relationships(DECODES, decodings(("N1", "T1", 1, "r3"))),
        lambda: store.write("MATCH ()-[d:DECODES_TO {run: 'r3'}]->() DELETE d"),
        lambda: store.write("MATCH (s:Stats) DETACH DELETE s"),
    ]
    known = {stamp(store)}
    for number, write in enumerate(writes):
        write()
        known.add(stamp(store))
        assert len(known) == number + 2
        for _ in range(2):
            assert store.read("MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN count(n), count(r)").rows
            known.add(stamp(store))
        assert len(known) == number + 2


def test_a_stamp_tells_what_another_wrote(store: Store, request: pytest.FixtureRequest) -> None:
    before = stamp(store)
    with ExitStack() as stack:
        if store.kind == "local":
            other: Store = stack.enter_context(LocalStore.open(request.getfixturevalue("local_folder")))
        else:
            server = request.getfixturevalue("neo4j_server")
            other = stack.enter_context(Neo4jStore.open(server.uri, server.user, server.password))
        other.write("CREATE (:Note {id: 'x'})")
    assert store.stamp() != before
    assert stamp(store) != before
