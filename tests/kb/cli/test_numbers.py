"""Numbers of the command line: NaN would pass every comparison and lift every limit."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner
from neuronkb.kb.cli.main import cli
from neuronkb.kb.doors import all_verbs
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.limits import Limits
from neuronkb.kb.parameter import Misread
from neuronkb.kb.stores.base import Store
from neuronkb.schema import QueryError

FLOATS = {
    f"{verb.path} {parameter.name}": parameter
    for verb in all_verbs()
    for parameter in verb.parameters
    if parameter.type == "number"
}


def test_there_are_such_options() -> None:
    assert {"cypher timeout", "probes find least", "explanations ingest budget", "clamp run value"} <= set(FLOATS)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("wrong", ["nan", "inf", "-inf", "1e999"])
def test_every_option_refuses_what_is_not_finite(name: str, wrong: str) -> None:
    with pytest.raises(Misread):
        FLOATS[name].read(wrong)


EXPLAIN = ["explanations", "ingest", "m", "--explainer", "e"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cypher", "RETURN 1", "--timeout", "nan"], "'nan', expected a finite number"),
        (["cypher", "RETURN 1", "--limit", "-1"], "-1, expected 0 or more"),
        ([*EXPLAIN, "--budget", "nan"], "'nan', expected a finite number"),
        ([*EXPLAIN, "--budget", "-1"], "-1.0, expected 0 or more"),
        ([*EXPLAIN, "--prices", "nan,1"], "'nan', expected a finite number"),
        ([*EXPLAIN, "--prices", "1,-1"], "-1.0, expected 0 or more"),
        (["causal", "ingest", "m", "--multiples", "1,inf"], "'inf', expected a finite number"),
        (["mcp", "--rows", "0"], "0 is not in the range"),
    ],
)
def test_it_is_said_before_a_store_is_opened(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(cli, [*arguments, "--store", "bolt://127.0.0.1:1"])
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_lists_of_numbers() -> None:
    assert FLOATS["causal ingest multiples"].read("0.25, 1,4") == (0.25, 1.0, 4.0)


def test_a_servers_limits() -> None:
    with pytest.raises(QueryError, match="seconds is nan, expected a finite number above 0"):
        Limits(seconds=float("nan"))


@pytest.mark.parametrize("wrong", [{"timeout": float("nan")}, {"timeout": -1.0}, {"limit": -1}])
def test_limits_of_a_query(local_store: Store, wrong: dict[str, Any]) -> None:
    kb = KnowledgeBase(local_store, "unused")
    with pytest.raises(QueryError, match="expected 0 or more"):
        kb.cypher("RETURN 1", **wrong)
    with pytest.raises(QueryError, match="expected 0 or more"):
        kb.queries.run("models", **wrong)
    with pytest.raises(QueryError, match="least is nan, expected"):
        kb.words.coherent(least=float("nan"))
