"""A model in which one neuron writes five tokens: it is found, its numbers are brute force's, others do not pass."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from neuronkb.ingest.causal.check import Dose, Others, Vocabulary, check_layer
from neuronkb.ingest.causal.end import Case, End
from neuronkb.ingest.causal.job import column_norms
from neuronkb.ingest.causal.last_token import LastToken
from neuronkb.ingest.causal.nulls import Floats
from neuronkb.ingest.causal.settings import Settings
from neuronkb.ingest.subject.clamp import Clamp
from neuronkb.ingest.subject.live import LiveModel
from transformers import LlamaConfig, LlamaForCausalLM

VOCAB, D, FF = 160, 32, 64
PROMPTS = ([3, 17, 42], [8, 60, 5, 99], [77, 120])
WRITTEN = (10, 11, 12, 13, 14)
PLANTED = ((0, 7), (1, 5))
"""(layer, neuron) whose down column is the mean unembedding row of the written tokens"""
MAXIMUM = 2.0
SETTINGS = Settings(multiples=(0.5, 1.0), null_tokens=999, band=50, null_neurons=100, pool=120, batch=32)


@pytest.fixture(scope="module")
def live() -> LiveModel:
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCAB,
            hidden_size=D,
            intermediate_size=FF,
            num_hidden_layers=2,
            num_attention_heads=4,
            tie_word_embeddings=False,
        )
    )
    with torch.no_grad():
        model.lm_head.weight.normal_(0.0, 1.0)
        for layer, neuron in PLANTED:
            down = model.model.layers[layer].mlp.down_proj.weight
            down.normal_(0.0, 0.1)
            column = model.lm_head.weight[list(WRITTEN)].mean(0)
            # As long as the others: only its direction is its own.
            down[:, neuron] = column / column.norm() * down.norm(dim=0).mean()
    return LiveModel.of(model)


def cases(layer: int) -> list[Case]:
    """The planted neuron, and ten others with tokens that mean nothing."""
    random = np.random.default_rng(layer)
    others = [
        End(layer, i, "down", 1, tuple(random.choice(np.arange(20, VOCAB), 5, replace=False).tolist()))
        for i in range(20, 30)
    ]
    planted = End(layer, dict(PLANTED)[layer], "down", 1, WRITTEN)
    return [Case(side, "hidden", MAXIMUM) for side in (planted, *others)]


@pytest.fixture(scope="module")
def prompts(live: LiveModel) -> list[LastToken]:
    return [LastToken(live, ids) for ids in PROMPTS]


def before(prompts: list[LastToken]) -> Floats:
    found: Floats = torch.stack([prompt.before.double() for prompt in prompts]).mean(0).numpy()
    return found


def checked(live: LiveModel, prompts: list[LastToken], layer: int) -> list[list[Dose]]:
    norms = column_norms(live, layer)
    every = np.tile(np.arange(FF), 2)
    others = Others(every, np.repeat([1, -1], FF), norms[every], np.full(2 * FF, MAXIMUM))
    vocabulary = Vocabulary(np.ones(VOCAB, np.bool_), np.arange(VOCAB), before(prompts))
    told: list[int] = []
    found = check_layer(prompts, cases(layer), norms, others, vocabulary, SETTINGS, told.append)
    # 11 cases of two doses, and each of the pool once, on three prompts.
    assert 3 * 11 * 2 + 3 * 100 <= sum(told) <= 3 * 11 * 2 + 3 * 120
    return found


@pytest.mark.parametrize("layer", [0, 1])
def test_the_planted_neuron_passes_both_nulls_and_the_others_do_not(
    live: LiveModel, prompts: list[LastToken], layer: int
) -> None:
    tested = [doses[-1] for doses in checked(live, prompts, layer)]
    planted = tested[0]
    assert planted.neurons is not None
    assert (planted.tokens.p, planted.neurons.p) == (1 / 1000, 1 / 101)
    assert planted.effect > max(planted.tokens.high, planted.neurons.high)
    p = [max(dose.tokens.p, dose.neurons.p) for dose in tested if dose.neurons is not None]
    # Chance lets one in a hundred through.
    assert p[0] == 1 / 101
    assert sum(value <= 0.02 for value in p[1:]) <= 1
    assert planted.neurons.ratio == pytest.approx(1.0, abs=0.2)


def test_the_direct_path_is_all_of_it_in_the_last_layer_only(live: LiveModel, prompts: list[LastToken]) -> None:
    for doses in checked(live, prompts, 1):
        assert doses[1].direct == pytest.approx(doses[1].effect, abs=1e-5)
        assert (doses[0].direct, doses[0].neurons) == (None, None)
    early = checked(live, prompts, 0)[0][1]
    assert early.direct is not None
    assert early.direct > 0
    assert abs(early.direct - early.effect) > 1e-4


@pytest.mark.parametrize("layer", [0, 1])
def test_numbers_against_brute_force(live: LiveModel, prompts: list[LastToken], layer: int) -> None:
    """Every clamp on every whole prompt, one at a time."""

    def change(neuron: int, value: float) -> Floats:
        found = []
        for ids in PROMPTS:
            logs = []
            for clamps in ([], [Clamp(layer, neuron, value, positions=(-1,))]):
                with live.clamped(clamps) as model:
                    logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
                logs.append(torch.log_softmax(logits.double(), -1))
            found.append(logs[1] - logs[0])
        mean: Floats = torch.stack(found).mean(0).numpy()
        return mean

    case, doses = cases(layer)[0], checked(live, prompts, layer)[0]
    own = [change(case.side.neuron, multiple * MAXIMUM) for multiple in (0.5, 1.0)]
    for dose, moved in zip(doses, own, strict=True):
        assert dose.effect == pytest.approx(moved[list(WRITTEN)].mean(), abs=1e-5)
        # Stand-ins are 50 of 155 tokens: their mean lies within what any choice of them gives.
        rest = np.sort(np.delete(moved, WRITTEN))
        assert rest[:50].mean() - 1e-5 <= dose.tokens.mean <= rest[-50:].mean() + 1e-5
        assert dose.tokens.low < dose.tokens.mean < dose.tokens.high
    assert doses[1].neurons is not None
    effects = {
        (i, pole): change(i, pole * MAXIMUM)[list(WRITTEN)].mean()
        for i in range(FF)
        for pole in (1, -1)
        if i != case.side.neuron
    }
    values = np.sort(list(effects.values()))
    # 100 of the 126 others.
    assert values[:100].mean() <= doses[1].neurons.mean <= values[-100:].mean()
    assert doses[1].effect > values[-1]
    assert doses[1].neurons.high <= values[-1]


def test_no_case_needs_no_run(live: LiveModel, prompts: list[LastToken]) -> None:
    empty = np.empty(0, np.int64)
    others = Others(empty, empty, np.empty(0), np.empty(0))
    vocabulary = Vocabulary(np.ones(VOCAB, np.bool_), np.arange(VOCAB), before(prompts))
    assert check_layer(prompts, [], np.empty(0), others, vocabulary, SETTINGS, lambda rows: None) == []
    (doses,) = check_layer(
        prompts, cases(1)[:1], column_norms(live, 1), others, vocabulary, SETTINGS, lambda rows: None
    )
    assert [dose.neurons for dose in doses] == [None, None]
