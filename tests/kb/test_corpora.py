"""A corpus follows from what its sources hold, not from what they are called."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from neuronkb.ingest.corpus import Corpus
from neuronkb.ingest.corpus.build import build
from neuronkb.ingest.job import silent
from neuronkb.ingest.subject.subject import Subject
from neuronkb.kb.corpora import corpus_of
from neuronkb.schema import CorpusError

WINDOWS = {"length": 8, "similarity": None}


@pytest.fixture
def subject(planted_models: tuple[Path, Path]) -> Subject:
    return Subject.open(planted_models[0])


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders of the corpora that were built, not found."""
    folders: list[Path] = []

    def told(*args: object) -> None:
        folders.append(args[2])  # type: ignore[arg-type]
        build(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("neuronkb.ingest.corpus.corpus.build", told)
    return folders


def text(word: str) -> str:
    return f" {word}" * 40


def of(where: Path, subject: Subject, *sources: str | Path) -> Corpus:
    return corpus_of(str(where), subject, list(sources), WINDOWS, silent)


def piped(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(said.encode())))


def test_standard_input_twice(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built: list[Path]
) -> None:
    found = []
    for said in (text("june"), text("july"), text("june")):
        piped(monkeypatch, said)
        found.append(of(tmp_path / "store", subject, "-"))
    one, two, again = found
    assert one.hash != two.hash
    assert (again.hash, again.folder) == (one.hash, one.folder)
    assert built == [one.folder, two.folder]
    (tmp_path / "more.txt").write_text(text("july"))
    piped(monkeypatch, text("june"))
    both = of(tmp_path / "store", subject, tmp_path / "more.txt", "-")
    assert len(both) == len(two) + len(one)
    assert all(not path.name.startswith("tmp") for path in two.folder.parent.iterdir())


def test_a_file_that_changed_in_place(subject: Subject, tmp_path: Path, built: list[Path]) -> None:
    """Also where size and time are as before."""
    path = tmp_path / "a.txt"
    path.write_text(text("june"))
    stamp = path.stat()
    one = of(tmp_path / "store", subject, path)
    path.write_text(text("july"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert path.stat().st_size == stamp.st_size
    two = of(tmp_path / "store", subject, path)
    assert one.hash != two.hash
    path.write_text(text("june"))
    os.utime(path)
    assert of(tmp_path / "store", subject, path).folder == one.folder
    assert built == [one.folder, two.folder]


def test_a_folder_that_changed(subject: Subject, tmp_path: Path, built: list[Path]) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text(text("june"))
    one = of(tmp_path / "store", subject, folder)
    (folder / "b.txt").write_text(text("july"))
    two = of(tmp_path / "store", subject, folder)
    (folder / "b.txt").rename(folder / "c.txt")
    three = of(tmp_path / "store", subject, folder)
    (folder / "c.txt").unlink()
    assert of(tmp_path / "store", subject, folder).folder == one.folder
    assert len({one.hash, two.hash, three.hash}) == len(built) == 3


def test_a_pipe_is_read_once_and_told_by_what_it_held(subject: Subject, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    hashes = []
    for word in ("june", "july", "june"):
        writer = threading.Thread(target=pipe.write_text, args=(text(word),))
        writer.start()
        hashes.append(of(tmp_path / "store", subject, pipe).hash)
        writer.join()
    assert hashes[0] == hashes[2] != hashes[1]


def test_a_file_that_is_gone_or_closed(subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no file or folder"):
        of(tmp_path / "store", subject, tmp_path / "gone.txt")
