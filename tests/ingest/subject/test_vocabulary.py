"""Surfaces, flags and hashes of both tokenizer schemes; which rows were never trained."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.surface import byte_alphabet, is_byte_level, is_reserved, piece_bytes
from neuronkb.ingest.subject.untrained import find_untrained
from neuronkb.ingest.subject.vocabulary import from_pieces, read_vocabulary, shared_ids
from neuronkb.schema import ModelError
from safetensors.torch import save_file

from .tokenizers import byte_level, sentencepiece

PIECES = ["<pad>", "<s>", "▁August", "ust", "<0x0A>", "<unused7>", "▁", "été", "<h1>"]


def test_sentencepiece_by_hand() -> None:
    found = from_pieces(PIECES, special={0, 1}, added={0, 1, 5, 8}, d_vocab=11)
    assert found.texts == ("<pad>", "<s>", " August", "ust", "\n", "<unused7>", " ", "été", "<h1>", "", "")
    assert np.flatnonzero(found.special).tolist() == [0, 1]
    assert np.flatnonzero(found.byte).tolist() == [4]
    assert np.flatnonzero(found.unused).tolist() == [5, 9, 10]
    assert np.flatnonzero(found.ordinary).tolist() == [2, 3, 6, 7, 8]


def test_byte_level_by_hand() -> None:
    found = from_pieces(["Ġthe", "Ċ", "Ã©", "Ã", "<|end|>"], special={4}, added={4}, d_vocab=5)
    assert found.texts == (" the", "\n", "é", "\N{REPLACEMENT CHARACTER}", "<|end|>")
    assert found.byte.tolist() == [False, False, False, True, False]


@given(st.binary(max_size=12))
def test_byte_level_undoes_its_alphabet(data: bytes) -> None:
    characters = {byte: character for character, byte in byte_alphabet().items()}
    assert len(characters) == 256
    piece = "".join(characters[byte] for byte in data)
    assert piece_bytes([piece, "Ġx"], [True, True]) == [data, b" x"]


@given(st.text(st.characters(exclude_characters="▁", exclude_categories=["Cs"]), max_size=12))
def test_sentencepiece_undoes_its_space(text: str) -> None:
    if not (text.startswith("<0x") and text.endswith(">")):
        assert piece_bytes([text.replace(" ", "▁"), "▁x"], [True, True]) == [text.encode(), b" x"]


def test_schemes_are_told_apart() -> None:
    assert is_byte_level(["Ġthe", "abc"])
    assert not is_byte_level(["▁the", "abc"])
    assert not is_byte_level(["日本", "語"])


@pytest.mark.parametrize(
    ("piece", "reserved"),
    [
        ("<unused0>", True),
        ("[unused12]", True),
        ("<|reserved_special_token_5|>", True),
        ("<|extra_3|>", True),
        ("<reserved_9>", True),
        ("<h1>", False),
        ("unused", False),
        ("<|im_start|>", False),
        ("extra", False),
    ],
)
def test_reserved_slots(piece: str, reserved: bool) -> None:
    assert is_reserved(piece) == reserved


def test_hash_by_hand_and_padding_is_not_part_of_it() -> None:
    whole = hashlib.sha256()
    for data in (b" a", b"b"):
        whole.update(struct.pack("<Q", len(data)) + data)
    assert from_pieces(["▁a", "b"], (), (), 2).hash == from_pieces(["▁a", "b"], (), (), 9).hash == whole.hexdigest()
    assert from_pieces(["▁a", "b"], (), (), 2).hash != from_pieces(["▁", "ab"], (), (), 2).hash


def test_shared_ids_of_a_tokenizer_and_its_extension() -> None:
    base = from_pieces(["▁a", "b", "<unused0>", "c"], (), (2,), 6)
    tuned = from_pieces(["▁a", "b", "<|chat|>", "c", "<|new|>"], (2, 4), (2, 4), 6)
    assert shared_ids(base, tuned).tolist() == [0, 1, 3]


@pytest.mark.parametrize("make", [byte_level, sentencepiece])
def test_a_real_tokenizer(make: type, tmp_path: Path) -> None:
    tokenizer = make(tmp_path)
    found = read_vocabulary(tmp_path, len(tokenizer) + 3)
    for text in (" August", "Brisbane", " é"):
        ids = tokenizer.encode(text, add_special_tokens=False)
        assert "".join(found.texts[i] for i in ids).endswith(text) or any(found.byte[i] for i in ids)
        assert b"".join(found.pieces[i] for i in ids).decode().endswith(text)
    assert " August" in found.texts
    assert found.special[tokenizer.eos_token_id]
    assert found.unused[-3:].all()
    assert not found.unused[:-3].any()


def test_no_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="its tokenizer cannot be read"):
        read_vocabulary(tmp_path, 10)


def rows_and_slots(n_trained: int = 400, n_slots: int = 40) -> tuple[torch.Tensor, np.ndarray]:
    """Trained rows in all directions; unused slots close to one common point, a third of them trained after all."""
    generator = torch.Generator().manual_seed(3)
    rows = torch.randn(n_trained + n_slots, 64, generator=generator)
    common = torch.randn(64, generator=generator)
    rows[n_trained + n_slots // 3 :] = common + 0.05 * torch.randn(n_slots - n_slots // 3, 64, generator=generator)
    unused = np.zeros(len(rows), bool)
    unused[n_trained:] = True
    return rows, unused


def untrained(rows: torch.Tensor, unused: np.ndarray, folder: Path) -> list[int]:
    save_file({"u": rows.contiguous()}, folder / "model.safetensors")
    (folder / "config.json").write_text("{}")
    return np.flatnonzero(find_untrained(Checkpoint.open(folder), "u", unused)).tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rows_near_the_unused_ones(dtype: torch.dtype, tmp_path: Path) -> None:
    rows, unused = rows_and_slots()
    rows[17] = rows[-1] + 0.02
    rows[23] = rows[-2] * 0.95
    assert untrained(rows.to(dtype), unused, tmp_path) == [17, 23, *range(400 + 40 // 3, 440)]


def test_scattered_slots_say_nothing(tmp_path: Path) -> None:
    rows, unused = rows_and_slots()
    rows[400:] = torch.randn(40, 64, generator=torch.Generator().manual_seed(9))
    assert untrained(rows, unused, tmp_path) == []


def test_tiny_and_copied_rows(tmp_path: Path) -> None:
    rows, _ = rows_and_slots()
    rows[3] *= 0.01
    rows[10], rows[300] = rows[5], rows[5]
    rows[11] = rows[6]  # two alike may be one token initialised from another
    unused = np.zeros(len(rows), bool)
    trained = rows.clone()
    trained[413:] = torch.randn(27, 64, generator=torch.Generator().manual_seed(4))
    assert untrained(trained, unused, tmp_path) == [3, 5, 10, 300]


def test_rows_of_odd_width(tmp_path: Path) -> None:
    rows = torch.randn(50, 7, generator=torch.Generator().manual_seed(1)).bfloat16()
    rows[4] = rows[9] = rows[12]
    assert untrained(rows, np.zeros(50, bool), tmp_path) == [4, 9, 12]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_padding_row_that_is_no_number_hides_nothing(value: float, tmp_path: Path) -> None:
    rows, unused = rows_and_slots()
    rows[17] = rows[-1] + 0.02
    rows[3] *= 0.001
    expected = untrained(rows, unused, tmp_path)
    assert expected[:2] == [3, 17]
    rows[405, 7] = value
    assert untrained(rows, unused, tmp_path) == sorted({*expected, 405})
    few = np.zeros(len(rows), bool)
    few[405] = True
    rows[3] = rows[4] * 1e-4
    assert untrained(rows, few, tmp_path) == [3, 405]


def test_a_used_row_that_is_no_number_stays_for_decoding_to_refuse(tmp_path: Path) -> None:
    rows, unused = rows_and_slots()
    rows[9, 0] = float("nan")
    assert 9 not in untrained(rows, unused, tmp_path)
    assert untrained(torch.full_like(rows, float("nan")), unused, tmp_path) == np.flatnonzero(unused).tolist()
