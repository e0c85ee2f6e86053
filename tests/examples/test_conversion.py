from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from neuronkb.examples.demo.conversion import parameter_name
from neuronkb.schema import ModelError


def load_through_transformers(gguf: Path) -> Any:
    import torch
    import transformers

    # From release 5 on, the weights stay packed unless told otherwise.
    unpack = getattr(transformers, "GgufConfig", None)
    more = {"quantization_config": unpack(dequantize=True)} if unpack else {}
    return transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16, **more
    )


@pytest.mark.filterwarnings("default")
def test_every_tensor_is_the_one_that_transformers_unpacks(tiny_gguf: Path, tiny_base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    expected = load_through_transformers(tiny_gguf).state_dict()
    found = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.bfloat16).state_dict()
    assert found.keys() == expected.keys()
    unequal = [name for name in found if not torch.equal(found[name], expected[name])]
    assert unequal == []


@pytest.mark.filterwarnings("default")
def test_config_is_the_one_that_transformers_derives(tiny_gguf: Path, tiny_base: Path) -> None:
    from transformers import AutoConfig

    expected = load_through_transformers(tiny_gguf).config.to_dict()
    found = AutoConfig.from_pretrained(tiny_base).to_dict()
    incidental = {"_name_or_path", "_model_name_or_path", "rms_norm_eps", "quantization_config", "architectures"}
    differing = {
        key: (found.get(key), expected.get(key))
        for key in (found.keys() | expected.keys()) - incidental
        if found.get(key) != expected.get(key)
    }
    # GGUF does not carry it; 256 is the head dimension of the model itself.
    assert differing.pop("query_pre_attn_scalar") == (64, 256)
    assert differing == {}
    assert found["rms_norm_eps"] == pytest.approx(expected["rms_norm_eps"], rel=1e-6)


def test_config_names_the_layers_that_see_everything(tiny_base: Path) -> None:
    config = json.loads((tiny_base / "config.json").read_text())
    assert config["layer_types"] == ["sliding_attention"] * 5 + ["full_attention"]
    assert config["rope_theta"] == 1_000_000.0


def test_a_tensor_that_gemma_does_not_have_is_refused() -> None:
    assert parameter_name("blk.3.ffn_up.weight") == "model.layers.3.mlp.up_proj.weight"
    for name in ("blk.3.ffn_gate_exps.weight", "output.weight", "blk.3.attn_q.bias"):
        with pytest.raises(ModelError, match="unexpected tensor"):
            parameter_name(name)
