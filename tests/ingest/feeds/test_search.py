"""Feeds are float64 brute force in every family, and what a clamped neuron does to later pre-activations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from neuronkb.ingest.feeds import search as searching
from neuronkb.ingest.feeds.job import FeedsJob
from neuronkb.ingest.feeds.paths import Paths
from neuronkb.ingest.feeds.search import FeedSearch
from neuronkb.ingest.feeds.settings import Settings
from neuronkb.ingest.feeds.tables import edges_of, feeds_table, merged
from neuronkb.ingest.lm_head.convention import decoded_rows
from neuronkb.ingest.subject.clamp import Clamp
from neuronkb.ingest.subject.layer_weights import read_layer
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import MlpId
from neuronkb.tests import matched, planted

from ..subject.families import CONFIGS, FF, build

CPU = torch.device("cpu")
LAYERS = 3


def three_layers(family: str, folder: Path) -> Subject:
    config = CONFIGS[family]()
    given = config.to_dict() | {"num_hidden_layers": LAYERS, "n_layer": LAYERS}
    for name in ("layer_types", "transformers_version", "model_type", "architectures"):
        given.pop(name, None)
    build(type(config)(**given)).save_pretrained(folder)
    return Subject.open(folder)


def brute(subject: Subject, start: int, end: int, through: str) -> torch.Tensor:
    """float64 `[FF, FF]`: the norms folded into the rows that read, where the search folds them into what is sent."""
    one, two = (read_layer(subject.checkpoint, subject.architecture, n) for n in (start, end))
    written = one.rows["down"].double()
    if one.post_norm is not None:
        written = one.post_norm.write_side(written)
    return written @ decoded_rows(two, through, "folded").T


def searched(subject: Subject, k: int, null: bool, layers: Any = range(LAYERS)) -> FeedSearch:
    search = FeedSearch(Paths(subject, CPU), layers, k, null)
    for end in range(LAYERS):
        for pair in search.pairs(end):
            search.take(*pair)
    return search


@pytest.mark.parametrize("family", sorted(CONFIGS))
def test_brute_force_in_every_family(family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "ROWS", 20)
    subject = three_layers(family, tmp_path)
    seen = set()
    for way, layer, through, found in searched(subject, 5, False).settle():
        others = range(layer + 1, LAYERS) if way == "down" else range(layer)
        if not others:
            assert (found.ids == -1).all()
            continue
        blocks = [brute(subject, *((layer, o) if way == "down" else (o, layer)), through) for o in others]
        whole = torch.cat([block if way == "down" else block.T for block in blocks], 1)
        top = whole.abs().topk(5, dim=1)
        torch.testing.assert_close(found.weights.abs(), top.values, rtol=1e-9, atol=1e-12)
        places = found.ids - others[0] * FF
        torch.testing.assert_close(found.weights, whole.gather(1, places), rtol=1e-9, atol=1e-12)
        seen.add((way, layer, through))
    assert len(seen) == 4 * len(subject.architecture.projections[1:])


def test_a_clamped_neuron_moves_the_pre_activation_by_its_weight(tmp_path: Path) -> None:
    """With attention silenced: pre-activation x rms of the stream is linear in the neuron's value, with that slope."""
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(matched.base(tmp_path / "base"))
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
    model.save_pretrained(tmp_path / "base")
    subject = Subject.open(tmp_path / "base")
    live = LiveModel.load(subject)
    scales: list[torch.Tensor] = []

    def note(module: Any, args: Any) -> None:
        scales.append((args[0].double().square().mean(-1) + module.variance_epsilon).sqrt()[0, -1])

    handle = live.model.model.layers[1].post_attention_layernorm.register_forward_pre_hook(note)
    values = []
    for value in (0.0, 2.0):
        with live.clamped([Clamp(0, 7, value, "set", "hidden", None)]) as clamped:
            kept: list[torch.Tensor] = []

            def keep(module: Any, args: Any, out: torch.Tensor, kept: list[torch.Tensor] = kept) -> None:
                kept.append(out[0, -1])

            hook = clamped.model.layers[1].mlp.gate_proj.register_forward_hook(keep)
            clamped(torch.tensor([[5, 6, 7]]))
            hook.remove()
            values.append(kept[0].double() * scales[-1])
    handle.remove()
    weights = brute(subject, 0, 1, "gate")[7]
    torch.testing.assert_close((values[1] - values[0]) / 2, weights, rtol=1e-3, atol=1e-4)


