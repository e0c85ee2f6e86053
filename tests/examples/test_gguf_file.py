from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from neuronkb.examples.demo.gguf_file import GGUFFile
from neuronkb.schema import ModelError

from .conftest import HIDDEN, MLP, tiny_vocabulary


def test_header_says_what_was_written(tiny_gguf: Path) -> None:
    file = GGUFFile.open(tiny_gguf)
    assert file.metadata["general.architecture"] == "gemma3"
    assert file.metadata["gemma3.rope.freq_base"] == 1_000_000.0
    assert file.metadata["tokenizer.ggml.add_bos_token"] is True
    assert file.metadata["tokenizer.ggml.tokens"] == [token for token, _ in tiny_vocabulary()]
    assert file.tensors["blk.5.ffn_down.weight"].shape == (HIDDEN, MLP)


@pytest.mark.parametrize("name", ["token_embd.weight", "blk.0.ffn_gate.weight", "blk.1.ffn_down.weight"])
def test_rows_are_those_of_the_whole_tensor_as_the_package_reads_it(tiny_gguf: Path, name: str) -> None:
    from gguf import GGUFReader, dequantize

    tensor = next(tensor for tensor in GGUFReader(tiny_gguf).tensors if tensor.name == name)
    whole = dequantize(tensor.data, tensor.tensor_type)
    rows = GGUFFile.open(tiny_gguf).rows(name, 3, 200)
    assert rows.dtype == np.float32
    assert np.array_equal(rows, whole[3:200])


def test_q8_0_block_by_hand(tiny_gguf: Path) -> None:
    """A block is a float16 scale and 32 signed bytes; a value is the product of both."""
    file = GGUFFile.open(tiny_gguf)
    offset = file.tensors["token_embd.weight"].offset
    block = tiny_gguf.read_bytes()[offset : offset + 34]
    scale = float(np.frombuffer(block[:2], np.float16)[0])
    expected = [np.float32(scale) * (byte - 256 if byte > 127 else byte) for byte in block[2:]]
    assert file.rows("token_embd.weight", 0, 1)[0, :32].tolist() == expected


@pytest.mark.parametrize("keep", [0, 3, 20, 100, 3000])
def test_a_file_cut_short_is_an_error_that_names_it(tiny_gguf: Path, tmp_path: Path, keep: int) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_gguf.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"broken\.gguf"):
        GGUFFile.open(broken)


@pytest.mark.parametrize(
    ("start", "reason"),
    [(b"PK\x03\x04", "does not start with 'GGUF'"), (b"GGUF\x09\x00\x00\x00", "version 9, expected 2 or 3")],
)
def test_another_kind_of_file_is_an_error(tmp_path: Path, start: bytes, reason: str) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(start + bytes(100))
    with pytest.raises(ModelError, match=rf"other\.gguf.*{reason}"):
        GGUFFile.open(other)


def test_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"missing\.gguf"):
        GGUFFile.open(tmp_path / "missing.gguf")
