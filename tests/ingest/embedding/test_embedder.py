"""The real MiniLM from its pip package, and folders that must be refused."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
from neuronkb.ingest.embedding import embedder as module
from neuronkb.ingest.embedding import folder as places
from neuronkb.ingest.embedding.embedder import Embedder
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


def test_equal_texts_are_embedded_once_and_batches_go_by_length(
    minilm: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    real = Embedder._batch

    def batch(self: Embedder, texts: list[str]) -> module.Vectors:
        seen.append(texts)
        return real(self, texts)

    monkeypatch.setattr(Embedder, "_batch", batch)
    monkeypatch.setattr(module, "BATCH", 2)
    told: list[tuple[int, int]] = []
    minilm.embed(["ccc", "a", "bb", "a", "dddd", "ccc"], lambda step, done, total: told.append((done, total)))
    assert seen == [["a", "bb"], ["ccc", "dddd"]]
    assert told == [(2, 4), (4, 4)]


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
