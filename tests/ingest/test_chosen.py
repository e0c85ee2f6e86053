"""Settings of all jobs: what is no number is refused under its name."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from neuronkb.ingest.causal import settings as causal
from neuronkb.ingest.corpus import settings as corpus
from neuronkb.ingest.explain import settings as explain
from neuronkb.ingest.n2g import settings as n2g
from neuronkb.ingest.probes import settings as probes
from neuronkb.schema import NeuronKBError

KINDS: tuple[Any, ...] = (causal.Settings, corpus.Settings, explain.Settings, n2g.Settings, probes.Settings)
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
