from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import CorpusError, ModelError
from neuronkb.tests import planted

from .conftest import FIRST_WORD, WORDS


def test_numbers_without_bos(words: Tokenizer) -> None:
    one, two = words.encode(["0 999 3", ""])
    assert one.tolist() == [FIRST_WORD, FIRST_WORD + 999, FIRST_WORD + 3]
    assert two.tolist() == []
    assert one.dtype == np.int32
    assert (words.bos, words.context, words.d_vocab) == (1, 128, 1003)


def test_a_text_longer_than_the_context_is_tokenised_whole(words: Tokenizer) -> None:
    assert len(words.encode([" ".join(["7"] * 5000)])[0]) == 5000


def test_a_tokenizer_without_bos_or_config(bytewise: Tokenizer) -> None:
    assert bytewise.bos is None
    assert bytewise.context is None
    (tokens,) = bytewise.encode(["Brisbane é"])
    assert bytewise.tokenizer.decode(tokens) == "Brisbane é"


def test_it_carries_the_hash_that_the_models_tokens_have(planted_models: tuple[Path, Path]) -> None:
    subject = Subject.open(planted_models[0])
    found = Tokenizer.of(subject)
    assert found.hash == subject.vocabulary.hash
    assert (found.context, found.d_vocab) == (64, len(planted.TOKENS))


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="its tokenizer cannot be read"):
        Tokenizer.open(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json: is not JSON"):
        Tokenizer.open(tmp_path)


TEMPLATE = (
    "{{ bos_token }}{% for turn in messages %}{% if turn['role'] not in ('user', 'assistant') %}"
    "{{ raise_exception('no role ' + turn['role']) }}{% endif %} {{ 1 if turn['role'] == 'user' else 2 }} "
    "{{ turn['content'] }}{% endfor %}"
)


@pytest.fixture
def chatty(tmp_path: Path) -> Tokenizer:
    """Writes 1 before what a user says, 2 before what the model says."""
    planted.write_tokenizer(tmp_path, (*planted.SPECIAL, *WORDS))
    found = Tokenizer.open(tmp_path)
    found.tokenizer.chat_template = TEMPLATE
    return found


def test_a_chat_is_written_by_the_models_template(chatty: Tokenizer) -> None:
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": "5 6", "name": None},
        {"role": "assistant", "content": "7"},
    ]
    assert chatty.chat(turns).split() == ["1", "5", "6", "2", "7"]
    with pytest.raises(ValueError, match="no role system"):
        chatty.chat([{"role": "system", "content": "5"}])
    before = chatty.chat_hash
    chatty.tokenizer.chat_template = TEMPLATE + " 3"
    assert before != chatty.chat_hash
    chatty.tokenizer.chat_template = None
    assert chatty.chat_hash is None
    with pytest.raises(CorpusError, match=r"no chat template .* name a column of texts \(--field\)"):
        chatty.chat(turns)


def test_a_corpus_of_chats_has_one_bos_and_every_role(chatty: Tokenizer, tmp_path: Path) -> None:
    rows = [[{"role": "user", "content": f"{i} 8"}, {"role": "assistant", "content": "9"}] for i in range(20)]
    odd = [{"role": "system", "content": "5"}]
    lines = [json.dumps({"messages": turns, "id": f"d{i}"}) for i, turns in enumerate([*rows, odd])]
    (tmp_path / "chats.jsonl").write_text("\n".join(lines))
    corpus = Corpus.build(read_documents(tmp_path / "chats.jsonl"), chatty, tmp_path / "corpus", {"similarity": None})
    assert [row[:n] for row, n in zip(corpus.tokens.tolist(), corpus.lengths, strict=True)] == [
        [1, *(FIRST_WORD + word for word in (1, i, 8, 2, 9))] for i in range(20)
    ]
    assert corpus.skipped == ("chats.jsonl:21 its messages do not fit the chat template: no role system",)
    assert corpus.notes == (f"skipped 1 texts; the first: {corpus.skipped[0]}",)
