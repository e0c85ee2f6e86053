"""A whole model as a job: shards in the ontology's columns, identity, and layers taken over from a base."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from neuronkb.ingest.lm_head.convention import decoded_rows
from neuronkb.ingest.lm_head.job import LmHeadJob
from neuronkb.ingest.subject.layer_weights import read_layer
from neuronkb.schema import MlpId, ModelError, arrow_schema, fold, table
from transformers import GPT2Config, LlamaConfig

from ..subject.families import build
from ..subject.tokenizers import byte_level

EDGES, STATS = "Neuron.DECODES_TO.Token", "Stats"
LAYERS, D_MLP = 3, 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Llama with a real byte-level tokenizer, and three rows of padding."""
    folder = tmp_path_factory.mktemp("base") / "small-llama"
    folder.mkdir()
    model(folder)
    return folder


def model(folder: Path, change: Any = None, config: Any = None) -> None:
    tokenizer = byte_level(folder)
    made = build(
        config
        or LlamaConfig(
            vocab_size=len(tokenizer) + 3,
            hidden_size=16,
            intermediate_size=D_MLP,
            num_hidden_layers=LAYERS,
            num_attention_heads=2,
            tie_word_embeddings=False,
        )
    )
    if change is not None:
        with torch.no_grad():
            change(made)
    made.save_pretrained(folder)


def tuned(folder: Path, to: Path, change: Any) -> Path:
    to.mkdir()
    model(to, change)
    return to


def opened(folder: Path, **options: Any) -> LmHeadJob:
    return LmHeadJob.open(folder, settings={"k": 4, "convention": "folded"} | options.pop("settings", {}), **options)


def test_shards_are_in_the_ontologys_columns(folder: Path) -> None:
    job = opened(folder)
    shards = dict(job.shards())
    assert list(shards) == ["vocabulary", "L000", "L001", "L002"]
    for tables in shards.values():
        for name, data in tables.items():
            assert data.schema.equals(arrow_schema(table(name))), name
    layer = shards["L001"]
    assert {name: data.num_rows for name, data in layer.items()} == {
        "Neuron": D_MLP,
        "Neuron.IN_MODEL.Model": D_MLP,
        STATS: D_MLP * 6,
        "Neuron.HAS_STATS.Stats": D_MLP * 6,
        EDGES: D_MLP * 3 * 2 * 4,
    }
    assert layer["Neuron"]["id"][7].as_py() == "small-llama/L1/N7"
    assert set(layer["Neuron.HAS_STATS.Stats"]["end"].to_pylist()) == set(layer[STATS]["id"].to_pylist())
    assert len(set(layer[STATS]["id"].to_pylist())) == D_MLP * 6
    (facts,) = shards["vocabulary"]["Model"].to_pylist()
    assert facts["weights"] == job.subject.checkpoint.weights_hash()
    assert (facts["n_layers"], facts["d_model"], facts["d_mlp"], facts["gated"]) == (LAYERS, 16, D_MLP, True)


