"""What settings may hold: the kinds of their fields, and what is refused under its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from neuronkb.ingest.chosen import ADVANCED, FieldKind, Range, Share, check_fields, chosen, field_kinds
from neuronkb.kb.doors import all_verbs
from neuronkb.schema import ModelError, NeuronKBError
from neuronkb.tests.every_settings import NAMED, SETTINGS

FLOATS = [(cls, name) for cls, name in NAMED if field_kinds(cls)[name].type is float]
SEEDED = [cls for cls, name in NAMED if name == "seed"]


@dataclass(frozen=True)
class Sample:
    k: Annotated[int, Range(1, 1000)] = 10
    ks: Annotated[tuple[int, ...], Range(1, 8), ADVANCED] = (1, 2)
    share: Annotated[Share, ADVANCED] = 0.5
    scale: Annotated[float | None, Range(0, open=True)] = None
    least: Annotated[int, Range(8)] = 8
    most: Annotated[int, Range(high=5)] = 5
    free: float = 0.0
    side: Literal["up", "down"] = "up"
    sides: tuple[Literal["up", "down"], ...] = ("up",)
    name: str | None = None
    loud: Annotated[bool, ADVANCED] = False

    def __post_init__(self) -> None:
        check_fields(self, ModelError)


def test_kinds_are_what_the_annotations_say() -> None:
    assert field_kinds(Sample) == {
        "k": FieldKind(int, range=Range(1, 1000)),
        "ks": FieldKind(int, many=True, range=Range(1, 8), advanced=True),
        "share": FieldKind(float, range=Range(0, 1, open=True), advanced=True),
        "scale": FieldKind(float, optional=True, range=Range(0, open=True)),
        "least": FieldKind(int, range=Range(8)),
        "most": FieldKind(int, range=Range(high=5)),
        "free": FieldKind(float),
        "side": FieldKind(str, choices=("up", "down")),
        "sides": FieldKind(str, many=True, choices=("up", "down")),
        "name": FieldKind(str, optional=True),
        "loud": FieldKind(bool, advanced=True),
    }


def test_what_no_setting_can_be_is_a_fault_of_the_class() -> None:
    @dataclass
    class Odd:
        table: dict[str, int]

    with pytest.raises(TypeError, match="is no annotation of a setting"):
        field_kinds(Odd)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"k": 0}, "k is 0, expected 1 to 1000"),
        ({"k": 5.0}, "k is 5.0, expected a whole number, 1 to 1000"),
        ({"k": True}, "k is True, expected a whole number, 1 to 1000"),
        ({"k": None}, "k is None, expected a whole number, 1 to 1000"),
        ({"ks": (1, 9)}, "ks has 9, expected 1 to 8"),
        ({"ks": 3}, "ks is 3, expected a list: 1 to 8"),
        ({"sides": "up"}, "sides is 'up', expected a list: some of up, down"),
        ({"sides": ("up", "x")}, "sides has 'x', expected some of up, down"),
        ({"side": "x"}, "side is 'x', expected one of up, down"),
        ({"share": 1}, "share is 1, expected a number above 0 and below 1"),
        ({"scale": 0}, "scale is 0, expected a number above 0, or None"),
        ({"least": 7}, "least is 7, expected 8 or more"),
        ({"most": 6}, "most is 6, expected at most 5"),
        ({"free": "1"}, "free is '1', expected a number"),
        ({"name": 1}, "name is 1, expected text, or None"),
        ({"loud": 1}, "loud is 1, expected True or False"),
        ({"kk": 1}, "unknown setting 'kk' of a sample; known: k, ks, share"),
    ],
)
def test_what_is_wrong_is_said_with_its_name_and_limits(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=f"^{re.escape(said)}"):
        chosen(Sample, given, "a sample")


def test_the_ends_of_a_range_and_lists_are_taken() -> None:
    assert chosen(Sample, {"k": 1000, "share": 0.999, "scale": 3, "ks": [1, 8]}, "a sample").k == 1000
    assert chosen(Sample, None, "a sample") == Sample() == chosen(Sample, Sample(), "a sample")


@pytest.mark.parametrize(("cls", "name"), FLOATS, ids=str)
@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_every_number_is_finite(cls: Any, name: str, wrong: float) -> None:
    value = (1.0, wrong) if field_kinds(cls)[name].many else wrong
    with pytest.raises(NeuronKBError, match=f"{name} is {wrong!r}, expected a finite number"):
        cls.of({name: value})


@pytest.mark.parametrize("cls", SEEDED, ids=str)
@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True])
def test_seeds_that_no_generator_takes_are_refused_at_once(cls: Any, seed: Any) -> None:
    with pytest.raises(
        NeuronKBError, match=rf"seed is {re.escape(repr(seed))}, expected a whole number from 0 to 4294967295"
    ):
        cls.of({"seed": seed})
    assert cls.of({"seed": 2**32 - 1}).seed == 2**32 - 1


def test_settings_with_a_seed_are_most() -> None:
    assert len(SEEDED) == len(SETTINGS) - 2


def test_every_seed_of_a_verb_has_the_same_range() -> None:
    seeds = [one for verb in all_verbs() for one in verb.parameters if one.name in ("seed", "sample")]
    assert len(seeds) > 8
    assert {(one.range.low, one.range.high) for one in seeds if one.range is not None} == {(0, 2**32 - 1)}
    assert all(one.range is not None for one in seeds)
