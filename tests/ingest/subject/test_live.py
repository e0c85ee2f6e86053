"""Random-weight models of every family: structure only, no claim about any neuron."""

from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.subject.clamp import Clamp
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import ModelError
from torch.nn import functional

from .families import CONFIGS, FF, GATED, LAYERS, VOCAB, build, save

ACTIVATIONS: dict[str, Any] = {
    "silu": functional.silu,
    "gelu": functional.gelu,
    "gelu_new": lambda x: functional.gelu(x, approximate="tanh"),
    "gelu_pytorch_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "relu": functional.relu,
}
FAMILIES = sorted(CONFIGS)
IDS = torch.randint(2, VOCAB, (3, 7), generator=torch.Generator().manual_seed(1))


def live(family: str) -> LiveModel:
    return LiveModel.of(build(CONFIGS[family]()))


def by_hand(model: LiveModel, layer: int) -> dict[str, torch.Tensor]:
    """Gate and up pre-activations and the hidden value, from the weights and what enters the MLP."""
    block, seen = model.blocks[layer], []
    handle = block.up.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    with torch.no_grad():
        model.model(input_ids=IDS)
    handle.remove()
    x = seen[0].reshape(IDS.shape[0], IDS.shape[1], -1)

    def through(module: Any) -> torch.Tensor:
        weight = module.weight if type(module).__name__ == "Conv1D" else module.weight.T
        y: torch.Tensor = x @ weight
        return y if getattr(module, "bias", None) is None else y + module.bias

    config = model.model.config
    names = ("hidden_act", "activation_function", "hidden_activation")
    act = ACTIVATIONS[next(getattr(config, n) for n in names if getattr(config, n, None))]
    if block.gate is None:
        up = through(block.up)
        return {"up": up, "hidden": act(up)}
    gate, up = torch.split(through(block.up), FF, dim=-1) if block.fused else (through(block.gate), through(block.up))
    return {"gate": gate, "up": up, "hidden": act(gate) * up}


