"""A clamp on a prompt's last token against the same clamp on the whole prompt, in every family."""

from __future__ import annotations

import pytest
import torch
from neuronkb.ingest.causal.last_token import LastToken
from neuronkb.ingest.subject.clamp import Clamp
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import ModelError

from ..subject.families import CONFIGS, VOCAB, build
from ..subject.hybrids import HYBRIDS, build_hybrid

FAMILIES = [*sorted(CONFIGS), *HYBRIDS]
IDS = [3, 17, 42, 8, 60, 5]
TOKENS = torch.arange(VOCAB)


def live(family: str) -> LiveModel:
    return LiveModel.of(build_hybrid(family) if family in HYBRIDS else build(CONFIGS[family]()))


def logs(model: LiveModel, clamps: list[Clamp]) -> torch.Tensor:
    """Log-probabilities after the whole prompt, without a cache, float64."""
    with model.clamped(clamps) as changed:
        found: torch.Tensor = changed(input_ids=torch.tensor([IDS]), use_cache=False).logits[0, -1]
    return torch.log_softmax(found.double(), dim=-1)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shared_cache_gives_what_the_whole_prompt_gives(family: str) -> None:
    model = live(family)
    before = logs(model, [])
    clamps = [Clamp(0, 3, 4.0, site=site, how=how) for site in model.blocks[0].sites for how in ("set", "scale")] + [
        Clamp(0, 7, -2.0),
        Clamp(0, 3, 1.0),
    ]
    found = LastToken(model, IDS).clamped(clamps, TOKENS, batch=3)
    for row, clamp in enumerate(clamps):
        held = Clamp(0, clamp.neuron, clamp.value, clamp.how, clamp.site, positions=(-1,))
        after = logs(model, [held])
        torch.testing.assert_close(found.change[row], after - before, rtol=0, atol=1e-5)
        kl = float((before.exp() * (before - after)).sum())
        assert float(found.kl[row]) == pytest.approx(kl, abs=1e-5)
        with model.clamped([held]):
            values = model.capture(torch.tensor([IDS]), layers=[0])[0, "hidden"]
        assert float(found.hidden[row]) == pytest.approx(float(values[0, -1, clamp.neuron]), abs=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_in_the_last_layer_the_direct_path_is_all_there_is(family: str) -> None:
    model = live(family)
    prompt, last = LastToken(model, IDS), model.n_layers - 1
    found = prompt.clamped([Clamp(last, 3, 4.0), Clamp(last, 5, -4.0)], TOKENS, batch=8)
    direct = prompt.direct(last, found.stream, TOKENS, batch=1)
    assert found.change.abs().max() > 0.01
    torch.testing.assert_close(direct, found.change, rtol=0, atol=1e-5)
    early = prompt.clamped([Clamp(0, 3, 4.0)], TOKENS, batch=8)
    assert not torch.allclose(prompt.direct(0, early.stream, TOKENS, batch=8), early.change, atol=1e-3)


def test_the_direct_path_by_hand() -> None:
    """Llama: change of the value x down column on top of the last stream, final norm, unembedding."""
    model = live("llama")
    prompt = LastToken(model, IDS)
    streams: list[torch.Tensor] = []
    with torch.no_grad():
        handle = model.model.model.norm.register_forward_pre_hook(lambda m, args: streams.append(args[0][0, -1]))
        model.model(input_ids=torch.tensor([IDS]))
        handle.remove()
        natural = float(model.capture(torch.tensor([IDS]), layers=[0])[0, "hidden"][0, -1, 3])
        column = model.model.model.layers[0].mlp.down_proj.weight[:, 3]
        moved = streams[0] + (4.0 - natural) * column
        logits = [model.model.lm_head(model.model.model.norm(x)).double() for x in (streams[0], moved)]
    expected = torch.log_softmax(logits[1], -1) - torch.log_softmax(logits[0], -1)
    found = prompt.clamped([Clamp(0, 3, 4.0)], TOKENS, batch=8)
    torch.testing.assert_close(prompt.direct(0, found.stream, TOKENS, 8)[0], expected, rtol=0, atol=1e-5)


def test_a_prompt_of_one_token_has_nothing_to_share() -> None:
    model = live("gemma3")
    found = LastToken(model, [9]).clamped([Clamp(1, 2, 3.0)], TOKENS, batch=4)
    with model.clamped([Clamp(1, 2, 3.0)]) as changed:
        after = torch.log_softmax(changed(input_ids=torch.tensor([[9]])).logits[0, -1].double(), -1)
    before = torch.log_softmax(model.model(input_ids=torch.tensor([[9]])).logits[0, -1].double(), -1)
    torch.testing.assert_close(found.change[0], (after - before).detach(), rtol=0, atol=1e-5)


def test_what_is_refused() -> None:
    model = live("llama")
    with pytest.raises(ModelError, match="no tokens"):
        LastToken(model, [])
    prompt = LastToken(model, IDS)
    with torch.no_grad():
        model.model.model.layers[0].mlp.down_proj.weight[:, 1] = 1e3
    with pytest.raises(ModelError, match="no neuron 999 in layer 0"):
        prompt.clamped([Clamp(0, 999, 1.0)], TOKENS, batch=4)
    with pytest.raises(ModelError, match="a finite number"):
        prompt.clamped([Clamp(0, 1, float("nan"))], TOKENS, batch=4)
    with pytest.raises(ModelError, match=r"L0/N1 clamped to 1e\+38 at hidden: the logits are no numbers"):
        prompt.clamped([Clamp(0, 0, 1.0), Clamp(0, 1, 1e38)], TOKENS, batch=4)
    with torch.no_grad():
        model.model.lm_head.weight[0, 0] = float("nan")
    with pytest.raises(ModelError, match="without any clamp"):
        LastToken(model, IDS)
