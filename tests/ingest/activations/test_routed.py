"""A corpus pass over a mixture whose routing is known: neurons count on the tokens that reach their expert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import torch
from neuronkb.ingest.activations.routed import RoutedJob
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.progress import silent
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import CorpusError, ModelError
from neuronkb.tests import mixed
from neuronkb.tests.planted import MONTHS, TOKENS

LENGTH, K, LEAST = 16, 5, 8
SETTINGS = {"k": K, "tokens": 4, "least": LEAST, "dtype": "float32", "batch": 8, "every": 16}
Shards = dict[str, dict[str, pa.Table]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mixed.base(tmp_path_factory.mktemp("model") / "m")


@pytest.fixture(scope="module")
def corpus(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """40 documents of random words, months among them."""
    folder = tmp_path_factory.mktemp("corpus")
    random = np.random.default_rng(7)
    words = [token.removeprefix("▁") for token in TOKENS if token.startswith("▁")]
    texts = [" ".join(random.choice([*words, *MONTHS * 3], random.integers(1, 5 * LENGTH))) for _ in range(40)]
    (folder / "texts.jsonl").write_text(
        "".join(json.dumps({"id": f"d{i}", "text": t}) + "\n" for i, t in enumerate(texts))
    )
    documents = read_documents(folder / "texts.jsonl")
    return Corpus.build(documents, Tokenizer.open(model), folder / "corpus", {"length": LENGTH})


@pytest.fixture(scope="module")
def live(model: Path) -> LiveModel:
    return LiveModel.load(Subject.open(model, "m", experts=True), dtype="float32", device="cpu")


def opened(live: LiveModel, corpus: Corpus, work: Path, **options: Any) -> RoutedJob:
    return RoutedJob.open(live, corpus, work, settings=SETTINGS, **options)


@pytest.fixture(scope="module")
def shards(live: LiveModel, corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Shards:
    return dict(opened(live, corpus, tmp_path_factory.mktemp("work")).shards())


@pytest.fixture(scope="module")
def reach(live: LiveModel) -> npt.NDArray[np.int64]:
    """`[d_vocab]`: the expert of layer 0 that each token reaches, worked out: attention writes nothing."""
    rows = live.model.model.embed_tokens.weight.double()
    normed = rows / (rows.square().mean(1, keepdim=True) + live.model.config.rms_norm_eps).sqrt()
    found: npt.NDArray[np.int64] = (normed @ live.model.model.layers[0].mlp.gate.weight.double().T).argmax(1).numpy()
    return found


@pytest.fixture(scope="module")
def everything(live: LiveModel, corpus: Corpus, reach: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Layer 0 by hand: every hidden value `[expert, window, position, neuron]`; NaN at BOS, behind windows' ends and
    where the token does not reach the expert."""
    layer = live.model.model.layers[0].mlp.experts
    rows = live.model.model.embed_tokens.weight
    normed = rows / (rows.square().mean(1, keepdim=True) + live.model.config.rms_norm_eps).sqrt()
    found = np.full((mixed.EXPERTS, len(corpus), LENGTH, mixed.WIDTH), np.nan, np.float32)
    for expert in range(mixed.EXPERTS):
        gate, up = (normed @ layer.gate_up_proj[expert].T).chunk(2, dim=1)
        values = (torch.nn.functional.silu(gate) * up).numpy()
        for window, length in enumerate(corpus.lengths.tolist()):
            tokens = corpus.tokens[window, 1:length]
            found[expert, window, 1:length] = np.where((reach[tokens] == expert)[:, None], values[tokens], np.nan)
    return found


