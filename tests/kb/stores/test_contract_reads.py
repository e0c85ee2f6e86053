"""What every store's `read` does, and what it refuses, on each of them."""

from __future__ import annotations

import time
from typing import Any

import pyarrow as pa
import pytest
from neuronkb.kb.stores.base import Store
from neuronkb.queries.result.entity import Entity
from neuronkb.schema import NODES, LimitError, QueryError, ReadOnlyError, conform

from tests.kb.stores.small_graph import graph

WRITES = [
    "CREATE (n:Neuron {id: 'z'}) RETURN n",
    "MERGE (n:Neuron {id: 'z'}) RETURN n",
    "MATCH (n:Neuron) SET n.layer = 7",
    "MATCH (n:Neuron) SET n:Extra RETURN labels(n)",
    "MATCH (n:Neuron) REMOVE n.layer",
    "MATCH (n) DETACH DELETE n",
    "MATCH ()-[r]->() DELETE r",
    "MATCH (n:Neuron) FOREACH (x IN [1] | SET n.layer = x)",
    "CALL { CREATE (n:Neuron {id: 'z'}) } RETURN 1",
    "MATCH (n:Neuron) CALL { WITH n SET n.layer = 1 } RETURN n.id",
    "UNWIND [1, 2] AS x CALL { WITH x CREATE (:Neuron {id: 'z' + x}) } IN TRANSACTIONS OF 1 ROWS RETURN x",
    "/* MATCH (n) RETURN n */ CREATE (n:Neuron {id: 'z'})",
    "MATCH (n:Neuron)\n// a comment\nSET n.layer = 3 RETURN n.id",
    "CREATE INDEX other FOR (n:Neuron) ON (n.other)",
    "CREATE CONSTRAINT other FOR (n:Neuron) REQUIRE n.other IS UNIQUE",
    "DROP CONSTRAINT Neuron_id",
    "DROP INDEX Neuron_layer",
    "PROFILE MATCH (n:Neuron) SET n.layer = 4 RETURN n.id",
    "CALL db.createLabel('Extra')",
    "CALL apoc.merge.node(['Neuron'], {id: 'z'}) YIELD node RETURN node",
    "CALL apoc.do.when(true, 'MATCH (n:Neuron) SET n.layer = 9 RETURN n', '', {}) YIELD value RETURN value",
    "MATCH (n:Neuron) WITH collect(n) AS all CALL apoc.refactor.mergeNodes(all) YIELD node RETURN node",
    "MATCH (n:Neuron) RETURN n.id; CREATE (x:Neuron {id: 'z'})",
]
REACHES = [
    "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    "LOAD CSV FROM 'http://127.0.0.1:1/x' AS line RETURN line",
    "RETURN [x IN ['file:///etc/passwd'] | COLLECT { LOAD CSV FROM x AS line RETURN line }]",
    "SHOW USERS",
    "SHOW TRANSACTIONS",
    "TERMINATE TRANSACTIONS 'x'",
    "CREATE USER eve SET PASSWORD 'longenough'",
    "DROP DATABASE neo4j",
    "CALL dbms.listConfig() YIELD name RETURN name",
    "CALL dbms.security.listUsers() YIELD username RETURN username",
    "CALL apoc.load.json('file:///etc/passwd') YIELD value RETURN value",
    "CALL apoc.export.csv.all('/tmp/out.csv', {})",
    "CALL sql('SELECT FROM Neuron')",
]


def test_nodes_relationships_and_paths(store: Store) -> None:
    graph(store)
    neuron = Entity(("Neuron",), {"id": "N1", "model": "m", "layer": 0, "index": 1})
    row = store.read("MATCH p = (n:Neuron {id: 'N1'})-[d]->(t) RETURN n, d, p, {inner: [d]} AS map").rows[0]
    node, relationship, path, nested = row
    assert node == neuron
    assert relationship.labels == ("DECODES_TO",)
    assert (relationship.start, relationship.end) == ("N1", "T0")
    assert relationship.properties["logit"] == 2.0
    assert [entity.labels for entity in path] == [("Neuron",), ("DECODES_TO",), ("Token",)]
    assert path[0] == neuron
    assert nested == {"inner": [relationship]}


def test_a_relationship_alone_names_its_ends(store: Store) -> None:
    graph(store)
    found = store.read("MATCH ()-[d:DECODES_TO]->() RETURN d").rows
    assert sorted((row[0].start, row[0].end) for row in found) == [("N0", "T0"), ("N0", "T1"), ("N1", "T0")]


