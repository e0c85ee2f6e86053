"""Settings of all jobs: every limit is in an annotation, and none of them waits for torch."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
from neuronkb.ingest.causal import settings as causal
from neuronkb.ingest.chosen import field_kinds
from neuronkb.ingest.corpus import settings as corpus
from neuronkb.ingest.explain import settings as explain
from neuronkb.ingest.n2g import settings as n2g
from neuronkb.schema import NeuronKBError
from neuronkb.tests.every_settings import MODULES, NAMED, SETTINGS

HEAVY = {"torch", "transformers", "numpy", "pyarrow", "safetensors", "tokenizers"}
CLAMPS: dict[str, Any] = {"multiples": [0.25, 0.5, 1.0, 2.0, 4.0], "reference": 1.0, "null_tokens": 999, "band": 200}
CLAMPS |= {"null_neurons": 149, "pool": 200, "seed": 0}
ANSWERED: dict[str, Any] = {"answers_neurons": 10, "answer_tokens": 24, "chat": False}
ANSWERED |= {"question": "Question: What is your favourite thing, and why?\nAnswer: My favourite thing is"}
WINDOWS: dict[str, Any] = {"length": 64, "bos": None, "similarity": 0.8}
EXPLAINED = {
    "version": 1,
    "methods": ["token_activations", "graph_tokens", "both"],
    "candidates": 1,
    "temperature": 1.0,
    "style": "auto",
    "sides": "both",
    "scores": ["correlation", "ablation", "detection", "fuzzing", "embedding"],
    "shown": 5,
    "top": 5,
    "random": 5,
    "choose": 3,
    "examples": 10,
    "ablate": 5,
    "together": 5,
    "active": 0.3,
    "silent": 0.1,
    "scan": 20_000,
    "seed": 0,
}
GRAPHS = {
    "method": 2,
    "algorithm": "neuronkb",
    "build": 16,
    "report": 16,
    "random": 256,
    "weighting": 2.0,
    "threshold": 0.5,
    "cut": 0.4,
    "importance": 0.5,
    "keep": 0.5,
    "substitutes": 6,
    "places": 3,
    "surround": 24,
    "proposer": None,
    "mask": None,
    "pivots": 16,
    "longest": 48,
    "ngram": 5,
    "fold": False,
    "gaps": False,
    "anchors": True,
    "random_seen": True,
    "weight": 0.5,
    "least": 0.03,
    "dtype": "auto",
    "seed": 0,
}


def test_there_is_one_class_in_each_module() -> None:
    assert len(SETTINGS) == len(MODULES) == 10


def test_no_settings_wait_for_torch_or_tables() -> None:
    code = f"import sys, {', '.join(MODULES)}\nprint(*sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("settings", "identity"),
    [
        (causal.Settings(), CLAMPS | {"answers": 0}),
        (causal.Settings(answers=2, dtype="float32", batch=1), CLAMPS | ANSWERED | {"answers": 2}),
        (corpus.Settings(), WINDOWS | {"tails": True}),
        (corpus.Settings(tails=False, roles=True), WINDOWS),
        (explain.Settings(device="cpu", batch=1), EXPLAINED),
        (n2g.Settings(device="cpu", batch=1, chunk=1, positions=1), GRAPHS),
    ],
    ids=lambda value: type(value).__module__ if isinstance(value, tuple(SETTINGS)) else "",
)
def test_what_decides_a_runs_identity(settings: Any, identity: dict[str, Any]) -> None:
    assert settings.identity == identity


@pytest.mark.parametrize(("cls", "name"), NAMED, ids=str)
def test_every_number_has_a_range_and_its_ends_are_held(cls: Any, name: str) -> None:
    kind = field_kinds(cls)[name]
    if kind.type not in (int, float):
        assert kind.range is None
        return
    assert kind.range is not None
    assert kind.range.low > -math.inf
    for end, step in ((kind.range.low, -1), (kind.range.high, 1)):
        wrong = end if kind.range.open else end + step
        if math.isfinite(wrong):
            with pytest.raises(NeuronKBError, match=rf"{name} (is|has) {wrong!r}, expected "):
                cls.of({name: (wrong,) if kind.many else wrong})


@pytest.mark.parametrize(("cls", "name"), NAMED, ids=str)
def test_nothing_of_another_kind_is_taken(cls: Any, name: str) -> None:
    for wrong in (b"x", {"a": 1}, object):
        with pytest.raises(NeuronKBError, match=f"{name} (is|has) "):
            cls.of({name: wrong})
    if not field_kinds(cls)[name].optional:
        with pytest.raises(NeuronKBError, match=f"{name} is None, expected "):
            cls.of({name: None})


@pytest.mark.parametrize("cls", SETTINGS, ids=str)
def test_what_is_made_directly_is_looked_at_too(cls: Any) -> None:
    for name, kind in field_kinds(cls).items():
        if kind.choices:
            with pytest.raises(NeuronKBError, match=rf"{name} (is|has) 'x', expected (one|some) of "):
                cls(**{name: ("x",) if kind.many else "x"})