@pytest.mark.parametrize("family", FAMILIES)
def test_captured_values_are_those_of_a_hand_written_mlp(family: str) -> None:
    model = live(family)
    assert (model.n_layers, model.d_mlp, model.gated) == (LAYERS, FF, family in GATED)
    found = model.capture(IDS, sites=model.blocks[0].sites)
    assert len(found) == LAYERS * len(model.blocks[0].sites)
    for layer in range(LAYERS):
        for site, expected in by_hand(model, layer).items():
            assert found[layer, site].shape == (3, 7, FF)
            torch.testing.assert_close(found[layer, site], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_behind_a_text_changes_no_value_before_it(family: str) -> None:
    model = live(family)
    lengths = (7, 4, 1)
    mask = torch.tensor([[int(place < length) for place in range(7)] for length in lengths])
    sites = model.blocks[0].sites
    padded = model.capture(IDS * mask, sites=sites, attention_mask=mask)
    for row, length in enumerate(lengths):
        for key, values in model.capture(IDS[row : row + 1, :length], sites=sites).items():
            torch.testing.assert_close(padded[key][row, :length], values[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_clamp_to_the_captured_value_changes_no_logit(family: str) -> None:
    model = live(family)
    before = model.model(input_ids=IDS).logits
    for site in model.blocks[1].sites:
        values = model.capture(IDS, layers=[1], sites=(site,))[1, site]
        same = [
            Clamp(1, 5, float(values[row, at, 5]), site=site, positions=(at,), row=row)
            for row in range(3)
            for at in range(7)
        ]
        with model.clamped(same) as changed:
            assert torch.equal(changed(input_ids=IDS).logits, before)
        with model.clamped([Clamp(1, 5, 30.0, site=site)]) as changed:
            assert not torch.allclose(changed(input_ids=IDS).logits, before, atol=1e-3)
    assert torch.equal(model.model(input_ids=IDS).logits, before)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_clamp_holds_during_generation_with_a_cache(family: str) -> None:
    model = live(family)
    clamps = [Clamp(0, 3, 4.0), Clamp(1, 7, -2.0, how="add")]
    prompt = IDS[:1]
    with model.clamped(clamps) as changed:
        said = changed.generate(prompt, max_new_tokens=6, do_sample=False, use_cache=True)
        expected = prompt
        for _ in range(said.shape[1] - prompt.shape[1]):
            logits = changed(input_ids=expected, use_cache=False).logits[:, -1]
            expected = torch.cat([expected, logits.argmax(-1, keepdim=True)], dim=1)
    assert torch.equal(said, expected)


def test_what_each_change_does() -> None:
    model = live("llama")
    values = model.capture(IDS, layers=[0])[0, "hidden"]
    asked = [
        Clamp(0, 1, 2.5),
        Clamp(0, 2, 1.5, how="add", positions=(0, -1)),
        Clamp(0, 3, -2.0, how="scale", row=1),
        Clamp.ablate(0, 4),
        Clamp.ablate(0, 5, mean=0.25),
    ]
    with model.clamped(asked):
        found = model.capture(IDS, layers=[0])[0, "hidden"]
    expected = values.clone()
    expected[..., 1] = 2.5
    expected[:, [0, 6], 2] += 1.5
    expected[1, :, 3] *= -2
    expected[..., 4] = 0
    expected[..., 5] = 0.25
    assert torch.equal(found, expected)


def test_positions_count_through_a_cache() -> None:
    model = live("gpt2")
    seen: list[torch.Tensor] = []
    with model.clamped([Clamp(0, 1, 9.0, positions=(-1, 8))]):
        handle = model.blocks[0].out.register_forward_pre_hook(lambda m, args: seen.append(args[0][0, :, 1].clone()))
        model.model.generate(IDS[:1], max_new_tokens=3, do_sample=False)
        handle.remove()
    held = torch.cat(seen) == 9.0
    assert held.tolist() == [False] * 6 + [True, False, True]


def test_the_model_is_restored_after_an_exception() -> None:
    model = live("mistral")
    before = model.model(input_ids=IDS).logits
    with pytest.raises(RuntimeError, match="stop here"), model.clamped([Clamp(0, 0, 50.0)]):
        raise RuntimeError("stop here")
    assert torch.equal(model.model(input_ids=IDS).logits, before)
    with pytest.raises(RuntimeError, match="in the visit"):
        model.read(IDS, lambda layer, site, values: (_ for _ in ()).throw(RuntimeError("in the visit")))
    assert torch.equal(model.model(input_ids=IDS).logits, before)


def test_reading_ends_after_the_last_wanted_layer() -> None:
    model = live("gemma3")
    ran: list[int] = []
    for number, block in enumerate(model.blocks):
        block.out.register_forward_hook(lambda module, args, output, number=number: ran.append(number))
    model.read(IDS, lambda layer, site, values: None, layers=[0])
    assert ran == []
    model.read(IDS, lambda layer, site, values: None, layers=[1])
    assert ran == [0]


def test_padding_on_the_left_does_not_leak() -> None:
    model = live("qwen3")
    alone = model.capture(IDS[:1, 2:])[1, "hidden"]
    mask = torch.tensor([[0, 0, 1, 1, 1, 1, 1]])
    body = model.model(input_ids=IDS[:1], attention_mask=mask).logits[:, -1]
    assert body.shape == (1, VOCAB)
    padded = model.capture(IDS[:1], attention_mask=mask)[1, "hidden"]
    assert padded.shape == (1, 7, FF)
    assert alone.shape == (1, 5, FF)


@pytest.mark.parametrize(
    ("clamp", "message"),
    [
        (Clamp(2, 0, 1.0), "no layer 2: the model has layers 0 to 1"),
        (Clamp(0, FF, 1.0), "no neuron 48 in layer 0: it has 0 to 47"),
        (Clamp(0, 0, 1.0, site="attention"), "site is 'attention', expected one of hidden, gate, up"),
        (Clamp(0, 0, float("nan")), "the clamp's value is nan, expected a finite number"),
    ],
)
def test_a_clamp_that_does_not_fit_is_refused(clamp: Clamp, message: str) -> None:
    with pytest.raises(ModelError, match=message), live("llama").clamped([clamp]):
        pass


def test_an_ungated_model_has_no_gate() -> None:
    with pytest.raises(ModelError, match="expected one of hidden, up"):
        live("opt").capture(IDS, sites=("gate",))


def test_opened_from_a_folder_it_is_the_model_that_was_saved(tmp_path: Path) -> None:
    saved = save("llama", tmp_path)
    opened = LiveModel.open(tmp_path, name="small", dtype="float32", device="cpu")
    assert torch.equal(opened.model(input_ids=IDS).logits, saved(input_ids=IDS).logits)
    assert opened.subject is not None
    assert opened.subject.name == "small"
    assert opened.context == 64
    assert LiveModel.open(tmp_path, dtype="bfloat16", device="cpu").capture(IDS)[0, "hidden"].dtype == torch.bfloat16


def test_unknown_dtype_and_missing_folder(tmp_path: Path) -> None:
    save("llama", tmp_path)
    with pytest.raises(ModelError, match="dtype is 'int7', expected auto, float32, bfloat16, float16"):
        LiveModel.open(tmp_path, dtype="int7", device="cpu")
    with pytest.raises(ModelError, match="no folder"):
        LiveModel.open(tmp_path / "missing", dtype="float32")


def test_a_mixture_of_experts_is_no_dense_model() -> None:
    from transformers import MixtralConfig

    config = MixtralConfig(
        vocab_size=VOCAB,
        hidden_size=32,
        intermediate_size=FF,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    with pytest.raises(ModelError, match="expected"):
        LiveModel.of(build(config))
