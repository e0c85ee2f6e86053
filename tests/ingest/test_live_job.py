"""What the jobs that run a model share: which neurons are meant, and what identifies a run."""

from __future__ import annotations

import pytest
import torch
from neuronkb.ingest.live_job import LiveJob, scope_of, some_layers, some_neurons
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import ModelError
from transformers import GPT2Config, GPT2LMHeadModel


@pytest.fixture(scope="module")
def live() -> LiveModel:
    """A random GPT-2 of two layers of 8 neurons, without files."""
    torch.manual_seed(0)
    return LiveModel.of(GPT2LMHeadModel(GPT2Config(vocab_size=11, n_embd=4, n_layer=2, n_head=1, n_inner=8)))


def test_all_are_meant_unless_some_are_named(live: LiveModel) -> None:
    assert some_layers(live, None) == (0, 1)
    assert some_layers(live, [1, 0, 1]) == (0, 1)
    assert some_neurons(live, None, [1]) == {1: tuple(range(8))}
    assert some_neurons(live, [(1, 3), (0, 7), (1, 2), (1, 3)]) == {0: (7,), 1: (2, 3)}


def test_what_is_not_there_is_named(live: LiveModel) -> None:
    with pytest.raises(ModelError, match="no layer 2: the model has layers 0 to 1"):
        some_layers(live, [2])
    with pytest.raises(ModelError, match="no neuron L1/N8: the model has layers 0 to 1 and neurons 0 to 7"):
        some_neurons(live, [(0, 0), (1, 8)])
    with pytest.raises(ModelError, match="no neurons were asked for"):
        some_neurons(live, [])


def test_a_model_without_files_has_no_run(live: LiveModel) -> None:
    job = LiveJob()
    job.live = live
    assert job.poles == (1,)
    with pytest.raises(ModelError, match="handed over without its files"):
        job.run_info("some", {})
    with pytest.raises(ModelError, match="texts: windows of 2000 tokens do not fit the model's context of 1024"):
        job.check_length(2000, "texts: ")


def test_scope_by_hand() -> None:
    assert scope_of({3: (0, 1, 2), 1: (2, 0), 5: (0, 1, 2)}, 3) == {"layers": [3, 5], "neurons": {"1": [0, 2]}}
