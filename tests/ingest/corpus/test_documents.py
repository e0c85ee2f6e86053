from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from neuronkb.ingest.corpus import Document, read_documents
from neuronkb.ingest.corpus.documents import KEPT
from neuronkb.schema import CorpusError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Texts of all kinds in folders, made in an order that is not that of their names."""
    root = tmp_path / "texts"
    for name in ("b", "a/z", "a/.git"):
        (root / name).mkdir(parents=True)
    (root / "b" / "code.py").write_text("print()\n")
    (root / "b.md").write_text("# é")
    (root / "a" / "z" / "rows.JSONL").write_text('{"text": "one", "id": "first"}\n{"text": "two"}\n')
    (root / "a" / "picture.png").write_bytes(b"\x89PNG\0")
    (root / "a" / ".git" / "config").write_text("hidden")
    pq.write_table(pa.table({"text": ["three"]}), root / "a" / "rows.parquet")
    return root


def test_a_folder_is_read_in_the_order_of_its_paths(folder: Path) -> None:
    documents = read_documents(folder)
    expected = [
        Document("texts/a/rows.parquet:1", "three"),
        Document("first", "one"),
        Document("texts/a/z/rows.JSONL:2", "two"),
        Document("texts/b/code.py", "print()\n"),
        Document("texts/b.md", "# é"),
    ]
    assert list(documents) == expected
    assert documents.n_skipped == 1
    assert documents.skipped[0].startswith("texts/a/picture.png not UTF-8")
    assert documents.position == documents.size == sum(p.stat().st_size for p in folder.rglob("[!.]*.*"))
    assert list(documents) == expected, "a second pass"
    assert documents.n_skipped == 1


def test_ids_do_not_say_where_the_folder_lies(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = list(read_documents(str(folder)))
    monkeypatch.chdir(folder)
    assert list(read_documents(".")) == expected
    monkeypatch.chdir(tmp_path)
    assert list(read_documents("texts/")) == expected


def test_sources_are_read_in_the_order_they_are_given(folder: Path) -> None:
    found = read_documents([folder / "b.md", str(folder / "b" / "code.py")])
    assert [document.id for document in found] == ["b.md", "code.py"]


def test_another_field(tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_text('{"body": "a"}\n{"text": "b"}\n')
    documents = read_documents(path, field="body")
    assert list(documents) == [Document("rows.ndjson:1", "a")]
    assert documents.skipped == ["rows.ndjson:2 no field 'body'; it has text"]


def test_a_json_file_is_lines_or_one_text(tmp_path: Path) -> None:
    (tmp_path / "lines.json").write_text('{"text": "a"}\n{"text": "b"}\n')
    (tmp_path / "whole.json").write_text('{\n  "text": "a"\n}\n')
    assert [d.text for d in read_documents(tmp_path)] == ["a", "b", '{\n  "text": "a"\n}\n']


def test_standard_input() -> None:
    assert list(read_documents("-", stdin=io.BytesIO(b'{"text": "a"}\n'))) == [Document("stdin:1", "a")]
    assert list(read_documents(["-"], stdin=io.BytesIO(b"a\nb"))) == [Document("stdin", "a\nb")]


def test_a_pipe_is_read_like_standard_input(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b'{"text": "a"}\n{"text": "b"}\n')
    os.close(writing)
    assert [d.text for d in read_documents(f"/dev/fd/{reading}")] == ["a", "b"]
    os.close(reading)


def test_all_that_is_skipped_is_counted_and_some_of_it_told(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"text": None}) + "\n" for _ in range(KEPT + 50)))
    documents = read_documents(path)
    assert list(documents) == []
    assert documents.n_skipped == KEPT + 50
    assert len(documents.skipped) == KEPT
    assert documents.skipped[-1] == f"rows.jsonl:{KEPT} its text is null"


def test_a_file_that_goes_away_is_skipped_in_a_folder_and_an_error_where_it_was_named(folder: Path) -> None:
    inside, named = read_documents(folder), read_documents(folder / "b.md")
    (folder / "b.md").unlink()
    assert len(list(inside)) == 4
    assert inside.skipped[-1] == "texts/b.md cannot be read (No such file or directory)"
    with pytest.raises(CorpusError, match=r"b\.md' cannot be read \(No such file or directory\)"):
        list(named)


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([], "no texts were given"),
        (["-", "-"], "given twice"),
        ("none.txt", r"no file or folder 'none\.txt'; expected one, '-' or a dataset id OWNER/NAME"),
        ("data/none.jsonl", "no file or folder 'data/none.jsonl'"),
        (Path("data/none"), "no file or folder 'data/none'"),
        ("empty", "folder 'empty' holds no files"),
    ],
)
def test_sources_that_are_not_there(
    sources: str | list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError, match=message):
        read_documents(sources)


def test_a_folder_says_what_it_passed_over(folder: Path) -> None:
    (folder / "b" / "more.PNG").write_bytes(b"\x89PNG\0")
    (folder / "b" / "raw").write_bytes(b"\xff")
    documents = read_documents(folder)
    assert len(list(documents)) == 5
    assert documents.passed_over == {".png": 2, "no ending": 1}


def test_chats_need_a_way_to_write_them(tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    rows = [[{"role": role, "content": "a"}] for role in ("user", "odd")]
    path.write_text("".join(json.dumps({"messages": turns, "id": "x"}) + "\n" for turns in rows))
    documents = read_documents(path)
    assert list(documents) == []
    assert documents.skipped[0].startswith("chats.jsonl:1 its text is a list of messages")

    def chat(turns: Any) -> str:
        if turns[0]["role"] == "odd":
            raise ValueError("no such role")
        return f"<{turns[0]['role']}>{turns[0]['content']}"

    documents.chat = chat
    assert list(documents) == [Document("x", "<user>a")]
    assert documents.skipped == ["chats.jsonl:2 its messages do not fit the chat template: no such role"]
