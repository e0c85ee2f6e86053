from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from neuronkb.ingest.llm.client import Completion, Message, Slots
from neuronkb.ingest.llm.local import LocalClient
from neuronkb.ingest.subject.vocabulary import load_tokenizer
from neuronkb.schema import LanguageModelError, ModelError
from transformers import AutoModelForCausalLM

from tests.ingest.llm import tiny
from tests.ingest.subject import families

VALUES = [str(value) for value in range(11)]
PROMPTS = ["one two", "one", "something rather different, and longer", "one two"]


def greedy(folder: Path, prompt: str, tokens: int) -> str:
    """What transformers itself writes."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), load_tokenizer(folder)
    read = tokenizer(prompt, return_tensors="pt")
    ids = model.generate(**read, do_sample=False, max_new_tokens=tokens, pad_token_id=1)
    text: str = tokenizer.decode(ids[0, read.input_ids.shape[1] :], skip_special_tokens=True)
    return text


def test_the_likeliest_text_is_what_transformers_writes(local: LocalClient, folder: Path) -> None:
    found = local.complete(PROMPTS, max_tokens=12)
    assert [answer.text for answer in found] == [greedy(folder, prompt, 12) for prompt in PROMPTS]
    assert [answer.prompt_tokens for answer in found] == [1 + len(prompt) for prompt in PROMPTS]


def test_draws_depend_on_prompt_and_seed_alone(local: LocalClient) -> None:
    alone = local.complete(["one"], max_tokens=12, temperature=1.0, seed=4)[0]
    beside = local.complete(PROMPTS, max_tokens=12, temperature=1.0, seed=4)[1]
    other = local.complete(["one"], max_tokens=12, temperature=1.0, seed=5)[0]
    assert alone == beside
    assert alone.text != other.text


def test_a_text_ends_before_what_stops_it(local: LocalClient) -> None:
    whole = local.complete(["one two"], max_tokens=20, temperature=1.0)[0].text
    assert whole is not None
    stopped = local.complete(["one two"], max_tokens=20, temperature=1.0, stop=[whole[5:7], "never"])[0]
    assert stopped.text == whole[:5]
    assert not stopped.cut


def test_answers_are_told_one_by_one_and_counted(folder: Path) -> None:
    client = LocalClient.open(folder, device="cpu")
    told: dict[int, Completion] = {}
    found = client.complete(["a", "b" * 9000, "c"], max_tokens=3, each=told.__setitem__)
    assert [told[i] for i in range(3)] == found
    assert found[1].failure == "the prompt is longer than the model's 8192 tokens"
    assert client.usage.requests == 3
    assert client.usage.failures == 1
    assert client.usage.prompt_tokens == 4
    assert client.usage.reasons == {found[1].failure: 1}


def test_continuations_are_scored_jointly_over_the_whole_vocabulary(local: LocalClient, folder: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = load_tokenizer(folder)

    def chance(text: str, then: str) -> float:
        ids = tokenizer(text, return_tensors="pt").input_ids
        with torch.no_grad():
            logs = model(ids).logits[0, -1].double().log_softmax(-1)
        return float(logs[tokenizer.convert_tokens_to_ids(then)].exp())

    texts = ["is\t", "and then it was\t"]
    for text, found in zip(texts, local.continuation_logs(texts, VALUES), strict=True):
        assert found.logs is not None
        wanted = [chance(text, value) for value in VALUES[:10]]
        after_one = chance(text + "1", "0")
        wanted = [*wanted[:1], wanted[1] * (1 - after_one), *wanted[2:], wanted[1] * after_one]
        np.testing.assert_allclose(np.exp(found.logs), wanted, rtol=1e-4)


def test_slots_equal_the_text_asked_up_to_each(local: LocalClient) -> None:
    texts = [f"Rate:\n{words}\t?\nthen\t?\nend\t?\n" for words in ("one two", "a", "something longer")]
    slots = [Slots(text, tuple(i for i, c in enumerate(text) if c == "?")) for text in texts]
    for slot, found in zip(slots, local.slot_logs(slots, VALUES), strict=True):
        each = local.continuation_logs([slot.text[:at] for at in slot.at], VALUES)
        assert found.logs is not None
        np.testing.assert_allclose(found.logs, np.array([one.logs for one in each]), atol=1e-4)


def test_a_tokenizer_with_the_number_in_one_token(tmp_path: Path) -> None:
    client = LocalClient.open(tiny.save(tmp_path / "joined", merges=(("1", "0"),)), device="cpu")
    slots = Slots("a\t?\nb\t?\n", (2, 6))
    (found,) = client.slot_logs([slots], VALUES)
    each = client.continuation_logs(["a\t", "a\t?\nb\t"], VALUES)
    assert found.logs is not None
    np.testing.assert_allclose(found.logs, np.array([one.logs for one in each]), atol=1e-4)


def test_what_cannot_be_scored_says_why(tmp_path: Path) -> None:
    client = LocalClient.open(tiny.save(tmp_path / "across", merges=(("a", "?"),)), device="cpu")
    across, fine = client.slot_logs([Slots("a?", (1,)), Slots("ba b", (2,))], ["x", "y"])
    assert across.failure == "the tokenizer joins a continuation with the text before it"
    assert fine.logs is not None
    with pytest.raises(LanguageModelError, match="the same character"):
        client.slot_logs([Slots("a b", (1, 2))], ["x"])


def test_a_conversation_takes_the_template_and_may_be_begun_for_the_model(tmp_path: Path) -> None:
    client = LocalClient.open(tiny.save(tmp_path / "chat", template=tiny.TEMPLATE), device="cpu")
    turns = (Message("system", "be brief"), Message("user", "hello"))
    begun = (*turns, Message("assistant", "well"))
    texts = ["[system]be brief\n[user]hello\n[assistant]", "[system]be brief\n[user]hello\n[assistant]well"]
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "chat")
    tokenizer = load_tokenizer(tmp_path / "chat")
    for prompt, text in zip((turns, begun), texts, strict=True):
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
        with torch.no_grad():
            wanted = model(ids).logits[0, -1].log_softmax(-1)[tokenizer.convert_tokens_to_ids(["x", "y"])]
        (found,) = client.continuation_logs([prompt], ["x", "y"])
        assert found.logs is not None
        np.testing.assert_allclose(found.logs, wanted.numpy(), atol=1e-4)


def test_a_template_without_system_gets_its_words_from_the_user(tmp_path: Path) -> None:
    strict = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + tiny.TEMPLATE
    client = LocalClient.open(tiny.save(tmp_path / "strict", template=strict), device="cpu")
    system = (Message("system", "be brief"), Message("user", "hello"))
    merged = (Message("user", "be brief\n\nhello"),)
    found = client.complete([system, merged], max_tokens=5)
    assert found[0] == found[1]
    with pytest.raises(LanguageModelError, match="no system"):
        client.complete([(Message("system", "alone"),)])


def test_without_a_template_turns_stand_one_below_the_other(local: LocalClient) -> None:
    turns = (Message("system", "be brief"), Message("user", "hello"))
    assert local.complete([turns], max_tokens=5) == local.complete(["be brief\n\nhello"], max_tokens=5)


def test_other_weights_have_another_fingerprint(local: LocalClient, tmp_path: Path) -> None:
    other = LocalClient.open(tiny.save(tmp_path / "bytes", seed=1), device="cpu")
    assert other.id == local.id
    assert other.fingerprint != local.fingerprint


def test_a_model_without_masks_is_asked_token_by_token(tmp_path: Path, folder: Path) -> None:
    from transformers import MambaConfig

    model = families.build(MambaConfig(vocab_size=258, hidden_size=32, num_hidden_layers=2, state_size=4))
    client = LocalClient(model, load_tokenizer(folder), id="mamba", weights="none")
    assert client.abilities == {"continuations"}
    with pytest.raises(LanguageModelError, match="ask token by token"):
        client.slot_logs([Slots("a\t?", (2,))], VALUES)
    (found,) = client.continuation_logs(["is\t"], VALUES)
    with torch.no_grad():
        ids = load_tokenizer(folder)("is\t1", return_tensors="pt").input_ids
        logits = model(ids).logits[0].log_softmax(-1)
    ten = logits[-2][ids[0, -1]] + logits[-1][load_tokenizer(folder).convert_tokens_to_ids("0")]
    assert found.logs is not None
    np.testing.assert_allclose(found.logs[10], float(ten), atol=1e-4)
    assert client.complete(["is"], max_tokens=4)[0].completion_tokens <= 4


def test_no_model_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no folder"):
        LocalClient.open(str(tmp_path / "nothing"))
