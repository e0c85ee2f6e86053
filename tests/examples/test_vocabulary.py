from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.examples.demo.vocabulary import build_tokenizer, merges, respell

from .conftest import tiny_vocabulary


@pytest.fixture(scope="module")
def ours(tiny_base: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_base)


@pytest.fixture(scope="module")
def theirs(tiny_gguf: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_gguf.parent, gguf_file=tiny_gguf.name)


def test_tokenizer_is_the_one_that_transformers_derives(ours: Any, theirs: Any) -> None:
    assert ours.get_vocab() == theirs.get_vocab()
    assert ours.special_tokens_map == theirs.special_tokens_map
    texts = st.text(st.sampled_from("thewaisof  \n\n?éAñ▁<>0x")) | st.sampled_from(
        ["<start_of_turn>user\nwhat is the  cat?<end_of_turn>\n", "<0x41>", "<mask>"]
    )

    @given(texts)
    @settings(deadline=None)
    def same(text: str) -> None:
        assert ours(text).input_ids == theirs(text).input_ids
        assert ours.decode(ours(text).input_ids) == theirs.decode(theirs(text).input_ids)

    same()


def test_text_survives_the_round_trip(ours: Any) -> None:
    ids = ours("what is  the ñ?\n\n").input_ids
    assert ids[0] == ours.bos_token_id
    assert ours.decode(ids[1:]) == "what is  the ñ?\n\n"


def test_merges_by_hand() -> None:
    """Ranked by the id of what they make, the longer left half first."""
    assert merges(["a", "b", "ab", "aba", "x", "bab"]) == [("a", "b"), ("ab", "a"), ("b", "ab")]
    assert merges(["aaaa", "aa", "a", "aaa"]) == [
        ("aaa", "a"), ("aa", "aa"), ("a", "aaa"), ("a", "a"), ("aa", "a"), ("a", "aa"),
    ]  # fmt: skip


def test_runs_of_spaces_are_looked_up_as_they_are_normalised() -> None:
    assert [respell(token) for token in (" ", "   ", "\n", "▁a", "")] == ["▁", "▁▁▁", "\n", "▁a", ""]
    tokens, kinds = zip(*tiny_vocabulary(), strict=True)
    assert build_tokenizer(list(tokens), list(kinds)).encode("a   b").tokens == ["<bos>", "a", "▁▁▁", "b"]
