"""What a read may do in Neo4j. Community servers have no roles, and READ mode stops writes alone.

The server is asked for its plan (`EXPLAIN`), and every operator of the plan must be on the list below. That catches
LOAD CSV, SHOW, TERMINATE and procedures wherever they are clauses. It does not catch them inside an expression that the
planner keeps as one, such as `[x IN $urls | COLLECT { LOAD CSV FROM x AS l RETURN l }]`: a plan shows no operators for
those. So `hidden` looks for their words in the text as well; it errs on the side of refusing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

PROCEDURES = frozenset(
    {
        "db.index.fulltext.listAvailableAnalyzers",
        "db.index.fulltext.queryNodes",
        "db.index.fulltext.queryRelationships",
        "db.index.vector.queryNodes",
        "db.index.vector.queryRelationships",
        "db.labels",
        "db.ping",
        "db.propertyKeys",
        "db.relationshipTypes",
        "db.schema.nodeTypeProperties",
        "db.schema.relTypeProperties",
        "db.schema.visualization",
    }
)
"""What a read may CALL: all of them answer from this database alone."""

NAMESPACES = frozenset(
    {"coll", "date", "datetime", "duration", "localdatetime", "localtime", "point", "string", "time", "vector"}
)
"""Where the server's own functions live; those without a namespace are its own too. Others come from plugins."""

_ACCESS = re.compile(
    r"(Partitioned)?(Directed|Undirected)?(All|Node|Multi|Union|Intersection|Subtraction|Relationship|Unique|Asserting)"
    r"[A-Za-z]*(Scan|Seek|SeekByRange)"
)
_NAMES = """
    Aggregation AntiConditionalApply AntiSemiApply Apply Argument ArgumentTracker AssertSameNode AssertSameRelationship
    BidirectionalRepeat CacheProperties CartesianProduct ConditionalApply Distinct Eager EagerAggregation EmptyResult
    EmptyRow Expand Filter HashJoin LeftOuterHashJoin LetAntiSemiApply LetSelectOrAntiSemiApply LetSelectOrSemiApply
    LetSemiApply Limit NodeCountFromCountStore NodeHashJoin NodeLeftOuterHashJoin NodeRightOuterHashJoin Optional
    OptionalExpand OrderedAggregation OrderedDistinct OrderedUnion PartialSort PartialTop PartitionedUnwind
    PathPropagatingBFS ProcedureCall ProduceResults ProjectEndpoints Projection PruningVarLengthExpand
    RelationshipCountFromCountStore RemoteBatchProperties Repeat RightOuterHashJoin RollUpApply SelectOrAntiSemiApply
    SelectOrSemiApply SemiApply ShortestPath Skip Sort StatefulShortestPath Top TriadicBuild TriadicFilter
    TriadicSelection Union Unwind ValueHashJoin VarLengthExpand
"""
_OPERATORS = frozenset(_NAMES.split())
_QUIET = re.compile(
    r"""'(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" | /\*.*?\*/ | //[^\r\n]* | (`(?:[^`]|``)*`)""", re.VERBOSE | re.DOTALL
)
"""Strings and comments; and, as its group, names in backticks, which may hold quotes and say what is called."""


def refusal(plan: Mapping[str, Any], query_type: str | None, database: str) -> str | None:
    """Why a query with this plan is no read of `database`, or None.

    `plan` and `query_type` are the result summary's; `database` is what follows the @ of a plan's operators.
    """
    for step in _steps(plan):
        operator, _, where = str(step.get("operatorType")).partition("@")
        name = operator.partition("(")[0]
        details = str(step.get("args", {}).get("Details", ""))
        if name == "ProcedureCall" and (called := details.partition("(")[0]) not in PROCEDURES:
            return _refused_call(called)
        if name not in _OPERATORS and not _ACCESS.fullmatch(name):
            return f"a read may not use {name}: it would write, administer the server, or reach files or the network"
        if where != database:
            return f"a read may not leave the store's database for {where!r}"
    if query_type != "r":
        return f"a read may not write or administer, and the server plans this as {query_type!r}"
    return None


def escaped(cypher: str) -> str | None:
    """Why a text with \\uXXXX may not run, or None: the server's parsers do not agree where such a text begins."""
    if "\\u" in cypher:
        return "a read may not hold \\u escapes; write the character itself, or pass the text as a parameter"
    return None


def hidden(cypher: str, procedures: Iterable[str], functions: Iterable[str]) -> str | None:
    """Why a read with this text, not `escaped`, may not run, or None: what a plan need not show.

    `procedures` and `functions` are the full names of what the server has and no read may use.
    """
    text = _QUIET.sub(lambda m: m[1] or " ", cypher).casefold()
    if re.search(r"load\W+csv", text):
        return "a read may not LOAD CSV, which reaches files and the network; load a bundle instead"
    words = set(re.findall(r"\w+", text))
    if "call" in text:
        for name in procedures:
            if words.issuperset(name.casefold().split(".")):
                return _refused_call(name)
    for name in functions:
        if words.issuperset(name.casefold().split(".")):
            return f"a read may not use the function {name}: it comes from a plugin, and may reach files or the network"
    return None


def foreign_functions(names: Iterable[str]) -> frozenset[str]:
    """Those of the server's functions that no read may use."""
    return frozenset(n for n in names if "." in n and n.partition(".")[0].casefold() not in NAMESPACES)


def _refused_call(name: str) -> str:
    return f"a read may not call {name}; it may call {', '.join(sorted(PROCEDURES))}"


def _steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting = [plan]
    while waiting:
        step = waiting.pop()
        yield step
        waiting.extend(step.get("children", ()))