def test_the_null_is_the_strongest_of_the_shuffled_rows(tmp_path: Path) -> None:
    subject = three_layers("gemma3", tmp_path)
    paths = Paths(subject, CPU)
    found = {(way, layer, through): f for way, layer, through, f in searched(subject, 3, True).settle()}
    for through in ("gate", "up"):
        control = [paths.sent(0, end) @ paths.shuffled(end, through).double().T for end in (1, 2)]
        expected = torch.cat(control, 1).abs().amax(1)
        torch.testing.assert_close(found["down", 0, through].null, expected, rtol=1e-5, atol=1e-6)
        control = [paths.sent(start, 2) @ paths.shuffled(2, through).double().T for start in (0, 1)]
        expected = torch.cat(control).abs().amax(0)
        torch.testing.assert_close(found["up", 2, through].null, expected, rtol=1e-5, atol=1e-6)
    rows, mixed = paths.rows(1, "up"), paths.shuffled(1, "up")
    torch.testing.assert_close(rows.norm(dim=1), mixed.norm(dim=1))
    assert not torch.allclose(rows, mixed)


def test_twins_stand_in_order(tmp_path: Path) -> None:
    """Twenty later neurons with the same rows: rounding cannot tell them apart, the exact order is by index."""
    base = matched.base(tmp_path / "base")

    def change(layer: int, mlp: Any) -> None:
        if layer:
            for name in ("gate_proj", "up_proj"):
                getattr(mlp, name).weight[10:30] = 9 * getattr(mlp, name).weight[:1]

    subject = Subject.open(matched.changed(base, tmp_path / "twins", change))
    search = FeedSearch(Paths(subject, CPU), range(2), 4, False)
    search.take(0, 1)
    found = {(way, layer, through): f for way, layer, through, f in search.settle()}["down", 0, "gate"]
    weights = brute(subject, 0, 1, "gate")
    row = int(weights[:, 10].abs().argmax())
    assert found.ids[row].tolist() == [matched.WIDTH + n for n in range(10, 14)]
    assert search.settled > 0


def test_an_edge_says_both_ends_ranks(tmp_path: Path) -> None:
    subject = three_layers("llama", tmp_path)
    settled = [(way, layer, f) for way, layer, through, f in searched(subject, 2, True).settle() if through == "up"]
    rows = merged([edges_of(found, layer, FF, way) for way, layer, found in settled])
    table = feeds_table(rows, "m", [MlpId(layer) for layer in range(3)], FF, "up", "r").to_pylist()
    assert len({(row["start"], row["end"]) for row in table}) == len(table)
    down = [row for row in table if row["start"] == "m/L0/N7" and row["rank"]]
    whole = torch.cat([brute(subject, 0, end, "up") for end in (1, 2)], 1)[7]
    best = whole.abs().topk(2).indices.tolist()
    names = [f"m/L{1 + i // FF}/N{i % FF}" for i in best]
    assert [row["end"] for row in sorted(down, key=lambda row: row["rank"])] == names
    assert [row["weight"] for row in sorted(down, key=lambda row: row["rank"])] == pytest.approx(whole[best].tolist())
    into = [row for row in table if row["end"] == "m/L1/N3" and row["rank_in"]]
    assert sorted(row["rank_in"] for row in into) == [1, 2]
    assert all((row["rank"] is None) == (row["null"] is None) for row in table)
    assert all((row["rank_in"] is None) == (row["null_in"] is None) for row in table)


def test_chosen_layers_have_the_same_feeds(tmp_path: Path) -> None:
    subject = three_layers("gpt2", tmp_path)
    whole = {(w, n, t): f for w, n, t, f in searched(subject, 3, False).settle()}
    some = {(w, n, t): f for w, n, t, f in searched(subject, 3, False, [1]).settle()}
    assert set(some) == {("down", 1, "up"), ("up", 1, "up")}
    for key, found in some.items():
        assert torch.equal(found.ids, whole[key].ids)
        np.testing.assert_allclose(found.weights, whole[key].weights)


class Broken(Exception):
    """What interrupts a search."""


def test_an_interrupted_search_goes_on_and_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "model"
    three_layers("qwen3", folder)
    planted.write_tokenizer(folder, planted.TOKENS[:97])

    def job(name: str) -> FeedsJob:
        return FeedsJob.of(Subject.open(folder), Settings(k=3), tmp_path / name, CPU, None)

    expected = dict(job("undisturbed").shards())
    assert list(expected) == ["models", "L000", "L001"]
    taken: list[tuple[int, int]] = []
    whole = FeedSearch.take

    def take(self: FeedSearch, start: int, end: int) -> None:
        taken.append((start, end))
        if taken == [(0, 1), (0, 2)]:
            raise Broken
        whole(self, start, end)

    monkeypatch.setattr(FeedSearch, "take", take)
    with pytest.raises(Broken):
        dict(job("broken").shards())
    assert dict(job("broken").shards()) == expected
    assert taken == [(0, 1), (0, 2), (0, 2), (1, 2)]
    taken.clear()
    assert dict(job("broken").shards(done=set(expected))) == {}
    assert taken == []
