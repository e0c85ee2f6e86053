"""Weights are read from safetensors alone, by name, and every damaged file is named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from neuronkb.ingest.subject.architecture import find_architecture
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.layer_weights import read_layer
from neuronkb.ingest.subject.source import locate, model_name
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import ModelError
from safetensors.torch import load_file, save_file

from .families import save


def folder_with(folder: Path, tensors: dict[str, torch.Tensor]) -> Path:
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text("{}")
    return folder


def test_tensors_and_rows_as_stored(tmp_path: Path) -> None:
    stored = {"a": torch.randn(7, 5).bfloat16(), "b": torch.randn(3)}
    checkpoint = Checkpoint.open(folder_with(tmp_path, stored))
    assert torch.equal(checkpoint.tensor("a"), stored["a"])
    assert checkpoint.tensor("a").dtype == torch.bfloat16
    assert torch.equal(checkpoint.rows("a", 2, 5), stored["a"][2:5])
    with pytest.raises(ModelError, match="no tensor 'c'"):
        checkpoint.tensor("c")


def test_weights_hash_by_hand(tmp_path: Path) -> None:
    stored = {"b": torch.tensor([1.0, 2.0]), "a": torch.tensor([[3.0]]).half()}
    checkpoint = Checkpoint.open(folder_with(tmp_path, stored))
    whole = hashlib.sha256()
    for name, dtype, shape in (("a", "F16", [1, 1]), ("b", "F32", [2])):
        digest = hashlib.sha256(stored[name].numpy().tobytes()).hexdigest()
        assert checkpoint.digest(name) == digest
        whole.update(json.dumps([name, dtype, shape, digest]).encode())
    told: list[tuple[int, int]] = []
    assert checkpoint.weights_hash(lambda done, total: told.append((done, total))) == whole.hexdigest()
    assert told[-1] == (10, 10)


def test_the_hash_is_of_the_tensors_and_not_of_the_files(tmp_path: Path) -> None:
    save("llama", tmp_path / "one")
    model = save("llama", tmp_path / "many", max_shard_size="12KB")
    whole, sharded = Checkpoint.open(tmp_path / "one"), Checkpoint.open(tmp_path / "many")
    assert len({info.file for info in sharded.tensors.values()}) > 2
    assert whole.weights_hash() == sharded.weights_hash()
    with torch.no_grad():
        model.lm_head.weight[3, 4] += 1
    model.save_pretrained(tmp_path / "changed")
    assert Checkpoint.open(tmp_path / "changed").weights_hash() != whole.weights_hash()


def test_a_sharded_model_reads_like_a_whole_one(tmp_path: Path) -> None:
    save("llama", tmp_path / "one")
    save("llama", tmp_path / "many", max_shard_size="12KB")
    whole, sharded = Checkpoint.open(tmp_path / "one"), Checkpoint.open(tmp_path / "many")
    assert find_architecture(whole) == find_architecture(sharded)
    one, other = (read_layer(c, find_architecture(c), 1) for c in (whole, sharded))
    assert all(torch.equal(one.rows[name], other.rows[name]) for name in ("gate", "up", "down"))


def test_a_layer_is_read_without_the_others(tmp_path: Path) -> None:
    """A model bigger than memory: only the shards of the layer asked for are opened."""
    save("llama", tmp_path, max_shard_size="12KB")
    checkpoint = Checkpoint.open(tmp_path)
    architecture = find_architecture(checkpoint)
    for file in {info.file for name, info in checkpoint.tensors.items() if "layers.0.mlp" in name}:
        wanted = {info.file for name, info in checkpoint.tensors.items() if "layers.1." in name or name in NEEDED}
        if file not in wanted:
            file.unlink()
    assert read_layer(checkpoint, architecture, 1).layer == 1
    with pytest.raises(ModelError, match="cannot be read"):
        read_layer(checkpoint, architecture, 0)


NEEDED = {"model.norm.weight"}


def test_pickles_are_never_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"never opened")
    with pytest.raises(ModelError, match=r"pickled weights only.*save_pretrained"):
        Checkpoint.open(tmp_path)


@pytest.mark.parametrize("cut", [0, 5, 60, -1])
def test_a_truncated_file_is_named(cut: int, tmp_path: Path) -> None:
    file = folder_with(tmp_path, {"a": torch.randn(7, 5)}) / "model.safetensors"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(ModelError, match=r"model\.safetensors: truncated or corrupt.*download or convert"):
        Checkpoint.open(tmp_path)


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"not json",
        b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}',
        b'{"a": {"dtype": "F32"}}',
        b'{"a": 3}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, Infinity]}}',
        b'{"a": {"dtype": "F32", "shape": [1e999], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [' + b"9" * 4000 + b'], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [true], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [], "data_offsets": [4, 0]}}',
        b'{"a": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}}',
        b'{"\\ud800": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}',
        b'{"a": ' * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b"9" * 5000,
    ],
)
def test_a_corrupt_header_is_named(header: bytes, tmp_path: Path) -> None:
    folder = folder_with(tmp_path, {"a": torch.zeros(1)})
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(ModelError, match=r"model\.safetensors: truncated or corrupt"):
        Checkpoint.open(folder)


def test_a_header_that_claims_the_disk_is_not_believed(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, {"a": torch.zeros(1)})
    (folder / "model.safetensors").write_bytes((2**60).to_bytes(8, "little") + b"{}")
    with pytest.raises(ModelError, match="claims"):
        Checkpoint.open(folder)


@pytest.mark.parametrize("names", [1.5, True, {"a": 1}, "LlamaForCausalLM", [None], [[]]])
def test_architectures_that_are_no_names_are_told(names: object, tmp_path: Path) -> None:
    save("llama", tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"architectures": names}))
    with pytest.raises(ModelError, match=r"config\.json: architectures is .*, expected a list of names"):
        find_architecture(Checkpoint.open(tmp_path))


def test_a_header_beyond_all_tensors_is_not_read(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, {"a": torch.zeros(1)})
    with (folder / "model.safetensors").open("wb") as file:
        file.write((100 * 2**20).to_bytes(8, "little") + b"[")
        file.truncate(200 * 2**20)
    with pytest.raises(ModelError, match="its header has 104,857,600 bytes, expected at most 33,554,432"):
        Checkpoint.open(folder)


def test_a_header_of_brackets_does_not_fill_the_memory(tmp_path: Path) -> None:
    header = b"[" + b"{}," * (8 * 2**20) + b"1]"
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="too many brackets"):
        Checkpoint.open(tmp_path)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (b'{"a": "\\ud800"}', "half a character"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"vocab_size": ' + b"9" * 5000 + b"}", "digits"),
        (b"\xff\xfe{}", "not UTF-8"),
    ],
)
def test_a_config_of_noise_is_named(config: bytes, why: str, tmp_path: Path) -> None:
    (folder_with(tmp_path, {"a": torch.zeros(1)}) / "config.json").write_bytes(config)
    with pytest.raises(ModelError, match=rf"config\.json: is not JSON to be read \(.*{why}"):
        Checkpoint.open(tmp_path)


def test_what_a_folder_lacks_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json: not there"):
        Checkpoint.open(tmp_path)
    (tmp_path / "config.json").write_text("nonsense")
    with pytest.raises(ModelError, match="is not JSON"):
        Checkpoint.open(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"holds no \*\.safetensors"):
        Checkpoint.open(tmp_path)
    for name in ("one", "two"):
        save_file({"a": torch.zeros(1)}, tmp_path / f"{name}.safetensors")
    with pytest.raises(ModelError, match=r"2 safetensors files and no model\.safetensors\.index\.json"):
        Checkpoint.open(tmp_path)


@pytest.mark.parametrize("name", ["gone.safetensors", "../model.safetensors", "a\0b", "x" * 300, ["a"]])
def test_an_index_leads_only_to_files_that_are_there(name: str, tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "in", {"a": torch.zeros(1)})
    folder_with(tmp_path, {"a": torch.zeros(1)})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(ModelError, match="not there"):
        Checkpoint.open(folder)


def test_quantised_weights_are_refused(tmp_path: Path) -> None:
    save("llama", tmp_path)
    file = tmp_path / "model.safetensors"
    tensors = load_file(file)
    tensors["model.layers.0.mlp.up_proj.weight"] = tensors["model.layers.0.mlp.up_proj.weight"].to(torch.int8)
    save_file(tensors, file)
    with pytest.raises(ModelError, match="stored as I8, quantised in a way that is not read"):
        Subject.open(tmp_path)


def test_where_models_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_with(tmp_path / "my-model", {"a": torch.zeros(1)})
    assert locate(folder) == locate(str(folder)) == folder
    assert model_name(folder) == "my-model"
    assert model_name("owner/name") == "owner/name"
    with pytest.raises(ModelError, match="is a file"):
        locate(folder / "config.json")
    with pytest.raises(ModelError, match=r"no folder '\./nowhere'"):
        locate("./nowhere")


def test_offline_and_not_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=r"no folder 'nobody/nothing', and the hub did not give.*check the name"):
        locate("nobody/nothing")
