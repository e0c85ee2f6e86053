from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from neuronkb.ingest.corpus import Document, packed, read_documents
from neuronkb.schema import CorpusError

LINES = b"".join(b'{"text": "text %d"}\n' % i for i in range(2000))


def zstd(data: bytes) -> bytes:
    found: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return found


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("zst", zstd), ("ZST", zstd)])
def test_packed_files_of_one_part_and_of_several(ending: str, pack: object, tmp_path: Path) -> None:
    assert callable(pack)
    (tmp_path / f"one.jsonl.{ending}").write_bytes(pack(LINES))
    (tmp_path / f"two.jsonl.{ending}").write_bytes(pack(LINES[:5000]) + pack(LINES[5000:]))
    for name in ("one", "two"):
        found = list(read_documents(tmp_path / f"{name}.jsonl.{ending}"))
        assert found == [Document(f"{name}.jsonl.{ending}:{i + 1}", f"text {i}") for i in range(2000)]


@pytest.mark.parametrize("name", ["t.jsonl", "t.csv", "t.json", "t.txt", "t.parquet", "t.arrow"])
@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("zst", zstd)])
def test_a_damaged_one_is_one_line_that_names_it(name: str, ending: str, pack: object, tmp_path: Path) -> None:
    assert callable(pack)
    path = tmp_path / f"{name}.{ending}"
    whole = pack(b"text\n" + LINES)
    for damaged in (whole[:-20], whole[:10] + b"\xff" * 40 + whole[50:], b"not packed at all", whole[:3]):
        path.write_bytes(damaged)
        with pytest.raises(CorpusError, match=rf"^{path.name}: cannot be (unpacked|read)") as error:
            list(read_documents(path))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("zst", zstd)])
def test_what_unpacks_to_far_more_than_texts_do_is_refused(
    ending: str, pack: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(pack)
    monkeypatch.setattr(packed, "ROOM", 2**20)
    for name in ("t.jsonl", "t.parquet"):
        path = tmp_path / f"{name}.{ending}"
        path.write_bytes(pack(b"\n" * 2**24))
        with pytest.raises(CorpusError, match=rf"^{path.name}: unpacks to more than 250 times its size"):
            list(read_documents(path))
