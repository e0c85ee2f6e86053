"""What Neo4j reads may not do, tried on a real server whatever the text says."""

from __future__ import annotations

from importlib.resources import files

import neo4j
import pyarrow as pa
import pytest
from neuronkb.kb.stores import question
from neuronkb.kb.stores.neo4j import Neo4jStore
from neuronkb.kb.stores.neo4j_plan import PROCEDURES, foreign_functions, hidden, refusal
from neuronkb.schema import NODES, LimitError, QueryError, ReadOnlyError

from tests.neo4j_server import Server

pytestmark = pytest.mark.neo4j

FETCH = "LOAD CSV FROM 'file:///data.csv' AS l RETURN l"

WRITES = [
    "CREATE (:X)",
    "INSERT (:X)",
    "MERGE (:X)",
    "MATCH (n) SET n.x = 1",
    "MATCH (n) REMOVE n.id",
    "MATCH (n) DETACH DELETE n",
    "FOREACH (i IN [1] | CREATE (:X))",
    "CALL { CREATE (:X) } RETURN 1",
    "UNWIND [1] AS i CALL (i) { CALL (i) { CREATE (:X) } } RETURN 1",
    "CALL { CREATE (:X) } IN TRANSACTIONS RETURN 1",
    "UNWIND [1] AS i CALL (i) { CREATE (:X) } IN 2 CONCURRENT TRANSACTIONS RETURN 1",
    "CREATE INDEX sneaky FOR (n:X) ON (n.y)",
    "DROP CONSTRAINT Neuron_id",
    "CALL db.createLabel('X')",
    "CALL db.create.setNodeVectorProperty(null, 'a', [1.0])",
    "CYPHER 5 CREATE (:X)",
    "CYPHER runtime=slotted CREATE (:X)",
    "EXPLAIN CREATE (:X)",
    "PROFILE CREATE (:X)",
    "CYPHER 5 PROFILE CREATE (:X)",
    "/* EXPLAIN */ PROFILE CREATE (:X)",
    "// EXPLAIN\nPROFILE CREATE (:X)",
    r"\u0050ROFILE CREATE (:X)",
    r"\u0043REATE (:X)",
]

ADMINISTRATION = [
    "SHOW USERS",
    "show users yield *",
    "SHOW CURRENT USER",
    "SHOW DATABASES",
    "SHOW SETTINGS",
    "SHOW SETTINGS YIELD name, value WHERE name CONTAINS 'dir' RETURN value",
    "SHOW TRANSACTIONS",
    "SHOW PROCEDURES",
    "SHOW FUNCTIONS",
    "SHOW INDEXES",
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "ALTER USER neo4j SET PASSWORD 'changed it'",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'bbbbbbbbb'",
    "CREATE USER eve SET PASSWORD 'changed it'",
    "DROP USER neo4j",
    "CALL dbms.listConfig()",
    "CALL dbms.listConfig('dir') YIELD value RETURN value",
    "CALL dbms.components()",
    "CALL dbms.queryJmx('*:*')",
    "CALL dbms.killConnections(['bolt-1'])",
    "CALL `dbms` . `listConnections`()",
    "CALL db.clearQueryCaches()",
    "CALL tx.setMetaData({a: 1})",
    "CALL { CALL dbms.listConfig() YIELD value RETURN value } RETURN value",
    "RETURN COLLECT { CALL dbms.listConfig() YIELD value RETURN value }",
    "UNWIND [1] AS i CALL (i) { RETURN i AS j } IN TRANSACTIONS RETURN j",
]

FETCHES = [
    FETCH,
    "load csv from 'http://127.0.0.1:1/' as l return l",
    "LOAD CSV WITH HEADERS FROM 'https://example.invalid/' AS l RETURN l",
    "LOAD/**/CSV FROM 'ftp://127.0.0.1/' AS l RETURN l",
    "LOAD // csv\n CSV FROM 'file:///etc/passwd' AS l RETURN l",
    "EXPLAIN " + FETCH,
    "PROFILE " + FETCH,
    r"\u004cOAD CSV FROM 'file:///data.csv' AS l RETURN l",
    f"CALL {{ {FETCH} }} RETURN l",
    f"CALL {{ CALL {{ {FETCH} }} RETURN l }} RETURN l",
    f"OPTIONAL CALL (*) {{ {FETCH} }} RETURN l",
    f"RETURN COLLECT {{ {FETCH} }}",
    f"RETURN EXISTS {{ {FETCH} }}",
    f"MATCH (n) WHERE COUNT {{ {FETCH} }} > 0 RETURN n",
    f"MATCH (n) RETURN n ORDER BY COUNT {{ {FETCH} }}",
    f"CALL db.index.fulltext.queryNodes(head(COLLECT {{ {FETCH[:-1]}l[0] }}), 'x') YIELD node RETURN node",
]

