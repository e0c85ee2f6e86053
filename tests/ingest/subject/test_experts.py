"""Experts are found and read as the running model uses them, however they are stored."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.experts import MlpParts, mlp_rows, read_mlp, some_mlps
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import SHARED, ModelError
from safetensors.torch import load_file, save_file
from torch.nn.functional import silu

from . import mixtures
from .mixtures import CHOSEN, CONFIGS, D_EXPERT, EXPERTS

IDS = torch.arange(3, 43).view(2, 20)


def kept(out: Any) -> Any:
    """A module's output as it is now: Llama 4 adds to its shared expert's in place."""
    return out.clone() if isinstance(out, torch.Tensor) else out


class Ran:
    """A family's model, saved and run once, with what its modules were given and gave."""

    def __init__(self, family: str, folder: Path) -> None:
        self.model = mixtures.save(family, folder)
        self.subject = Subject.open(folder, experts=True)
        self.seen: dict[str, tuple[Any, Any]] = {}
        hooks = [
            module.register_forward_hook(lambda _, args, out, name=name: self.seen.__setitem__(name, (args, kept(out))))
            for name, module in self.model.named_modules()
        ]
        self.model.requires_grad_(False)
        with torch.no_grad():
            self.model(IDS)
        for hook in hooks:
            hook.remove()

    def module(self, layer: int, ending: str) -> tuple[Any, Any]:
        """What the one module of a layer whose name ends so was given and gave."""
        found = [name for name in self.seen if f"layers.{layer}." in name and name.endswith(ending)]
        assert len(found) == 1, found
        return self.seen[found[0]]

    def rows(self, mlp: MlpParts) -> dict[str, torch.Tensor]:
        return read_mlp(self.subject.checkpoint, self.subject.architecture, mlp).rows


@pytest.fixture(scope="module", params=list(CONFIGS))
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return Ran(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture
def family(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["ran"])


def worked(ran: Ran, family: str, mlp: MlpParts, x: torch.Tensor) -> torch.Tensor:
    """What an expert makes of its input, by hand."""
    rows = ran.rows(mlp)
    gate, up = x @ rows["gate"].T, x @ rows["up"].T
    if not family.startswith("gpt-oss"):
        plain: torch.Tensor = (silu(gate) * up) @ rows["down"]
        return plain
    experts = ran.model.model.layers[mlp.at.layer].mlp.experts
    bias, after = experts.gate_up_proj_bias[mlp.at.expert], experts.down_proj_bias[mlp.at.expert]
    gate, up = (gate + bias[0::2]).clamp(max=7.0), (up + bias[1::2]).clamp(-7.0, 7.0)
    biased: torch.Tensor = (gate * torch.sigmoid(1.702 * gate) * (up + 1)) @ rows["down"] + after
    return biased


def test_every_layer_has_its_mlps(ran: Ran, family: str) -> None:
    built = ran.subject.architecture
    assert built.mixture is not None
    assert (built.mixture.n_experts, built.mixture.d_expert) == (EXPERTS, mixtures.WIDTHS.get(family, D_EXPERT))
    dense, width = mixtures.DENSE.get(family, (None, 0))
    for layer in range(built.n_layers):
        found = {mlp.at.expert: mlp.d_mlp for mlp in built.mlps if mlp.at.layer == layer}
        if layer == dense:
            assert found == {None: width}
            continue
        shared = {SHARED: mixtures.SHARED[family]} if family in mixtures.SHARED else {}
        assert found == dict.fromkeys(range(EXPERTS), built.mixture.d_expert) | shared
    assert built.n_layers == 2


def test_experts_worked_by_hand_are_what_the_running_ones_give(ran: Ran, family: str) -> None:
    mixture = ran.subject.architecture.mixture
    assert mixture is not None
    for router in mixture.routers:
        args, out = ran.module(router.layer, ".experts")
        experts = [m for m in mixture.mlps if m.at.layer == router.layer and m.at.expert != SHARED]
        x = args[0]
        if len(args) == 1:  # Llama 4 hands each expert all tokens, scaled
            given = x.view(EXPERTS, -1, x.shape[-1])
            expected = torch.cat([worked(ran, family, mlp, given[e]) for e, mlp in enumerate(experts)])
        else:
            index, weight = args[1], args[2]
            assert index.shape == (IDS.numel(), CHOSEN)
            expected = torch.zeros_like(x)
            for e, mlp in enumerate(experts):
                share = torch.where(index == e, weight, 0.0).sum(1, keepdim=True)
                expected += share * worked(ran, family, mlp, x)
        torch.testing.assert_close(out, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


def test_shared_experts_and_dense_layers_are_what_the_running_ones_give(ran: Ran, family: str) -> None:
    for mlp in ran.subject.architecture.mlps:
        if mlp.at.expert == SHARED:
            pattern = r"(.*\.)?shared_\w+"
        elif mlp.at.expert is None:
            pattern = r"(mlp|feed_forward)"
        else:
            continue
        name = next(n for n in ran.seen if re.fullmatch(rf".*layers\.{mlp.at.layer}\.{pattern}", n))
        args, out = ran.seen[name]
        expected = worked(ran, family, mlp, args[0])
        torch.testing.assert_close(out, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


def test_router_rows_give_the_running_routers_scores(ran: Ran) -> None:
    mixture = ran.subject.architecture.mixture
    assert mixture is not None
    for router in mixture.routers:
        rows = ran.subject.checkpoint.tensor(router.weight)
        name = next(n for n in ran.seen if f"layers.{router.layer}." in n and n.endswith((".gate", ".router")))
        args, out = ran.seen[name]
        scores = next(part for part in (out if isinstance(out, tuple) else (out,))[:: -1 if len(out) == 2 else 1])
        module = dict(ran.model.named_modules())[name]
        bias = getattr(module, "bias", None)
        expected = args[0].view(-1, rows.shape[1]) @ rows.T + (0 if bias is None else bias)
        torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-4)


def test_rows_read_through_the_norm_before_the_experts(ran: Ran) -> None:
    mixture = ran.subject.architecture.mixture
    assert mixture is not None
    for router in mixture.routers:
        assert router.pre_norm is not None
        args, normed = ran.seen[router.pre_norm.removesuffix(".weight")]
        stream = args[0].double().view(-1, normed.shape[-1])
        expert = next(m for m in mixture.mlps if m.at.layer == router.layer and m.at.expert == 0)
        weights = read_mlp(ran.subject.checkpoint, ran.subject.architecture, expert)
        assert weights.pre_norm is not None
        rows = weights.rows["gate"].double()
        bias = dict(ran.model.named_modules())[router.pre_norm.removesuffix(".weight")]
        shift = rows @ bias.bias.double() if getattr(bias, "bias", None) is not None else 0.0
        centred = stream - stream.mean(1, keepdim=True) if weights.pre_norm.kind == "layer" else stream
        scale = (centred.square().mean(1, keepdim=True) + 1e-5).sqrt()
        found = stream @ weights.pre_norm.read_side(rows).T / scale + shift
        expected = normed.double().view(-1, normed.shape[-1]) @ rows.T
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_one_expert_is_read_without_the_others(ran: Ran, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Checkpoint, "tensor", lambda *_: pytest.fail("a whole stack was read"))
    stacked = [mlp for mlp in ran.subject.architecture.mlps if mlp.slot is not None]
    assert bool(stacked) == (family.startswith(("gpt-oss", "llama4", "granite-moe")))
    for mlp in stacked:
        shape = mlp_rows(ran.subject.checkpoint, mlp)["down"].shape
        assert shape == (mlp.d_mlp, ran.subject.architecture.d_model)


def changed(folder: Path, change: Any, config: dict[str, Any] | None = None) -> Path:
    """A saved Mixtral with other tensors or another config."""
    mixtures.save("mixtral", folder)
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    if config:
        file = folder / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | config))
    return folder


