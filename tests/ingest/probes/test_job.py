"""Probing a planted model from labelled texts to evidence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from neuronkb.ingest.bundle import Bundle
from neuronkb.ingest.corpus import Tokenizer
from neuronkb.ingest.features import FeatureSet, Labelled
from neuronkb.ingest.probes.job import ProbesJob
from neuronkb.ingest.progress import silent
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.write import write_bundle
from neuronkb.kb.stores.local import LocalStore
from neuronkb.schema import FeatureError, ModelError

from . import planted

SETTINGS = {"ks": (1, 2), "methods": ("mean_difference",), "dtype": "float32", "most": 5}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> FeatureSet:
    return planted.texts().write(tmp_path_factory.mktemp("texts") / "kinds.jsonl")


def opened(model: Path, data: FeatureSet, work: Path, layers: list[int] | None = None, **more: Any) -> ProbesJob:
    live = LiveModel.open(model, dtype="float32", device="cpu")
    assert live.subject is not None
    labelled = Labelled.of(data, Tokenizer.of(live.subject), {"groups": 10})
    return ProbesJob.open(live, [(data.header, labelled)], work, layers=layers, settings={**SETTINGS, **more})


@pytest.fixture(scope="module")
def shards(model: Path, data: FeatureSet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, pa.Table]]:
    return dict(opened(model, data, tmp_path_factory.mktemp("work")).shards())


def layer_of(shards: dict[str, dict[str, pa.Table]], layer: int) -> dict[str, pa.Table]:
    return next(tables for name, tables in shards.items() if name.endswith(f".L{layer:03d}"))


def test_the_planted_neuron_is_the_best_and_beats_random_directions(shards: dict[str, dict[str, pa.Table]]) -> None:
    rows = layer_of(shards, 0)["Neuron.DETECTS.Feature"].to_pandas()
    best = rows[(rows.end == "planted/is_weekday") & (rows["rank"] == 1)].iloc[0]
    assert best.start == f"tiny/L0/N{planted.NEURON}"
    assert best.f1 > 0.95
    assert best.f1 > best["null"] > 0
    assert best.base_f1 == pytest.approx(2 * (best.positives / best.n) / (1 + best.positives / best.n))
    assert (best.method, best.split, best.aggregation, best.imported) == ("logistic", "grouped", "none", False)
    kept = rows[rows["rank"] > 1]
    assert ((kept.f1 >= 0.5) & (kept.f1 > kept.base_f1) & (kept["rank"] <= 5)).all()
    probes = layer_of(shards, 0)["Probe"].to_pandas()
    chosen = probes[(probes.method == "one_neuron") & probes.id.str.startswith("planted/is_weekday/")].iloc[0]
    used = layer_of(shards, 0)["Probe.USES.Neuron"].to_pandas()
    assert used[used.start == chosen.id].end.tolist() == [f"tiny/L0/N{planted.NEURON}"]
    assert sorted(zip(probes.method, probes.k, strict=True)) == sorted(
        2 * [("mean_difference", 1), ("mean_difference", 2), ("one_neuron", 1)]
    )
    assert probes["null"].notna().all()


def test_a_file_that_changed_under_its_name_is_refused(local_store: LocalStore, model: Path, tmp_path: Path) -> None:
    """Its features bear the ids of the old one's, and the scores of both would be mixed."""
    kb = KnowledgeBase(local_store, str(tmp_path / "store"))
    path = tmp_path / "kinds.jsonl"

    def ingest() -> int:
        return kb.probes.ingest(model, features=[str(path)], settings=SETTINGS | {"device": "cpu"}).total

    planted.texts().write(path)
    whole = path.read_bytes()
    assert ingest() > 0
    assert ingest() == 0
    kept = whole.splitlines(keepends=True)[:-1]
    path.write_bytes(b"".join(kept))
    with pytest.raises(FeatureError, match=r"the texts of 'planted/is_\w+' are not those that 'probes-.*another name"):
        ingest()
    path.write_bytes(b"".join(kept).replace(b'"planted"', b'"planted-2"', 1))
    assert ingest() > 0
    path.write_bytes(whole)
    assert ingest() == 0