def test_plain_values(store: Store) -> None:
    found = store.read(
        "RETURN 1 AS i, 1.0 AS f, true AS b, null AS n, 'x' AS s, [1, [2]] AS l, {a: {b: 1}} AS m, "
        "date('2020-02-03') AS d, duration('P1DT2S') AS t"
    )
    assert found.columns == ("i", "f", "b", "n", "s", "l", "m", "d", "t")
    assert found.rows == [(1, 1.0, True, None, "x", [1, [2]], {"a": {"b": 1}}, "2020-02-03", "P1DT2S")]
    assert type(found.rows[0][1]) is float


@pytest.mark.parametrize(("limit", "count", "cut"), [(0, 0, True), (5, 5, True), (20, 20, False), (None, 20, False)])
def test_row_limit(store: Store, limit: int | None, count: int, cut: bool) -> None:
    found = store.read("UNWIND range(1, 20) AS x RETURN x", limit=limit)
    assert found.rows == [(x,) for x in range(1, count + 1)]
    assert found.truncated is cut
    assert found.limit == (limit if cut else None)


def test_a_cut_read_frees_the_server(store: Store) -> None:
    """Ten reads of 10^12 rows each, cut after 10: the server cannot be computing the rest."""
    for _ in range(10):
        found = store.read("UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN x * y", limit=10)
        assert (len(found), found.truncated) == (10, True)


def test_time_limit(store: Store) -> None:
    start = time.monotonic()
    with pytest.raises(LimitError, match=r"past its time limit of 0\.5 s"):
        store.read("UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN sum(x * y)", timeout=0.5)
    assert time.monotonic() - start < 30
    assert store.read("RETURN 1 AS x").rows == [(1,)]


def test_syntax_error_says_what_and_where(store: Store) -> None:
    with pytest.raises(QueryError, match=r"RETRUN.*line 1, column 1[78]") as caught:
        store.read("MATCH (n:Neuron) RETRUN n")
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, ReadOnlyError)
    with pytest.raises(QueryError, match="line 2"):
        store.read("MATCH (n:Neuron)\nRETRUN n")


@pytest.mark.parametrize("text", ["RETURN $missing AS x", "MATCH (n) RETURN m", "RETURN 1 / 0 AS x", "", "RETURN"])
def test_other_errors_are_query_errors(store: Store, text: str) -> None:
    with pytest.raises(QueryError) as caught:
        store.read(text)
    assert not isinstance(caught.value, ReadOnlyError | LimitError)


def test_reads_cannot_write(store: Store) -> None:
    graph(store)
    before = store.read("MATCH (n) RETURN labels(n), properties(n) ORDER BY n.id").rows
    for text in WRITES:
        with pytest.raises(QueryError):
            store.read(text)
        with pytest.raises(QueryError):
            store.read(text, limit=0)
    assert store.read("MATCH (n) RETURN labels(n), properties(n) ORDER BY n.id").rows == before
    assert store.status().relationships == {"DECODES_TO": 3}


@pytest.mark.parametrize("text", WRITES[:11])
def test_a_write_is_told_from_a_mistake(store: Store, text: str) -> None:
    graph(store)
    with pytest.raises(ReadOnlyError, match="a read may not"):
        store.read(text)


@pytest.mark.parametrize("text", REACHES)
def test_reads_cannot_reach_out(store: Store, text: str) -> None:
    with pytest.raises(QueryError):
        store.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "RETURN 'SHOW USERS; CREATE (n) $(x)' AS x",
        "// SHOW USERS\nRETURN 1 AS x",
        "WITH {set: 1, create: 2} AS delete RETURN delete.set AS x",
        "CALL { RETURN 1 AS x } RETURN x",
        "CALL db.labels() YIELD label RETURN count(label) AS x",
    ],
)
def test_words_of_writes_in_reads_are_fine(store: Store, text: str) -> None:
    assert len(store.read(text)) == 1


