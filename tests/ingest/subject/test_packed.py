"""Quantised weights are read as the numbers that they stand for; packed here bit by bit, as the formats say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.subject.architecture import find_architecture
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.layer_weights import read_layer
from neuronkb.schema import ModelError
from safetensors.torch import load_file, save_file

from .families import save

Made = tuple[dict[str, torch.Tensor], torch.Tensor]
GROUP = 16


def words(numbers: torch.Tensor, bits: int, order: tuple[int, ...] | None = None) -> torch.Tensor:
    """Numbers `[rows, n]` packed into int32 along their rows; number order[k] of each word lies k steps up."""
    each = 32 // bits
    order = order or tuple(range(each))
    packed = torch.zeros(len(numbers), numbers.shape[1] // each, dtype=torch.int64)
    for row in range(len(numbers)):
        for column in range(packed.shape[1]):
            for step, place in enumerate(order):
                packed[row, column] |= int(numbers[row, column * each + place]) << (bits * step)
    return torch.where(packed >= 2**31, packed - 2**32, packed).int()


def drawn(shape: tuple[int, int], bits: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Numbers `[out, in]`, zero points and scales `[out, groups]`, all from a fixed seed."""
    generator = torch.Generator().manual_seed(shape[0])
    groups = shape[1] // GROUP
    numbers = torch.randint(0, 2**bits, shape, generator=generator)
    zeros = torch.randint(1, 2**bits, (shape[0], groups), generator=generator)
    return numbers, zeros, torch.rand(shape[0], groups, generator=generator).half() + 0.1


def meant(
    numbers: torch.Tensor, zeros: torch.Tensor, scales: torch.Tensor, group: torch.Tensor | None = None
) -> torch.Tensor:
    """(number - zero) * scale, column by column."""
    found = torch.zeros(numbers.shape)
    for column in range(numbers.shape[1]):
        g = column // GROUP if group is None else int(group[column])
        found[:, column] = (numbers[:, column] - zeros[:, g]) * scales[:, g].float()
    return found


def gptq(shape: tuple[int, int], bits: int = 4, less: int = 1, act: bool = False) -> Made:
    numbers, zeros, scales = drawn(shape, bits)
    order = torch.randperm(shape[1], generator=torch.Generator().manual_seed(1)) if act else torch.arange(shape[1])
    group = order // GROUP
    parts = {
        "qweight": words(numbers, bits).T.contiguous(),
        "qzeros": words(zeros.T - less, bits),
        "scales": scales.T.contiguous(),
        "g_idx": group.int(),
    }
    return parts, meant(numbers, zeros, scales, group)


def awq(shape: tuple[int, int]) -> Made:
    numbers, zeros, scales = drawn(shape, 4)
    order = (0, 2, 4, 6, 1, 3, 5, 7)
    parts = {"qweight": words(numbers.T, 4, order), "qzeros": words(zeros.T, 4, order), "scales": scales.T.contiguous()}
    return parts, meant(numbers, zeros, scales)


def packed_int(shape: tuple[int, int], bits: int = 4, symmetric: bool = True) -> Made:
    numbers, zeros, scales = drawn(shape, bits)
    middle = 2 ** (bits - 1)
    parts = {"weight_packed": words(numbers, bits), "weight_scale": scales, "weight_shape": torch.tensor(shape)}
    if symmetric:
        return parts, meant(numbers, torch.full_like(zeros, middle), scales)
    return parts | {"weight_zero_point": words(zeros.T, bits).T.contiguous()}, meant(numbers, zeros, scales)


