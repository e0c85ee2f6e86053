"""What an entry's unit is, by the id that the store has it under."""

from __future__ import annotations

from neuronkb.kb.search.entries import layer_of


def test_only_a_neurons_own_id_has_a_layer() -> None:
    assert layer_of("org/m/L3/N7") == 3
    for latent in ("org/m/6-res-jb/7", "org/m/3/7", "org/m/3-mlp/7", "m/run/h/7"):
        assert layer_of(latent) is None
