"""Correlations of a fine-tune's neurons with its base's: brute force, and models whose right answers are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from neuronkb.ingest.corpus.tokenizer import Tokenizer
from neuronkb.ingest.links.drift import Drift, _another
from neuronkb.ingest.progress import silent
from neuronkb.ingest.similar.aligned import SharedText
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.tests import matched, planted

TEXTS = [
    " ".join(np.random.default_rng(seed).choice([*planted.MONTHS, *planted.WEEKDAYS, *planted.FILLER], 40 + seed))
    for seed in range(30)
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return matched.base(tmp_path_factory.mktemp("drift") / "base")


def measured(base: Path, tuned: Path) -> dict[int, dict[str, np.ndarray]]:
    text = SharedText.of(TEXTS, Tokenizer.open(base), Tokenizer.open(tuned), 10_000)
    one, two = LiveModel.open(base), LiveModel.open(tuned)
    found = Drift(text, lambda: (one, two)).measure(range(one.n_layers), silent)
    return {layer: {name: column.to_numpy(False) for name, column in row.items()} for layer, row in found.items()}


def hidden(folder: Path, text: SharedText, layer: int) -> np.ndarray:
    """`[positions, d_mlp]`, a passage at a time."""
    live = LiveModel.open(folder)
    rows: list[np.ndarray] = []
    for passage in text.passages:
        places = list(passage.places[0])

        def keep(layer: int, site: str, values: torch.Tensor, places: list[int] = places) -> None:
            rows.append(values[0, places].double().numpy())

        live.read(torch.tensor([passage.tokens[0]]), keep, layers=[layer])
    return np.concatenate(rows)


def test_correlations_are_those_of_all_values_at_once(base: Path, tmp_path: Path) -> None:
    tuned = matched.tuned(base, tmp_path / "tuned", size=0.2)
    text = SharedText.of(TEXTS, Tokenizer.open(base), Tokenizer.open(tuned), 10_000)
    found = measured(base, tuned)[1]
    x, y = hidden(base, text, 1), hidden(tuned, text, 1)
    n = x.shape[1]
    other = _another(n, 0, 1)
    for name, one, two in (
        ("activation_r", x, y),
        ("activation_r_pos", x.clip(min=0), y.clip(min=0)),
        ("activation_r_neg", -x.clip(max=0), -y.clip(max=0)),
        ("null_r", x, y[:, other]),
    ):
        wanted = np.array([np.corrcoef(one[:, i], two[:, i])[0, 1] for i in range(n)])
        np.testing.assert_allclose(found[name], wanted, atol=1e-5)
    middle = sum(len(passage.places[0]) for passage in text.passages[: 8 * -(-len(text.passages) // 16)])
    halves = [
        np.array([np.corrcoef(a[:, i], b[:, i])[0, 1] for i in range(n)])
        for a, b in ((x[:middle], y[:middle]), (x[middle:], y[middle:]))
    ]
    np.testing.assert_allclose(found["activation_se"], abs(halves[0] - halves[1]) / 2, atol=1e-5)


def test_a_copy_does_the_same(base: Path) -> None:
    for row in measured(base, base).values():
        np.testing.assert_allclose(row["activation_r"], 1, atol=1e-9)
        np.testing.assert_allclose(row["activation_se"], 0, atol=1e-9)
        assert abs(row["null_r"]).mean() < 0.5


def test_neurons_in_other_places_lie_at_the_null(base: Path, tmp_path: Path) -> None:
    for row in measured(base, matched.permuted(base, tmp_path / "permuted")).values():
        moved = row["activation_r"] < 0.999
        assert moved.mean() > 0.9
        assert abs(row["activation_r"][moved].mean() - row["null_r"].mean()) < 0.15


def test_an_overwritten_neuron_falls_to_the_null_and_the_others_stay(base: Path, tmp_path: Path) -> None:
    row = measured(base, matched.tuned(base, tmp_path / "tuned", size=0.0, overwritten=((0, 3), (0, 7))))[0]
    assert abs(row["activation_r"][[3, 7]]).max() < 0.7
    np.testing.assert_allclose(np.delete(row["activation_r"], [3, 7]), 1, atol=1e-9)


def test_a_neuron_that_stands_still_has_no_correlation(base: Path, tmp_path: Path) -> None:
    def still(layer: int, mlp: Any) -> None:
        mlp.gate_proj.weight[3] = 0.0

    row = measured(base, matched.changed(base, tmp_path / "tuned", still))[0]
    assert np.isnan(row["activation_r"][3])
    assert np.isfinite(np.delete(row["activation_r"], 3)).all()


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_the_null_is_another_neuron_each_once(n: int) -> None:
    other = _another(n, 1, 2)
    assert sorted(other) == list(range(n))
    assert n == 1 or (other != np.arange(n)).all()