def fp8(shape: tuple[int, int], name: str = "weight_scale_inv", blocks: bool = True) -> Made:
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(shape, generator=generator).to(torch.float8_e4m3fn)
    scale = torch.rand(-(-shape[0] // 20), -(-shape[1] // 20), generator=generator) if blocks else torch.rand(1, 1)
    found = weight.float()
    for row in range(shape[0]):
        for column in range(shape[1]):
            found[row, column] *= scale[row // 20, column // 20] if blocks else scale[0, 0]
    return {"weight": weight, name: scale}, found


def channels(shape: tuple[int, int], dtype: torch.dtype) -> Made:
    weight = (torch.randn(shape, generator=torch.Generator().manual_seed(4)) * 40).to(dtype)
    scale = torch.rand(shape[0], 1, generator=torch.Generator().manual_seed(5))
    return {"weight": weight, "weight_scale": scale}, weight.float() * scale


def int8(shape: tuple[int, int]) -> Made:
    weight = torch.randint(-127, 128, shape, generator=torch.Generator().manual_seed(6)).to(torch.int8)
    largest = torch.rand(shape[0], generator=torch.Generator().manual_seed(7))
    parts = {"weight": weight, "SCB": largest, "weight_format": torch.tensor(0, dtype=torch.uint8)}
    return parts, weight.float() * largest[:, None] / 127


def tensors_config(**weights: Any) -> dict[str, Any]:
    return {"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": weights}}}


def quantised(folder: Path, make: Callable[[tuple[int, int]], Made], config: dict[str, Any]) -> dict[str, torch.Tensor]:
    """A Llama whose layers' matrices are packed; what these mean."""
    save("llama", folder)
    stored: dict[str, torch.Tensor] = {}
    found: dict[str, torch.Tensor] = {}
    for name, weight in load_file(folder / "model.safetensors").items():
        if "_proj" in name:
            parts, found[name] = make((weight.shape[0], weight.shape[1]))
            stored |= {name.removesuffix("weight") + part: tensor.contiguous() for part, tensor in parts.items()}
        else:
            stored[name] = weight
    save_file(stored, folder / "model.safetensors")
    whole = json.loads((folder / "config.json").read_text()) | {"quantization_config": config}
    (folder / "config.json").write_text(json.dumps(whole))
    return found


FORMS: dict[str, tuple[Callable[[tuple[int, int]], Made], dict[str, Any]]] = {
    "gptq": (gptq, {"quant_method": "gptq", "bits": 4, "group_size": GROUP}),
    "gptq in 8 bits": (lambda s: gptq(s, 8), {"quant_method": "gptq", "bits": 8, "group_size": GROUP}),
    "gptq in 2 bits": (lambda s: gptq(s, 2), {"quant_method": "gptq", "bits": 2, "group_size": GROUP}),
    "gptq by activation": (lambda s: gptq(s, act=True), {"quant_method": "gptq", "bits": 4, "desc_act": True}),
    "gptq 2": (lambda s: gptq(s, less=0), {"quant_method": "gptq", "bits": 4, "checkpoint_format": "gptq_v2"}),
    "awq": (awq, {"quant_method": "awq", "bits": 4, "group_size": GROUP, "version": "gemm"}),
    "w4a16": (packed_int, tensors_config(num_bits=4, type="int", strategy="group", group_size=GROUP)),
    "w8a16": (lambda s: packed_int(s, 8), tensors_config(num_bits=8, type="int", strategy="group", group_size=GROUP)),
    "w4a16 with zeros": (lambda s: packed_int(s, 4, False), tensors_config(num_bits=4, type="int", group_size=GROUP)),
    "w8a8": (lambda s: channels(s, torch.int8), tensors_config(num_bits=8, type="int", strategy="channel")),
    "fp8 dynamic": (
        lambda s: channels(s, torch.float8_e4m3fn),
        tensors_config(num_bits=8, type="float", strategy="channel"),
    ),
    "fp8 in blocks, compressed": (
        lambda s: fp8(s, "weight_scale"),
        tensors_config(num_bits=8, type="float", strategy="block", block_structure=[20, 20]),
    ),
    "fp8 in blocks": (fp8, {"quant_method": "fp8", "weight_block_size": [20, 20]}),
    "fp8 a tensor": (lambda s: fp8(s, blocks=False), {"quant_method": "fp8"}),
    "int8": (int8, {"quant_method": "bitsandbytes", "load_in_8bit": True}),
}


@pytest.mark.parametrize("form", FORMS)
def test_read_as_what_it_stands_for(form: str, tmp_path: Path) -> None:
    make, config = FORMS[form]
    expected = quantised(tmp_path, make, config)
    checkpoint = Checkpoint.open(tmp_path)
    assert len(checkpoint.packed) == len(expected) == 14
    for name, weight in expected.items():
        assert torch.equal(checkpoint.tensor(name), weight)
        assert torch.equal(checkpoint.rows(name, 3, 9), weight[3:9])
        assert checkpoint.info(name).shape == tuple(weight.shape)
    layer = read_layer(checkpoint, find_architecture(checkpoint), 1)
    assert torch.equal(layer.rows["up"].float(), expected["model.layers.1.mlp.up_proj.weight"])


def test_the_hash_tells_each_part_and_how_it_is_read(tmp_path: Path) -> None:
    make, config = FORMS["gptq"]
    quantised(tmp_path, make, config)
    told: list[tuple[int, int]] = []
    before = Checkpoint.open(tmp_path).weights_hash(lambda *step: told.append(step))
    assert before == Checkpoint.open(tmp_path).weights_hash()
    assert told[-1][0] == told[-1][1] > 0
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["model.layers.0.mlp.up_proj.scales"][0, 0] *= 2
    save_file(tensors, tmp_path / "model.safetensors")
    changed = Checkpoint.open(tmp_path).weights_hash()
    whole = json.loads((tmp_path / "config.json").read_text())
    whole["quantization_config"]["checkpoint_format"] = "gptq_v2"
    (tmp_path / "config.json").write_text(json.dumps(whole))
    assert len({before, changed, Checkpoint.open(tmp_path).weights_hash()}) == 3


def test_a_zero_point_that_the_format_cannot_tell_is_not_guessed(tmp_path: Path) -> None:
    quantised(tmp_path, lambda s: gptq(s, less=0), {"quant_method": "gptq", "bits": 4})
    checkpoint = Checkpoint.open(tmp_path)
    with pytest.raises(ModelError, match=r"are no GPTQ weights: a zero point of 0 or of 2\^bits"):
        checkpoint.tensor("model.layers.0.mlp.down_proj.weight")


def read(folder: Path) -> None:
    checkpoint = Checkpoint.open(folder)
    read_layer(checkpoint, find_architecture(checkpoint), 0)


@pytest.mark.parametrize("form", ["gptq", "w4a16", "awq"])
def test_another_number_of_bits_than_the_config_says(form: str, tmp_path: Path) -> None:
    make, config = FORMS[form]
    text = json.dumps(config).replace('bits": 4', 'bits": 8')
    quantised(tmp_path, make, json.loads(text))
    with pytest.raises(ModelError, match=r"quantised by|expected") as raised:
        read(tmp_path)
    assert "\n" not in str(raised.value)


OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "AQLM": ("codebooks", {"quant_method": "aqlm"}),
    "bitsandbytes in 4 bits": ("weight.quant_map", {"quant_method": "bitsandbytes"}),
    "HQQ": ("W_q", {"quant_method": "hqq"}),
    "quant_method gptq, bits 3": ("qweight", {"quant_method": "gptq", "bits": 3}),
    "quant_method awq, bits 4, version gemv": ("qweight", {"quant_method": "awq", "bits": 4, "version": "gemv"}),
    "compressed-tensors of a format other": ("weight_packed", tensors_config(num_bits=4, type="float")),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_quantisers_are_named(name: str, tmp_path: Path) -> None:
    part, config = OTHERS[name]

    def make(shape: tuple[int, int]) -> Made:
        return {part: torch.zeros(shape, dtype=torch.int32), "scales": torch.ones(1)}, torch.zeros(shape)

    quantised(tmp_path, make, config)
    with pytest.raises(ModelError, match=rf"its weights are quantised by {name}.*which is not read; give the model"):
        Checkpoint.open(tmp_path)


def test_mlx_is_named(tmp_path: Path) -> None:
    def make(shape: tuple[int, int]) -> Made:
        packed, one = torch.zeros(shape[0], shape[1] // 8, dtype=torch.uint32), torch.ones(shape[0], 1)
        return {"weight": packed, "scales": one, "biases": one.clone()}, torch.zeros(shape)

    quantised(tmp_path, make, {"group_size": 64, "bits": 4})
    with pytest.raises(ModelError, match="quantised by MLX"):
        Checkpoint.open(tmp_path)


@pytest.mark.parametrize("config", [3, [], {"quant_method": 4}, {"quant_method": "gptq", "bits": "4"}])
def test_a_config_of_noise_is_refused_in_words(config: Any, tmp_path: Path) -> None:
    quantised(tmp_path, gptq, config)
    with pytest.raises(ModelError, match="quantised by"):
        Checkpoint.open(tmp_path)


@pytest.mark.parametrize("form", ["fp8 in blocks", "fp8 in blocks, compressed", "gptq"])
@pytest.mark.parametrize("value", ["x", 0, [0, 0], None])
def test_sizes_of_noise_are_refused_in_words(form: str, value: Any, tmp_path: Path) -> None:
    make, config = FORMS[form]
    text = json.dumps(config).replace("[20, 20]", json.dumps(value)).replace('size": 16', f'size": {json.dumps(value)}')

    def without_groups(shape: tuple[int, int]) -> Made:
        parts, found = make(shape)
        return {name: tensor for name, tensor in parts.items() if name != "g_idx"}, found

    quantised(tmp_path, without_groups, json.loads(text))
    checkpoint = Checkpoint.open(tmp_path)
    with pytest.raises(ModelError, match=r"are no .* weights: "):
        checkpoint.tensor("model.layers.0.mlp.down_proj.weight")
