"""JSON and TOML from outside: a value, or one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.schema import BundleError, IdError, NeuronId, digest
from neuronkb.schema.errors import LONGEST
from neuronkb.schema.outside import (
    BRACKETS,
    DEPTH,
    Unreadable,
    parse_json,
    parse_toml,
    read_bytes,
    read_lines,
    whole_characters,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(VALUES, st.booleans(), st.booleans())
def test_what_python_writes_is_read_back(value: object, ascii_only: bool, mark: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert parse_json(b"\xef\xbb\xbf" * mark + text.encode()) == parse_json(text) == value


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not JSON: Expecting value at column 1"),
        (b'{"a": ', "cut off"),
        (b'["a', "cut off: Unterminated string"),
        (b"{}\0", "not JSON: Extra data at column 3"),
        (b'{\n"a": x}', "not JSON: Expecting value at line 2, column 6"),
        (b"\n\n\xff", "not UTF-8: invalid start byte at byte 2"),
        (b"\xed\xa0\x80", "not UTF-8"),
        (b"[" * 100_000, "nested deeper than 100 levels"),
        (b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1), "nested deeper than 100 levels"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "nested deeper than 100 levels"),
        (b"9" * 5000, "not JSON: a number of thousands of digits"),
        (b'{"a": ["\\ud800"]}', "holds half a character"),
        (b'{"\\udfff": 1}', "holds half a character"),
        ('"\ud800"', "holds half a character"),
        (b"[" + b"[]," * (BRACKETS + 2**18) + b"1]", "too many brackets"),
    ],
)
def test_what_is_no_json_is_told_in_a_line(data: bytes | str, said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse_json(data)
    assert str(caught.value).startswith(said)
    assert len(str(caught.value).splitlines()) == 1
    str(caught.value).encode()


def test_what_is_odd_and_json_is_read() -> None:
    assert parse_json(b"[" * DEPTH + b"]" * DEPTH)
    assert parse_json(b'["\\ud83d\\ude00", 1e999]') == ["😀", float("inf")]
    assert parse_json(b'"\\ud800"', halves=True) == "\ud800"
    assert whole_characters("a\ud800b\ud83d\ude00") == "a�b😀"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a = ", "not TOML"),
        (b"a = " + b"[" * 5000, "nested deeper"),
        (b"[" + b".".join([b"a"] * 200) + b"]", "nested deeper"),
        (b"a = " + b"9" * 5000, "not TOML: a number"),
        (b'a = "\\ud800"', "not TOML"),
        (b"a = 2024-99-99", "not TOML"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_no_toml_is_told_in_a_line(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        parse_toml(data)


def test_files_are_read_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbfa\nb")
    assert read_bytes(path, 6) == path.read_bytes()
    assert read_lines(path, 6) == ["a", "b"]
    for name, most, said in ((path, 5, "larger than 5 bytes"), (tmp_path / "\0", 5, "no file can have that name")):
        with pytest.raises(Unreadable, match=said):
            read_bytes(name, most)
    with pytest.raises(Unreadable, match="larger than 1 MiB"):
        read_bytes(Path("/dev/zero"), 2**20)


@pytest.mark.parametrize("half", ["\ud800", "a\udfffb"])
def test_half_a_character_names_nothing(half: str) -> None:
    with pytest.raises(IdError, match="half a character"):
        digest({"model": half})
    with pytest.raises(IdError, match="half a character"):
        digest({half: 1})
    with pytest.raises(IdError, match="is not a neuron id"):
        NeuronId.parse(f"{half}/L1/N2")


@pytest.mark.parametrize("number", ["9" * 10, "9" * 5000, "٣", "²", "-1", "1_0", ""])
def test_a_place_is_a_number_of_up_to_nine_digits(number: str) -> None:
    for text in (f"m/L{number}/N1", f"m/{number}-mlp/1", f"m/L1/N{number}", f"blocks.{number}.mlp.hook_post/1"):
        with pytest.raises(IdError, match="is not a neuron id"):
            NeuronId.parse(text, model="m")


def test_an_error_is_one_line_that_can_be_printed() -> None:
    error = BundleError("first\nsecond\r\nthird \ud800 " + "x" * 10_000 + " end")
    said = str(error)
    assert said.startswith("first second third \\ud800 xxx")
    assert said.endswith("xxx end")
    assert len(said) <= LONGEST
    said.encode()
