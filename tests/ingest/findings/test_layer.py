"""The nearest row of a layer by brute force, and nulls that strangers stay below."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from neuronkb.ingest.findings.layer import Layer, mixtures, unit
from neuronkb.ingest.findings.stored import isotropic_cosine, stored_structure
from neuronkb.ingest.findings.verdict import elsewhere
from neuronkb.ingest.links.pair import Decoded, Pair
from neuronkb.ingest.lm_head.settings import Settings
from neuronkb.ingest.subject.layer_weights import LayerWeights
from neuronkb.ingest.subject.subject import Subject
from neuronkb.tests import planted

N, D = 200, 64


def layer(base: dict[str, torch.Tensor], tuned: dict[str, torch.Tensor]) -> Layer:
    """Rows alone: what is decoded is not looked at."""
    one, two = (LayerWeights(0, rows, None, None, None) for rows in (base, tuned))
    return Layer(cast(Pair, None), one, two, {}, {})


def random(seed: int, shared: float = 0.0) -> dict[str, torch.Tensor]:
    """Rows that have a direction in common, as those of real layers do."""
    generator = torch.Generator().manual_seed(seed)
    common = torch.ones(D) * shared
    return {name: common + torch.randn(N, D, generator=generator) for name in ("gate", "up", "down")}


def test_the_nearest_is_the_one_of_highest_mean_cosine() -> None:
    base, tuned = random(1), random(2)
    found = layer(base, tuned)
    cosine = torch.nn.functional.cosine_similarity
    for index in (0, 17, 199):
        mean = torch.stack([cosine(base[p][index : index + 1], tuned[p]) for p in base]).mean(0)
        match = found.nearest(index)
        assert match.index == int(mean.argmax())
        assert match.score == pytest.approx(float(mean.max()), abs=1e-5)


@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_strangers_stay_below_the_null_and_a_noisy_copy_above(shared: float) -> None:
    base, tuned = random(1, shared), random(2, shared)
    for p, rows in tuned.items():
        rows[42] = base[p][7] + torch.randn(D, generator=torch.Generator().manual_seed(4))
    found = layer(base, tuned)
    copy = found.nearest(7)
    assert (copy.index, copy.score > copy.null) == (42, True)
    above = [i for i in range(100, 200) if (match := found.nearest(i)).score > match.null]
    assert len(above) <= 4


def test_a_relative_that_was_there_before_is_no_successor() -> None:
    base = random(1)
    for rows in base.values():
        rows[42] = rows[7] + torch.randn(D, generator=torch.Generator().manual_seed(4))
    tuned = {p: rows.clone() for p, rows in base.items()}
    for p, rows in random(2).items():
        tuned[p][7] = rows[7]
    lost = layer(base, tuned).nearest(7)
    assert not elsewhere(lost, 7)
    for p, rows in base.items():
        tuned[p][90] = rows[7]
    found = layer(base, tuned).nearest(7)
    assert (found.index, elsewhere(found, 7)) == (90, True)


def test_a_neuron_that_is_still_there_has_not_moved() -> None:
    """Whatever its relatives became."""
    base = random(1)
    tuned = {p: rows.clone() for p, rows in base.items()}
    for p, rows in random(2).items():
        tuned[p][1::2] = rows[1::2] + 0.6 * base[p][::2]
    found = layer(base, tuned)
    for index in range(0, N, 2):
        assert (found.nearest(index).index, elsewhere(found.nearest(index), index)) == (index, False)


def test_a_mixture_has_the_layers_mean_and_is_near_no_row() -> None:
    rows = unit(random(3, 1.0)["up"])
    drawn = mixtures(rows, torch.randn(500, N, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(drawn.norm(dim=1), torch.ones(500))
    assert torch.nn.functional.cosine_similarity(drawn.mean(0), rows.mean(0), dim=0) > 0.98
    assert float((drawn @ rows.T).max()) < 0.95


def test_isotropic_null_by_brute_force() -> None:
    rng = np.random.default_rng(3)
    best = []
    for _ in range(300):
        rows = rng.normal(size=(N, D))
        best.append((rows[:, 0] / np.linalg.norm(rows, axis=1)).max())
    assert isotropic_cosine(N, D) == pytest.approx(np.quantile(best, 0.95), abs=0.03)


def test_from_a_link_alone() -> None:
    link = {"cos_up": 0.95, "cos_down": 0.1, "jaccard_up_pos": 1.0, "jaccard_up_neg": 0.5, "cos_gate": None}
    found = {(m.kind, m.name): (m.value, m.null) for m in stored_structure(link, 0.2)}
    assert found == {("rows", "up"): (0.95, 0.2), ("tokens", "up"): (0.75, 0.0), ("rows", "down"): (0.1, 0.2)}


def test_noise_leaves_clear_tokens_and_not_unclear_ones(tmp_path: Path) -> None:
    """Noise of a fifth of the row's length leaves the planted months as they are, and random rows' tokens not."""
    from neuronkb.ingest.findings.noise import noise_floor
    from neuronkb.ingest.links.decoded import tops
    from neuronkb.ingest.lm_head.job import LmHeadJob

    folder = planted.base(tmp_path / "base")
    subject = Subject.open(folder)
    pair = Pair(Decoded(subject, "r"), Decoded(subject, "r"), Settings(k=10))
    base, _ = pair.layer(1)
    shards = dict(LmHeadJob.open(folder, settings={"k": 10}).shards(done=("vocabulary",)))
    before = tops(shards["L001"]["Neuron.DECODES_TO.Token"], planted.WIDTH, "layer 1")
    rows = base.rows["down"]
    noise = unit(torch.randn(rows.shape, generator=torch.Generator().manual_seed(1)))
    changed = rows + 0.2 * rows.norm(dim=1, keepdim=True) * noise
    tuned = LayerWeights(1, {"down": changed}, None, None, None)

    def floor(index: int, other: LayerWeights = tuned) -> float | None:
        own = [before["down", pole][index : index + 1] for pole in (1, -1)]
        return noise_floor(pair, base, other, "down", index, index, own, 0)

    assert floor(3, base) is None
    months = floor(planted.MONTHS_NEURON[1])
    others = [found for i in range(8) if i != 3 and (found := floor(i)) is not None]
    assert months is not None
    assert months > np.median(others)
