"""A corpus follows from what its sources hold, not from what they are called."""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from neuronkb.ingest.corpus import Corpus
from neuronkb.ingest.corpus.build import build
from neuronkb.ingest.progress import silent
from neuronkb.ingest.subject.subject import Subject
from neuronkb.kb.inputs.corpora import corpus_of, shared_text
from neuronkb.kb.inputs.reading import Reading
from neuronkb.kb.inputs.tails import LEFT_OUT
from neuronkb.kb.place import Place
from neuronkb.kb.stores.base import Store
from neuronkb.schema import CorpusError, LinkError

CorpusOf = Callable[..., Corpus]
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


@pytest.fixture
def of(local_store: Store, subject: Subject) -> CorpusOf:
    """The corpus of some sources in the planted model's tokens, of a store in a folder."""

    def found(where: Path, *sources: str | Path, **how: Any) -> Corpus:
        return corpus_of(local_store, Place(str(where)), subject, list(sources), WINDOWS, silent, Reading(**how))

    return found


def piped(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(said.encode())))


def test_standard_input_twice(of: CorpusOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built: list[Path]) -> None:
    found = []
    for said in (text("june"), text("july"), text("june")):
        piped(monkeypatch, said)
        found.append(of(tmp_path / "store", "-"))
    one, two, again = found
    assert one.hash != two.hash
    assert (again.hash, again.folder) == (one.hash, one.folder)
    assert built == [one.folder, two.folder]
    (tmp_path / "more.txt").write_text(text("july"))
    piped(monkeypatch, text("june"))
    both = of(tmp_path / "store", tmp_path / "more.txt", "-")
    assert len(both) == len(two) + len(one)
    assert all(not path.name.startswith("tmp") for path in two.folder.parent.iterdir())