KEPT_AS_EXPRESSIONS = [
    f"RETURN [x IN [1] | COLLECT {{ {FETCH} }}]",
    f"RETURN any(x IN [1] WHERE EXISTS {{ {FETCH} }})",
    f"RETURN reduce(a = 0, x IN [1] | a + COUNT {{ {FETCH} }})",
    f"RETURN CASE WHEN rand() > 2 THEN 1 ELSE COUNT {{ {FETCH} }} END",
    f"MATCH (n:Term {{id: head(COLLECT {{ {FETCH[:-1]}l[0] }})}}) RETURN n",
    f"MATCH p = (n:Term)-[*1..2 {{x: COUNT {{ {FETCH} }}}}]->() RETURN p",
    f"MATCH p = SHORTEST 1 ((n:Term)-[]->(c WHERE EXISTS {{ {FETCH} }})){{1,3}}(b) RETURN p",
    r"RETURN [x IN [1] | COLLECT { \u004cOAD \u0043SV FROM 'file:///data.csv' AS l RETURN l }]",
    "RETURN [x IN [1] | COLLECT { CALL dbms.listConfig() YIELD value RETURN value }]",
    "RETURN [x IN [1] | COLLECT { CALL db.info() YIELD name RETURN name }]",
    r"RETURN [x IN [1] | COLLECT { \u0043ALL db.\u0069nfo() YIELD name RETURN name }]",
    "RETURN [x IN [1] | COLLECT { CALL `db`/**/.`stats`.`status`() YIELD section RETURN section }]",
]


@pytest.mark.parametrize("cypher", WRITES + ADMINISTRATION + FETCHES + KEPT_AS_EXPRESSIONS)
def test_refused(neo4j_store: Neo4jStore, cypher: str) -> None:
    before = neo4j_store.status()
    for _ in range(2):
        with pytest.raises(ReadOnlyError) as caught:
            neo4j_store.read(cypher)
        assert "\n" not in str(caught.value)
    assert neo4j_store.status() == before


@pytest.mark.parametrize("cypher", KEPT_AS_EXPRESSIONS[:6] + KEPT_AS_EXPRESSIONS[8:9])
def test_the_plan_alone_would_have_let_it_through(neo4j_store: Neo4jStore, cypher: str) -> None:
    with neo4j_store._readers.lend(None) as reader:
        summary = neo4j_store._plan(reader, cypher, None)
    assert refusal(dict(summary.plan or {}), "r", "neo4j") is None


@pytest.mark.parametrize(
    "cypher",
    [
        "USE system SHOW USERS",
        "USE system MATCH (n) RETURN n",
        "USE graph.byName('system') MATCH (n) RETURN n",
        "MATCH (n) RETURN n; CREATE (:X)",
        "RETURN 1; SHOW USERS",
        "CALL { SHOW USERS } RETURN 1",
        "SHOW INDEXES YIELD name RETURN name UNION SHOW USERS",
        "RETURN EXISTS { CREATE (:X) }",
        "MATCH (n) RETRUN n",
        ":param x => 1",
        "BEGIN",
        "",
    ],
)
def test_not_even_planned(neo4j_store: Neo4jStore, cypher: str) -> None:
    with pytest.raises(QueryError):
        neo4j_store.read(cypher)


