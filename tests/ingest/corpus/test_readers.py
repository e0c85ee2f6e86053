from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.corpus.document import LIMIT, Document, Item, Skipped
from neuronkb.ingest.corpus.fields import Fields
from neuronkb.ingest.corpus.readers import array_items, jsonl_items, stream_items, text_items
from neuronkb.schema import CorpusError

BOM = b"\xef\xbb\xbf"
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def jsonl(data: bytes) -> list[Item]:
    return list(jsonl_items(io.BytesIO(data), "f", Fields()))


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
        return list(stream_items(io.BytesIO(data), "stdin", Fields()))

    assert read(b'{"text": "a"}\n{"text": "b"}\n') == [Document("stdin:1", "a"), Document("stdin:2", "b")]
    assert read(b'{"text": "a"}\nfoot') == [Document("stdin:1", "a"), Skipped("stdin:2", "not JSON")]
    assert read(b'{"words": "a"}\n{"text": "b"}') == [
        Skipped("stdin:1", "no field 'text'; it has words"),
        Document("stdin:2", "b"),
    ]
    for whole in (b"a\nb\n", b'{"words": "a"}\n{"more": "b"}', b"[1]\n", b"[[1], 2]", b"[", b""):
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
    assert list(stream_items(stream, "stdin", Fields())) == [Skipped("stdin", "longer than 16 MiB; split it")]
    assert endless.given < LIMIT + 2**20


def arrayed(data: bytes) -> list[Item]:
    return list(array_items(io.BytesIO(data), "f", Fields()))


@given(
    st.lists(st.tuples(st.text("abc1", min_size=1), TEXT)),
    st.booleans(),
    st.sampled_from([None, 1]),
    st.integers(1, 40),
)
def test_an_array_gives_back_what_was_written(
    rows: list[tuple[str, str]], ascii_only: bool, indent: int | None, block: int
) -> None:
    data = json.dumps([{"id": n, "text": t} for n, t in rows], ensure_ascii=ascii_only, indent=indent).encode()
    expected: list[Item] = [Document(name, text) for name, text in rows]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neuronkb.ingest.corpus.json_array._BLOCK", block)
        assert arrayed(data) == expected
        assert arrayed(BOM + b" " + data + b"\n") == expected
    assert list(stream_items(io.BytesIO(BOM + data), "f", Fields())) == expected


def test_elements_that_are_no_documents_are_skipped() -> None:
    data = b'["a", {"text": "b"}, 12, {"words": 1}, {"text": "\xff"}, {"text": "c\xc3\xa9"}]'
    assert arrayed(data) == [
        Document("f:1", "a"),
        Document("f:2", "b"),
        Skipped("f:3", "not a JSON object"),
        Skipped("f:4", "no field 'text'; it has words"),
        Skipped("f:5", "not UTF-8"),
        Document("f:6", "cé"),
    ]
    assert arrayed(b" [ ] ") == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'[{"text": "a"}, {"text": "b"', "f: element 2 is not JSON"),
        (b'[{"text": "a"}', "f: the JSON array is cut off"),
        (b'[{"text": "a"} {"text": "b"}]', "f: not a JSON array: '{' where ',' was expected"),
        (b'[{"text": "a", }, ' + b'"x", ' * 100 + b"]", "f: element 1 is not JSON"),
        (b'["a"] ["b"]', "f: more text stands behind"),
        (b"[" + b"[" * 100_000, "f: element 1 is nested too deep"),
        (b'["' + b"x" * (3 * LIMIT) + b'"]', "f: element 1 is longer than 16 MiB"),
        (b'["a", ' + b"1" * 100_000 + b"]", "a number too long"),
    ],
)
def test_a_damaged_array_is_one_line_that_names_the_file(data: bytes, message: str) -> None:
    with pytest.raises(CorpusError, match=re.escape(message)) as error:
        arrayed(data)
    assert "\n" not in str(error.value)
