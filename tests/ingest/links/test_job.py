"""A planted fine-tune is linked to its base: what was moved is seen, what was not is untouched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch
from neuronkb.ingest.links.compare import noisy
from neuronkb.ingest.links.job import LinkJob
from neuronkb.ingest.links.pair import Decoded, Pair
from neuronkb.ingest.lm_head.job import LmHeadJob, shard_name
from neuronkb.ingest.lm_head.settings import Settings
from neuronkb.ingest.progress import silent
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import LinkError, conform, table
from neuronkb.tests import mixed, planted

COLUMNS = ["start", "end", "projection", "pole", "rank"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("models")
    base = planted.base(root / "base")
    return base, planted.tuned(base, root / "tuned")


def decoded_rows(*jobs: LmHeadJob) -> dict[tuple[str, str], pa.Table]:
    return {
        (job.run.id, name): tables["Neuron.DECODES_TO.Token"].select(COLUMNS)
        for job in jobs
        for name, tables in job.shards(done=("vocabulary",))
        if "Neuron" in tables
    }


def linked(
    base: Path, tuned: Path, layers: tuple[int, ...] = (0, 1), experts: tuple[int, ...] | None = None
) -> tuple[LinkJob, dict[str, pa.Table]]:
    jobs = [LmHeadJob.open(folder, settings={"k": 5}) for folder in (base, tuned)]
    rows = decoded_rows(*jobs)
    one, two = (Decoded(job.subject, job.run.id) for job in jobs)
    pair = Pair(one, two, Settings(k=5))
    pair.check()
    job = LinkJob(pair, lambda run, at, _: rows[run, shard_name(at.layer, at.expert)], layers, experts=experts)
    shards = dict(job.shards((), silent))
    return job, {name: next(iter(tables.values())) for name, tables in shards.items()}


def test_some_layers_alone(folders: tuple[Path, Path]) -> None:
    whole, shards = linked(*folders)
    part, some = linked(*folders, layers=(1,))
    assert list(some) == ["L001", "models"]
    assert some["L001"].equals(shards["L001"])
    assert some["models"].equals(shards["models"])
    assert (part.run.id, part.run.scope) == (whole.run.id, {"layers": [1]})


def test_what_moved_and_what_did_not(folders: tuple[Path, Path]) -> None:
    job, shards = linked(*folders)
    assert list(shards) == ["L000", "L001", "models"]
    for rows in (shards["L000"], shards["L001"]):
        conform(table("Neuron.COUNTERPART.Neuron"), rows)
    untouched = shards["L000"]
    for name in ("cos_gate", "cos_up", "cos_down", "jaccard_up_neg"):
        assert set(untouched[name].to_pylist()) == {1.0}
    assert all(untouched["same_top_null_down_pos"].to_pylist())
    layer, index = planted.MONTHS_NEURON
    moved = shards[f"L{layer:03d}"].slice(index, 1).to_pylist()[0]
    assert moved["start"] == "base/L1/N3"
    assert moved["end"] == "tuned/L1/N3"
    assert moved["same_top_down_pos"] is False
    assert moved["jaccard_down_pos"] == 0
    assert moved["cos_down"] < 0.9
    assert 0.99 < moved["cos_gate"] < 1
    assert moved["same_top_gate_pos"] is True
    assert job.summary(())["related"] is True


def test_the_mean_cosine_is_over_all_rows(folders: tuple[Path, Path]) -> None:
    _, shards = linked(*folders)
    every = [shards[f"L{i:03d}"][f"cos_{p}"].to_numpy() for i in range(2) for p in ("gate", "up", "down")]
    assert shards["models"]["mean_cosine"].to_pylist() == [pytest.approx(np.concatenate(every).mean())]
    assert shards["models"]["start"].to_pylist() == ["tuned"]


def test_the_null_is_the_base_row_with_noise_decoded_by_brute_force(folders: tuple[Path, Path]) -> None:
    job, shards = linked(*folders)
    base, tuned = job.pair.layer(1)
    noise = noisy(base.rows["up"], tuned.rows["up"], seed=1 * 3 + 1).double()
    norm = Checkpoint.open(folders[0]).tensor("model.layers.1.post_attention_layernorm.weight").double()
    unembedding = Checkpoint.open(folders[0]).tensor("lm_head.weight").double()
    logits = (noise * norm) @ unembedding.T
    ordinary = torch.from_numpy(job.pair.base.subject.vocabulary.ordinary)
    first = logits.masked_fill(~ordinary, -torch.inf).argmax(1)
    rows = shards["L001"]
    before = decoded_rows(LmHeadJob.open(folders[0], settings={"k": 5}))[job.pair.base.run, "L001"]
    tops = before.filter(
        pc.and_(pc.equal(before["projection"], "up"), pc.and_(pc.equal(before["pole"], 1), pc.equal(before["rank"], 1)))
    )
    expected = [int(end.rpartition("/T")[2]) == int(f) for end, f in zip(tops["end"].to_pylist(), first, strict=True)]
    assert rows["same_top_null_up_pos"].to_pylist() == expected


def test_the_null_is_drawn_on_some_of_the_changed_rows(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = linked(*folders)[1]["L001"]
    monkeypatch.setattr("neuronkb.ingest.links.job.DRAWN", 5)
    some = linked(*folders)[1]["L001"]
    moved = np.array(whole["delta_up"].to_pylist()) > 0
    assert moved.sum() > 5
    known = np.array([value is not None for value in some["same_top_null_up_pos"].to_pylist()])
    assert known[~moved].all()
    assert known[moved].sum() == 5
    assert None not in whole["same_top_null_up_pos"].to_pylist()


def test_an_unembedding_that_moved_is_told_from_rows_that_moved(folders: tuple[Path, Path], tmp_path: Path) -> None:
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(folders[0])
    months = [planted.TOKENS.index(f"▁{word}") for word in planted.MONTHS]
    with torch.no_grad():
        model.lm_head.weight[months] *= -1
    model.save_pretrained(tmp_path / "flipped")
    planted.write_tokenizer(tmp_path / "flipped")
    job, shards = linked(folders[0], tmp_path / "flipped")
    assert not job.pair.same_readout
    layer, index = planted.MONTHS_NEURON
    row = shards[f"L{layer:03d}"].slice(index, 1).to_pylist()[0]
    assert row["same_top_down_pos"] is False
    assert row["same_top_rows_down_pos"] is True
    assert row["cos_down"] == 1


def test_a_tokenizer_with_added_tokens_is_compared_by_what_tokens_write(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(folders[0])
    model.resize_token_embeddings(len(planted.TOKENS) + 2)
    model.save_pretrained(tmp_path / "chat")
    planted.write_tokenizer(tmp_path / "chat", (*planted.TOKENS, "<user>", "<model>"))
    job, shards = linked(folders[0], tmp_path / "chat")
    shared = job.pair.shared
    assert shared is not None
    assert len(shared) == len(planted.TOKENS)
    layer, index = planted.MONTHS_NEURON
    assert shards[f"L{layer:03d}"].slice(index, 1)["jaccard_down_pos"].to_pylist() == [1]


def test_strangers_are_no_relatives(folders: tuple[Path, Path], tmp_path: Path) -> None:
    job, _ = linked(folders[0], planted.base(tmp_path / "stranger", seed=99))
    assert job.summary(())["related"] is False
    assert abs(job.mean_cosine) < 0.2


def test_shapes_that_differ_are_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig.from_pretrained(folders[0], intermediate_size=planted.WIDTH + 8)
    LlamaForCausalLM(config).save_pretrained(tmp_path / "wide")
    planted.write_tokenizer(tmp_path / "wide")
    one, two = (Decoded(Subject.open(folder), "lm-head-x") for folder in (folders[0], tmp_path / "wide"))
    with pytest.raises(LinkError, match="d_mlp is 32 there and 24 in the base"):
        Pair(one, two, Settings()).check()


def test_going_on_after_a_stop_gives_the_same(folders: tuple[Path, Path]) -> None:
    _, whole = linked(*folders)
    job, _ = linked(*folders)
    rest = dict(job.shards(("L000",), silent))
    assert list(rest) == ["L001", "models"]
    assert rest["L001"]["Neuron.COUNTERPART.Neuron"].equals(whole["L001"])
    assert rest["models"]["Model.FINE_TUNED_FROM.Model"].equals(whole["models"])


def test_a_mixture_is_linked_expert_by_expert(tmp_path: Path) -> None:
    base = mixed.base(tmp_path / "base")
    job, shards = linked(base, mixed.tuned(base, tmp_path / "tuned"))
    experts = [f"L{layer:03d}E{e}" for layer in range(mixed.LAYERS) for e in range(mixed.EXPERTS)]
    assert list(shards) == [*experts, "models"]
    layer, expert, index = mixed.MONTHS_NEURON
    changed = shards[f"L{layer:03d}E{expert}"]
    assert changed["end"][index].as_py() == f"tuned/L{layer}/E{expert}/N{index}"
    assert np.argmin(changed["cos_down"].to_numpy()) == index
    assert changed["jaccard_down_pos"][index].as_py() == 0
    for name in set(experts) - {f"L{layer:03d}E{expert}"}:
        assert set(shards[name]["cos_down"].to_pylist()) == {1.0}
    assert job.summary(())["related"] is True


def test_some_experts_are_linked_alone(tmp_path: Path) -> None:
    base = mixed.base(tmp_path / "base")
    tuned = mixed.tuned(base, tmp_path / "tuned")
    whole, shards = linked(base, tuned)
    part, some = linked(base, tuned, layers=(1,), experts=(3,))
    assert list(some) == ["L001E3", "models"]
    assert some["L001E3"].equals(shards["L001E3"])
    assert part.mean_cosine == whole.mean_cosine
    assert part.run.scope == {"layers": [1], "experts": [3]}


def test_mixtures_of_other_experts_are_refused(tmp_path: Path) -> None:
    one = mixed.base(tmp_path / "one")
    from transformers import MixtralConfig, MixtralForCausalLM

    config = MixtralConfig.from_pretrained(one, num_local_experts=mixed.EXPERTS + 1)
    MixtralForCausalLM(config).save_pretrained(tmp_path / "two")
    first, second = (Decoded(Subject.open(folder, experts=True), "x") for folder in (one, tmp_path / "two"))
    with pytest.raises(LinkError, match="its layers have other experts"):
        Pair(first, second, Settings()).check()