@pytest.mark.parametrize(
    "cypher",
    [
        "MATCH (n:Term) WHERE n.id STARTS WITH 'd' RETURN n.id AS id",
        "CYPHER 5 MATCH (n:Term {id: 'dog'}) RETURN n.id AS id",
        "USE neo4j MATCH (n:Term) RETURN n.id AS id LIMIT 1;",
        "/* create */ MATCH (n:Term) // delete\n RETURN n.id AS id",
        "MATCH (n:Term) WHERE n.id IN ['dog', 'LOAD CSV FROM'] RETURN n.id AS id",
        "MATCH (n:Term) WHERE EXISTS { MATCH (n) WHERE n.id = 'dog' } RETURN n.id AS id",
        "MATCH (n:Term) CALL (n) { RETURN n.id AS id } RETURN id",
        "MATCH (n:Term) RETURN [x IN [1] | COLLECT { MATCH (m:Term) RETURN m.id }][0][0] AS id",
        "MATCH p = SHORTEST 1 (n:Term)-[*0..2]-(m:Term) RETURN n.id AS id",
        "MATCH (n:Term) RETURN n.id AS id, count(*) AS c ORDER BY c SKIP 0 LIMIT 3",
        "OPTIONAL MATCH (n:Term) RETURN n.id AS id UNION MATCH (n:Term) RETURN n.id AS id",
        "CALL db.labels() YIELD label WHERE label = 'Term' RETURN 'dog' AS id",
        "CALL db.index.fulltext.queryNodes('Explanation_text', 'x') YIELD node RETURN node.id AS id "
        "UNION ALL RETURN 'dog' AS id",
        "RETURN CASE WHEN vector.similarity.cosine([1.0], [1.0]) > 0 THEN 'dog' END AS id",
        "UNWIND ['dog'] AS id RETURN id, date.truncate('day', date()) AS day, point.distance(point({x: 0, y: 0}), "
        "point({x: 1, y: 0})) AS far",
    ],
)
def test_reads_are_let_through(neo4j_store: Neo4jStore, cypher: str) -> None:
    neo4j_store.merge_nodes(NODES["Term"], terms("dog"))
    for _ in range(2):
        assert [row[0] for row in neo4j_store.read(cypher)] == ["dog"]


def terms(*words: str) -> pa.Table:
    return pa.table({"id": list(words)})


def test_what_may_be_called_is_there_and_read_only(neo4j_store: Neo4jStore) -> None:
    found = dict(neo4j_store._rows("SHOW PROCEDURES YIELD name, mode"))
    assert {name: found.get(name) for name in PROCEDURES} == dict.fromkeys(PROCEDURES, "READ")


def test_the_server_itself_would_run_some_of_them(neo4j_server: Server) -> None:
    """Without the plan, READ mode alone lets these through: the tests above test something."""
    auth = (neo4j_server.user, neo4j_server.password)
    with (
        neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver,
        driver.session(default_access_mode="READ") as session,
    ):
        assert session.run("SHOW USERS").single()
        assert session.run("SHOW SETTINGS YIELD name RETURN count(*) AS n").single(strict=True)["n"] > 100
        assert session.run("CALL dbms.listConfig()").peek()
        assert session.run("TERMINATE TRANSACTIONS 'neo4j-transaction-0'").single()


def test_a_second_read_asks_for_no_plan(neo4j_store: Neo4jStore, caplog: pytest.LogCaptureFixture) -> None:
    neo4j_store.read("RETURN $x + 40 AS n", {"x": 1})
    caplog.set_level("DEBUG", "neo4j")
    assert neo4j_store.read("RETURN $x + 40 AS n", {"x": 2}).rows == [(42,)]
    assert "RETURN $x + 40" in caplog.text
    assert "EXPLAIN" not in caplog.text
    neo4j_store.read("RETURN $x + 41 AS n", {"x": 2})
    assert "EXPLAIN" in caplog.text


def test_errors_point_into_the_users_own_text(neo4j_store: Neo4jStore) -> None:
    with pytest.raises(QueryError, match=r"`nope` not defined \(line 1, column 8 \(offset: 7\)\)"):
        neo4j_store.read("RETURN nope")
    with pytest.raises(QueryError, match=r"`nope` not defined \(line 2, column 9 \(offset: 18\)\)"):
        neo4j_store.read("MATCH (n)\nRETURN  nope")


def test_a_runaway_read_ends(neo4j_store: Neo4jStore) -> None:
    with pytest.raises(LimitError, match="time limit of 1 s"):
        neo4j_store.read("UNWIND range(1, 100000000000) AS x RETURN max(x)", timeout=1.0)


