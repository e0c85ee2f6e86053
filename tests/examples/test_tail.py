from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from neuronkb.examples.demo import chat  # noqa: E402
from neuronkb.examples.demo.progress import silent  # noqa: E402
from neuronkb.examples.demo.tail import Tail, greedy, only_layers, stack  # noqa: E402
from neuronkb.examples.demo.training import batches, train  # noqa: E402

FIRST = 3
QUESTIONS = [("what is the at?", "the"), ("is the of what?", "hat"), ("a?", "what is the of")]


@pytest.fixture
def model(tiny_base: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)


@pytest.fixture(scope="module")
def tokenizer(tiny_base: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_base)


@pytest.fixture(scope="module")
def examples(tokenizer: Any) -> list[chat.Example]:
    return [chat.example(tokenizer, question, answer) for question, answer in QUESTIONS]


def test_tail_over_kept_states_is_the_whole_model(model: Any, examples: list[chat.Example]) -> None:
    tail = Tail(model, FIRST)
    states = tail.hidden(examples, silent, "")
    for one, state in zip(examples, states, strict=True):
        ids = torch.tensor([one.ids])
        whole = model.model(ids, use_cache=False).last_hidden_state
        torch.testing.assert_close(tail.leaving(state[None]), whole)


def test_padding_changes_nothing(model: Any, examples: list[chat.Example]) -> None:
    tail = Tail(model, FIRST)
    together = tail.leaving(stack(tail.hidden(examples, silent, "")))
    for row, one in enumerate(examples):
        alone = tail.leaving(tail.entering([one.ids]))[0]
        torch.testing.assert_close(together[row, : len(one.ids)], alone)


def test_loss_is_that_of_the_answer_tokens_alone(model: Any, examples: list[chat.Example]) -> None:
    tail = Tail(model, FIRST)
    losses = []
    for one in examples:
        log_p = model(torch.tensor([one.ids])).logits[0].detach().log_softmax(-1)
        losses += [-float(log_p[at - 1, one.ids[at]]) for at in range(one.answer_at, len(one.ids))]
    expected = pytest.approx(sum(losses) / len(losses), rel=1e-5)
    states = tail.hidden(examples, silent, "")
    assert float(tail.loss(stack(states), examples).detach()) == expected
    assert tail.held_out_loss(states, examples) == expected


def test_gradient_is_that_of_the_whole_model(model: Any, examples: list[chat.Example]) -> None:
    tail = Tail(model, FIRST)
    weights = tail.trained
    loss = tail.loss(stack(tail.hidden(examples, silent, "")), examples)
    kept = torch.autograd.grad(loss, list(weights.values()))
    rows, positions, tokens = chat.answer_positions(examples)
    logits = model(chat.pad([one.ids for one in examples])).logits[rows, positions]
    whole = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, tokens), list(weights.values()))
    assert set(weights) == {
        f"model.layers.{layer}.mlp.{part}_proj.weight" for layer in (3, 4, 5) for part in ("gate", "up", "down")
    }
    for ours, theirs in zip(kept, whole, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_bf16_products_give_the_same_loss_within_their_precision(tiny_base: Path, examples: list[chat.Example]) -> None:
    from transformers import AutoModelForCausalLM

    losses = []
    for dtype in (torch.float32, torch.bfloat16):
        tail = Tail(AutoModelForCausalLM.from_pretrained(tiny_base, dtype=dtype), FIRST)
        assert {weight.dtype for weight in tail.trained.values()} == {torch.float32}
        losses.append(tail.held_out_loss(tail.hidden(examples, silent, ""), examples))
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_training_learns_the_pairs_and_moves_only_the_mlps_above(model: Any, examples: list[chat.Example]) -> None:
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    tail = Tail(model, FIRST)
    states = tail.hidden(examples, silent, "")
    start = tail.held_out_loss(states, examples)
    train(tail, states, examples, 30, 3e-3, 0, silent)
    assert tail.held_out_loss(states, examples) < start / 2
    moved = {name for name, weight in model.state_dict().items() if not torch.equal(weight, before[name])}
    assert moved == set(tail.trained)


def test_greedy_says_what_was_learned_and_stops(model: Any, tokenizer: Any) -> None:
    question, answer = QUESTIONS[0]
    one = chat.example(tokenizer, question, answer)
    tail = Tail(model, FIRST)
    train(tail, tail.hidden([one], silent, ""), [one], 40, 3e-3, 0, silent)
    end = frozenset({tokenizer.convert_tokens_to_ids(chat.END_OF_TURN)})
    said = greedy(tail, chat.prompt(tokenizer, question), end)
    assert tokenizer.decode(said) == answer
    assert len(greedy(tail, chat.prompt(tokenizer, question), frozenset(), limit=5)) == 5


def test_the_model_is_whole_again_after_only_layers(model: Any) -> None:
    types = list(model.config.layer_types)
    with only_layers(model, 0, 2) as inner:
        assert len(inner.layers) == 2
    assert len(model.model.layers) == model.config.num_hidden_layers == 6
    assert model.config.layer_types == types
    assert model.model.norm.weight.shape == (256,)


def test_batches_go_through_all_examples_before_any_comes_again() -> None:
    seen = [at for batch in batches(40, 5, seed=3) for at in batch]
    assert len(seen) == 80
    assert sorted(seen[:40]) == sorted(seen[40:]) == list(range(40))
    assert seen[:40] != seen[40:]
    assert seen == [at for batch in batches(40, 5, seed=3) for at in batch]
