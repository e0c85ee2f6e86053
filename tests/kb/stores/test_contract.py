"""What every store does, on each of them."""

from __future__ import annotations

import time
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from neuronkb.kb.stores.base import Store
from neuronkb.queries.result import Entity
from neuronkb.schema import (
    NODES,
    RELATIONSHIPS,
    LimitError,
    QueryError,
    ReadOnlyError,
    SchemaError,
    VersionError,
    conform,
)

NEURON, TOKEN, STATS, EXCERPT = (NODES[name] for name in ("Neuron", "Token", "Stats", "Excerpt"))
DECODES = RELATIONSHIPS["Neuron.DECODES_TO.Token"]

TEXTS = ["plain", 'quo"te', "apo'strophe", "back\\slash", "tab\tline\nreturn\r", "\x00\x1f\x7f", " August", "☃ ü 𝄞", ""]
TEXTS += ["01", "null", "true", "1e5", "\u2028", "`b`", "$x", "{a}", "  ", "//", "/*"]
FLOATS = [3.0, 1 / 3, 1e300, 5e-324, -0.0, -1.5e-7, 123456789012345680.0, 0.1]

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


def graph(store: Store) -> None:
    """Two neurons, two tokens, three relationships of two runs."""
    store.create_nodes(NEURON, neurons(2))
    store.create_nodes(TOKEN, tokens([" a", " b"]))
    store.create_relationships(DECODES, decodings(("N0", "T0", 1, "r1"), ("N0", "T1", -1, "r1"), ("N1", "T0", 1, "r2")))


def neurons(n: int) -> pa.Table:
    columns = {
        "id": [f"N{i}" for i in range(n)],
        "model": ["m"] * n,
        "layer": [i // 100 for i in range(n)],
        "index": list(range(n)),
    }
    return conform(NEURON, pa.table(columns))


def tokens(texts: list[str]) -> pa.Table:
    n = len(texts)
    columns = {"id": [f"T{i}" for i in range(n)], "tokenizer": ["k"] * n, "token": list(range(n)), "text": texts}
    return conform(TOKEN, pa.table(columns))


def decodings(*rows: tuple[str, str, int, str]) -> pa.Table:
    fixed = {"projection": "up", "convention": "raw", "rank": 1, "logit": 2.0, "z": 0.5, "probability": 0.25}
    dicts = [{"start": s, "end": e, "pole": pole, "run": run, **fixed} for s, e, pole, run in rows]
    return conform(DECODES, pa.Table.from_pylist(dicts))


def stats(**columns: list[Any]) -> pa.Table:
    n = len(next(iter(columns.values())))
    fixed = {"id": [f"S{i}" for i in range(n)], "kind": ["weights"] * n, "run": ["r"] * n}
    return conform(STATS, pa.table(fixed | columns))


def values(store: Store, name: str, label: str = "Stats") -> list[Any]:
    """One property of all nodes, by id."""
    return [row[0] for row in store.read(f"MATCH (s:{label}) RETURN s.`{name}` AS v, s.id AS id ORDER BY id").rows]


def test_setup_again_changes_nothing(store: Store) -> None:
    graph(store)
    store.setup()
    assert store.status().nodes["Schema"] == 1
    assert store.read("MATCH (s:Schema) RETURN s.version").rows == [(1,)]


def test_another_schema_version_is_refused(store: Store) -> None:
    store.write("MATCH (s:Schema) SET s.version = 99")
    try:
        with pytest.raises(VersionError, match=r"version 99.*knows 1"):
            store.setup()
    finally:
        store.write("MATCH (s:Schema) SET s.version = 1")
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
    assert status.nodes == {"Neuron": 2, "Token": 2, "Schema": 1}
    assert status.relationships == {"DECODES_TO": 3}
    assert status.schema_version == 1


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


def test_write_answers_with_rows(store: Store) -> None:
    assert store.write("MERGE (t:Term {id: $id}) RETURN t.id AS id", {"id": "dog"}).rows == [("dog",)]
