from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.corpus.document import LIMIT, Document, Item, Skipped
from neuronkb.ingest.corpus.readers import jsonl_items, parquet_items, stream_items, text_items
from neuronkb.schema import CorpusError

BOM = b"\xef\xbb\xbf"
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def jsonl(data: bytes) -> list[Item]:
    return list(jsonl_items(io.BytesIO(data), "f", "text"))


def test_a_text_is_one_document_line_ends_and_all() -> None:
    assert list(text_items(io.BytesIO(BOM + b"a\r\nb\n"), "f")) == [Document("f", "a\r\nb\n")]


@given(st.lists(st.tuples(st.text("abc1", min_size=1), TEXT)), st.booleans(), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_jsonl_gives_back_what_was_written(rows: list[tuple[str, str]], ascii_only: bool, end: str) -> None:
    lines = [json.dumps({"id": name, "text": text}, ensure_ascii=ascii_only) for name, text in rows]
    data = end.join(lines).encode()
    assert jsonl(data) == jsonl(BOM + data) == [Document(name, text) for name, text in rows]


def test_bad_lines_are_skipped_with_their_place_and_the_rest_is_read() -> None:
    lines = [b'{"text": "a"}', b"{", b"", b'["text"]', b'{"words": "a"}', b'{"text": null}', b"\xff", b'{"text": "b"}']
    deep = b"[" * 100_000
    huge = b'{"text": "' + b"x" * LIMIT + b'"}'
    *found, tail = jsonl(b"\n".join([*lines, deep, huge, b'{"text": "c"}']))
    assert found[0] == Document("f:1", "a")
    assert tail == Document("f:11", "c")
    assert Document("f:8", "b") in found
    skipped = [(item.where, item.why) for item in found if isinstance(item, Skipped)]
    assert [where for where, _ in skipped] == ["f:2", "f:4", "f:5", "f:6", "f:7", "f:9", "f:10"]
    for (_, why), part in zip(
        skipped,
        ["not JSON", "object", "no field 'text'", "null", "not UTF-8", "nested deeper", "line longer than 16 MiB"],
        strict=True,
    ):
        assert part in why


def test_a_line_of_just_the_limit_is_read() -> None:
    line = b'{"text": "' + b"x" * (LIMIT - 12) + b'"}'
    assert len(line) == LIMIT
    assert [type(item) for item in jsonl(line + b"\n" + line)] == [Document, Document]


def test_a_stream_says_by_its_first_line_what_it_is() -> None:
    def read(data: bytes) -> list[Item]:
        return list(stream_items(io.BytesIO(data), "stdin", "text"))

    assert read(b'{"text": "a"}\n{"text": "b"}\n') == [Document("stdin:1", "a"), Document("stdin:2", "b")]
    assert read(b'{"text": "a"}\nfoot') == [Document("stdin:1", "a"), Skipped("stdin:2", "not JSON")]
    for whole in (b"a\nb\n", b'{"words": "a"}\n{"text": "b"}', b"[1]\n", b""):
        assert read(whole) == [Document("stdin", whole.decode())]


def test_a_stream_too_long_for_one_document_is_not_held() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            buffer[:] = b"x" * len(buffer)
            self.given += len(buffer)
            return len(buffer)

    endless = Endless()
    stream = io.BufferedReader(endless)
    assert list(stream_items(stream, "stdin", "text")) == [Skipped("stdin", "longer than 16 MiB; split it")]
    assert endless.given < LIMIT + 2**20


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_parquet_over_row_groups(kind: pa.DataType, tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(1000)]
    stored = [None if i == 3 else text for i, text in enumerate(texts)]
    # The id stands before the text, another column between them.
    data = pa.table({"id": list(range(1000)), "n": [0] * 1000, "text": pa.array(stored).cast(kind)})
    pq.write_table(data, tmp_path / "t.parquet", row_group_size=300)
    found = list(parquet_items(tmp_path / "t.parquet", "t.parquet", "text"))
    assert found[3] == Skipped("t.parquet:4", "its text is null")
    del found[3], texts[3]
    assert found == [Document(text.removeprefix("text "), text) for text in texts]


def test_parquet_without_ids_and_with_text_that_is_no_utf8(tmp_path: Path) -> None:
    broken = pa.array([b"a", b"\xff", b"c"]).view(pa.string())
    pq.write_table(pa.table({"body": broken}), tmp_path / "t.parquet")
    one, two, three = parquet_items(tmp_path / "t.parquet", "t", "body")
    assert (one, three) == (Document("t:1", "a"), Document("t:3", "c"))
    assert isinstance(two, Skipped)
    assert "not UTF-8" in two.why


def test_parquet_that_cannot_be_read_at_all(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [1], "body": ["a"]}), tmp_path / "t.parquet")
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and no more PAR1")
    for name, field, message in (
        ("t", "text", "no column 'text'; name the one that holds the text, of n, body"),
        ("t", "n", "column 'n' is int64, expected text"),
        ("x", "text", "cannot be read as Parquet"),
    ):
        with pytest.raises(CorpusError, match=message):
            list(parquet_items(tmp_path / f"{name}.parquet", name, field))


def test_a_schema_whose_names_are_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"text": ["a"], "n\u00e4me": ["b"]}), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace("\u00e4".encode(), b"\xe4m"))
    with pytest.raises(CorpusError, match="x: cannot be read as Parquet"):
        list(parquet_items(path, "x", "text"))
