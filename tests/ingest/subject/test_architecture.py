"""The parts found in each family are those the model itself computes with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.lm_head.convention import decoded_rows
from neuronkb.ingest.subject.architecture import Architecture, find_architecture
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.layer_weights import LayerWeights, read_layer
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import ModelError
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    BertConfig,
    BertForMaskedLM,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    MambaConfig,
    MambaForCausalLM,
    OPTConfig,
    T5Config,
    T5ForConditionalGeneration,
)

from .families import CONFIGS, FF, GATED, LAYERS, SIZES, TIED, VOCAB, D, build, save


class Saved:
    """A model, and what is found in its folder."""

    def __init__(self, family: str, folder: Path) -> None:
        self.family = family
        self.model = save(family, folder)
        self.checkpoint = Checkpoint.open(folder)
        self.architecture: Architecture = find_architecture(self.checkpoint)

    def module(self, tensor: str | None) -> Any:
        """The module that a tensor of the checkpoint belongs to."""
        assert tensor is not None
        path = tensor.removesuffix(".weight")
        try:
            return self.model.get_submodule(path)
        except AttributeError:
            return self.model.base_model.get_submodule(path)

    def layer(self, layer: int) -> LayerWeights:
        return read_layer(self.checkpoint, self.architecture, layer)


@pytest.fixture(scope="module", params=list(CONFIGS))
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    return Saved(request.param, tmp_path_factory.mktemp(request.param))


def test_facts(saved: Saved) -> None:
    found = saved.architecture
    assert (found.n_layers, found.d_model, found.d_mlp, found.d_vocab) == (LAYERS, D, FF, VOCAB)
    assert found.gated == (saved.family in GATED)
    assert found.tied == (saved.family in TIED)
    assert found.name == type(saved.model).__name__
    assert all(
        (layer.post_norm is not None) == saved.family.startswith(("gemma", "opt-post")) for layer in found.layers
    )
    assert torch.equal(saved.checkpoint.tensor(found.unembedding), saved.model.get_output_embeddings().weight)


@pytest.mark.parametrize("layer", range(LAYERS))
def test_read_side_is_what_the_mlp_computes(saved: Saved, layer: int) -> None:
    """Pre-activation = folded row . stream / scale of the norm + a constant that holds the biases."""
    parts, weights = saved.architecture.layers[layer], saved.layer(layer)
    seen = _watch(saved, layer)
    for projection in set(weights.rows) - {"down"}:
        rows = decoded_rows(weights, projection, "folded")
        stream = seen["norm" if parts.pre_norm else "up"][0].double()
        scale, bias = torch.ones(1).double(), torch.zeros(D).double()
        if parts.pre_norm is not None:
            norm = saved.module(parts.pre_norm)
            layer_norm = isinstance(norm, torch.nn.LayerNorm)
            centred = stream - stream.mean(-1, keepdim=True) if layer_norm else stream
            epsilon = float(norm.eps if hasattr(norm, "eps") else norm.variance_epsilon)
            scale = (centred.square().mean(-1, keepdim=True) + epsilon).sqrt()
            bias = norm.bias.double() if layer_norm else bias
        constant = weights.rows[projection].double() @ bias
        module = saved.module(parts.gate if projection == "gate" else parts.up)
        own = getattr(module, "bias", None)
        expected = seen[projection][1].double() - (0.0 if own is None else own.detach().double())
        torch.testing.assert_close(stream @ rows.T / scale + constant, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("layer", range(LAYERS))
def test_write_side_is_what_the_model_makes_of_one_neuron(saved: Saved, layer: int) -> None:
    """Through the model's own norms and head, one neuron's output gives the folded logits, up to the norms' scale."""
    parts, weights = saved.architecture.layers[layer], saved.layer(layer)
    with torch.no_grad():
        down = saved.module(parts.down)
        zero = down(torch.zeros(1, FF))
        # Scaled up, so that the epsilon of the norms does not count.
        stream = (down(torch.eye(FF) * 1e4) - zero) / 1e4
        torch.testing.assert_close(stream, weights.rows["down"], rtol=1e-3, atol=1e-3)
        stream = weights.rows["down"] * 1e4
        for name in (parts.post_norm, saved.architecture.final_norm):
            if name is not None:
                norm = saved.module(name)
                stream = norm(stream) - (norm.bias if isinstance(norm, torch.nn.LayerNorm) else 0.0)
        head = saved.model.get_output_embeddings()
        logits = (head(stream) - (0.0 if head.bias is None else head.bias)).double()
    decoded = decoded_rows(weights, "down", "folded") @ head.weight.detach().double().T
    ratio = logits.norm(dim=1, keepdim=True) / decoded.norm(dim=1, keepdim=True)
    torch.testing.assert_close(decoded * ratio, logits, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("layer", range(LAYERS))
def test_raw_rows_are_the_stored_ones(saved: Saved, layer: int) -> None:
    parts, weights = saved.architecture.layers[layer], saved.layer(layer)
    up = saved.module(parts.up).weight.detach()
    up = up.T if saved.family == "gpt2" else up
    assert torch.equal(decoded_rows(weights, "up", "raw"), (up[FF:] if parts.fused else up).double())
    down = saved.module(parts.down).weight.detach()
    assert torch.equal(decoded_rows(weights, "down", "raw"), (down if saved.family == "gpt2" else down.T).double())


def _watch(saved: Saved, layer: int) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Input and output of the layer's norm and projections on some tokens, `[tokens, width]`."""
    parts = saved.architecture.layers[layer]
    seen: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def keep(name: str) -> Any:
        def hook(_module: Any, given: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
            seen[name] = given[0].reshape(-1, given[0].shape[-1]), out.reshape(-1, out.shape[-1])

        return hook

    names = {"norm": parts.pre_norm, "gate": parts.gate, "up": parts.up}
    handles = [saved.module(name).register_forward_hook(keep(what)) for what, name in names.items() if name]
    with torch.no_grad():
        saved.model(torch.tensor([[5, 17, 60, 31, 2]]))
    for handle in handles:
        handle.remove()
    if parts.fused:
        given, both = seen["up"]
        seen["gate"], seen["up"] = (given, both[:, :FF]), (given, both[:, FF:])
    return seen


def test_square_mlps_keep_their_orientation(tmp_path: Path) -> None:
    """With d_mlp = d_model the shapes tell nothing."""
    for family, change in (("gpt2", {"n_inner": D}), ("llama", {"intermediate_size": D})):
        config = CONFIGS[family]()
        for name, value in change.items():
            setattr(config, name, value)
        model = build(config)
        model.save_pretrained(tmp_path / family)
        checkpoint = Checkpoint.open(tmp_path / family)
        rows = read_layer(checkpoint, find_architecture(checkpoint), 0).rows["down"]
        mlp = model.transformer.h[0].mlp.c_proj if family == "gpt2" else model.model.layers[0].mlp.down_proj
        assert torch.equal(rows, mlp.weight if family == "gpt2" else mlp.weight.T)


def test_names_without_the_usual_prefix(tmp_path: Path) -> None:
    """GPT-2's own checkpoints hold `h.0.mlp...` and no `transformer.`; their config has no n_inner."""
    config = CONFIGS["gpt2"]()
    config.n_inner = None
    build(config).save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    save_file({name.removeprefix("transformer."): tensor for name, tensor in load_file(file).items()}, file)
    found = find_architecture(Checkpoint.open(tmp_path))
    assert (found.unembedding, found.final_norm, found.d_mlp) == ("wte.weight", "ln_f.weight", 4 * D)


def multimodal(folder: Path, layers: int) -> Any:
    """Gemma 3 as its larger models are: a vision tower of so many layers before the language model."""
    text = {**SIZES, "intermediate_size": FF, "num_key_value_heads": 2, "head_dim": 8}
    tower = {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": layers, "num_attention_heads": 2}
    config = Gemma3Config(
        text_config=text, vision_config={**tower, "image_size": 16, "patch_size": 8}, mm_tokens_per_image=1
    )
    torch.manual_seed(0)
    model: Any = Gemma3ForConditionalGeneration(config)
    model.eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, 0.3)
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("layers", [LAYERS, 5])
def test_a_vision_tower_before_the_language_model_is_passed_over(layers: int, tmp_path: Path) -> None:
    """Also where it has more layers; in the files and in the model that runs."""
    model = multimodal(tmp_path, layers)
    checkpoint = Checkpoint.open(tmp_path)
    found = find_architecture(checkpoint)
    assert (found.d_mlp, found.d_model, found.n_layers) == (FF, D, LAYERS)
    mlp = model.model.language_model.layers[0].mlp
    weights = read_layer(checkpoint, found, 0)
    assert torch.equal(weights.rows["down"], mlp.down_proj.weight.T)
    assert weights.pre_norm is not None
    gain = model.model.language_model.layers[0].pre_feedforward_layernorm.weight
    assert torch.equal(weights.pre_norm.gain, gain.detach().double() + 1.0)
    live = LiveModel.load(Subject.open(tmp_path))
    assert [type(block.out) for block in live.blocks] == [torch.nn.Linear] * LAYERS
    out: Any = live.blocks[1].out
    assert torch.equal(out.weight, model.model.language_model.layers[1].mlp.down_proj.weight)


def test_a_head_of_its_own_counts_whatever_the_config_says(tmp_path: Path) -> None:
    """As a full fine-tune by other libraries leaves it: tied by its config, and stored with another head."""
    model = build(CONFIGS["llama"]())
    model.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": True}))
    checkpoint = Checkpoint.open(tmp_path)
    found = find_architecture(checkpoint)
    runs: Any = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert torch.equal(checkpoint.tensor(found.unembedding), runs.get_output_embeddings().weight)
    assert not found.tied


def _mamba() -> Any:
    return MambaForCausalLM(MambaConfig(vocab_size=VOCAB, hidden_size=D, num_hidden_layers=LAYERS, state_size=4))


def _bert() -> Any:
    return BertForMaskedLM(
        BertConfig(vocab_size=VOCAB, hidden_size=D, num_hidden_layers=2, num_attention_heads=4, intermediate_size=FF)
    )


def _t5() -> Any:
    return T5ForConditionalGeneration(T5Config(vocab_size=VOCAB, d_model=D, d_kv=8, d_ff=FF, num_layers=2, num_heads=4))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_mamba, "layer 0: between its projections stands aten.convolution"),
        (_bert, "BertForMaskedLM is not a causal language model"),
        (_t5, "T5ForConditionalGeneration is not a causal language model"),
    ],
)
def test_other_models_are_told_what_was_not_found(make: Any, said: str, tmp_path: Path) -> None:
    make().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=said):
        find_architecture(Checkpoint.open(tmp_path))


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("model.layers.1.mlp.up_proj.weight", "no tensor of the right shape for model.layers.1.mlp.up_proj.weight"),
        ("model.layers.0.post_attention_layernorm.weight", "no tensor for model.layers.0.post_attention_layernorm"),
        ("model.norm.weight", "no tensor for model.norm"),
        ("lm_head.weight", "no tensor of the right shape for lm_head.weight"),
    ],
)
def test_a_missing_part_is_named(lost: str, said: str, tmp_path: Path) -> None:
    save("llama", tmp_path)
    file = tmp_path / "model.safetensors"
    tensors = load_file(file)
    del tensors[lost]
    save_file(tensors, file)
    checkpoint = Checkpoint.open(tmp_path)
    with pytest.raises(ModelError, match=said):
        read_layer(checkpoint, find_architecture(checkpoint), 0)


def test_a_stream_narrower_than_its_mlp_writes_is_refused(tmp_path: Path) -> None:
    """OPT-350m embeds in 512 dimensions and projects to 1024."""
    model = build(OPTConfig(**SIZES, ffn_dim=FF, word_embed_proj_dim=16))
    model.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"its unembedding reads what model\.decoder\.project_out writes"):
        find_architecture(Checkpoint.open(tmp_path))
