"""Substitutes from the subject and from a masked model; both with random weights: structure only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.n2g.engine import Engine
from neuronkb.ingest.n2g.propose import MaskedProposer, SubjectProposer
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import ModelError
from neuronkb.tests import planted
from transformers import BertConfig, BertForMaskedLM


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> LiveModel:
    folder = planted.base(tmp_path_factory.mktemp("propose") / "tiny")
    live = LiveModel.open(folder, dtype="float32", device="cpu")
    with torch.no_grad():
        months = [planted.TOKENS.index(f"▁{word}") for word in planted.MONTHS]
        rows = live.model.get_input_embeddings().weight
        rows[months] = 3 * torch.ones(rows.shape[1]) + 0.1 * torch.randn(len(months), rows.shape[1])
    return live


def test_the_subjects_own_neighbours_and_continuations(subject: LiveModel) -> None:
    assert subject.subject is not None
    proposer = SubjectProposer(subject, subject.subject.vocabulary, Engine(subject, ()))
    june = planted.TOKENS.index("▁june")
    ids = (1, 30, june, 40, 41)
    (found, again, none) = proposer.propose([(ids, 2), (ids, 2), ((june,), 0)], 8)
    assert found == again
    assert len(found) == len(set(found)) == 8
    assert june not in found
    assert all(subject.subject.vocabulary.ordinary[token] for token in found)
    # With nothing before it only likeness counts.
    assert {planted.TOKENS[token].removeprefix("▁") for token in none} <= set(planted.MONTHS)
    assert proposer.propose([(ids, 2)], 0) == [[]]
    assert proposer.propose([], 3) == []


def test_what_follows_decides_among_the_candidates(subject: LiveModel) -> None:
    assert subject.subject is not None
    engine = Engine(subject, ())
    proposer = SubjectProposer(subject, subject.subject.vocabulary, engine)
    ids = (1, 30, 31, 40, 41)
    proposer.propose([(ids, 4)], 3)
    last = engine.tokens
    assert last == 4
    proposer.propose([(ids, 2)], 3)
    # All but the last token, then twice the words wanted, each with what follows but the last of it.
    assert engine.tokens == last + 4 + 6 * 2


def masked(folder: Path) -> Path:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *planted.MONTHS, "##ly", "."]
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(words))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    }
    BertForMaskedLM(BertConfig(vocab_size=len(words), **sizes)).save_pretrained(folder)
    return folder


def test_a_masked_models_words_are_tokens_of_the_subject(subject: LiveModel, tmp_path: Path) -> None:
    assert subject.subject is not None
    proposer = MaskedProposer.open(masked(tmp_path / "bert"), subject.subject.vocabulary)
    ids = (1, 30, planted.TOKENS.index("▁june"), 40)
    (found,) = proposer.propose([(ids, 2)], 4)
    words = {planted.TOKENS[token].removeprefix("▁") for token in found}
    assert len(found) == 4
    assert words <= set(planted.MONTHS) - {"june"}


def test_what_is_no_masked_model_is_named(subject: LiveModel, tmp_path: Path) -> None:
    assert subject.subject is not None
    with pytest.raises(ModelError, match="is no masked language model that transformers can load"):
        MaskedProposer.open(tmp_path, subject.subject.vocabulary)