def test_a_file_that_changed_in_place(of: CorpusOf, tmp_path: Path, built: list[Path]) -> None:
    """Also where size and time are as before."""
    path = tmp_path / "a.txt"
    path.write_text(text("june"))
    stamp = path.stat()
    one = of(tmp_path / "store", path)
    path.write_text(text("july"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert path.stat().st_size == stamp.st_size
    two = of(tmp_path / "store", path)
    assert one.hash != two.hash
    path.write_text(text("june"))
    os.utime(path)
    assert of(tmp_path / "store", path).folder == one.folder
    assert built == [one.folder, two.folder]


def test_a_folder_that_changed(of: CorpusOf, tmp_path: Path, built: list[Path]) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text(text("june"))
    one = of(tmp_path / "store", folder)
    (folder / "b.txt").write_text(text("july"))
    two = of(tmp_path / "store", folder)
    (folder / "b.txt").rename(folder / "c.txt")
    three = of(tmp_path / "store", folder)
    (folder / "c.txt").unlink()
    assert of(tmp_path / "store", folder).folder == one.folder
    assert len({one.hash, two.hash, three.hash}) == len(built) == 3


def test_a_pipe_is_read_once_and_told_by_what_it_held(of: CorpusOf, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    hashes = []
    for word in ("june", "july", "june"):
        writer = threading.Thread(target=pipe.write_text, args=(text(word),))
        writer.start()
        hashes.append(of(tmp_path / "store", pipe).hash)
        writer.join()
    assert hashes[0] == hashes[2] != hashes[1]


def test_a_file_that_is_gone_or_closed(of: CorpusOf, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no file or folder"):
        of(tmp_path / "store", tmp_path / "gone.txt")


def test_other_columns_are_another_corpus(of: CorpusOf, tmp_path: Path, built: list[Path]) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"key,one,two\na,{text('june')},{text('july')}\n")
    made = [
        of(tmp_path / "store", path, field=field, id=name)
        for field, name in (("one", None), ("two", None), ("two", "key"), ("one", None))
    ]
    assert [corpus.documents.to_pylist() for corpus in made] == [["t.csv:1"], ["t.csv:1"], ["a"], ["t.csv:1"]]
    assert len({corpus.hash for corpus in made}) == len(built) == 3
    with pytest.raises(CorpusError, match=r"t\.csv: no column 'text'; name .* of key, one, two \(--field NAME\)"):
        of(tmp_path / "store", path)


def test_a_folder_of_mixed_kinds_says_what_it_passed_over(of: CorpusOf, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text(text("june"))
    (folder / "rows.csv").write_text(f"text\n{text('july')}\n")
    for name in ("one.png", "two.png", "weights.bin"):
        (folder / name).write_bytes(b"\xff\x00")
    corpus = of(tmp_path / "store", folder)
    assert corpus.summary.documents == 2
    passed, skipped = corpus.notes
    assert passed == "passed over files that hold no text: 2 .png, 1 .bin"
    assert skipped.startswith("skipped 3 texts; the first: texts/one.png not UTF-8")
    assert Corpus.open(corpus.folder).notes == corpus.notes


def known(store: Store, corpus: Corpus, **summary: Any) -> None:
    """A run over a corpus, as the store holds it."""
    store.write(
        "MERGE (r:Run {id: 'activations-1'}) SET r.job = 'activations', r.model = 'base', "
        "r.parameters = $parameters, r.summary = $summary",
        {"parameters": json.dumps({"corpus": corpus.hash}), "summary": json.dumps(summary)},
    )


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """A text of five windows and a half."""
    path = tmp_path / "a.txt"
    path.write_text(" june" * 40)
    return path


def test_a_job_goes_on_without_tails_where_the_store_has_runs_without(
    of: CorpusOf, local_store: Store, tmp_path: Path, short: Path, built: list[Path]
) -> None:
    store = tmp_path / "store"
    tails = of(store, short)
    assert tails.settings.tails
    old = of(store, short, tails=False)
    assert old.hash != tails.hash
    known(local_store, old, window_tokens=8)
    assert of(store, short).folder == old.folder
    assert Reading().notes(old) == (LEFT_OUT,)
    assert Reading(tails=False).notes(old) == Reading().notes(tails) == ()
    assert of(store, short, tails=True).folder == tails.folder
    known(local_store, old, window_tokens=16)
    assert of(store, short).folder == tails.folder
    assert built == [tails.folder, old.folder]


def test_the_cut_of_before_is_known_where_its_folder_is_gone(
    of: CorpusOf, local_store: Store, tmp_path: Path, short: Path, built: list[Path]
) -> None:
    """Such as on another machine; a run that was begun says nothing of its windows yet."""
    known(local_store, of(tmp_path / "elsewhere", short, tails=False))
    found = of(tmp_path / "store", short)
    assert not found.settings.tails
    assert [folder for folder in built[1:] if folder.exists()] == [found.folder]


def test_another_text_is_read_whole_and_no_trial_is_left(
    of: CorpusOf, local_store: Store, tmp_path: Path, short: Path, built: list[Path]
) -> None:
    known(local_store, of(tmp_path / "store", short, tails=False), window_tokens=8)
    for name, said in (("b.txt", text("july")), ("c.txt", " june")):  # without tails the second is empty
        (tmp_path / name).write_text(said)
        found = of(tmp_path / "store", tmp_path / name)
        assert found.settings.tails
        assert [folder for folder in built[1:] if folder.exists()] == [found.folder]
        del built[1:]


def test_tails_stay_where_runs_with_them_are_there_too(
    of: CorpusOf, local_store: Store, tmp_path: Path, short: Path
) -> None:
    whole, tails = (of(tmp_path / "store", short, tails=each) for each in (False, True))
    known(local_store, whole)
    local_store.write("CREATE (r:Run {id: 'n2g-1', job: 'n2g', model: 'base'})")
    said = {"parameters": json.dumps({"corpus": tails.hash}), "summary": json.dumps({"tails": True})}
    local_store.write("MATCH (r:Run {id: 'n2g-1'}) SET r.parameters = $parameters, r.summary = $summary", said)
    assert of(tmp_path / "store", short).hash == tails.hash


def test_a_built_corpus_is_taken_as_it_is_or_refused(of: CorpusOf, tmp_path: Path, short: Path) -> None:
    old = of(tmp_path / "store", short, tails=False)
    assert of(tmp_path / "store", old.folder).hash == old.hash
    with pytest.raises(CorpusError, match="has no tails; leave out --tails, or give the texts"):
        of(tmp_path / "store", old.folder, tails=True)


def test_two_models_read_no_chats(local_store: Store, subject: Subject, tmp_path: Path) -> None:
    turn = {"role": "user", "content": "june"}
    (tmp_path / "chats.jsonl").write_text(json.dumps({"messages": [turn]}))
    with pytest.raises(LinkError, match=r"1 were skipped, the first: chats\.jsonl:1 .* a template is one model's"):
        shared_text(
            local_store, Place(str(tmp_path)), (subject, subject), [tmp_path / "chats.jsonl"], Reading(), most=100
        )
