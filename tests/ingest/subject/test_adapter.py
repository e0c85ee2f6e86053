"""A LoRA adapter is merged as PEFT merges it, by hand here; one of another kind is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.layer_weights import read_layer
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import ModelError
from safetensors.torch import save_file

from .families import save
from .test_packed import FORMS, quantised

RANK = 4
CONFIG: dict[str, Any] = {
    "peft_type": "LORA",
    "base_model_name_or_path": "org/base",
    "r": RANK,
    "lora_alpha": 16,
    "bias": "none",
    "modules_to_save": None,
}
UP = "model.layers.1.mlp.up_proj"


def adapter(folder: Path, modules: dict[str, tuple[int, int]], **config: Any) -> dict[str, torch.Tensor]:
    """An adapter folder as PEFT saves it; B A of each module, `[d_out, d_in]`."""
    folder.mkdir(exist_ok=True)
    generator = torch.Generator().manual_seed(2)
    stored: dict[str, torch.Tensor] = {}
    products: dict[str, torch.Tensor] = {}
    for module, (d_out, d_in) in modules.items():
        one, other = torch.randn(RANK, d_in, generator=generator), torch.randn(d_out, RANK, generator=generator)
        stored |= {f"base_model.model.{module}.lora_{half}.weight": m for half, m in (("A", one), ("B", other))}
        products[module] = other @ one
    save_file(stored, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(CONFIG | config))
    return products


@pytest.mark.parametrize(
    ("config", "scale"),
    [
        ({}, 4.0),
        ({"use_rslora": True}, 8.0),
        ({"alpha_pattern": {"up_proj": 2}, "rank_pattern": {"mlp.down_proj": 64}}, 0.5),
        ({"rank_pattern": {"layers.1.mlp.up_proj": RANK}, "r": 3}, 4.0),
        ({"use_rslora": True, "alpha_pattern": {"layers.0.mlp.up_proj": 3}}, 8.0),
    ],
)
def test_merged_by_hand(config: dict[str, Any], scale: float, tmp_path: Path) -> None:
    save("llama", tmp_path / "base")
    product = adapter(tmp_path / "lora", {UP: (48, 32)}, **config)[UP]
    plain = Checkpoint.open(tmp_path / "base")
    subject = Subject.open(tmp_path / "base", adapter=tmp_path / "lora")
    merged, expected = subject.checkpoint, plain.tensor(f"{UP}.weight").float() + scale * product
    torch.testing.assert_close(merged.tensor(f"{UP}.weight"), expected)
    torch.testing.assert_close(merged.rows(f"{UP}.weight", 5, 7), expected[5:7])
    torch.testing.assert_close(read_layer(merged, subject.architecture, 1).rows["up"].float(), expected)
    for name in plain.tensors.keys() - {f"{UP}.weight"}:
        assert torch.equal(merged.tensor(name), plain.tensor(name))
        assert merged.digest(name) == plain.digest(name)
    assert merged.digest(f"{UP}.weight") != plain.digest(f"{UP}.weight")
    assert merged.weights_hash() not in (plain.weights_hash(), "")


def test_both_are_named_and_opened_again_by_the_source(tmp_path: Path) -> None:
    save("llama", tmp_path / "base")
    adapter(tmp_path / "lora", {UP: (48, 32)})
    subject = Subject.open(tmp_path / "base", adapter=str(tmp_path / "lora"))
    assert subject.name == "base+lora"
    assert subject.source == f"{tmp_path / 'base'}::{tmp_path / 'lora'}"
    again = Subject.open(subject.source)
    assert (again.name, again.source, again.weights) == (subject.name, subject.source, subject.weights)
    assert Subject.open(tmp_path / "base", "mine", tmp_path / "lora").name == "mine"


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_the_running_model_is_merged_too(family: str, tmp_path: Path) -> None:
    save(family, tmp_path / "base")
    shapes = {UP: (48, 32)} if family == "llama" else {"transformer.h.1.mlp.c_fc": (128, 32)}
    plain = Subject.open(tmp_path / "base")
    if family == "gpt2":
        name = next(name for name in plain.checkpoint.tensors if name.endswith("h.1.mlp.c_fc.weight"))
        shapes = {"transformer.h.1.mlp.c_fc": plain.checkpoint.info(name).shape[::-1]}  # type: ignore[dict-item]
    adapter(tmp_path / "lora", shapes, fan_in_fan_out=family == "gpt2")
    subject = Subject.open(tmp_path / "base", adapter=tmp_path / "lora")
    (name,) = subject.checkpoint.packed
    running = dict(LiveModel.load(subject).model.named_parameters())
    found = next(weight for own, weight in running.items() if own.endswith(name) or name.endswith(own))
    torch.testing.assert_close(found, subject.checkpoint.tensor(name))
    assert not torch.allclose(found, plain.checkpoint.tensor(name))


def test_over_a_quantised_base(tmp_path: Path) -> None:
    make, config = FORMS["w4a16"]
    base = quantised(tmp_path / "base", make, config)
    product = adapter(tmp_path / "lora", {UP: (48, 32)})[UP]
    merged = Subject.open(tmp_path / "base", adapter=tmp_path / "lora").checkpoint
    torch.testing.assert_close(merged.tensor(f"{UP}.weight"), base[f"{UP}.weight"] + 4 * product)
    assert torch.equal(merged.tensor("model.layers.0.mlp.up_proj.weight"), base["model.layers.0.mlp.up_proj.weight"])


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"peft_type": "IA3"}, "holds a IA3 adapter, expected LORA"),
        ({"use_dora": True}, "DoRA, which is not merged here; merge it with peft"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"bias": "all"}, "trained biases"),
        ({"init_lora_weights": "pissa"}, "a start .'pissa'. that changes the base model"),
        ({"r": 3}, "is of rank 4, expected 3 by its config"),
        ({"r": 0}, "its r is '0', expected a number above 0"),
        ({"lora_alpha": "x"}, "its lora_alpha is 'x'"),
        ({"rank_pattern": {"(a+)+$": 3}}, "its rank_pattern is .*expected names of modules"),
    ],
)
def test_another_kind_is_named(config: dict[str, Any], words: str, tmp_path: Path) -> None:
    save("llama", tmp_path / "base")
    adapter(tmp_path / "lora", {UP: (48, 32)}, **config)
    with pytest.raises(ModelError, match=words) as raised:
        Subject.open(tmp_path / "base", adapter=tmp_path / "lora")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("modules", "words"),
    [
        ({"model.layers.7.mlp.up_proj": (48, 32)}, "it changes 'model.layers.7.mlp.up_proj', which .* has not"),
        ({UP: (64, 32)}, r"up_proj. changes \[64, 32\], the base has \[48, 32\]"),
        ({}, "the adapter holds no LoRA matrices"),
    ],
)
def test_an_adapter_of_another_model(modules: dict[str, tuple[int, int]], words: str, tmp_path: Path) -> None:
    save("llama", tmp_path / "base")
    adapter(tmp_path / "lora", modules)
    with pytest.raises(ModelError, match=words):
        Subject.open(tmp_path / "base", adapter=tmp_path / "lora")


def test_what_is_not_lora_is_not_left_out(tmp_path: Path) -> None:
    save("llama", tmp_path / "base")
    adapter(tmp_path / "lora", {UP: (48, 32)})
    save_file({"base_model.model.lm_head.weight": torch.zeros(97, 32)}, tmp_path / "lora" / "adapter_model.safetensors")
    with pytest.raises(ModelError, match=r"'base_model\.model\.lm_head\.weight' is F32, expected lora_A and lora_B"):
        Subject.open(tmp_path / "base", adapter=tmp_path / "lora")
    with pytest.raises(ModelError, match=r"adapter_config\.json: not there"):
        Subject.open(tmp_path / "base", adapter=tmp_path / "base")
