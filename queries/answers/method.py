"""What a further method brings to a neuron's card and to `find`: an answer module that has a METHOD is found by itself.

The methods that this project began with have fields of their own on the card; one that is added needs no list edited.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from ...schema import QueryError
from ..catalogue.query import Reader
from ..result.near import near
from ..result.section import Section
from .criterion import Criterion

COMPARISON = ">="


@dataclass(frozen=True)
class Method:
    """One method."""

    name: str
    """as its noun is called"""
    rows: Callable[[Reader, str], Sequence[Mapping[str, Any]]]
    """what it says of a neuron, by the neuron's id"""
    section: Callable[[Sequence[Mapping[str, Any]]], Section]
    """the same, shown"""
    criterion: Callable[[float | None], Criterion]
    """neurons of which it says something, with a number that its score must reach"""


@cache
def methods() -> dict[str, Method]:
    """Those of the modules of this folder, by name."""
    held = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if re.search("^METHOD\\b", path.read_text("utf-8"), re.MULTILINE):
            method: Method = import_module(f".{path.stem}", __package__).METHOD
            held[method.name] = method
    return held


def evidence_criterion(text: str) -> Criterion:
    """Of a text such as `saliency` or `saliency >= 0.5`. Raises QueryError for a method or a number that is none."""
    name, reaches, number = (part.strip() for part in text.partition(COMPARISON))
    if name not in methods():
        raise QueryError(f"no method {name!r} beside those that find has an option for{near(name, methods())}")
    try:
        least = float(number) if reaches else None
    except ValueError:
        raise QueryError(f"{text!r} names no number; expected such as '{name} >= 0.5'") from None
    return methods()[name].criterion(least)
