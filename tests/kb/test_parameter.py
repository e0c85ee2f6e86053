"""A parameter read from its annotation, and what a door may give for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from neuronkb.ingest.chosen import ADVANCED, LOCAL, Range
from neuronkb.kb.kinds import Corpus, Layers, Model, Neurons, OneNeuron
from neuronkb.kb.parameter import REQUIRED, Misread, Parameter, read_annotation
from neuronkb.schema import QueryError


def read(annotation: Any, default: Any = REQUIRED) -> Parameter:
    return read_annotation("value", annotation, default, True)


@pytest.mark.parametrize(
    ("annotation", "given", "expected"),
    [
        (int, "12", 12),
        (int, 12.0, 12),
        (float, "0.5", 0.5),
        (bool, "yes", True),
        (bool, False, False),
        (str, " a ", " a "),
        (Path, "x/y", Path("x/y")),
        (Literal["a", "b"], " a ", "a"),
        (int | None, None, None),
        (tuple[int, ...], "0,3-5,-1", (0, 3, 4, 5, -1)),
        (tuple[int, ...], [1, 2], (1, 2)),
        (tuple[float, ...], "0.25,1", (0.25, 1.0)),
        (tuple[Literal["a", "b"], ...], "a,b", ("a", "b")),
        (tuple[str, ...], "a,b", ("a,b",)),
        (float | Sequence[float], "1,2", (1.0, 2.0)),
        (Mapping[str, Any], ["n=1", 'words=["a"]', "t=x=y"], {"n": 1, "words": ["a"], "t": "x=y"}),
        (Layers, "0,3-4", (0, 3, 4)),
        (Neurons, ("L1/N2", "ids.txt"), ("L1/N2", "ids.txt")),
    ],
)
def test_what_doors_give_becomes_what_a_verb_takes(annotation: Any, given: Any, expected: Any) -> None:
    assert read(annotation).read(given) == expected


@pytest.mark.parametrize(
    ("annotation", "given", "why"),
    [
        (int, "1.5", "expected a whole number"),
        (int, True, "expected a whole number"),
        (int, "1e400", "expected a whole number"),
        (float, "nan", "expected a finite number"),
        (float, math.inf, "expected a finite number"),
        (bool, "maybe", "expected true or false"),
        (Literal["a", "b"], "c", "expected one of a, b"),
        (tuple[Literal["a", "b"], ...], "a,c", "expected some of a, b"),
        (Annotated[int, Range(1, 5)], 6, "expected 1 to 5"),
        (Annotated[float, Range(0, 1)], "-0.1", "expected 0 to 1"),
        (tuple[int, ...], "5-3", "expected a range such as 3-5"),
        (tuple[int, ...], "0-999999999", "expected a range such as 3-5"),
        (Mapping[str, Any], ["no equals"], "expected NAME=VALUE"),
        (str, 7, "expected text"),
        (int, None, "nothing was given"),
    ],
)
def test_what_is_none_of_it_is_said_with_what_was_expected(annotation: Any, given: Any, why: str) -> None:
    with pytest.raises(Misread, match=why):
        read(annotation).read(given)


def test_what_annotations_say() -> None:
    top = read(Annotated[int, Range(1), "Rows", ADVANCED], 20)
    assert (top.type, top.words, top.advanced, top.required) == ("whole", "Rows", True, False)
    assert read(Annotated[OneNeuron, "The one to clamp"], None).words == "The one to clamp"
    assert read(Corpus).positional is False
    with pytest.raises(QueryError, match="value is 0, expected 1 or more"):
        top.taken(0)
    with pytest.raises(TypeError, match="no door can ask for"):
        read(dict)


def test_what_network_doors_have() -> None:
    assert read(Model).remote
    assert not read(Corpus).remote
    assert not read(Path).remote
    assert not read(Annotated[str, LOCAL]).remote
    assert read(str).remote