def test_a_read_stops_at_its_row_limit(neo4j_store: Neo4jStore) -> None:
    found = neo4j_store.read("UNWIND range(1, 100000000000) AS x RETURN x", limit=3)
    assert (found.rows, found.truncated, found.limit) == ([(1,), (2,), (3,)], True, 3)


def test_functions_of_plugins() -> None:
    names = ["abs", "date.truncate", "Point.distance", "vector.similarity.cosine", "apoc.cypher.run", "genai.encode"]
    foreign = foreign_functions(names)
    assert foreign == {"apoc.cypher.run", "genai.encode"}
    for text in ("RETURN apoc.cypher.run('x')", "RETURN `APOC` /**/ . cypher\n.run('x')"):
        assert "apoc.cypher.run" in (hidden(text, (), foreign) or "")
    assert hidden("MATCH (n) WHERE n.cypher = 'run' RETURN date.truncate('day', n.at)", (), foreign) is None


def test_words_in_strings_and_comments_call_nothing() -> None:
    quiet = [
        "RETURN 'LOAD CSV'",
        'RETURN "it\'s LOAD CSV"',
        r"RETURN 'a\' LOAD CSV', 1",
        "RETURN 1 // LOAD CSV",
        "RETURN 1 /* CALL db.info() */ AS `db``x`",
        "CALL db.labels() YIELD label WHERE label <> 'db.info' RETURN label",
        "MATCH (n:Load) RETURN n.csv",
    ]
    loud = [
        r"RETURN 'a\\', COUNT { LOAD CSV FROM 'x' AS l RETURN l }, 'b'",
        "RETURN `it's`, COUNT { LOAD CSV FROM 'x' AS l RETURN l }, 'b'",
        'RETURN "/*", COUNT { LOAD CSV FROM "x" AS l RETURN l }, "*/"',
        "RETURN 1 //\r, COUNT { LOAD CSV FROM 'x' AS l RETURN l }",
        "RETURN 1 /* ' */, COUNT { LOAD /* ' */ CSV FROM 'x' AS l RETURN l }",
        "RETURN 1 // `\n, COUNT { LOAD\u2003CSV FROM 'x' AS l RETURN l } // `",
        "RETURN COUNT { CALL `db` /* . */ . `info`() YIELD name RETURN name }",
    ]
    assert [text for text in quiet if hidden(text, ["db.info"], [])] == []
    assert [text for text in loud if not hidden(text, ["db.info"], [])] == []


def test_unknown_operators_and_other_databases_are_refused() -> None:
    def step(name: str, *children: dict[str, object], details: str = "") -> dict[str, object]:
        return {"operatorType": name, "args": {"Details": details}, "children": list(children)}

    assert refusal(step("ProduceResults@neo4j", step("NodeUniqueIndexSeek@neo4j")), "r", "neo4j") is None
    assert refusal(step("Expand(Into)@neo4j", step("DirectedUnionRelationshipTypesScan@neo4j")), "r", "neo4j") is None
    assert "RunQueryAt" in (refusal(step("ProduceResults@neo4j", step("RunQueryAt@neo4j")), "r", "neo4j") or "")
    assert "'other'" in (refusal(step("ProduceResults@neo4j", step("AllNodesScan@other")), "r", "neo4j") or "")
    assert "'rw'" in (refusal(step("ProduceResults@neo4j"), "rw", "neo4j") or "")
    called = step("ProcedureCall@neo4j", details="apoc.load.json($autostring_0) :: (value :: MAP)")
    assert "apoc.load.json" in (refusal(called, "r", "neo4j") or "")
    assert refusal({}, "r", "neo4j") is not None


@pytest.mark.long
def test_every_catalogue_query_is_a_read(neo4j_store: Neo4jStore) -> None:
    texts = [path.read_text("utf-8") for path in (files("neuronkb.queries") / "cypher").iterdir()]
    assert texts
    with neo4j_store._readers.lend(None) as reader:
        for text in texts:
            question.check(text, {})
            neo4j_store._check_text(text)
            neo4j_store._check_plan(reader, text, None)
