"""Settings of all jobs: what is no number is refused under its name."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import click
import pytest
from neuronkb.ingest.causal import settings as causal
from neuronkb.ingest.corpus import settings as corpus
from neuronkb.ingest.explain import settings as explain
from neuronkb.ingest.features.sampling import Sampling
from neuronkb.ingest.feeds import settings as feeds
from neuronkb.ingest.n2g import settings as n2g
from neuronkb.ingest.probes import settings as probes
from neuronkb.ingest.similar import settings as similar
from neuronkb.kb.cli.main import cli
from neuronkb.schema import NeuronKBError

KINDS: tuple[Any, ...] = (causal.Settings, corpus.Settings, explain.Settings, n2g.Settings, probes.Settings)
SEEDED: tuple[Any, ...] = (*(one for one in KINDS if "seed" in {f.name for f in fields(one)}), similar.Settings)
SEEDED += (feeds.Settings, Sampling)
FLOATS = [(kind, field.name) for kind in KINDS for field in fields(kind) if "float" in str(field.type)]


@pytest.mark.parametrize(("kind", "name"), FLOATS, ids=lambda one: one if isinstance(one, str) else one.__module__)
@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_every_number_is_finite(kind: Any, name: str, wrong: float) -> None:
    value = (1.0, wrong) if "tuple" in str(kind.__dataclass_fields__[name].type) else wrong
    with pytest.raises(NeuronKBError, match=f"{name} is {wrong!r}, expected a finite number"):
        kind.of({name: value})


def test_settings_that_are_made_already_are_looked_at_too() -> None:
    with pytest.raises(NeuronKBError, match="temperature is nan, expected a finite number"):
        explain.Settings.of(explain.Settings(temperature=float("nan")))


@pytest.mark.parametrize("kind", SEEDED, ids=lambda one: one.__module__)
@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True])
def test_seeds_that_no_generator_takes_are_refused_at_once(kind: Any, seed: Any) -> None:
    with pytest.raises(
        NeuronKBError, match=rf"seed is {re.escape(repr(seed))}, expected a whole number from 0 to 4294967295"
    ):
        kind.of({"seed": seed})
    assert kind.of({"seed": 2**32 - 1}).seed == 2**32 - 1


def test_every_seed_of_the_command_line_has_the_same_range() -> None:
    found = [option for command in commands(cli) for option in command.params if is_seed(option)]
    assert len(found) > 8
    for option in found:
        assert isinstance(option.type, click.IntRange), option.name
        assert (option.type.min, option.type.max) == (0, 2**32 - 1)


def is_seed(option: click.Parameter) -> bool:
    return option.name == "seed" or getattr(option, "metavar", None) == "SEED"


def commands(group: click.Command) -> list[click.Command]:
    inner = group.commands.values() if isinstance(group, click.Group) else ()
    return [group, *(each for one in inner for each in commands(one))]