def test_search_indexes(store: Store) -> None:
    explanation = NODES["Explanation"]
    rows = {
        "id": ["x1", "x2"],
        "kind": ["text"] * 2,
        "text": ["fires on the names of dogs", "fires on months"],
        "run": ["r"] * 2,
        "embedding": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
    }
    store.create_nodes(explanation, conform(explanation, pa.table(rows)))
    embedding = next(p for p in explanation.properties if p.index == "vector")
    store.vector_index(explanation, embedding, 3)
    store.vector_index(explanation, embedding, 3)
    text = "CALL db.index.fulltext.queryNodes('Explanation_text', $words) YIELD node RETURN node.id"
    assert store.read(text, {"words": "dogs"}).rows == [("x1",)]
    near = "CALL db.index.vector.queryNodes('Explanation_embedding', 1, $v) YIELD node, score RETURN node.id, score"
    found = store.read(near, {"v": [0.1, 0.9, 0.0]}).rows
    assert [row[0] for row in found] == ["x2"]
    assert found[0][1] == pytest.approx((1 + 0.9 / (0.01 + 0.81) ** 0.5) / 2, abs=1e-4)


def test_cosine_is_as_the_capabilities_say(store: Store) -> None:
    (row,) = store.read("RETURN vector.similarity.cosine([1.0, 0.0], [-1.0, 0.0]) AS s").rows
    assert row[0] == pytest.approx(0.0 if store.capabilities.cosine_from_zero else -1.0)


SURROGATES = [
    ("RETURN '\ud800' AS x", {}),
    ("RETURN 1 AS x // \udfff", {}),
    ("\udc80RETURN 1 AS x", {}),
    ("RETURN $x AS x", {"x": "a\ud800"}),
    ("RETURN $x AS x", {"x": ["a", ["\udcff"]]}),
    ("RETURN $x AS x", {"x": {"a": ({"b": "\ud83d"},)}}),
    ("RETURN $x AS x", {"x": {"\ud83d": 1}}),
    ("RETURN $x AS x", {"x": 1, "\ud83d": 1}),
]


@pytest.mark.parametrize(("text", "params"), SURROGATES)
def test_half_a_character_is_a_query_error(store: Store, text: str, params: dict[str, Any]) -> None:
    with pytest.raises(QueryError, match=r"half a character, '\\ud") as caught:
        store.read(text, params)
    str(caught.value).encode()
    assert store.read("RETURN $x AS x", {"x": "a😀"}).rows == [("a😀",)]


def test_parameters_that_cannot_be_sent(store: Store) -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    around: dict[str, Any] = {}
    around["x"] = [around]
    for value in (deep, around, {1: 2}, 1 << 70, {1, 2}, object()):
        with pytest.raises(QueryError) as caught:
            store.read("RETURN $x AS x", {"x": value})
        assert "\n" not in str(caught.value)
    assert store.read("RETURN $x AS x", {"x": [[1], {"a": (2, None)}]}).rows == [([[1], {"a": [2, None]}],)]


@pytest.mark.parametrize(
    "text", ["RETURN " + "[" * 3000 + "]" * 3000, "RETURN " + "NOT " * 3000 + "true", "x" * 300_000]
)
def test_texts_that_take_long_to_parse(store: Store, text: str) -> None:
    with pytest.raises(QueryError, match=r"nests more than|characters long"):
        store.read(text)


@pytest.mark.parametrize(("timeout", "limit"), [(0.0, 1), (-1.0, 1), (float("nan"), 1), (1.0, -1)])
def test_limits_that_are_none(store: Store, timeout: float, limit: int) -> None:
    with pytest.raises(QueryError, match="is no number of"):
        store.read("RETURN 1 AS x", timeout=timeout, limit=limit)


def asked(store: Store, text: str) -> bool:
    """Whether the server works on a query; `write` may ask what runs."""
    return any(text in str(row) for row in store.write("SHOW TRANSACTIONS").rows)


def test_the_time_limit_is_kept_whatever_the_server_does(store: Store) -> None:
    """One expression, which neither server leaves before its end."""
    text = "RETURN reduce(s = 0, x IN range(1, 300) | s + size([y IN range(1, 1000000) WHERE y % 7 = x % 7 | y])) AS n"
    with pytest.raises(LimitError, match=r"past its time limit of 0\.5 s"):
        store.read(text, timeout=0.5)
    assert asked(store, text)
    assert store.read("RETURN 1 AS x").rows == [(1,)]


def test_a_closed_connection_ends_its_query(store: Store) -> None:
    endless = "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN max(x + y) AS n"
    with pytest.raises(LimitError):
        store.read(endless, timeout=0.5)
    deadline = time.monotonic() + 30
    while asked(store, endless):
        assert time.monotonic() < deadline
        time.sleep(0.1)
