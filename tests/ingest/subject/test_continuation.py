"""Continuations of the planted model, whose neuron (1, 3) writes months: checked by hand and against transformers."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import median

import pytest
import torch
from neuronkb.ingest.subject.clamp import Clamp
from neuronkb.ingest.subject.continuation import CONTROLS, continuations, encode, kl
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.ingest.subject.vocabulary import read_vocabulary, token_texts
from neuronkb.schema import ModelError
from neuronkb.tests import planted

from .tokenizers import byte_level, sentencepiece

PROMPT = "filler9 filler12"
IDS = [planted.TOKENS.index(f"▁{word}") for word in PROMPT.split()]
MONTHS = [planted.TOKENS.index(f"▁{word}") for word in planted.MONTHS]
SAME = Clamp(0, 2, 1.0, "scale")


@pytest.fixture(scope="module")
def live(planted_models: tuple[Path, Path]) -> LiveModel:
    return LiveModel.open(planted_models[0], device="cpu")


def probabilities(live: LiveModel, *clamps: Clamp) -> torch.Tensor:
    with live.clamped(clamps) as model:
        logits: torch.Tensor = model(input_ids=torch.tensor([IDS])).logits[0, -1]
    return logits.double().softmax(-1)


def test_before_is_the_models_own(live: LiveModel) -> None:
    found = continuations(live, PROMPT, [SAME], tokens=6, top=len(planted.TOKENS))
    expected = probabilities(live)
    assert sorted(row.token for row in found.next) == list(range(len(planted.TOKENS)))
    assert [row.before for row in found.next] == pytest.approx(
        [float(expected[row.token]) for row in found.next], rel=1e-4, abs=1e-9
    )
    said = live.model.generate(torch.tensor([IDS]), max_new_tokens=6, do_sample=False)[0, len(IDS) :]
    assert found.written_before.split() == live.tokenizer.decode(said, skip_special_tokens=True).split()
    assert found.prompt == tuple(f" {word}" for word in PROMPT.split())


def test_a_clamp_that_changes_nothing_changes_nothing(live: LiveModel) -> None:
    found = continuations(live, PROMPT, [SAME], tokens=6, sample=3)
    assert found.kl == pytest.approx(0, abs=1e-12)
    assert found.written_after == found.written_before
    assert all(row.after == pytest.approx(row.before, rel=1e-4) for row in found.next)


def test_the_planted_neuron_writes_months_and_its_other_pole_unwrites_them(live: LiveModel) -> None:
    layer, neuron = planted.MONTHS_NEURON
    up = continuations(live, PROMPT, [Clamp(layer, neuron, 8.0)], tokens=5, top=3, watch=[MONTHS])
    after = probabilities(live, Clamp(layer, neuron, 8.0))
    assert up.watched[0].after == pytest.approx(float(after[MONTHS].sum()), rel=1e-4)
    assert up.watched[0].before == pytest.approx(float(probabilities(live)[MONTHS].sum()), rel=1e-4)
    assert up.watched[0].after > 0.999999 > max(up.watched[0].controls)
    assert median(up.watched[0].controls) < 0.01
    assert {row.text.strip() for row in up.next[:3]} <= set(planted.MONTHS)
    assert set(up.written_after.split()) <= set(planted.MONTHS)
    assert up.written_before.split()[0] not in planted.MONTHS
    down = continuations(live, PROMPT, [Clamp(layer, neuron, -8.0)], tokens=0, watch=[MONTHS])
    assert down.watched[0].after < down.watched[0].before
    assert (down.written_before, down.written_after) == ("", "")


def test_next_tokens_are_the_union_of_both_tops_by_gain(live: LiveModel) -> None:
    clamp = Clamp(*planted.MONTHS_NEURON, 8.0)
    found = continuations(live, PROMPT, [clamp], tokens=0, top=4)
    tops = {i for p in (probabilities(live), probabilities(live, clamp)) for i in p.topk(4).indices.tolist()}
    assert {row.token for row in found.next} == tops
    gains = [row.after - row.before for row in found.next]
    assert gains == sorted(gains, reverse=True)


def test_divergence_by_hand(live: LiveModel) -> None:
    one, other = torch.tensor([0.5, 0.5, 0.0]).double(), torch.tensor([0.25, 0.75, 0.0]).double()
    assert kl(one.log(), other.log()) == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3))
    clamp = Clamp(*planted.MONTHS_NEURON, 8.0)
    p, q = probabilities(live), probabilities(live, clamp)
    assert continuations(live, PROMPT, [clamp], tokens=0).kl == pytest.approx(
        float((p * (p / q).log()).sum()), rel=1e-4
    )


def test_controls_are_the_same_clamp_on_other_neurons_of_the_layer(live: LiveModel) -> None:
    layer, neuron = planted.MONTHS_NEURON
    found = continuations(live, PROMPT, [Clamp(layer, neuron, 5.0)], tokens=0, watch=[MONTHS])
    others = [
        float(probabilities(live, Clamp(layer, i, 5.0))[MONTHS].sum()) for i in range(planted.WIDTH) if i != neuron
    ]
    assert len(found.watched[0].controls) == len(found.kl_controls) == CONTROLS
    assert len(set(found.watched[0].controls)) > 5
    for control in found.watched[0].controls:
        assert min(abs(control - other) for other in others) < 1e-6
    every = [Clamp(layer, i, 0.0) for i in range(planted.WIDTH)]
    assert continuations(live, PROMPT, every, tokens=0).kl_controls == ()


def test_a_neurons_own_values(live: LiveModel) -> None:
    values = live.capture(torch.tensor([IDS]), layers=[1], sites=("up",))[1, "up"][0, :, 3].tolist()
    (own,) = continuations(live, PROMPT, [Clamp(1, 3, 8.0, site="up")], tokens=0).own
    assert own.values == pytest.approx(values)
    assert (own.low, own.high) == pytest.approx((min(values), max(values)))
    assert (own.values[own.low_at], own.values[own.high_at]) == (own.low, own.high)
    (own,) = continuations(live, f"<s> {PROMPT}", [Clamp(1, 3, 8.0)], tokens=0).own
    assert len(own.values) == len(IDS) + 1
    assert 0 not in (own.low_at, own.high_at)


def test_sampling_takes_a_seed(live: LiveModel) -> None:
    texts = [continuations(live, PROMPT, [SAME], tokens=8, sample=seed).written_before for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0] != continuations(live, PROMPT, [SAME], tokens=8).written_before


def test_writing_ends_at_the_end_token(planted_models: tuple[Path, Path]) -> None:
    model = LiveModel.open(planted_models[0], device="cpu")
    model.model.generation_config.eos_token_id = [2, MONTHS[0]]
    with torch.no_grad():
        model.model.lm_head.weight[MONTHS[0]] *= 1.5
    found = continuations(model, PROMPT, [Clamp(*planted.MONTHS_NEURON, 20.0)], tokens=6)
    assert found.next[0].token == MONTHS[0]
    assert (found.written_after, found.written_before != "") == ("", True)


def test_chat(planted_models: tuple[Path, Path]) -> None:
    model = LiveModel.open(planted_models[0], device="cpu")
    with pytest.raises(ModelError, match="no chat template"):
        continuations(model, PROMPT, [SAME], chat=True)
    model.tokenizer.chat_template = "{% for m in messages %}filler1 {{ m['content'] }}{% endfor %} filler2"
    assert encode(model, "monday", chat=True) == [
        planted.TOKENS.index(f"▁{word}") for word in ("filler1", "monday", "filler2")
    ]


def test_what_cannot_be_done(live: LiveModel) -> None:
    with pytest.raises(ModelError, match="no neuron 99 in layer 1"):
        continuations(live, PROMPT, [Clamp(1, 99, 1.0)])
    with pytest.raises(ModelError, match="no tokens"):
        continuations(live, "", [SAME])
    with pytest.raises(ModelError, match="more than the model's 64 positions"):
        continuations(live, PROMPT, [SAME], tokens=63)
    with pytest.raises(ModelError, match="no position 9: the prompt has 2 tokens, 2 are written; expected -2 to 3"):
        continuations(live, PROMPT, [Clamp(0, 2, 1.0, positions=(9,))], tokens=2)


def test_progress_tells_each_token(live: LiveModel) -> None:
    told: list[tuple[str, int, int]] = []
    continuations(live, PROMPT, [SAME], tokens=2, progress=lambda *step: told.append(step))
    assert {step for step, _, _ in told} == {"writing before", "writing after"}
    assert [done for step, done, _ in told if step == "writing after"][-1] == 2


@pytest.mark.parametrize("make", [byte_level, sentencepiece])
def test_token_texts_are_those_of_the_vocabulary(make: object, tmp_path: Path) -> None:
    assert callable(make)
    tokenizer = make(tmp_path)
    texts = read_vocabulary(tmp_path, len(tokenizer)).texts
    ids = list(range(len(tokenizer)))
    assert token_texts(tokenizer, ids) == list(texts)
    assert [token_texts(tokenizer, [i])[0] for i in ids[-5:]] == list(texts[-5:])
