"""A mixture of experts is decoded an expert at a time, and so is what each expert is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from neuronkb.ingest.lm_head.job import LmHeadJob
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.experts import mlp_rows
from neuronkb.schema import ModelError

from ... import mixed
from ...planted import MONTHS, WEEKDAYS
from ..subject import mixtures

DECODED = "Neuron.DECODES_TO.Token"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mixed.base(tmp_path_factory.mktemp("mixed"))


def opened(folder: Path, **options: Any) -> LmHeadJob:
    return LmHeadJob.open(folder, name="m", **{"settings": {"k": 5}, **options})


@pytest.fixture(scope="module")
def shards(folder: Path) -> dict[str, dict[str, Any]]:
    return dict(opened(folder).shards())


def texts(shards: dict[str, dict[str, Any]], rows: list[dict[str, Any]]) -> list[str]:
    named = {row["id"]: row["text"].strip() for row in shards["vocabulary"]["Token"].to_pylist()}
    return [named[row["end"]] for row in sorted(rows, key=lambda row: row["rank"])]


def test_a_shard_an_expert_and_one_a_router(shards: dict[str, dict[str, Any]]) -> None:
    experts = [f"L{layer:03d}E{e}" for layer in range(mixed.LAYERS) for e in range(mixed.EXPERTS)]
    assert list(shards) == ["vocabulary", "L000R", "L001R", *experts]
    (model,) = shards["vocabulary"]["Model"].to_pylist()
    assert (model["n_layers"], model["d_mlp"]) == (mixed.LAYERS, None)
    assert (model["n_experts"], model["d_expert"]) == (mixed.EXPERTS, mixed.WIDTH)


def test_neurons_say_which_expert_they_are_of(shards: dict[str, dict[str, Any]]) -> None:
    rows = shards["L001E3"]["Neuron"].to_pylist()
    assert [row["id"] for row in rows] == [f"m/L1/E3/N{i}" for i in range(mixed.WIDTH)]
    assert {(row["layer"], row["expert"]) for row in rows} == {(1, 3)}


def test_a_planted_neuron_decodes_to_what_it_writes(shards: dict[str, dict[str, Any]]) -> None:
    layer, expert, index = mixed.MONTHS_NEURON
    found = [
        row
        for row in shards[f"L{layer:03d}E{expert}"][DECODED].to_pylist()
        if row["start"].endswith(f"/N{index}") and (row["projection"], row["pole"]) == ("down", 1)
    ]
    assert set(texts(shards, found)) <= set(MONTHS)


def test_router_rows_decode_to_what_each_expert_is_sent(shards: dict[str, dict[str, Any]]) -> None:
    rows = shards["L000R"]["Expert.ROUTES_ON.Token"].to_pylist()
    for expert, words in ((mixed.MONTHS_EXPERT, MONTHS), (mixed.WEEKDAYS_EXPERT, WEEKDAYS)):
        found = [row for row in rows if row["start"] == f"m/L0/E{expert}" and row["pole"] == 1]
        assert len(found) == 5
        assert set(texts(shards, found)) <= set(words)
    nodes = shards["L000R"]["Expert"].to_pylist()
    assert [(node["id"], node["expert"], node["neurons"]) for node in nodes] == [
        (f"m/L0/E{e}", e, mixed.WIDTH) for e in range(mixed.EXPERTS)
    ]


@pytest.mark.parametrize("convention", ["raw", "folded"])
@pytest.mark.parametrize("family", ["gpt-oss", "deepseek-v3", "granite-moe"])
def test_decoded_tokens_are_those_of_a_brute_force(tmp_path: Path, family: str, convention: str) -> None:
    model = mixtures.save(family, tmp_path / "m").requires_grad_(False)
    vocabulary(tmp_path / "m")
    job = opened(tmp_path / "m", settings={"k": 3, "convention": convention, "all_tokens": True}, layers=[1])
    shards = dict(job.shards({"vocabulary"}))
    head = model.get_output_embeddings().weight.double()
    final = model.model.norm.weight.double()
    before = dict(model.named_modules())[_norm(job)].weight.double()
    for mlp in job.mlps:
        rows = mlp_rows(job.subject.checkpoint, mlp)
        gains = {"down": final, "gate": before, "up": before}
        table = shards[f"L001{mlp.at.suffix}"][DECODED]
        for projection, weights in rows.items():
            scores = (weights.double() * (gains[projection] if convention == "folded" else 1)) @ head.T
            for pole in (1, -1):
                expected = (pole * scores).topk(3, dim=1)
                found = [row for row in table.to_pylist() if (row["projection"], row["pole"]) == (projection, pole)]
                tokens = [int(row["end"].rpartition("/T")[2]) for row in found]
                assert tokens == expected.indices.ravel().tolist()
                np.testing.assert_allclose([row["logit"] for row in found], expected.values.ravel(), rtol=1e-5)


def _norm(job: LmHeadJob) -> str:
    name = job.mlps[0].parts.pre_norm
    assert name is not None
    return name.removesuffix(".weight")


def vocabulary(folder: Path) -> None:
    """As many words as the tiny families have rows."""
    from ...planted import write_tokenizer
    from ..subject.families import VOCAB

    write_tokenizer(folder, ("<unk>", "<s>", "</s>", *(f"▁w{i}" for i in range(VOCAB - 3))))


def test_some_experts_now_and_the_others_later(folder: Path, shards: dict[str, dict[str, Any]]) -> None:
    few = opened(folder, experts=[0, 1], layers=[1])
    assert few.run.id == opened(folder).run.id
    assert few.run.scope == {"layers": [1], "experts": [0, 1]}
    made = [name for name, _ in few.shards({"vocabulary"})]
    assert made == ["L001R", "L001E0", "L001E1"]
    later = [name for name, _ in opened(folder, layers=[1]).shards({"vocabulary", *made})]
    assert later == ["L001E2", "L001E3"]


def test_equal_experts_of_a_fine_tune_are_taken_over(folder: Path, tmp_path: Path, shards: dict[str, Any]) -> None:
    decoded = {opened(folder).layer_identity(mlp.at.layer, mlp.at.expert): mlp.at for mlp in opened(folder).mlps}

    def known(identity: str) -> Any:
        at = decoded.get(identity)
        return None if at is None else shards[f"L{at.layer:03d}{at.suffix}"]

    tuned = opened(mixed.tuned(folder, tmp_path / "tuned"), reuse=known)
    taken, fresh = (dict(job.shards()) for job in (tuned, opened(tmp_path / "tuned")))
    layer, expert, _ = mixed.MONTHS_NEURON
    assert {(at.layer, at.expert) for at in tuned.reused} == {
        (i, e) for i in range(mixed.LAYERS) for e in range(mixed.EXPERTS)
    } - {(layer, expert)}
    assert {name: {t: v.to_pylist() for t, v in tables.items()} for name, tables in taken.items()} == {
        name: {t: v.to_pylist() for t, v in tables.items()} for name, tables in fresh.items()
    }


def test_stacks_are_read_an_expert_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mixtures.save("gpt-oss", tmp_path / "m")
    vocabulary(tmp_path / "m")
    job, largest, read = opened(tmp_path / "m"), [0], Checkpoint._read

    def watched(self: Checkpoint, name: str, rows: slice | None) -> torch.Tensor:
        found = read(self, name, rows)
        if ".experts." in name:
            largest[0] = max(largest[0], found.numel())
        return found

    monkeypatch.setattr(Checkpoint, "_read", watched)
    assert len(list(job.shards({"vocabulary"}))) == 2 + 2 * mixtures.EXPERTS
    assert largest[0] == 2 * mixtures.D_EXPERT * 32


def test_a_dense_model_has_no_experts(planted_models: tuple[Path, Path]) -> None:
    with pytest.raises(ModelError, match="is a dense model: it has no experts"):
        opened(planted_models[0], experts=[0])
