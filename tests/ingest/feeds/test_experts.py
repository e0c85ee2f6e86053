"""Feeds of a mixture are those between every two experts of different layers, whatever their widths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.feeds.job import FeedsJob
from neuronkb.ingest.feeds.settings import Settings
from neuronkb.ingest.subject.experts import read_mlp
from neuronkb.ingest.subject.subject import Subject

from ..subject import mixtures

CPU = torch.device("cpu")
K = 3


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A dense layer of 48 neurons before a shared expert of 40 and four of 20."""
    from ..lm_head.test_routed import vocabulary

    folder = tmp_path_factory.mktemp("deepseek")
    mixtures.save("deepseek-v3", folder)
    vocabulary(folder)
    return Subject.open(folder, "m", experts=True)


Key = tuple[str, str, str]
"""start, end, through"""


def found(subject: Subject, folder: Path, experts: list[int] | None = None) -> dict[Key, dict[str, Any]]:
    job = FeedsJob.of(subject, Settings(k=K), folder / "state", CPU, None, experts)
    shards = dict(job.shards({"models"}))
    assert list(shards) == ["L000"]
    rows = shards["L000"]["Neuron.FEEDS.Neuron"].to_pylist()
    return {(row["start"], row["end"], row["through"]): row for row in rows}


def weights(subject: Subject) -> dict[Key, float]:
    """Every path, by hand."""
    built = subject.architecture
    first, *others = (read_mlp(subject.checkpoint, built, mlp) for mlp in built.mlps)
    paths = {}
    for mlp, later in zip(built.mlps[1:], others, strict=True):
        assert later.pre_norm is not None
        sent = first.rows["down"].double() * later.pre_norm.gain
        for through in ("gate", "up"):
            product = sent @ later.rows[through].double().T
            for i, row in enumerate(product.tolist()):
                for j, weight in enumerate(row):
                    paths[f"m/L0/N{i}", f"m/{mlp.at}/N{j}", through] = weight
    return paths


def test_the_strongest_are_those_of_a_brute_force(subject: Subject, tmp_path: Path) -> None:
    rows, paths = found(subject, tmp_path), weights(subject)
    assert {key.rpartition("/")[0] for _, key, _ in rows} == {"m/L1/S", *(f"m/L1/E{e}" for e in range(4))}
    for key, row in rows.items():
        assert row["weight"] == pytest.approx(paths[key], rel=1e-4)
    for end, rank in ((0, "rank"), (1, "rank_in")):
        best: dict[tuple[str, str], list[Key]] = {}
        for key in sorted(paths, key=lambda key: -abs(paths[key])):
            best.setdefault((key[end], key[2]), []).append(key)
        expected = {key: place for keys in best.values() for place, key in enumerate(keys[:K], 1)}
        assert {key: row[rank] for key, row in rows.items() if row[rank]} == expected


def test_every_neuron_is_made_with_its_expert(subject: Subject, tmp_path: Path) -> None:
    job = FeedsJob.of(subject, Settings(k=K), tmp_path / "state", CPU, None)
    name, tables = next(iter(job.shards()))
    counts = tables["Neuron"].group_by(["layer", "expert"]).aggregate([("id", "count")]).to_pylist()
    assert name == "models"
    expected: dict[tuple[int, int | None], int] = {(0, None): 48, (1, -1): 40, **{(1, e): 20 for e in range(4)}}
    assert {(row["layer"], row["expert"]): row["id_count"] for row in counts} == expected


def test_some_experts_alone(subject: Subject, tmp_path: Path) -> None:
    ranked = {end.rpartition("/")[0] for (_, end, _), row in found(subject, tmp_path, [2]).items() if row["rank_in"]}
    assert ranked == {"m/L1/S", "m/L1/E2"}
