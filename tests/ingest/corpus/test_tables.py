from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.corpus.document import LIMIT, Dialogue, Document, Item, Skipped
from neuronkb.ingest.corpus.fields import Fields
from neuronkb.ingest.corpus.tables import arrow_items, csv_items, parquet_items
from neuronkb.schema import CorpusError

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def parquet(path: Path, fields: Fields | None = None, name: str = "t.parquet") -> list[Item]:
    with path.open("rb") as file:
        return list(parquet_items(file, name, fields or Fields()))


def cells(data: bytes, fields: Fields | None = None, tabs: bool = False) -> list[Item]:
    return list(csv_items(io.BytesIO(data), "f", fields or Fields(), tabs))


@given(
    st.lists(st.tuples(st.text("abc1", min_size=1), TEXT), min_size=1), st.sampled_from([",", ";", "\t"]), st.booleans()
)
def test_csv_gives_back_what_was_written(rows: list[tuple[str, str]], mark: str, bom: bool) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark)
    writer.writerow(["label", "text", "id"])
    writer.writerows([0, text, name] for name, text in rows)
    data = b"\xef\xbb\xbf" * bom + out.getvalue().encode()
    assert cells(data, tabs=mark == "\t") == [Document(name, text) for name, text in rows]


def test_rows_that_cannot_be_read_are_skipped() -> None:
    data = b"text,n\na,1\n\nb, and more,2\nc\n\xff,3\nd,4\n"
    one, two, three, four, five = cells(data)
    assert (one, five) == (Document("f:1", "a"), Document("f:5", "d"))
    assert isinstance(two, Skipped)
    assert two.why.startswith("has 3 cells, expected 2")
    assert isinstance(three, Skipped)
    assert three.why.startswith("has 1 cells, expected 2")
    assert isinstance(four, Skipped)
    assert four.why.startswith("not UTF-8")


@pytest.mark.parametrize(
    ("data", "fields", "message"),
    [
        (b"label,content\n1,a\n", Fields(), "f: no column 'text'; name the one that holds the text, of label, content"),
        (b"text,n\na,1\n", Fields(id="key"), "f: no column 'key' for ids; expected one of text, n"),
        (b"", Fields(), "f: no column 'text'"),
        (b'text\na\n"b c\nd\ne\n', Fields(), "f: a quote that is opened in line 3 or behind is never closed"),
        (b"text,text\na,b\n", Fields(), "f: two columns are called 'text'"),
        (b'text\n"' + b"x\n" * (LIMIT // 2 + 10), Fields(), "f: cannot be read as CSV from line 2 on"),
        (b"te\rxt\na\n", Fields(), "f: cannot be read as CSV from line 1 on"),
        (b"text\n" + b"x" * (LIMIT + 10), Fields(), "f: line 2 is longer than 16 MiB"),
    ],
)
def test_csv_that_cannot_be_read_at_all(data: bytes, fields: Fields, message: str) -> None:
    with pytest.raises(CorpusError, match=message) as error:
        cells(data, fields)
    assert "\n" not in str(error.value)


def test_other_columns() -> None:
    assert cells(b"body,key,text\na,k,b\n", Fields("body", "key")) == [Document("k", "a")]
    assert cells(b"id\na\n", Fields("id")) == [Document("f:1", "a")]


@pytest.mark.parametrize("kind", ["stream", "file"])
def test_arrow_as_files_and_as_streams(kind: str, tmp_path: Path) -> None:
    data = pa.table({"text": [f"text {i}" for i in range(1000)], "id": range(1000)})
    new = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
    with new(str(tmp_path / "t.arrow"), data.schema) as writer:
        writer.write_table(data, max_chunksize=300)
    with (tmp_path / "t.arrow").open("rb") as file:
        assert list(arrow_items(file, "t", Fields())) == [Document(str(i), f"text {i}") for i in range(1000)]
    whole = (tmp_path / "t.arrow").read_bytes()
    for damaged in (whole[: len(whole) // 2], b"no Arrow at all", b"", whole[:40] + b"\xff" * 200 + whole[240:]):
        with pytest.raises(CorpusError, match=r"^t: cannot be read as Arrow") as error:
            list(arrow_items(io.BytesIO(damaged), "t", Fields()))
        assert "\n" not in str(error.value)


def test_chats_are_read_with_their_roles(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    pq.write_table(pa.table({"messages": [turns, []]}), tmp_path / "t.parquet")
    one, two = parquet(tmp_path / "t.parquet")
    assert one == Dialogue("t.parquet:1", None, turns)
    assert two == Skipped("t.parquet:2", "its text is of type list")


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_parquet_over_row_groups(kind: pa.DataType, tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(1000)]
    stored = [None if i == 3 else text for i, text in enumerate(texts)]
    # The id stands before the text, another column between them.
    data = pa.table({"id": list(range(1000)), "n": [0] * 1000, "text": pa.array(stored).cast(kind)})
    pq.write_table(data, tmp_path / "t.parquet", row_group_size=300)
    found = parquet(tmp_path / "t.parquet")
    assert found[3] == Skipped("t.parquet:4", "its text is null")
    del found[3], texts[3]
    assert found == [Document(text.removeprefix("text "), text) for text in texts]


def test_parquet_without_ids_and_with_text_that_is_no_utf8(tmp_path: Path) -> None:
    broken = pa.array([b"a", b"\xff", b"c"]).view(pa.string())
    pq.write_table(pa.table({"body": broken}), tmp_path / "t.parquet")
    one, two, three = parquet(tmp_path / "t.parquet", Fields("body"), "t")
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
            parquet(tmp_path / f"{name}.parquet", Fields(field), name)


def test_a_schema_whose_names_are_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"text": ["a"], "n\u00e4me": ["b"]}), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace("\u00e4".encode(), b"\xe4m"))
    with pytest.raises(CorpusError, match="x: cannot be read as Parquet"):
        parquet(path, name="x")
