"""The ablation score against clamps set one position at a time, and SciPy's divergence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from neuronkb.ingest.explain.ablate import ablation, divergence
from neuronkb.ingest.explain.material import Floats, Passage
from neuronkb.ingest.n2g.engine import Target
from neuronkb.ingest.subject.clamp import Clamp
from neuronkb.ingest.subject.live import LiveModel
from scipy.spatial.distance import jensenshannon

from tests.ingest.subject.families import CONFIGS, VOCAB, build

IDS = torch.randint(2, VOCAB, (2, 6), generator=torch.Generator().manual_seed(3))
BOS = 1


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def live(request: pytest.FixtureRequest) -> LiveModel:
    return LiveModel.of(build(CONFIGS[request.param]()))


def whole(live: LiveModel) -> torch.Tensor:
    return torch.cat([torch.full((2, 1), BOS), IDS], 1)


def hidden(live: LiveModel, layer: int, index: int) -> Floats:
    values: Floats = live.capture(whole(live), layers=[layer])[layer, "hidden"][:, 1:, index].double().numpy()
    return values


def by_clamps(live: LiveModel, target: Target, replaced: Floats) -> Floats:
    """`[n_windows, n_tokens]` divergence when the hidden value is set to `replaced`, by clamps and SciPy."""
    found = []
    with torch.no_grad():
        before = live.model(input_ids=whole(live)).logits[:, 1:]
    for row, values in enumerate(replaced):
        clamps = [Clamp(target.layer, target.index, float(v), positions=(at + 1,)) for at, v in enumerate(values)]
        with live.clamped(clamps) as model:
            after = model(input_ids=whole(live)[row : row + 1]).logits[0, 1:]
        p, q = (torch.softmax(logits.double(), -1).numpy() for logits in (before[row], after))
        found.append([jensenshannon(a, b) ** 2 for a, b in zip(p, q, strict=True)])
    return np.array(found)


@pytest.mark.parametrize("pole", [1, -1])
def test_as_clamps_do_it(live: LiveModel, pole: int) -> None:
    if pole < 0 and not live.gated:
        return
    target, random = Target(1, 3, pole), np.random.default_rng(0)
    values = hidden(live, 1, 3)
    side = np.maximum(pole * values, 0) if live.gated else values
    passages = [Passage(("x",) * 6, row, tuple(ids.tolist())) for row, ids in zip(side, IDS, strict=True)]
    said = [random.random(6) * np.abs(values).max() for _ in passages]
    mean = float(side.mean())
    (found,) = ablation(live, target, passages, [said], mean, (BOS,))

    def instead(new: Floats) -> Floats:
        return values - pole * side + pole * np.maximum(new, 0) if live.gated else new

    assert found.n == 12
    assert found.simulated == pytest.approx(by_clamps(live, target, instead(np.stack(said))).sum(), rel=1e-3)
    assert found.mean == pytest.approx(by_clamps(live, target, instead(np.full((2, 6), mean))).sum(), rel=1e-3)
    assert found.score == pytest.approx(1 - found.simulated / found.mean)


def test_the_truth_scores_1_and_the_mean_0(live: LiveModel) -> None:
    values = hidden(live, 0, 2)
    side = np.maximum(values, 0) if live.gated else values
    passages = [Passage(("x",) * 6, row, tuple(ids.tolist())) for row, ids in zip(side, IDS, strict=True)]
    mean = float(side.mean())
    truth, flat = ablation(live, Target(0, 2), passages, [list(side), [np.full(6, mean)] * 2], mean, (BOS,))
    assert truth.score == pytest.approx(1.0, abs=1e-6)
    assert flat.score == pytest.approx(0.0, abs=1e-6)


def test_without_tokens_there_is_no_score(live: LiveModel) -> None:
    (found,) = ablation(live, Target(0, 2), [], [[]], 0.0)
    assert (found.n, found.score) == (0, None)


def test_divergence_of_equal_and_of_disjoint_distributions() -> None:
    sure, other = torch.tensor([[50.0, -50.0]]), torch.tensor([[[-50.0, 50.0]]])
    assert divergence(sure, sure[None]) == pytest.approx(0.0)
    assert divergence(sure, other) == pytest.approx(np.log(2))
