"""What is told from a query's text alone."""

from __future__ import annotations

import pytest
from neuronkb.kb.stores.cypher_text import check_local_read, tokens
from neuronkb.schema import QueryError, ReadOnlyError


def test_tokens() -> None:
    text = "MATCH (n:`a``b` {x: 'it\\'s // no' + \"/*\"}) // SHOW\n/* LOAD\nCSV */ return n.x1"
    signs = ["MATCH", "(", "N", ":", "", "{", "X", ":", "", "+", "", "}", ")", "RETURN", "N", ".", "X1"]
    assert tokens(text) == signs


@pytest.mark.parametrize(
    "text",
    [
        "SHOW USERS",
        "  /* c */ show current user",
        "// c\nTERMINATE TRANSACTIONS 'x'",
        "LOAD CSV FROM 'x' AS l RETURN l",
        "MATCH (n) LOAD\n/* between */ CSV FROM 'x' AS l RETURN l",
        "RETURN [x IN [1] | COLLECT { load csv FROM 'x' AS l RETURN l }]",
        "DROP INDEX x",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ReadOnlyError):
        check_local_read(text)


@pytest.mark.parametrize(
    "text", ["MATCH (n:$('A')) RETURN n", "MATCH (n:A|$ ($l)) RETURN n", "MATCH (n:$all($l)) RETURN n"]
)
def test_dynamic_labels(text: str) -> None:
    with pytest.raises(QueryError, match="dynamic labels"):
        check_local_read(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MATCH (n {show: 1}) RETURN n.load, 'SHOW', `LOAD CSV`",
        "MATCH (n) WHERE n.id = $all OR n.id IN $ids RETURN n",
        "RETURN 'unfinished",
        "MATCH (search)-[:VECTOR]->(index) RETURN search, index",
    ],
)
def test_let_through(text: str) -> None:
    check_local_read(text)
