"""What a read may say to the local server."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from neuronkb.kb.stores.arcade.allowed import FUNCTIONS, PROCEDURES, check
from neuronkb.kb.stores.local import LocalStore
from neuronkb.schema import QueryError, ReadOnlyError

SPACES = ["\x00", "\x01", "\x1b", "\x7f", "\x85", "\xa0", "\xad", "\u200b", "\u2028", "\u3000", "\ufeff", "\x1c"]
BEFORE = [
    *SPACES,
    "\n",
    "\\u0020",
    "/**/",
    "//\r",
    "//\n",
    "// RETURN 1\r",
    ";",
    "{",
    "`",
    "RETURN 1 UNION ",
    "CYPHER 5 ",
]
ADMINISTRATION = ["SHOW TRANSACTIONS", "TERMINATE TRANSACTION 'x'", "show users", "DROP INDEX x", "USE system RETURN 1"]


@pytest.mark.parametrize("before", ["", *BEFORE])
def test_whatever_stands_before_the_word(local_store: LocalStore, before: str) -> None:
    for text in ADMINISTRATION:
        for limit in (0, 1, None):
            with pytest.raises(QueryError) as caught:
                local_store.read(before + text, limit=limit)
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["\x00RETURN 1", "RETURN \x001", "RETURN abs\x01(1)", "\ufeffRETURN 1", "RETURN 1–2"])
def test_signs_that_are_none(text: str) -> None:
    with pytest.raises(QueryError, match="is no sign of Cypher"):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        "RETURN size(text.random(2000000000)) AS x",
        "RETURN TEXT /* a */ . random\n(5) AS x",
        "RETURN [x IN [1] | {a: text.lpad('a', 2000000000, 'b')}] AS x",
        "RETURN l[0..text.random(5)]",
        "RETURN util.sleep(100000) AS x",
        "CALL util.sleep(100000)",
        "CALL text.random",
        "OPTIONAL CALL text.random(5) YIELD value RETURN value",
        "RETURN * CALL util.sleep",
        "UNWIND [1] AS x CALL { CALL util.sleep(9) RETURN 1 AS y } RETURN y",
        "CALL dbms.listDatabases()",
        "CALL algo.pagerank()",
        "CALL path.expand(1, 2, 3, 4, 5)",
        "RETURN file() AS x",
        "RETURN vector.neighbors('a', [1.0], 2) AS x",
        "MATCH (n) WHERE util.sleep(9) IS NULL RETURN n",
        "LOAD CSV FROM 'x' AS l RETURN l",
        "MATCH (n) LOAD\n/* between */ CSV FROM 'x' AS l RETURN l",
        "RETURN [x IN [1] | COLLECT { load csv FROM 'x' AS l RETURN l }]",
    ],
)
def test_calls_that_no_read_needs(local_store: LocalStore, text: str) -> None:
    with pytest.raises(ReadOnlyError, match=r"a read (of the local store )?may not"):
        local_store.read(text)


@pytest.mark.parametrize("text", ["RETURN `text.random`(5)", "RETURN text.`random`(5)", "CALL `util`.sleep(5)"])
def test_calls_in_backticks(text: str) -> None:
    with pytest.raises(QueryError, match="a call may not be in quotes"):
        check(text)


def test_a_mistyped_function_is_told_its_name() -> None:
    with pytest.raises(QueryError, match="function colect; did you mean collect"):
        check("MATCH (n) RETURN colect(n)")


@pytest.mark.parametrize(
    "text", ["MATCH (n:$('A')) RETURN n", "MATCH (n:A|$ ($l)) RETURN n", "MATCH (n:$all($l)) RETURN n"]
)
def test_dynamic_labels(text: str) -> None:
    with pytest.raises(QueryError, match="dynamic labels"):
        check(text)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("WITH [1, 2, 3] AS l RETURN l[0..size(l)] AS x", [([1, 2, 3],)]),
        ("WITH 1 AS call RETURN call", [(1,)]),
        ("WITH {call: 1, show: 2} AS n RETURN n.call, n {.show}.show, 'text.random(5)'", [(1, 2, "text.random(5)")]),
        ("RETURN 'SHOW', 'LOAD CSV' /* CALL util.sleep(9) */", [("SHOW", "LOAD CSV")]),
        ("MATCH (n) WHERE n.id = $all OR NOT (n)-->() AND n.id IN ($ids) RETURN n", []),
        ("MATCH p = shortestPath((a:Term)-[*]-(b:Term)) RETURN p", []),
        ("MATCH (search)-[:VECTOR]->(index) RETURN search, index", []),
        ("CALL db.labels() YIELD label WHERE label = 'nope' RETURN label", []),
        ("UNWIND [1, 2] AS x CALL (x) { RETURN x + 1 AS y } RETURN y", [(2,), (3,)]),
        ("\u3000\xa0RETURN\u20281 AS x", [(1,)]),
        ("RETURN CASE WHEN (1 < 2) THEN (3) ELSE (4) END AS x", [(3,)]),
    ],
)
def test_let_through(local_store: LocalStore, text: str, rows: list[tuple[object, ...]]) -> None:
    assert local_store.read(text, {"all": 1, "ids": []}).rows == rows


def test_every_catalogue_query_is_let_through() -> None:
    texts = [path.read_text("utf-8") for path in (files("neuronkb.queries") / "cypher").iterdir()]
    assert texts
    for text in texts:
        check(text)


def test_the_page_lists_what_may_be_called() -> None:
    page = (Path(__file__).parents[4] / "docs" / "stores.md").read_text("utf-8")
    told = {name.lower() for name in re.findall(r"`([\w.]+)`", page)}
    assert told >= FUNCTIONS | PROCEDURES
