"""Numbers of the command line: NaN would pass every comparison and lift every limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner
from neuronkb.kb.cli.main import cli
from neuronkb.kb.cli.options import Numbers
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.mcp.limits import Limits
from neuronkb.kb.stores.base import Store
from neuronkb.schema import QueryError


def commands(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    for word, command in group.commands.items():
        path = f"{name} {word}".strip()
        if isinstance(command, click.Group):
            yield from commands(command, path)
        else:
            yield path, command


def float_options() -> Iterator[tuple[str, click.Parameter]]:
    for path, command in commands(cli):
        for parameter in command.params:
            if isinstance(parameter.type, click.types.FloatParamType):
                yield f"{path} {parameter.name}", parameter


FLOATS = dict(float_options())


def test_there_are_such_options() -> None:
    assert {"query timeout", "find min_f1", "ingest explanations budget", "mcp seconds"} <= set(FLOATS)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("wrong", ["nan", "inf", "-inf", "1e999"])
def test_every_option_refuses_what_is_not_finite(name: str, wrong: str) -> None:
    with pytest.raises(click.BadParameter):
        FLOATS[name].type.convert(wrong, FLOATS[name], None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["query", "RETURN 1", "--timeout", "nan"], "nan is not a finite number"),
        (["query", "RETURN 1", "--limit", "-1"], "-1 is not in the range"),
        (["ingest", "explanations", "m", "--explainer", "e", "--budget", "nan"], "nan is not a finite number"),
        (["ingest", "explanations", "m", "--explainer", "e", "--budget", "-1"], "-1.0 is not in the range"),
        (["ingest", "explanations", "m", "--explainer", "e", "--prices", "nan,1"], "'nan,1' is not such as 0.15,0.6"),
        (["ingest", "explanations", "m", "--explainer", "e", "--prices", "1,-1"], "'1,-1' is not such as"),
        (["ingest", "explanations", "m", "--explainer", "e", "--prices", "1"], "'1' is not such as"),
        (["ingest", "clamp", "m", "--multiples", "1,inf"], "'1,inf' is not such as 0.5,1,2"),
        (["mcp", "--rows", "0"], "0 is not in the range"),
    ],
)
def test_it_is_said_before_a_store_is_opened(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(cli, [*arguments, "--store", "bolt://127.0.0.1:1"])
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_lists_of_numbers() -> None:
    assert Numbers("0.5,1").convert("0.25, 1,4", None, None) == (0.25, 1.0, 4.0)
    assert Numbers("1,2", counted=True).convert("3,4", None, None) == (3.0, 4.0)


def test_a_servers_limits() -> None:
    with pytest.raises(QueryError, match="seconds is nan, expected a finite number above 0"):
        Limits(seconds=float("nan"))


@pytest.mark.parametrize("wrong", [{"timeout": float("nan")}, {"timeout": -1.0}, {"limit": -1}])
def test_limits_of_a_query(local_store: Store, wrong: dict[str, Any]) -> None:
    kb = KnowledgeBase(local_store, "unused")
    with pytest.raises(QueryError, match="expected a finite number of at least 0"):
        kb.cypher("RETURN 1", **wrong)
    with pytest.raises(QueryError, match="expected a finite number of at least 0"):
        kb.run("models", **wrong)
    with pytest.raises(QueryError, match="least is nan, expected a number"):
        kb.coherent(least=float("nan"))
