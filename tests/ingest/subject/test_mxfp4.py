"""gpt-oss as it is published: experts in MXFP4 are read as the numbers that they stand for, one expert at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from neuronkb.ingest.subject import checkpoint as checkpoint_module
from neuronkb.ingest.subject.certificate import certify
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.experts import read_mlp
from neuronkb.ingest.subject.header import TensorInfo
from neuronkb.ingest.subject.packed import Packed
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import ModelError
from safetensors.torch import load_file, save_file

from .mixtures import EXPERTS, save

FP4 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0)


def drawn(experts: int, d_out: int, d_in: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Blocks, scales, and the numbers `[experts, d_in, d_out]` that they stand for, one after another."""
    draw = torch.Generator().manual_seed(d_out)
    blocks = torch.randint(0, 256, (experts, d_out, d_in // 32, 16), generator=draw, dtype=torch.uint8)
    scales = torch.randint(123, 127, (experts, d_out, d_in // 32), generator=draw, dtype=torch.uint8)
    meant = torch.zeros(experts, d_in, d_out)
    for expert in range(experts):
        for row in range(d_out):
            for column in range(d_in):
                byte = int(blocks[expert, row, column // 32, column % 32 // 2])
                number = FP4[byte >> 4 if column % 2 else byte & 15]
                meant[expert, column, row] = number * 2.0 ** (int(scales[expert, row, column // 32]) - 127)
    return blocks, scales, meant


@pytest.fixture
def published(tmp_path: Path) -> tuple[Path, dict[str, torch.Tensor]]:
    """A tiny gpt-oss whose experts are packed, and what they stand for."""
    save("gpt-oss-square", tmp_path)
    file = tmp_path / "model.safetensors"
    tensors, meant = load_file(file), {}
    for name in [name for name in tensors if name.endswith(("gate_up_proj", "down_proj"))]:
        _, d_in, d_out = tensors.pop(name).shape
        tensors[f"{name}_blocks"], tensors[f"{name}_scales"], meant[name] = drawn(EXPERTS, d_out, d_in)
    save_file(tensors, file, {"format": "pt"})
    config = json.loads((tmp_path / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    return tmp_path, meant


def test_they_are_the_numbers_of_the_standard(published: tuple[Path, dict[str, torch.Tensor]]) -> None:
    folder, meant = published
    checkpoint = Checkpoint.open(folder)
    assert len(meant) == 4
    for name, numbers in meant.items():
        assert checkpoint.info(name).shape == tuple(numbers.shape)
        assert torch.equal(checkpoint.tensor(name), numbers)
        assert torch.equal(checkpoint.rows(name, 2, 3), numbers[2:3])


def test_the_running_model_has_the_same(published: tuple[Path, dict[str, torch.Tensor]]) -> None:
    """transformers unpacks them on a CPU, to 16 bits, which hold all of these numbers."""
    folder, meant = published
    subject = Subject.open(folder, "m", experts=True)
    assert str(certify(subject)).startswith("all 8 MLPs on a text; within 1e-0")
    up = read_mlp(subject.checkpoint, subject.architecture, subject.architecture.mlp(1, 3)).rows["up"]
    assert torch.equal(up, meant["model.layers.1.mlp.experts.gate_up_proj"][3, :, 1::2].T)


def test_one_expert_is_read_alone(
    published: tuple[Path, dict[str, torch.Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = Subject.open(published[0], "m", experts=True)
    read: list[slice | None] = []
    stored = checkpoint_module.read_stored

    def noted(info: TensorInfo, rows: slice | None = None) -> torch.Tensor:
        if info.name.endswith(("_blocks", "_scales")):
            read.append(rows)
        return stored(info, rows)

    monkeypatch.setattr(checkpoint_module, "read_stored", noted)
    read_mlp(subject.checkpoint, subject.architecture, subject.architecture.mlp(0, 2))
    assert read == [slice(2, 3)] * 4


@pytest.mark.parametrize(
    ("part", "wrong", "told"),
    [
        ("scales", torch.full((2, 4, 1), 255, dtype=torch.uint8), "a scale that is no number"),
        ("scales", torch.zeros(2, 4, 2, dtype=torch.uint8), "do not fit"),
        ("blocks", torch.zeros(2, 4, 1, 16), "do not fit"),
    ],
)
def test_what_is_no_such_weight(part: str, wrong: torch.Tensor, told: str, tmp_path: Path) -> None:
    blocks, scales, _ = drawn(2, 4, 32)
    parts = {"blocks": blocks, "scales": scales, part: wrong}
    infos = {name: TensorInfo(name, "U8", tuple(value.shape), tmp_path / "f", 0, 0) for name, value in parts.items()}
    with pytest.raises(ModelError, match=f"are no MXFP4 weights: .*{told}"):
        Packed("MXFP4", infos, (2, 32, 4), {}).weight(lambda info: parts[info.name])