def renamed(old: str, new: str) -> Any:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        for name in [name for name in tensors if old in name]:
            tensors[name.replace(old, new)] = tensors.pop(name)

    return change


def dropped(part: str) -> Any:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        for name in [name for name in tensors if part in name]:
            del tensors[name]

    return change


def beside(tensors: dict[str, torch.Tensor]) -> None:
    tensors["model.layers.0.mlp.up_proj.weight"] = torch.zeros(48, 32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dropped("layers.1.block_sparse_moe.experts.3."), r"\[3, 4\] experts|router of 3 rows"),
        (dropped("layers.1.block_sparse_moe.experts.1."), "experts numbered from 0 on"),
        (dropped("layers.1.block_sparse_moe.experts.2.w3"), r"found|experts"),
        (dropped("layers.1.block_sparse_moe.gate"), "router of 4 rows"),
        (renamed(".w2.", ".w9."), "gate, up and down projections"),
        (beside, "mixture without an MLP beside its experts"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, change: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Subject.open(changed(tmp_path / "m", change), experts=True)


def test_methods_that_do_not_know_experts_refuse_them(tmp_path: Path) -> None:
    mixtures.save("mixtral", tmp_path / "m")
    with pytest.raises(ModelError, match="MixtralForCausalLM is a mixture of experts"):
        Subject.open(tmp_path / "m")


def test_biased_stacks_of_an_unknown_order_are_refused(tmp_path: Path) -> None:
    mixtures.save("gpt-oss", tmp_path / "m")
    file = tmp_path / "m" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"model_type": "other"}))
    with pytest.raises(ModelError, match="known order of gate and up rows"):
        Subject.open(tmp_path / "m", experts=True)


def test_some_experts_and_some_layers(tmp_path: Path) -> None:
    mixtures.save("deepseek-v3", tmp_path / "m")
    built = Subject.open(tmp_path / "m", experts=True).architecture
    some = some_mlps(built, (1, 0), (0, 2))
    assert [str(mlp.at) for mlp in some] == ["L1/S", "L1/E0", "L1/E2", "L0"]
    with pytest.raises(ModelError, match="no expert 4: the model has experts 0 to 3"):
        some_mlps(built, (0,), (4,))