def test_what_cannot_be_tested_is_said_and_not_probed(shards: dict[str, dict[str, pa.Table]]) -> None:
    features = (
        next(tables["Feature"] for tables in shards.values() if "Feature" in tables).to_pandas().set_index("name")
    )
    assert features.loc["is_weekday"].status == "testable"
    assert features.loc["is_rare"].status == "positives in 2 groups, fewer than 10"
    for layer in (0, 1):
        assert "planted/is_rare" not in layer_of(shards, layer)["Neuron.DETECTS.Feature"]["end"].to_pylist()


def test_the_whole_matrix_stays_in_the_bundle(shards: dict[str, dict[str, pa.Table]]) -> None:
    tables = layer_of(shards, 1)
    matrix = {row["feature"]: row for row in tables["ProbeScores"].to_pylist()}
    assert set(matrix) == {"planted/is_weekday", "planted/is_month"}
    assert all(len(row[name]) == 24 for row in matrix.values() for name in ("f1", "mcc", "auc", "mean_difference"))
    for row in tables["Neuron.DETECTS.Feature"].to_pylist():
        cell = matrix[row["end"]]["f1"][int(row["start"].rpartition("N")[2])]
        assert row["f1"] == pytest.approx(cell, rel=1e-6)


def test_neurons_are_stored_once(shards: dict[str, dict[str, pa.Table]]) -> None:
    names = layer_of(shards, 0)["Neuron"]["id"].to_pylist()
    assert len(names) == len(set(names))
    assert layer_of(shards, 0)["Neuron.IN_MODEL.Model"]["start"].to_pylist() == names


def test_layers_asked_for_later_are_the_same_as_all_at_once(
    shards: dict[str, dict[str, pa.Table]], model: Path, data: FeatureSet, tmp_path: Path
) -> None:
    write_bundle(opened(model, data, tmp_path / "work", layers=[1]), tmp_path / "bundle", silent)
    bundle = write_bundle(opened(model, data, tmp_path / "work"), tmp_path / "bundle", silent)
    assert set(bundle.shards) == set(shards)
    assert Bundle.open(tmp_path / "bundle").check() == []
    for name in ("Neuron.DETECTS.Feature", "ProbeScores"):
        found = pa.concat_tables(bundle.tables(name))
        assert found.num_rows == sum(tables[name].num_rows for tables in shards.values() if name in tables)
    again = list(opened(model, data, tmp_path / "work").shards(done=set(shards)))
    assert again == []
    assert not any((tmp_path / "work").rglob("*.float32"))
    summary = bundle.run.summary
    assert summary["features"] == 2
    assert summary["untestable"] == {"kinds/is_rare": "positives in 2 groups, fewer than 10"}


def test_settings_name_the_run_and_data_does_not(model: Path, data: FeatureSet, tmp_path: Path) -> None:
    one = opened(model, data, tmp_path)
    assert one.run.id == opened(model, data, tmp_path, layers=[0], batch=3).run.id
    assert one.run.id != opened(model, data, tmp_path, grouped=False).run.id
    other = replace(one.asked[0].labelled, hash="another")
    assert ProbesJob.open(one.live, [(data.header, other)], tmp_path, settings=SETTINGS).run.id == one.run.id
    assert one.asked[0].key != replace(one.asked[0], labelled=other).key


def test_what_is_wrong_is_said(model: Path, data: FeatureSet, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no layer 7: the model has layers 0 to 1"):
        opened(model, data, tmp_path, layers=[7])
    with pytest.raises(FeatureError, match="methods has 'svm', expected some of mean_difference"):
        opened(model, data, tmp_path, methods=("svm",))
    with pytest.raises(FeatureError, match="ks has 0, expected 1 to 256"):
        opened(model, data, tmp_path, ks=(0,))
    live = LiveModel.open(model, dtype="float32", device="cpu")
    assert live.subject is not None
    labelled = Labelled.of(data, Tokenizer.of(live.subject), features=["is_rare"])
    with pytest.raises(FeatureError, match="no feature can be tested: is_rare: positives in 2 groups"):
        ProbesJob.open(live, [(data.header, labelled)], tmp_path)
