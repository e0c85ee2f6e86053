"""Names round-trip, and those of other tools are understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.schema import SHARED, IdError, MlpId, NeuronId, fold, is_place, run_id

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}(/[A-Za-z0-9][A-Za-z0-9._-]{0,20})?", fullmatch=True)


@given(NAMES, st.integers(0, 999), st.integers(0, 99_999))
def test_round_trip(model: str, layer: int, index: int) -> None:
    neuron = NeuronId(model, layer, index)
    assert NeuronId.parse(str(neuron)) == neuron
    assert NeuronId.parse(f"{model}/{layer}-mlp/{index}") == neuron
    assert NeuronId.parse(f"{model}/{layer}/{index}") == neuron
    assert NeuronId.parse(f"{model}/blocks.{layer}.mlp.hook_post/{index}") == neuron
    assert NeuronId.parse(f"blocks.{layer}.mlp.hook_post/{index}", model) == neuron


@given(NAMES, st.integers(0, 999), st.integers(0, 99_999), st.integers(0, 999) | st.just(SHARED))
def test_neurons_of_experts_round_trip(model: str, layer: int, index: int, expert: int) -> None:
    neuron = NeuronId(model, layer, index, expert)
    assert NeuronId.parse(str(neuron)) == neuron
    assert str(neuron) == f"{model}/{neuron.place}"
    assert is_place(neuron.place)
    assert not is_place(str(neuron))
    assert NeuronId.parse(str(NeuronId(model, layer, index))).expert is None


def test_how_the_neurons_of_experts_are_written() -> None:
    assert str(NeuronId("lab/m", 3, 17, 5)) == "lab/m/L3/E5/N17"
    assert str(NeuronId("lab/m", 3, 17, SHARED)) == "lab/m/L3/S/N17"
    assert [str(MlpId(3)), str(MlpId(3, 5)), str(MlpId(3, SHARED))] == ["L3", "L3/E5", "L3/S"]


def test_mlps_sort_by_number_and_the_shared_expert_before_the_others() -> None:
    mlps = [MlpId(2, 10), MlpId(2, 9), MlpId(10), MlpId(2, SHARED), MlpId(1)]
    assert list(map(str, sorted(mlps, key=lambda mlp: mlp.order))) == ["L1", "L2/S", "L2/E9", "L2/E10", "L10"]


def test_a_model_whose_name_looks_like_a_layer() -> None:
    assert NeuronId.parse("lab/L1/N2/L3/N4") == NeuronId("lab/L1/N2", 3, 4)


NONSENSE = ["", "gpt2", "gpt2/L3", "gpt2/L-1/N2", "gpt2/Lx/N2", "gpt2/L1/N2/", "/L1/N2"]
NO_EXPERTS = ["gpt2/L1/E/N2", "gpt2/L1/E-1/N2", "gpt2/L1/S0/N2", "gpt2/L1/E1/S/N2"]


@pytest.mark.parametrize("text", NONSENSE + NO_EXPERTS)
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