def test_edges_and_stats_are_the_definition(folder: Path) -> None:
    """Every edge of one layer against float64 logits over the ranked tokens."""
    job = opened(folder)
    subject = job.subject
    layer = dict(job.shards(done={"vocabulary", "L000", "L001"}))["L002"]
    weights = read_layer(subject.checkpoint, subject.architecture, 2)
    matrix = subject.checkpoint.tensor(subject.architecture.unembedding).double()
    ids = np.flatnonzero(subject.vocabulary.ordinary)
    edges, stats = layer[EDGES].to_pandas(), layer[STATS].to_pandas()
    for projection, pole in (("gate", 1), ("up", -1), ("down", 1), ("down", -1)):
        rows = decoded_rows(weights, projection, "folded")
        logits = pole * (rows @ matrix[ids].T).numpy()
        order = np.argsort(-logits, axis=1, kind="stable")[:, :4]
        part = edges[(edges.projection == projection) & (edges.pole == pole)]
        expected = [f"{subject.vocabulary.hash}/T{ids[i]}" for i in order.ravel()]
        assert part.end.tolist() == expected
        assert part.start.tolist() == [f"small-llama/L2/N{i}" for i in range(D_MLP) for _ in range(4)]
        assert part["rank"].tolist() == [1, 2, 3, 4] * D_MLP
        top = np.take_along_axis(logits, order, axis=1)
        np.testing.assert_allclose(part.logit, top.ravel(), rtol=6e-9)
        z = (top - logits.mean(1, keepdims=True)) / logits.std(1, keepdims=True)
        np.testing.assert_allclose(part.z, z.ravel(), rtol=6e-9)
        softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        np.testing.assert_allclose(part.probability, np.take_along_axis(softmax, order, 1).ravel(), rtol=0.1)
        assert set(part.convention) == {"folded"}
        assert set(part.run) == {job.run.id}
        numbers = stats[(stats.projection == projection) & (stats.pole == pole)]
        np.testing.assert_allclose(numbers["mean"], logits.mean(1), rtol=6e-9, atol=1e-12)
        np.testing.assert_allclose(numbers.norm, rows.norm(dim=1), rtol=6e-9)
        assert numbers.n.tolist() == [len(ids)] * D_MLP
        skewness = ((logits - logits.mean(1, keepdims=True)) ** 3).mean(1) / logits.std(1) ** 3
        np.testing.assert_allclose(numbers.skewness, skewness, atol=0.05)
        assert numbers.id.tolist() == [
            f"small-llama/L2/N{i}/weights/{projection}/{pole}/{job.run.id}" for i in range(D_MLP)
        ]


def test_vocabulary_tables(folder: Path) -> None:
    job = opened(folder)
    tables = dict(job.shards(done={f"L{i:03d}" for i in range(LAYERS)}))["vocabulary"]
    found, tokens = job.subject.vocabulary, tables["Token"].to_pylist()
    assert len(tokens) == len(found) == job.subject.architecture.d_vocab
    august = found.texts.index(" August")
    assert tokens[august] == {
        "id": f"{found.hash}/T{august}",
        "tokenizer": found.hash,
        "token": august,
        "text": " August",
        "special": False,
        "byte": False,
        "unused": False,
        "untrained": False,
    }
    assert [t["unused"] for t in tokens[-4:]] == [False, True, True, True]
    spells = {(row["start"], row["end"]) for row in tables["Token.SPELLS.Term"].to_pylist()}
    assert spells == {
        (f"{found.hash}/T{i}", fold(text)) for i, text in enumerate(found.texts) if found.ordinary[i] and fold(text)
    }
    terms = tables["Term"]["id"].to_pylist()
    assert sorted(terms) == sorted({end for _, end in spells})


def test_masked_tokens_are_ranked_only_when_asked_for(folder: Path) -> None:
    job = opened(folder, layers=[0])
    masked = {f"{job.subject.vocabulary.hash}/T{i}" for i in np.flatnonzero(~job.subject.vocabulary.ordinary)}
    assert not masked & set(edges_of(job)["end"].to_pylist())
    everything = opened(folder, layers=[0], settings={"all_tokens": True})
    assert masked & set(edges_of(everything)["end"].to_pylist())
    assert everything.run.id != job.run.id


def edges_of(job: LmHeadJob, layer: int = 0) -> pa.Table:
    return dict(job.shards(done={"vocabulary"}))[f"L{layer:03d}"][EDGES]


def test_layers_and_their_order(folder: Path) -> None:
    job = opened(folder, layers=[0, 2], order="last")
    told: list[tuple[str, int, int]] = []
    names = [name for name, _ in job.shards({"vocabulary"}, lambda *step: told.append(step))]
    assert names == ["L002", "L000"]
    assert told[-1] == ("decoding rows", 6 * D_MLP, 6 * D_MLP)
    assert job.run.scope == {"layers": [2, 0]}
    # Which layers were asked for is scope, not identity.
    assert job.run.id == opened(folder).run.id
    with pytest.raises(ModelError, match="no layer 3: the model has layers 0 to 2"):
        opened(folder, layers=[3])


