"""Shared passes against texts that are run one by one. Random weights: structure only."""

from __future__ import annotations

from functools import wraps

import numpy as np
import pytest
import torch
from neuronkb.ingest.n2g import engine as engine_module
from neuronkb.ingest.n2g.engine import Engine, Question, Target, goes_on
from neuronkb.ingest.n2g.laid import Text
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.tests.ingest.subject.families import CONFIGS, FF, GATED, LAYERS, VOCAB, build

TARGETS = [Target(0, 3), Target(1, 5), Target(1, FF - 1, -1)]


def alone(live: LiveModel, question: Question) -> float:
    """The text run whole and by itself."""
    text, target = question
    one = TARGETS[target]
    values = live.capture(torch.tensor([text.ids]), layers=[one.layer])[one.layer, "hidden"]
    return one.pole * float(values[0, -1, one.index])


def questions(seed: int, n: int = 60) -> list[Question]:
    """Bases of one to twelve tokens, and texts that depart from them anywhere, with tails of other lengths too."""
    random = np.random.default_rng(seed)
    found: list[Question] = []
    for _ in range(n // 6):
        base = tuple(random.integers(2, VOCAB, random.integers(1, 13)).tolist())
        if random.random() < 0.8:
            found.append((Text.whole(base), int(random.integers(3))))
        for _ in range(5):
            at = int(random.integers(0, len(base) + 1))
            tail = tuple(random.integers(2, VOCAB, random.integers(1, 5)).tolist())
            varied = (
                Text(base, at, tail) if random.random() < 0.5 or at == len(base) else Text.whole(base).with_token(at, 7)
            )
            found.append((varied, int(random.integers(3))))
    return found


@pytest.mark.parametrize("family", sorted(CONFIGS))
def test_answers_are_those_of_texts_run_alone(family: str) -> None:
    live = LiveModel.of(build(CONFIGS[family]()))
    asked = questions(len(family))
    engine = Engine(live, TARGETS, most=50)
    expected = [alone(live, question) for question in asked]
    np.testing.assert_allclose(engine.ask(asked), expected, rtol=1e-4, atol=1e-5)
    plain = Engine(live, TARGETS, share=False)
    np.testing.assert_allclose(plain.ask(asked), expected, rtol=1e-4, atol=1e-5)
    assert (family in GATED) == live.gated


@pytest.mark.parametrize("family", sorted(CONFIGS))
def test_in_the_first_layer_only_what_changed_and_the_last_token_are_run(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "PASS", 0)
    live = LiveModel.of(build(CONFIGS[family]()))
    random = np.random.default_rng(0)
    bases = [tuple(random.integers(2, VOCAB, length).tolist()) for length in (12, 12, 7)]
    asked = [(Text.whole(base).with_token(at, 7), 0) for base in bases for at in range(1, len(base))]
    engine = Engine(live, TARGETS, most=50)
    np.testing.assert_allclose(engine.ask(asked), [alone(live, q) for q in asked], rtol=1e-4, atol=1e-5)
    # The bases up to their last tokens, and two tokens a text, or the last alone.
    assert engine.tokens == 6 + 11 + 11 + 2 * 25 + 3


def test_a_perturbed_text_is_run_once_for_all_who_ask_and_only_from_where_it_departs() -> None:
    live = LiveModel.of(build(CONFIGS["llama"]()))
    base = tuple(range(2, 12))
    masked = [(Text.whole(base).with_token(at, 1), target) for at in range(1, 10) for target in range(3)]
    engine = Engine(live, TARGETS)
    engine.ask([(Text.whole(base), 0), *masked])
    assert engine.tokens == 10 + sum(10 - at for at in range(1, 10))
    assert engine.asked == 28
    plain = Engine(live, TARGETS, share=False)
    plain.ask([(Text.whole(base), 0), *masked])
    assert plain.tokens == 280


def test_texts_longer_than_local_attention_are_run_whole() -> None:
    """Mistral's attends to eight tokens here."""
    config = CONFIGS["mistral"]()
    config.sliding_window = 8
    live = LiveModel.of(build(config))
    base = tuple(range(2, 14))
    asked = [(Text.whole(base).with_token(at, 1), target) for at in range(1, 11) for target in range(3)]
    engine = Engine(live, TARGETS)
    np.testing.assert_allclose(engine.ask(asked), [alone(live, q) for q in asked], rtol=1e-4, atol=1e-5)
    assert goes_on(live) == 8
    assert engine.tokens == 12 * 10


def test_gpt_neo_masks_by_places_in_its_cache_and_runs_texts_whole() -> None:
    from transformers import GPTNeoConfig

    config = GPTNeoConfig(
        vocab_size=VOCAB,
        hidden_size=32,
        num_layers=2,
        attention_types=[[["global", "local"], 1]],
        num_heads=4,
        intermediate_size=FF,
        window_size=16,
        max_position_embeddings=32,
    )
    live = LiveModel.of(build(config))
    base = tuple(np.random.default_rng(0).integers(2, VOCAB, 24).tolist())
    asked = [(Text.whole(base).with_token(at, 1), target) for at in range(1, 22) for target in range(3)]
    np.testing.assert_allclose(Engine(live, TARGETS).ask(asked), [alone(live, q) for q in asked], rtol=1e-4, atol=1e-5)
    assert goes_on(live) == 0


def test_a_base_among_texts_that_go_on_from_what_was_run() -> None:
    live = LiveModel.of(build(CONFIGS["llama"]()))
    base = (2, 3, 4, 5, 6)
    asked = [(Text.whole(base), 1), (Text.whole(base).with_token(3, 7), 1), (Text.whole(base).with_token(2, 7), 0)]
    engine = Engine(live, TARGETS)
    _, past = engine.hidden([base])
    np.testing.assert_allclose(engine.ask(asked, past), [alone(live, q) for q in asked], rtol=1e-4, atol=1e-5)


def test_a_model_that_reads_its_past_otherwise_runs_texts_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    live = LiveModel.of(build(CONFIGS["llama"]()))
    forward = type(live.body).forward

    @wraps(forward)
    def blind(self: object, *args: object, **kwargs: object) -> object:
        return forward(self, *args, **{**kwargs, "attention_mask": None})

    monkeypatch.setattr(type(live.body), "forward", blind)
    assert goes_on(live) == 0
    asked = [(Text.whole((2, 3, 4, 5)).with_token(at, 1), 1) for at in (1, 2)]
    np.testing.assert_allclose(Engine(live, TARGETS).ask(asked), [alone(live, q) for q in asked], rtol=1e-4, atol=1e-5)


def test_a_base_that_nobody_reads_is_run_as_far_as_it_is_shared() -> None:
    live = LiveModel.of(build(CONFIGS["llama"]()))
    base = tuple(range(2, 12))
    asked = [(Text(base, 4, (20,)), 0), (Text(base, 3, (21, 22)), 1)]
    engine = Engine(live, TARGETS)
    np.testing.assert_allclose(engine.ask(asked), [alone(live, q) for q in asked], rtol=1e-4)
    assert engine.tokens == 4 + 1 + 2


def test_a_pass_ends_at_the_deepest_layer_that_is_read() -> None:
    live = LiveModel.of(build(CONFIGS["llama"]()))
    seen: list[int] = []
    for number, block in enumerate(live.blocks):
        block.up.register_forward_pre_hook(lambda *_, n=number: seen.append(n))
    Engine(live, TARGETS).ask([(Text.whole((3, 4)), 0)])
    assert set(seen) == {0}
    assert LAYERS == 2


def test_everywhere_reads_every_token() -> None:
    live = LiveModel.of(build(CONFIGS["gpt2"]()))
    texts = [(3, 4, 5), (6,), (7, 8)]
    found = Engine(live, TARGETS).everywhere(texts, 2)
    for text, values in zip(texts, found, strict=True):
        whole = live.capture(torch.tensor([text]), layers=[1])[1, "hidden"]
        np.testing.assert_allclose(values, -whole[0, :, FF - 1].numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("start", [0, 1])
def test_each_token_masked_in_turn_is_the_same_with_a_shared_beginning(start: int) -> None:
    live = LiveModel.of(build(CONFIGS["gpt2"]()))
    texts = [(3, 4, 5, 6, 7), (6, 3), (7, 8, 9, 3), (6, 3)]
    engines = [Engine(live, TARGETS, share=share) for share in (False, True)]
    alone, shared = (engine.masked(texts, start, 1, 2) for engine in engines)
    for text, (whole, masked), (again, others) in zip(texts, alone, shared, strict=True):
        assert masked.shape == others.shape == (len(text) - start, len(text))
        np.testing.assert_allclose(again, whole, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(others, masked, rtol=1e-4, atol=1e-6)
    # Each of the four times its length, and each of three differing texts with what is behind each mask.
    rows = [len(text) for text in texts]
    assert engines[0].tokens == sum(n * (n - start + 1) for n in rows)
    assert engines[1].tokens < engines[0].tokens


def test_nothing_asked_nothing_run() -> None:
    engine = Engine(LiveModel.of(build(CONFIGS["gpt2"]())), TARGETS)
    assert engine.ask([]).tolist() == []
    assert engine.passes == 0
