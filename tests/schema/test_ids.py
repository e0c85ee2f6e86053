"""Names round-trip, and those of other tools are understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.schema import IdError, NeuronId, fold, run_id

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}(/[A-Za-z0-9][A-Za-z0-9._-]{0,20})?", fullmatch=True)


@given(NAMES, st.integers(0, 999), st.integers(0, 99_999))
def test_round_trip(model: str, layer: int, index: int) -> None:
    neuron = NeuronId(model, layer, index)
    assert NeuronId.parse(str(neuron)) == neuron
    assert NeuronId.parse(f"{model}/{layer}-mlp/{index}") == neuron
    assert NeuronId.parse(f"{model}/{layer}/{index}") == neuron
    assert NeuronId.parse(f"{model}/blocks.{layer}.mlp.hook_post/{index}") == neuron
    assert NeuronId.parse(f"blocks.{layer}.mlp.hook_post/{index}", model) == neuron


def test_a_model_whose_name_looks_like_a_layer() -> None:
    assert NeuronId.parse("lab/L1/N2/L3/N4") == NeuronId("lab/L1/N2", 3, 4)


@pytest.mark.parametrize("text", ["", "gpt2", "gpt2/L3", "gpt2/L-1/N2", "gpt2/Lx/N2", "gpt2/L1/N2/", "/L1/N2"])
def test_nonsense_is_refused_with_the_forms_that_are_read(text: str) -> None:
    with pytest.raises(IdError, match="MODEL/L3/N17"):
        NeuronId.parse(text)


def test_a_name_without_its_model() -> None:
    with pytest.raises(IdError, match="names no model"):
        NeuronId.parse("blocks.3.mlp.hook_post/17")


@pytest.mark.parametrize(
    ("surface", "term"),
    [(" August", "august"), ("August", "august"), ("STRASSE", "strasse"), ("Straße", "strasse"), (" \n", "")],
)
def test_fold(surface: str, term: str) -> None:
    assert fold(surface) == term


def test_a_run_is_named_by_what_determines_it_whatever_the_order() -> None:
    one = run_id("lm-head", "m", "w", {"k": 10, "convention": "raw"}, tokenizer="t")
    assert one == run_id("lm-head", "m", "w", {"convention": "raw", "k": 10}, tokenizer="t")
    assert one != run_id("lm-head", "m", "w", {"k": 11, "convention": "raw"}, tokenizer="t")
    assert one != run_id("link", "m", "w", {"k": 10, "convention": "raw"}, tokenizer="t")
    assert one != run_id("lm-head", "m", "w", {"k": 10, "convention": "raw"}, tokenizer="u")
    assert one.startswith("lm-head-")


def test_equal_weights_under_another_name_are_another_run() -> None:
    one, two = (run_id("lm-head", model, "w", {"k": 10}) for model in ("org/Old-Name", "org/New-Name"))
    assert one != two
    assert run_id("lm-head", "org/Old-Name", "v", {"k": 10}) not in (one, two)
