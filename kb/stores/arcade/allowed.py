"""What a read may say to the local server, told from its text: the server gives its reading user more than reads need.

That user may list and end what others run (SHOW, TERMINATE), ask for texts of any length, sleep, and call whatever
procedure there is. So a read begins with one of few words and calls what is on the lists below, and nothing else. The
writing clauses are not looked for: the server refuses them to that user.
"""

from __future__ import annotations

import itertools

from ....schema import QueryError, ReadOnlyError
from ..cypher_text import Token, once, parsed, position

FIRST = ("MATCH", "OPTIONAL", "WITH", "UNWIND", "CALL", "RETURN")
"""What a read may begin with."""

PROCEDURES = frozenset(
    {
        "db.index.fulltext.querynodes",
        "db.index.fulltext.queryrelationships",
        "db.index.vector.querynodes",
        "db.labels",
        "db.propertykeys",
        "db.relationshiptypes",
        "db.schema.visualization",
    }
)
"""What a read may CALL, in lower case."""

_FUNCTIONS = """
    abs acos all any asin atan atan2 avg btrim ceil ceiling char_length character_length coalesce collect cos cosh cot
    coth count date datetime degrees duration e elementid endnode exists exp floor format haversin head id isempty isnan
    keys labels last left length ln localdatetime localtime log log10 lower ltrim max min nodes none normalize nullif
    percentilecont percentiledisc pi point properties radians rand randomuuid range reduce relationships replace reverse
    right round rtrim sign sin single sinh size split sqrt startnode stdev stdevp substring sum tail tan tanh time
    timestamp toboolean tobooleanlist tobooleanornull tofloat tofloatlist tofloatornull tointeger tointegerlist
    tointegerornull tolower tostring tostringlist tostringornull toupper trim type upper valuetype vector
    vector_dimension_count vector_distance vector_norm
    coll.avg coll.distinct coll.flatten coll.indexof coll.insert coll.max coll.min coll.remove coll.sort coll.sum
    date.realtime date.statement date.transaction date.truncate
    datetime.fromepoch datetime.fromepochmillis datetime.realtime datetime.statement datetime.transaction
    datetime.truncate duration.between duration.indays duration.inmonths duration.inseconds localdatetime.realtime
    localdatetime.statement localdatetime.transaction localdatetime.truncate localtime.realtime localtime.statement
    localtime.transaction localtime.truncate point.distance point.withinbbox time.realtime time.statement
    time.transaction time.truncate vector.similarity.cosine vector.similarity.euclidean
"""
FUNCTIONS = frozenset(_FUNCTIONS.split())
"""What a read may use, in lower case: functions of Cypher's own, which Neo4j has too, and none that makes much of
little."""

_BEFORE_BRACKETS = """
    ACYCLIC ALL ALLSHORTESTPATHS AND ANY AS ASC ASCENDING BY CALL CASE CONTAINS DESC DESCENDING DETACH DISTINCT ELSE
    FILTER FOREACH GROUP GROUPS IN IS JOIN LIMIT MATCH MERGE CREATE INSERT DELETE SET REMOVE ON NEXT NOT OFFSET
    OPTIONAL OR PATH PATHS RETURN SCAN SHORTEST SHORTESTPATH SKIP THEN TRAIL UNION UNWIND WALK WHEN WHERE WITH XOR
"""
_KEYWORDS = frozenset(_BEFORE_BRACKETS.split())
"""Words that may stand before a bracket and call nothing."""

_WRITING = """
    ALTER CREATE DEALLOCATE DELETE DENY DETACH DROP DRYRUN ENABLE FOREACH GRANT INSERT LOAD MERGE NODETACH REALLOCATE
    REMOVE RENAME REVOKE SET SHOW START STOP TERMINATE USE
"""
_OF_OTHERS = frozenset(_WRITING.split())
_SIGNS = frozenset("()[]{}.,:;|&!%*+-/<>=~^$?0123456789")
_NO_CLAUSE_AFTER = frozenset({"AS", ".", ":", ",", "(", "$"})
"""What stands before a name, so that `call` after it is one."""


