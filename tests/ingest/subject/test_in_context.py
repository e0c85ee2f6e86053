"""Tokens write what a person reads, whatever marks their tokenizer has."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.corpus.tokenizer import Tokenizer
from neuronkb.ingest.subject.in_context import Context, InContext
from neuronkb.ingest.subject.vocabulary import (
    Vocabulary,
    from_tokenizer,
    load_tokenizer,
    read_vocabulary,
    size,
    token_texts,
)
from tokenizers import AddedToken, decoders, models
from tokenizers import Tokenizer as Setup
from transformers import PreTrainedTokenizerFast

from . import tokenizers as schemes

Make = Callable[..., Any]
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "os")]
MADE = random.Random(0)
WORDS = sorted({"".join(MADE.choices(SYLLABLES, k=MADE.randint(1, 4))) for _ in range(14_000)})[:10_000]
TRAINING = [" ".join(WORDS[i::250]) for i in range(250)]


@pytest.fixture(scope="module", params=schemes.SCHEMES, ids=lambda make: make.__name__)
def read(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Vocabulary]:
    """A tokenizer trained on the words, and what is read of it."""
    folder = tmp_path_factory.mktemp(request.param.__name__)
    tokenizer = request.param(folder, TRAINING, 20_000 if request.param is schemes.words else 1_000)
    return tokenizer, read_vocabulary(folder, size(tokenizer))


def test_ten_thousand_words_round_trip(read: tuple[Any, Vocabulary]) -> None:
    tokenizer, vocabulary = read
    assert len(WORDS) == 10_000
    for text in (*WORDS, *TRAINING):
        ids = tokenizer.encode(text, add_special_tokens=False)
        assert "".join(vocabulary.texts[i] for i in ids).strip() == text
        assert b"".join(vocabulary.pieces[i] for i in ids).decode().strip() == text


def test_the_space_stands_on_one_side_throughout(read: tuple[Any, Vocabulary]) -> None:
    _, vocabulary = read
    texts = [
        text for text, ordinary in zip(vocabulary.texts, vocabulary.ordinary, strict=True) if ordinary and text.strip()
    ]
    before, behind = sum(text[0] == " " for text in texts), sum(text[-1] == " " for text in texts)
    assert min(before, behind) == 0 < max(before, behind)


def test_a_few_tokens_are_read_as_all(read: tuple[Any, Vocabulary]) -> None:
    tokenizer, vocabulary = read
    some = [*range(0, size(tokenizer), 7)]
    assert token_texts(tokenizer, some) == [vocabulary.texts[i] for i in some]
    assert token_texts(tokenizer, some[-1:]) == [vocabulary.texts[some[-1]]]


def test_the_marks_are_gone_and_the_hash_stays(tmp_path: Path) -> None:
    read = from_tokenizer(schemes.wordpiece(tmp_path / "w", TRAINING, 900), 900)
    marked = [
        i for i, name in enumerate(load_tokenizer(tmp_path / "w").convert_ids_to_tokens(range(900))) if "##" in name
    ]
    assert len(marked) > 20
    assert all(read.texts[i].isalpha() for i in marked)
    assert read.reading is not None
    assert read.identity == {"tokenizer": read.hash, "texts": read.reading}
    plain = from_tokenizer(schemes.byte_level(tmp_path / "b"), 320)
    assert plain.identity == {"tokenizer": plain.hash}


@pytest.mark.parametrize("make", [schemes.byte_level, schemes.sentencepiece, schemes.stripping])
def test_parts_of_characters_keep_their_bytes(make: Make, tmp_path: Path) -> None:
    tokenizer = make(tmp_path)
    read = from_tokenizer(tokenizer, size(tokenizer))
    for text in ("\u00e9\u0161\u20ac\U0001f600", "日本語 a\n\tb"):
        ids = tokenizer.encode(text, add_special_tokens=False)
        assert b"".join(read.pieces[i] for i in ids).decode().strip(" ") == text
    byte = {i for i, piece in enumerate(read.pieces) if len(piece) == 1 and piece[0] > 127}
    assert len(byte) == 128
    assert read.byte[list(byte)].all()
    assert all(read.texts[i] == "\N{REPLACEMENT CHARACTER}" for i in byte)


def gapped(folder: Path) -> Any:
    """Byte-level BPE whose ids have holes: 258 letters and specials, then 300, 301."""
    base = schemes.byte_level(folder / "dense")
    vocab = {name: i for name, i in base.get_vocab().items() if i < 258}
    setup = Setup(models.BPE(vocab | {"Au": 300, "Ġo": 301}, [("A", "u"), ("Ġ", "o")]))
    setup.pre_tokenizer, setup.decoder = base.backend_tokenizer.pre_tokenizer, decoders.ByteLevel()
    make: Any = PreTrainedTokenizerFast
    tokenizer = make(tokenizer_object=setup, pad_token="<pad>", eos_token="<eos>")
    tokenizer.add_tokens([AddedToken("<tool>", special=False)])
    tokenizer.save_pretrained(folder)
    return tokenizer


def test_ids_with_gaps(tmp_path: Path) -> None:
    tokenizer = gapped(tmp_path)
    last = max(tokenizer.get_vocab().values())
    assert len(tokenizer) == 261 < last == 301
    assert size(tokenizer) == last + 1
    read = read_vocabulary(tmp_path, last + 20)
    added = tokenizer.convert_tokens_to_ids("<tool>")
    assert (read.texts[300], read.texts[301], read.texts[added]) == ("Au", " o", "<tool>")
    known = sorted(tokenizer.get_vocab().values())
    assert np.flatnonzero(~read.unused).tolist() == known
    assert {text for i, text in enumerate(read.texts) if i not in known} == {""}
    assert len(read) == last + 20
    assert Tokenizer.open(tmp_path).d_vocab == last + 1
    # Fewer rows than ids: the model does not know the tokens behind.
    assert len(read_vocabulary(tmp_path, 280)) == 280


@pytest.mark.parametrize("make", schemes.SCHEMES)
def test_added_tokens_stand_for_themselves(make: Make, tmp_path: Path) -> None:
    tokenizer = make(tmp_path)
    before = size(tokenizer)
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in ("<tool>", "été日", "two words")])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    read = from_tokenizer(tokenizer, before + 8)
    assert read.texts[before : before + 4] == ("<tool>", "été日", "two words", "<|im_start|>")
    assert read.special[before:].tolist() == [False] * 3 + [True] + [False] * 4
    assert read.unused[before:].tolist() == [False] * 4 + [True] * 4


def test_an_added_run_of_spaces_is_spaces(tmp_path: Path) -> None:
    """Gemma's tokenizer adds ▁▁, which stands for two spaces and was read as its name."""
    tokenizer = schemes.sentencepiece(tmp_path)
    tokenizer.add_tokens([AddedToken("▁▁", normalized=True)])
    assert from_tokenizer(tokenizer, size(tokenizer)).texts[-1] == "  "


def test_a_tokenizer_of_one_word_or_none(tmp_path: Path) -> None:
    for names in (["<pad>", "<eos>"], ["<pad>", "<eos>", "▁a"], ["<pad>", "<eos>", ".", ","]):
        setup = Setup(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<eos>"))
        setup.decoder = decoders.Metaspace()
        make: Any = PreTrainedTokenizerFast
        texts = from_tokenizer(make(tokenizer_object=setup, pad_token="<pad>", eos_token="<eos>"), 4).texts
        assert texts[:3] == (*names[:2], names[2] if len(names) == 4 else "a" if len(names) == 3 else "")


@given(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))
def test_a_context_takes_off_what_it_puts_on(head: str, inner: str, tail: str) -> None:
    assert Context(0, 1, head, tail).inner(head + inner + tail) == inner


def test_a_decoder_that_fails_is_named() -> None:
    from neuronkb.schema import ModelError

    class Broken:
        def decode(self, _ids: list[int], **_more: bool) -> str:
            raise KeyError("x")

    with pytest.raises(ModelError, match="Broken, cannot decode its own tokens"):
        InContext.of(Broken(), {0: "a"})
