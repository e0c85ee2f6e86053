"""The real MiniLM from its pip package, and folders that must be refused."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest import products
from neuronkb.ingest.embedding import bert
from neuronkb.ingest.embedding import folder as places
from neuronkb.ingest.embedding.embedder import Embedder
from neuronkb.ingest.embedding.general import SentenceTransformers
from neuronkb.schema import ModelError


@pytest.fixture(scope="module")
def minilm() -> Embedder:
    return Embedder.open(environ={})


def test_vectors_are_unit_and_in_the_order_of_the_texts(minilm: Embedder) -> None:
    texts = ["a much longer text about the months of the year", "dog", "puppy", "dog", "tax law"]
    found = minilm.embed(texts)
    assert found.shape == (5, minilm.dimensions) == (5, 384)
    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert np.array_equal(found[1], found[3])
    assert np.allclose(found, np.concatenate([minilm.embed([text]) for text in texts]), atol=1e-5)
    cosine = found @ found.T
    assert cosine[1, 2] > cosine[1, 4] + 0.2


def test_the_same_tokens_are_run_once_and_none_is_padding(minilm: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, ...]] = []
    real = bert.Bert._entering

    def entering(self: bert.Bert, ids: bert.Ids) -> bert.Vectors:
        seen.append(ids.shape)
        return real(self, ids)

    monkeypatch.setattr(bert.Bert, "_entering", entering)
    monkeypatch.setattr(bert, "TOKENS", 6)
    told: list[tuple[int, int]] = []
    found = minilm.embed(
        ["Über", "dog", "the dog", "uber", "cat", "dog", "hare"], lambda step, done, total: told.append((done, total))
    )
    assert seen == [(2, 3), (2, 3), (1, 4)]
    assert told == [(2, 5), (4, 5), (5, 5)]
    assert np.array_equal(found[0], found[3])
    assert np.array_equal(found[1], found[5])


TEXTS = (
    *("dog", "Überraschung! 语言 número", "", "\U0001f600 \u0e20\u0e32\u0e29\u0e32", "word " * 300, "x" * 600),
    *(f"{one} {two}" for one in ("tax", "snow", "unbelievably") for two in ("law", "man", "é")),
)


def test_both_ways_are_sentence_transformers(minilm: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    general = SentenceTransformers.read(places.locate(None)[0])
    batches: list[int] = []
    monkeypatch.setattr(SentenceTransformers, "_batch", counted(SentenceTransformers._batch, batches))
    wanted = general.encode(TEXTS)
    assert sum(batches) == len(TEXTS)
    assert isinstance(minilm._encoder, bert.Bert)
    assert np.abs(minilm.embed(TEXTS) - wanted).max() < 2e-6
    monkeypatch.setattr(bert, "FEW", 0)
    assert np.abs(minilm.embed(TEXTS) - wanted).max() < 2e-6
    monkeypatch.setattr(products, "quick_bf16", lambda device, width: True)
    for coarse in (minilm.embed(TEXTS, quick=True), general.encode(TEXTS, quick=True)):
        assert (coarse * wanted).sum(1).min() > 0.9999
        assert not np.allclose(coarse, wanted, atol=1e-6)


def counted(real: Callable[..., bert.Vectors], batches: list[int]) -> Callable[..., bert.Vectors]:
    def batch(self: SentenceTransformers, texts: list[str]) -> bert.Vectors:
        batches.append(len(texts))
        assert [len(text) for text in texts] == sorted(len(text) for text in texts)
        return real(self, texts)

    return batch


def test_a_query_is_embedded_without_torch() -> None:
    code = (
        "import sys; from neuronkb.ingest.embedding.embedder import Embedder; "
        "print(Embedder.open().embed(['months of the year']).shape); "
        "print([n for n in ('torch', 'transformers', 'sentence_transformers') if n in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["(1, 384)", "[]"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("1_Pooling/config.json", {"pooling_mode_cls_token": True}),
        ("sentence_bert_config.json", {"do_lower_case": True}),
        ("config_sentence_transformers.json", {"default_prompt_name": "query"}),
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"model_type": "roberta"}),
        ("tokenizer.json", None),
    ],
)
def test_a_model_of_another_kind_goes_through_sentence_transformers(
    tmp_path: Path, name: str, change: dict[str, Any] | None
) -> None:
    folder = tmp_path / "other"
    shutil.copytree(places.locate(None)[0], folder)
    assert bert.Bert.read(folder) is not None
    facts = {} if change is None else {**json.loads((folder / name).read_text()), **change}
    (folder / name).write_text(json.dumps(facts))
    assert bert.Bert.read(folder) is None


def test_no_texts_are_no_vectors(minilm: Embedder) -> None:
    assert minilm.embed([]).shape == (0, 384)


def test_the_id_names_the_weights_wherever_they_lie(minilm: Embedder, tmp_path: Path) -> None:
    name, _, weights = minilm.id.partition("@")
    assert name == "all-MiniLM-L6-v2"
    copy = tmp_path / "mine"
    shutil.copytree(places.locate(None)[0], copy)
    assert f"mine@{weights}" == f"mine@{places.fingerprint(copy)}"


def test_a_folder_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refused)
    folder = places.locate(None)[0]
    assert Embedder.open(folder).dimensions == 384
    assert Embedder.open(environ={"NEURONKB_EMBEDDER": str(folder)}).dimensions == 384


def test_without_the_package_the_error_names_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install 'neuronkb\[embeddings\]'.*NEURONKB_EMBEDDER"):
        Embedder.open(environ={})


def test_what_is_no_embedding_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no folder 'nowhere' with an embedding model"):
        Embedder.open("nowhere")
    with pytest.raises(ModelError, match=r"has no modules\.json"):
        Embedder.open(tmp_path)
    (tmp_path / "modules.json").write_text("{}")
    with pytest.raises(ModelError, match="no safetensors"):
        Embedder.open(tmp_path)


def test_code_and_pickled_weights_of_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "mine.Evil"}]))
    with pytest.raises(ModelError, match=r"would run code of its own \('mine\.Evil'\)"):
        Embedder.open(tmp_path)
    kind = "sentence_transformers.models.Transformer"
    (tmp_path / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": kind}]))
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80")
    with pytest.raises(ModelError, match="pickled ones are not read"):
        Embedder.open(tmp_path)


def test_a_damaged_model_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(places.locate(None)[0], folder)
    (folder / "model.safetensors").write_bytes(b"\x00" * 64)
    with pytest.raises(ModelError, match=r"broken' cannot be opened as an embedding model: [^\n]+$"):
        Embedder.open(folder)