def test_what_changes_the_run(folder: Path, tmp_path: Path) -> None:
    run = opened(folder).run.id
    assert opened(folder, settings={"precision": "fp32", "buffer": 1}).run.id == run
    others = [opened(folder, settings=change).run.id for change in ({"k": 5}, {"convention": "raw"})]
    moved = tuned(folder, tmp_path / "t", lambda m: m.model.layers[0].mlp.up_proj.weight.add_(1))
    assert len({run, *others, opened(moved).run.id, opened(folder, name="another").run.id}) == 5


CHANGES = {
    "the row of another layer": (lambda m: m.model.layers[0].mlp.gate_proj.weight[0].add_(1), {0}),
    "attention": (lambda m: m.model.layers[1].self_attn.q_proj.weight.add_(1), set()),
    "a column": (lambda m: m.model.layers[2].mlp.down_proj.weight[:, 3].mul_(2), {2}),
    "the norm before the MLP": (lambda m: m.model.layers[1].post_attention_layernorm.weight.add_(1), {1}),
    "the final norm": (lambda m: m.model.norm.weight.add_(1), {0, 1, 2}),
    "the unembedding": (lambda m: m.lm_head.weight[40].add_(1), {0, 1, 2}),
    "the input embedding": (lambda m: m.model.embed_tokens.weight.add_(1), set()),
}


@pytest.mark.parametrize("what", CHANGES)
def test_only_layers_of_which_nothing_changed_are_equal(what: str, folder: Path, tmp_path: Path) -> None:
    change, layers = CHANGES[what]
    base, other = opened(folder), opened(tuned(folder, tmp_path / "t", change))
    changed = {i for i in range(LAYERS) if base.layer_identity(i) != other.layer_identity(i)}
    assert changed == layers
    raw = [opened(f, settings={"convention": "raw"}) for f in (folder, tmp_path / "t")]
    through_norms = "norm" in what
    changed = {i for i in range(LAYERS) if raw[0].layer_identity(i) != raw[1].layer_identity(i)}
    assert changed == (set() if through_norms else layers)


def test_the_token_mask_and_the_settings_are_part_of_a_layers_identity(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "t")
    config = tmp_path / "t" / "tokenizer.json"
    config.write_text(config.read_text().replace("ĠAugust", "Ġjanuar").replace("Augustin", "x"))
    base = opened(folder)
    found = {base.layer_identity(0), opened(folder, settings={"k": 5}).layer_identity(0)}
    found |= {opened(folder, settings={"all_tokens": True}).layer_identity(0)}
    found |= {opened(folder, settings={"statistics": False}).layer_identity(0)}
    assert len(found) == 4


def test_an_equal_layer_is_taken_over_and_equals_its_own_decoding(folder: Path, tmp_path: Path) -> None:
    base = opened(folder)
    decoded = {base.layer_identity(int(name[1:])): tables for name, tables in base.shards({"vocabulary"})}
    other = tuned(folder, tmp_path / "tuned", CHANGES["a column"][0])
    reusing, alone = opened(other, reuse=decoded.get), opened(other)
    taken, computed = dict(reusing.shards()), dict(alone.shards())
    assert reusing.reused == [MlpId(0), MlpId(1)]
    assert reusing.summary(taken)["reused_layers"] == [0, 1]
    for shard in ("L000", "L001", "L002"):
        for name, data in taken[shard].items():
            assert data.equals(computed[shard][name]), (shard, name)
            assert data.schema.equals(arrow_schema(table(name)))


def test_summary(folder: Path) -> None:
    job = opened(folder)
    summary = job.summary({"vocabulary", "L001"})
    assert summary["layer_identities"] == {"1": job.layer_identity(1)}
    assert summary["source"] == str(folder)
    assert (summary["unused"], summary["special"], summary["layers"]) == (3, 2, [1])


def test_an_ungated_model_has_no_gate(tmp_path: Path) -> None:
    config = GPT2Config(vocab_size=330, n_embd=16, n_layer=2, n_head=2, n_inner=D_MLP, bos_token_id=0, eos_token_id=1)
    model(tmp_path, config=config)
    tables = dict(opened(tmp_path).shards())["L001"]
    assert set(tables[EDGES]["projection"].to_pylist()) == {"up", "down"}
    assert tables[EDGES].num_rows == D_MLP * 2 * 2 * 4
