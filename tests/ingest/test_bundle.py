"""A bundle round-trips, resumes, and names the file of every fault."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from neuronkb.ingest.bundle import Bundle, BundleWriter, RunInfo
from neuronkb.schema import BundleError, SchemaError, VersionError, arrow_schema, table

RUN = RunInfo("lm-head-0123456789ab", "lm-head", "toy", "w" * 64, "t" * 16, {"k": 2})


def neurons(layer: int, count: int = 3) -> pa.Table:
    ids = [f"toy/L{layer}/N{i}" for i in range(count)]
    return pa.table({"id": ids, "model": ["toy"] * count, "layer": [layer] * count, "index": list(range(count))})


def change_shard(folder: Path, name: str, value: object) -> None:
    """Change what the first file of a shard is said to be."""
    shard = json.loads((folder / "shard.json").read_text())
    shard["files"][0][name] = value
    (folder / "shard.json").write_text(json.dumps(shard))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    writer = BundleWriter.open(folder, RUN)
    for layer in range(2):
        writer.write(f"L{layer:03d}", {"Neuron": neurons(layer)})
    writer.finish()
    return folder


def test_round_trip(bundle: Path) -> None:
    opened = Bundle.open(bundle)
    assert opened.check() == []
    assert opened.run.counts == {"Neuron": 6}
    rows = pa.concat_tables(opened.tables("Neuron"))
    assert rows.column("id").to_pylist() == [f"toy/L{la}/N{i}" for la in range(2) for i in range(3)]
    assert rows.schema == arrow_schema(table("Neuron"))


def test_goes_on_with_the_same_run(bundle: Path) -> None:
    writer = BundleWriter.open(bundle, RUN)
    assert list(writer.done) == ["L000", "L001"]
    writer.write("L002", {"Neuron": neurons(2)})
    writer.finish()
    assert Bundle.open(bundle).run.counts == {"Neuron": 9}


def test_another_run_is_refused(bundle: Path) -> None:
    other = RunInfo("lm-head-ffffffffffff", "lm-head", "toy", "w", None, {})
    with pytest.raises(BundleError, match="holds run 'lm-head-0123456789ab'"):
        BundleWriter.open(bundle, other)


def test_a_damaged_shard_is_made_again(bundle: Path) -> None:
    (bundle / "L001" / "Neuron.parquet").write_bytes(b"x")
    assert list(BundleWriter.open(bundle, RUN).done) == ["L000"]


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(BundleError, match="not a bundle"):
        BundleWriter.open(tmp_path, RUN)


def test_wrong_columns_are_refused_at_writing(tmp_path: Path) -> None:
    writer = BundleWriter.open(tmp_path / "b", RUN)
    with pytest.raises(SchemaError, match="unknown column 'colour'"):
        writer.write("L000", {"Neuron": neurons(0).append_column("colour", pa.array(["red"] * 3))})
    with pytest.raises(SchemaError, match="required column 'layer' is missing"):
        writer.write("L000", {"Neuron": neurons(0).drop_columns(["layer"])})
    assert Bundle.open(tmp_path / "b").shards == {}


def test_checksum(bundle: Path) -> None:
    path = bundle / "L001" / "Neuron.parquet"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(bytes(raw))
    (fault,) = Bundle.open(bundle).check()
    assert str(path) in fault
    assert "checksum" in fault


def test_wrong_columns_with_a_right_checksum(bundle: Path) -> None:
    path = bundle / "L000" / "Neuron.parquet"
    pq.write_table(neurons(0).rename_columns(["id", "model", "depth", "index"]), path)
    from neuronkb.ingest.bundle.reader import sha256_file

    change_shard(bundle / "L000", "sha256", sha256_file(path))
    (fault,) = Bundle.open(bundle).check()
    assert str(path) in fault
    assert "unknown column 'depth'" in fault


def test_missing_file(bundle: Path) -> None:
    (bundle / "L000" / "Neuron.parquet").unlink()
    (fault,) = Bundle.open(bundle).check()
    assert "L000/Neuron.parquet" in fault


def test_unfinished(tmp_path: Path) -> None:
    writer = BundleWriter.open(tmp_path / "b", RUN)
    writer.write("L000", {"Neuron": neurons(0)})
    (tmp_path / "b" / "L001.partial").mkdir()
    faults = Bundle.open(tmp_path / "b").check()
    assert any("run is unfinished" in fault for fault in faults)
    assert any("L001.partial: an unfinished shard" in fault for fault in faults)


def test_unknown_schema_version(bundle: Path) -> None:
    run = json.loads((bundle / "run.json").read_text())
    run["schema"] = 99
    (bundle / "run.json").write_text(json.dumps(run))
    with pytest.raises(VersionError, match=r"run\.json: schema version 99"):
        Bundle.open(bundle)


@pytest.mark.parametrize("file", ["/etc/passwd", "../../secrets.parquet", "L000/..", "L001/Neuron.parquet"])
def test_a_shard_cannot_point_outside(bundle: Path, file: str) -> None:
    change_shard(bundle / "L000", "file", file)
    with pytest.raises(BundleError, match=r"outside the (bundle|shard)"):
        Bundle.open(bundle)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 1}', '{"schema": 1, "colour": 2}', "[" * 100_000])
def test_malformed_run_json(bundle: Path, text: str) -> None:
    (bundle / "run.json").write_text(text)
    with pytest.raises((BundleError, VersionError), match=r"run\.json"):
        Bundle.open(bundle)


def test_not_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such folder"):
        Bundle.open(tmp_path / "nothing")
