"""What is told from a query's text alone."""

from __future__ import annotations

from contextlib import suppress

import pytest
from neuronkb.kb.stores.cypher_text import DEPTH, LENGTH, SHORT, SUBQUERIES, check_size, once, tokens
from neuronkb.schema import QueryError


def test_tokens() -> None:
    text = "MATCH (n:`a``b` {x: 'it\\'s // no' + \"/*\"}) // SHOW\n/* LOAD\nCSV */ return n.x1"
    signs = ["MATCH", "(", "N", ":", "", "{", "X", ":", "", "+", "", "}", ")", "RETURN", "N", ".", "X1"]
    assert tokens(text) == signs


def test_a_comment_ends_where_the_servers_end_it() -> None:
    assert tokens("// a\rb // c\nd") == ["B", "D"]


def test_only_words_of_ascii_have_one_upper_case() -> None:
    assert tokens("ſum ıs sum") == ["ſum", "ıs", "SUM"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("RETURN 'a", "' (line 1, column 8)"), ('x\n  "', '" (line 2, column 3)'), ("`", "`"), ("1 /* 2", "/*")],
)
def test_what_nothing_closes(text: str, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        tokens(text)
    assert said in str(caught.value)


def test_depth_and_length_are_bounded() -> None:
    check_size("RETURN " + "(" * DEPTH + "1" + ")" * DEPTH)
    check_size("RETURN " + "(1) + " * 10 * DEPTH + "'" + "(" * 10 * DEPTH + "'")
    check_size("RETURN '" + "x" * (LENGTH - 9) + "'")
    kinds = [("(", ")"), ("[", "]"), ("{a: ", "}"), ("CASE WHEN true THEN ", " END"), ("NOT ", ""), ("- ", "")]
    for opens, closes in kinds:
        check_size("RETURN " + opens * DEPTH + "1" + closes * DEPTH)
        with pytest.raises(QueryError, match=f"nests more than {DEPTH} deep"):
            check_size("RETURN " + opens * (DEPTH + 1) + "1" + closes * (DEPTH + 1))
    with pytest.raises(QueryError, match="characters long"):
        check_size("RETURN '" + "x" * LENGTH + "'")


def test_subqueries_in_subqueries_are_bounded() -> None:
    for word in ("EXISTS", "COUNT", "COLLECT"):
        deep = [f"RETURN {f'{word} {{ RETURN ' * n}1{' }' * n} AS x" for n in (SUBQUERIES, SUBQUERIES + 1)]
        check_size(deep[0] + ", " + deep[0])
        with pytest.raises(QueryError, match=f"nests more than {SUBQUERIES} subqueries"):
            check_size(deep[1])


def test_a_property_may_be_called_case() -> None:
    check_size("RETURN " + "n.case + " * (2 * DEPTH) + "1")


def test_a_text_that_passed_is_not_looked_at_again_and_one_that_did_not_is() -> None:
    seen: list[str] = []

    @once
    def check(text: str) -> None:
        seen.append(text)
        if "no" in text:
            raise QueryError(text)

    long = "x" * (SHORT + 1)
    for text in ("yes", "no", long) * 2:
        with suppress(QueryError):
            check(text)
    assert seen == ["yes", "no", long, "no", long]
