"""Neurons of experts are read and changed on the tokens that reach their expert, as the running model routes them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.subject.clamp import Clamp
from neuronkb.ingest.subject.expert_blocks import ExpertBlock
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import SHARED, ModelError

from . import mixtures
from .mixtures import CONFIGS

IDS = torch.arange(3, 43).view(2, 20)


@pytest.fixture(scope="module", params=list(CONFIGS))
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LiveModel:
    folder = tmp_path_factory.mktemp(request.param)
    model = mixtures.save(request.param, folder)
    return LiveModel.of(model, Subject.open(folder, experts=True))


def routes(live: LiveModel, block: ExpertBlock) -> torch.Tensor:
    """Bool `[batch, positions]`: which tokens the running model hands to the expert with a weight."""
    seen: list[Any] = []
    hook = block.module.register_forward_pre_hook(lambda _, args: seen.append(args))
    with torch.no_grad():
        live.model(IDS)
    hook.remove()
    (args,) = seen
    found: torch.Tensor
    if len(args) == 1:
        found = (args[0].view(mixtures.EXPERTS, *IDS.shape, -1)[block.expert] != 0).any(-1)
    else:
        found = (args[1] == block.expert).any(-1).view(IDS.shape)
    return found


def test_one_block_an_mlp_in_the_order_of_the_architecture(live: LiveModel) -> None:
    assert live.subject is not None
    for mlp, block in zip(live.subject.architecture.mlps, live.mlps, strict=True):
        assert mlp.d_mlp == block.d_mlp
        assert isinstance(block, ExpertBlock) == (mlp.at.expert not in (None, SHARED))
        assert getattr(block, "expert", mlp.at.expert) == mlp.at.expert


def test_neurons_have_values_on_the_tokens_that_reach_their_expert_alone(live: LiveModel) -> None:
    found = live.capture(IDS)
    reached = 0
    for number, block in enumerate(live.mlps):
        values = found[number, "hidden"]
        assert values.shape == (*IDS.shape, block.d_mlp)
        routed = routes(live, block) if isinstance(block, ExpertBlock) else torch.ones(IDS.shape, dtype=torch.bool)
        assert (~values.isnan()).all(-1).equal(routed)
        assert values.isnan().any(-1).equal(~routed)
        reached += int(routed.sum())
    assert reached > IDS.numel()


def stretched(live: LiveModel, number: int, neuron: int, factor: float) -> torch.Tensor:
    """Logits of a copy in which what a neuron writes is so much larger."""
    model = copy.deepcopy(live.model)
    block = LiveModel.of(model, live.subject).mlps[number]
    with torch.no_grad():
        if isinstance(block, ExpertBlock):
            down = block.module.down_proj[block.expert]  # type: ignore[index]
            (down if down.shape[0] == block.d_mlp and column(live, block) else down.T)[neuron] *= factor
        else:
            block.out.weight[:, neuron] *= factor  # type: ignore[index,operator]
        found: torch.Tensor = model(IDS).logits
    return found


def column(live: LiveModel, block: ExpertBlock) -> bool:
    """Whether the running stack is `[in, out]`."""
    return block.scaled or bool(block.module.is_transposed)


@pytest.mark.parametrize("factor", [0.0, 3.0])
def test_a_clamp_is_as_if_the_neuron_wrote_so_much(live: LiveModel, factor: float) -> None:
    for number, block in enumerate(live.mlps):
        neuron = block.d_mlp - 2
        with live.clamped([Clamp(number, neuron, factor, "scale")]) as model:
            found = model(IDS).logits
        expected = stretched(live, number, neuron, factor)
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
        with torch.no_grad():
            assert (
                not isinstance(block, ExpertBlock)
                or not routes(live, block).any()
                or not found.equal(live.model(IDS).logits)
            )


def test_clamps_of_two_experts_of_a_layer_act_together(live: LiveModel) -> None:
    experts = [number for number, block in enumerate(live.mlps) if isinstance(block, ExpertBlock)]
    one, two = experts[-2:]
    with live.clamped([Clamp(one, 0, 0.0), Clamp(two, 1, 0.0)]) as model:
        found = model(IDS).logits
    first = LiveModel.of(copy.deepcopy(live.model), live.subject)
    for number, neuron in ((one, 0), (two, 1)):
        block = first.mlps[number]
        assert isinstance(block, ExpertBlock)
        with torch.no_grad():
            down = block.module.down_proj[block.expert]  # type: ignore[index]
            (down if column(live, block) else down.T)[neuron] = 0
    with torch.no_grad():
        torch.testing.assert_close(found, first.model(IDS).logits, rtol=1e-3, atol=1e-3)


def test_what_a_model_of_experts_has_no_site_of_is_refused(live: LiveModel) -> None:
    number = next(number for number, block in enumerate(live.mlps) if isinstance(block, ExpertBlock))
    with (
        pytest.raises(ModelError, match="site is 'gate', expected one of hidden"),
        live.clamped([Clamp(number, 0, 0.0, site="gate")]),
    ):
        pass


def test_experts_that_compute_something_else_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = mixtures.save("mixtral", tmp_path / "m")
    subject = Subject.open(tmp_path / "m", experts=True)
    experts = model.model.layers[1].mlp.experts
    monkeypatch.setattr(experts, "is_transposed", False)
    LiveModel.of(model, subject)
    plain = type(experts).forward
    monkeypatch.setattr(type(experts), "forward", lambda self, *given: 1.5 * plain(self, *given))
    with pytest.raises(ModelError, match=r"layer 0: its experts \(MixtralExperts\) do not compute"):
        LiveModel.of(model, subject)
