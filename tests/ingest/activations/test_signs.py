"""Signs of gate and up, against a pass that keeps both: families with a gate of its own, a fused one, and none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest.activations.job import ActivationsJob
from neuronkb.ingest.activations.signs import COMBINATIONS
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.tests import planted
from transformers import Gemma3TextConfig, GPTNeoXConfig, LlamaConfig, Phi3Config

from tests.ingest.subject.families import build

SETTINGS = {"k": 3, "per_band": 2, "tokens": 2, "least": 2, "dtype": "float32", "batch": 8}
SIZES: dict[str, Any] = {
    "vocab_size": len(planted.TOKENS),
    "hidden_size": 32,
    "intermediate_size": 20,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}
GROUPED = {**SIZES, "num_key_value_heads": 2}
GATED: dict[str, Callable[[], Any]] = {
    "llama, SiLU": lambda: LlamaConfig(**GROUPED),
    "llama, ReLU": lambda: LlamaConfig(**GROUPED, hidden_act="relu"),
    "gemma, tanh GELU": lambda: Gemma3TextConfig(**GROUPED, head_dim=8),
    "phi-3, gate and up in one": lambda: Phi3Config(**GROUPED),
}


def opened(config: Any, folder: Path, bos: bool = True) -> ActivationsJob:
    model = folder / "model"
    build(config).save_pretrained(model)
    planted.write_tokenizer(model)
    random = np.random.default_rng(5)
    words = [token.removeprefix("▁") for token in planted.TOKENS if token.startswith("▁")]
    texts = [{"id": str(i), "text": " ".join(random.choice(words, 40))} for i in range(30)]
    (folder / "texts.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    tokenizer = Tokenizer.open(model)
    settings = {"length": 8, "bos": "window" if bos else "none"}
    corpus = Corpus.build(read_documents(folder / "texts.jsonl"), tokenizer, folder / "corpus", settings)
    live = LiveModel.open(model, dtype="float32", device="cpu", name="tiny")
    return ActivationsJob.open(live, corpus, folder / "work", settings=SETTINGS)


def said(gate: np.ndarray, up: np.ndarray) -> np.ndarray:
    """A letter each."""
    letters = np.where(gate > 0, "P", "N")
    return np.where(up > 0, letters, np.char.lower(letters))


@pytest.mark.parametrize("bos", [True, False])
@pytest.mark.parametrize("config", GATED.values(), ids=GATED.keys())
def test_signs_are_those_of_a_pass_that_keeps_gate_and_up(config: Any, bos: bool, tmp_path: Path) -> None:
    job = opened(config(), tmp_path, bos)
    shards = dict(job.shards())
    kept = job.live.capture(next(job.corpus.batches(len(job.corpus)))[1], sites=("gate", "up", "hidden"))
    numbers = {(str(job.corpus.documents[int(d)]), int(o)): i for i, (d, o) in enumerate(places(job.corpus))}
    excerpts = {row["id"]: row for row in shards["excerpts"]["Excerpt"].to_pylist()}
    seen = set[str]()
    place_in = np.arange(job.corpus.settings.length)
    inside = (place_in < job.corpus.lengths[:, None]) & (place_in >= int(bos))
    for layer in range(2):
        gate, up = (kept[layer, site].numpy() for site in ("gate", "up"))
        letters = said(gate, up)
        for row in shards[f"L{layer:03d}"]["Neuron.FIRES_ON.Excerpt"].to_pylist():
            place = excerpts[row["end"]]
            window, neuron = numbers[place["document"], place["offset"]], int(row["start"].rpartition("N")[2])
            expected = "".join(letters[window, : job.corpus.lengths[window], neuron])
            assert row["signs"] == (f"_{expected[1:]}" if bos else expected)
            seen |= set(row["signs"])
        for row in shards[f"L{layer:03d}"]["Stats"].to_pylist():
            own = letters[:, :, int(row["id"].split("/N")[1].split("/")[0])][inside]
            assert row["signs"] == pytest.approx([float((own == letter).mean()) for letter in COMBINATIONS])
            assert sum(row["signs"]) == pytest.approx(1)
    assert seen == set(COMBINATIONS) | ({"_"} if bos else set())


def places(corpus: Corpus) -> list[tuple[int, int]]:
    return list(zip(corpus.document.tolist(), corpus.offset.tolist(), strict=True))


def test_a_pole_has_the_combinations_that_its_function_gives_it(tmp_path: Path) -> None:
    """SiLU has the sign of its argument: where the hidden value is above 0, gate and up are of one sign."""
    rows = dict(opened(GATED["llama, SiLU"](), tmp_path).shards())["L001"]["Neuron.FIRES_ON.Excerpt"].to_pylist()
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for row in rows:
        for step, letter in zip(row["levels"].split(" "), row["signs"], strict=True):
            if int(step):
                found[int(step) * row["pole"] > 0].add(letter)
    assert found == {True: {"P", "n"}, False: {"p", "N"}}


def test_without_a_gate_there_are_none(tmp_path: Path) -> None:
    shards = dict(opened(GPTNeoXConfig(**SIZES), tmp_path).shards())
    assert shards["L001"]["Neuron.FIRES_ON.Excerpt"].num_rows > 0
    assert set(shards["L001"]["Neuron.FIRES_ON.Excerpt"].column("signs").to_pylist()) == {None}
    assert set(shards["L001"]["Stats"].column("signs").to_pylist()) == {None}