@once
def check(text: str) -> None:
    """Refuse what the local server would let a reader do to others, or would quietly get wrong.

    Raises ReadOnlyError or QueryError.
    """
    found = parsed(text)
    _check_signs(text, found)
    _check_beginning(text, found)
    for i, token in enumerate(found):
        if _calls(found, i):
            _check_procedure(text, found[i + 1 :])
        elif token.text == "(" and i and found[i - 1].kind != "sign":
            _check_function(text, found[:i])
    _check_unknown([token.text for token in found])


def _check_signs(text: str, found: list[Token]) -> None:
    for token in found:
        if token.kind == "sign" and token.text not in _SIGNS:
            raise QueryError(f"{token.text!r} is no sign of Cypher {position(text, token.at)}; take it out")


def _check_beginning(text: str, found: list[Token]) -> None:
    if not found:
        raise QueryError("the query is empty; expected Cypher such as MATCH (n:Neuron) RETURN n LIMIT 5")
    first = found[0].text
    if first in FIRST:
        return
    if first in ("EXPLAIN", "PROFILE"):
        raise QueryError(f"{first} gives a plan and no rows; leave the word out to run the query")
    if first in _OF_OTHERS:
        raise ReadOnlyError(f"a read may not begin with {first}: it would write, or be about the server")
    word = text[found[0].at :].split(maxsplit=1)[0][:30]
    raise QueryError(f"{word!r} {position(text, found[0].at)} begins no read; expected one of {', '.join(FIRST)}")


def _calls(found: list[Token], i: int) -> bool:
    """Whether token `i` is the clause CALL, and not a name."""
    return found[i].text == "CALL" and (i == 0 or found[i - 1].text not in _NO_CLAUSE_AFTER)


def _check_procedure(text: str, after: list[Token]) -> None:
    """Refuse a CALL of a procedure that is not on the list; brackets after CALL are a subquery."""
    if not after or after[0].kind == "sign":
        return
    end = 0
    while end + 2 < len(after) and after[end + 1].text == ".":
        end += 2
    name = _plain(text, after[: end + 1 : 2])
    if name not in PROCEDURES:
        raise ReadOnlyError(_not_listed("procedure", name, PROCEDURES))


def _check_function(text: str, before: list[Token]) -> None:
    """Refuse the call whose name ends `before`, unless it is on the list or a word that calls nothing."""
    first = len(before) - 1
    while first >= 2 and before[first - 1].text == "." and before[first - 2].text != ".":
        first -= 2
    if first and _calls(before, first - 1):
        return
    if before[-1].kind == "quoted" and text[before[-1].at] != "`":
        return
    name = _plain(text, before[first::2])
    if name not in FUNCTIONS and name.upper() not in _KEYWORDS:
        raise ReadOnlyError(_not_listed("function", name, FUNCTIONS))


def _plain(text: str, parts: list[Token]) -> str:
    """A dotted name in lower case."""
    for part in parts:
        if part.kind == "quoted":
            raise QueryError(f"a call may not be in quotes {position(text, part.at)}; write its name plainly")
    return ".".join(part.text.lower() for part in parts)


def _not_listed(kind: str, name: str, known: frozenset[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(known), n=3)
    meant = f"; did you mean {', '.join(close)}?" if close else f"; docs/stores.md lists every {kind} that it may"
    return f"a read of the local store may not call the {kind} {name}{meant}"


def _check_unknown(words: list[str]) -> None:
    """Refuse what the server takes and answers wrongly, and LOAD CSV wherever it stands."""
    pairs = set(itertools.pairwise(words))
    if ("LOAD", "CSV") in pairs:
        raise ReadOnlyError("a read may not do this: LOAD CSV reads files and addresses; load a bundle instead")
    if ("$", "(") in pairs or any(
        one == "$" and two in ("ALL", "ANY") and three == "("
        for one, two, three in zip(words, words[1:], words[2:], strict=False)
    ):
        raise QueryError("the local store does not know dynamic labels and types, `$(...)`; write the name out")
    if ("VECTOR", "INDEX") in pairs and "SEARCH" in words:
        raise QueryError("the local store does not know SEARCH; use CALL db.index.vector.queryNodes(...)")