def rows_of(shards: Shards, expert: int, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shards[f"L000E{expert}"][table].to_pylist()
    return rows


def test_months_reach_their_expert(reach: npt.NDArray[np.int64]) -> None:
    assert {int(reach[TOKENS.index(f"▁{word}")]) for word in MONTHS} == {mixed.MONTHS_EXPERT}


def test_statistics_stand_on_the_tokens_that_reach_the_expert(
    shards: Shards, everything: npt.NDArray[np.float32], corpus: Corpus
) -> None:
    positions = int(corpus.lengths.sum()) - len(corpus)
    routed = 0
    for expert in range(mixed.EXPERTS):
        values = everything[expert].reshape(-1, mixed.WIDTH)
        values = values[~np.isnan(values[:, 0])].astype(np.float64)
        rows = [row for row in rows_of(shards, expert, "Stats") if row["pole"] == 1]
        assert {(row["n"], row["routed"]) for row in rows} == {(positions, len(values))}
        routed += len(values)
        for name, expected in (
            ("mean", values.mean(0)),
            ("std", values.std(0)),
            ("min", values.min(0)),
            ("max", values.max(0)),
            ("nonzero", (values > 2**-126).mean(0)),
        ):
            np.testing.assert_allclose([row[name] for row in rows], expected, rtol=2e-4, atol=1e-6)
    assert routed == positions


def test_top_windows_are_those_of_a_brute_force(
    shards: Shards, everything: npt.NDArray[np.float32], corpus: Corpus
) -> None:
    numbers = {place_of(corpus, window): window for window in range(len(corpus))}
    excerpts = shards["excerpts"]["Excerpt"].to_pylist()
    window_of = {row["id"]: numbers[row["document"], row["offset"]] for row in excerpts}
    learn = np.flatnonzero(~corpus.held)
    for expert in range(mixed.EXPERTS):
        rows = rows_of(shards, expert, "Neuron.FIRES_ON.Excerpt")
        for neuron in range(mixed.WIDTH):
            for pole in (1, -1):
                best = np.nan_to_num(pole * everything[expert, :, :, neuron], nan=-np.inf).max(1)
                of_document: dict[int, float] = {}
                for window in learn:
                    document = int(corpus.document[window])
                    of_document[document] = max(of_document.get(document, 0.0), float(best[window]))
                # A value depends on its token alone: windows with the same best token are equally good.
                expected = [value for value in sorted(of_document.values(), reverse=True)[:K] if value > 0]
                own = [r for r in rows if r["start"] == f"m/L0/E{expert}/N{neuron}" and r["pole"] == pole]
                windows = [window_of[row["end"]] for row in own]
                assert len({int(corpus.document[window]) for window in windows}) == len(windows)
                np.testing.assert_allclose([row["activation"] for row in own], expected, rtol=1e-4, atol=1e-6)
                np.testing.assert_allclose(best[windows], expected, rtol=1e-4, atol=1e-6)


def place_of(corpus: Corpus, window: int) -> tuple[str, int]:
    return corpus.documents[int(corpus.document[window])].as_py(), int(corpus.offset[window])


def test_tokens_are_those_that_reach_the_expert_often(
    shards: Shards, everything: npt.NDArray[np.float32], corpus: Corpus, reach: npt.NDArray[np.int64]
) -> None:
    texts = {row["id"]: row["token"] for row in shards["vocabulary"]["Token"].to_pylist()}
    learn = ~corpus.held
    for expert in range(mixed.EXPERTS):
        for row in rows_of(shards, expert, "Neuron.FIRES_ON_TOKEN.Token"):
            token, neuron = texts[row["end"]], int(row["start"].rpartition("/N")[2])
            assert reach[token] == expert
            seen = everything[expert, learn, :, neuron][corpus.tokens[learn] == token]
            seen = seen[~np.isnan(seen)]
            assert (row["n"], row["n"] >= LEAST) == (len(seen), True)
            assert row["mean"] == pytest.approx(row["pole"] * float(seen.mean()), rel=1e-3, abs=1e-6)


def test_the_planted_neuron_fires_on_months_and_its_twin_in_another_expert_never(shards: Shards) -> None:
    texts = {row["id"]: row["text"].strip() for row in shards["vocabulary"]["Token"].to_pylist()}
    (_, expert, index), (_, deaf, _) = mixed.FIRING_NEURON, mixed.DEAF_NEURON
    name = f"m/L0/E{expert}/N{index}"
    rows = [r for r in rows_of(shards, expert, "Neuron.FIRES_ON_TOKEN.Token") if r["start"] == name and r["pole"] == 1]
    assert len(rows) == SETTINGS["tokens"]
    assert {texts[row["end"]] for row in rows} <= set(MONTHS)
    twin = [row for row in rows_of(shards, deaf, "Stats") if row["id"].startswith(f"m/L0/E{deaf}/N{index}/")]
    assert all(row["max"] < 0.5 * min(r["mean"] for r in rows) for row in twin)


def test_a_pass_that_was_cut_off_goes_on(live: LiveModel, corpus: Corpus, shards: Shards, tmp_path: Path) -> None:
    def cut(step: str, done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dict(opened(live, corpus, tmp_path).shards((), cut))
    job = opened(live, corpus, tmp_path)
    steps: list[int] = []
    again = dict(job.shards((), lambda step, done, total: steps.append(done)))
    assert steps[0] > 0
    assert {name: {t: rows.to_pylist() for t, rows in tables.items()} for name, tables in again.items()} == {
        name: {t: rows.to_pylist() for t, rows in tables.items()} for name, tables in shards.items()
    }


def test_some_experts_alone(live: LiveModel, corpus: Corpus, shards: Shards, tmp_path: Path) -> None:
    job = opened(live, corpus, tmp_path, layers=[0], experts=[2])
    some = dict(job.shards(("vocabulary",), silent))
    assert list(some) == ["excerpts", "L000E2"]
    assert some["L000E2"]["Stats"].equals(shards["L000E2"]["Stats"].select(some["L000E2"]["Stats"].column_names))
    assert job.summary(some)["mlps"] == ["L0/E2"]
    with pytest.raises(ModelError, match="no expert 4"):
        opened(live, corpus, tmp_path, experts=[4])


def test_an_expert_that_no_token_reaches_is_named(live: LiveModel, corpus: Corpus, tmp_path: Path) -> None:
    gate = live.model.model.layers[0].mlp.gate.weight
    kept = gate[3].clone()
    with torch.no_grad():
        gate[3] = 0.5 * gate[0] + 0.5 * gate[1]  # between two others: never the largest of them
    try:
        job = opened(live, corpus, tmp_path, layers=[0])
        found = dict(job.shards(("vocabulary",), silent))
    finally:
        with torch.no_grad():
            gate[3] = kept
    assert job.summary(found)["unreached"] == ["L0/E3"]
    assert set(found["L000E3"]) == {"Neuron", "Neuron.IN_MODEL.Model"}


def test_roles_are_refused(live: LiveModel, corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is a mixture of experts, whose roles are not told apart"):
        RoutedJob.open(live, corpus, tmp_path, settings={**SETTINGS, "roles": True})
