from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.corpus.scratch import is_held
from neuronkb.ingest.subject.vocabulary import read_vocabulary
from neuronkb.schema import CorpusError, ModelError, conform, table
from neuronkb.tests import planted
from neuronkb.tests.ingest.subject.tokenizers import byte_level

from .conftest import FIRST_WORD, WORDS


def write(path: Path, texts: dict[str, str | None]) -> Path:
    path.write_text("".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in texts.items()))
    return path


def numbers(seed: int, n: int) -> str:
    return " ".join(map(str, np.random.default_rng(seed).integers(0, 1000, n)))


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Forty documents of different lengths, the last a copy of the first; one is null, one of three tokens."""
    many = {f"d{i}": numbers(i, 40 + 5 * i) for i in range(38)}
    return write(tmp_path / "texts.jsonl", {**many, "null": None, "short": "1 2 3", "copy": many["d0"]})


def build(texts: Path, tokenizer: Tokenizer, folder: Path, **settings: Any) -> Corpus:
    return Corpus.build(read_documents(texts), tokenizer, folder, {"length": 16, **settings})


def test_every_window_stands_where_it_says(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    corpus = build(texts, words, tmp_path / "corpus")
    rows = [json.loads(line) for line in texts.read_text().splitlines()]
    by_id = {row["id"]: (row["text"] or "").split() for row in rows}
    assert corpus.documents.to_pylist() == [row["id"] for row in rows if row["text"] is not None]
    for tokens, n, document, offset in zip(
        corpus.tokens.tolist(), corpus.lengths, corpus.document, corpus.offset, strict=True
    ):
        text = by_id[corpus.documents[int(document)].as_py()][offset : offset + 15]
        assert n == 1 + len(text)
        assert tokens == [1] + [FIRST_WORD + int(word) for word in text] + [0] * (15 - len(text))
    assert (np.diff(corpus.document) >= 0).all()
    lengths = [len(text) for text in by_id.values()]
    made = sum(-(-n // 15) for n in lengths)
    assert vars(corpus.summary) == {
        "documents": 40,
        "skipped": 1,
        "short": 0,
        "windows": made - 3,
        "held": int(corpus.held.sum()),
        "duplicates": 3,
        "tokens": sum(lengths) - 40,
        "tokens_lost": 0,
        "tokens_duplicate": 40,
        "padded": sum(n % 15 > 0 for n in lengths) - 1,
    }
    assert len(corpus) == corpus.summary.windows
    assert corpus.skipped == ("texts.jsonl:39 its text is null",)
    assert corpus.settings.bos == "window"
    assert corpus.bos


def test_documents_are_held_out_whole(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    corpus = build(texts, words, tmp_path / "corpus")
    names = [corpus.documents[int(number)].as_py() for number in corpus.document]
    assert corpus.held.tolist() == [is_held(name) for name in names]
    assert 0 < corpus.held.sum() < len(corpus) / 2


def test_the_same_texts_give_the_same_corpus(
    texts: Path, words: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = build(texts, words, tmp_path / "one")
    monkeypatch.setattr("neuronkb.ingest.corpus.build._TEXTS", 3)
    monkeypatch.setattr("neuronkb.ingest.corpus.build._BLOCK", 7)
    two = build(texts, words, tmp_path / "two")
    assert one.hash == two.hash
    for name in ("tokens.npy", "lengths.npy", "document.npy", "offset.npy", "held.npy", "corpus.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert sorted(os.listdir(tmp_path / "one")) == sorted(
        ["corpus.json", "document.npy", "documents.arrow", "held.npy", "lengths.npy", "offset.npy", "tokens.npy"]
    )


def test_the_hash_knows_what_the_corpus_is_made_of(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    lines = texts.read_text().splitlines(keepends=True)
    (tmp_path / "renamed.jsonl").write_text("".join(lines).replace('"d5"', '"d50"'))
    (tmp_path / "reordered.jsonl").write_text("".join(lines[1:] + lines[:1]))
    other = Tokenizer(words.tokenizer, "another", words.d_vocab, words.context)
    made = [
        build(texts, words, tmp_path / "a"),
        build(texts, words, tmp_path / "b", length=17),
        build(texts, words, tmp_path / "c", bos="none"),
        build(texts, words, tmp_path / "d", similarity=None),
        build(texts, words, tmp_path / "e", similarity=0.9),
        build(texts, other, tmp_path / "f"),
        build(tmp_path / "renamed.jsonl", words, tmp_path / "g"),
        build(tmp_path / "reordered.jsonl", words, tmp_path / "h"),
    ]
    assert len({corpus.hash for corpus in made}) == len(made)
    assert made[3].summary.duplicates == 0
    assert not made[2].bos


def test_batches_go_on_from_any_window(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    corpus = build(texts, words, tmp_path / "corpus")
    for start in (0, 5, len(corpus) - 1, len(corpus)):
        first, batches = start, list(corpus.batches(7, start))
        for number, tokens in batches:
            assert number == first
            assert tokens.dtype == torch.int64
            assert torch.equal(tokens, torch.tensor(corpus.tokens[number : number + 7].tolist()))
            first += len(tokens)
        assert first == len(corpus)


def test_excerpts_are_nodes(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    corpus = build(texts, words, tmp_path / "corpus")
    surfaces = [words.tokenizer.convert_ids_to_tokens(i).replace("▁", " ") for i in range(words.d_vocab)]
    end = int(np.flatnonzero(corpus.lengths < 16)[0])
    found = corpus.excerpts([9, 2, 2, end], surfaces)
    assert found.equals(conform(table("Excerpt"), found))
    nine, two, again, last = found.to_pylist()
    assert two == again
    assert len(last["tokens"]) == corpus.lengths[end]
    assert len(last["text"].split()) == corpus.lengths[end] - 1
    assert nine["id"] != two["id"]
    text = json.loads(texts.read_text().splitlines()[corpus.document[9]])["text"].split()
    expected = text[corpus.offset[9] : corpus.offset[9] + 15]
    assert nine["text"].split() == expected
    assert [token.strip() for token in nine["tokens"]] == ["<s>", *expected]
    assert (nine["corpus"], nine["document"]) == (corpus.hash, f"d{corpus.document[9]}")
    everything = corpus.excerpts(range(len(corpus)), surfaces)
    assert len(set(everything["id"].to_pylist())) == len(corpus)


def test_documents_of_one_id_are_different_texts_on_one_side(words: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps({"id": "same", "text": numbers(i, 30)}) + "\n" for i in range(20)))
    corpus = build(path, words, tmp_path / "corpus")
    assert len(set(corpus.held.tolist())) == 1
    found = corpus.excerpts(range(len(corpus)), [""] * words.d_vocab)
    assert len(set(found["id"].to_pylist())) == len(corpus) == 40


def test_characters_over_several_tokens_are_whole(tmp_path: Path) -> None:
    byte_level(tmp_path / "tokenizer")
    tokenizer = Tokenizer.open(tmp_path / "tokenizer")
    vocabulary = read_vocabulary(tmp_path / "tokenizer", tokenizer.d_vocab)
    (tmp_path / "t.txt").write_text("🦘" * 4, encoding="utf-8")
    corpus = build(tmp_path / "t.txt", tokenizer, tmp_path / "corpus", similarity=None)
    assert corpus.excerpts([0], vocabulary.texts)["text"].to_pylist() == ["\N{REPLACEMENT CHARACTER}" * 16]
    assert corpus.excerpts([0], vocabulary.texts, vocabulary.pieces)["text"].to_pylist() == ["🦘" * 4]


def test_a_text_with_a_token_that_the_model_lacks_is_skipped(words: Tokenizer, tmp_path: Path) -> None:
    texts = write(tmp_path / "t.jsonl", {"ok": "1 2 3 4 5 6 7", "high": "1 2 3 4 5 6 999"})
    small = Tokenizer(words.tokenizer, words.hash, FIRST_WORD + 999)
    corpus = build(texts, small, tmp_path / "corpus", length=8)
    assert corpus.documents.to_pylist() == ["ok"]
    assert corpus.skipped == ("high holds token 1002, and the model has 1002",)
    assert (corpus.summary.documents, corpus.summary.skipped) == (1, 1)


def test_progress_comes_to_its_end(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    Corpus.build(read_documents(texts), words, tmp_path / "corpus", {"length": 16}, lambda *step: told.append(step))
    assert {step for step, _, _ in told} == {"tokenising documents", "looking for windows that repeat"}
    for step in ("tokenising documents", "looking for windows that repeat"):
        _, done, total = [entry for entry in told if entry[0] == step][-1]
        assert done == total


def test_an_empty_corpus_says_why(words: Tokenizer, tmp_path: Path) -> None:
    texts = write(tmp_path / "t.jsonl", {"none": None, "short": ""})
    with pytest.raises(CorpusError, match=r"is empty: 1 documents were read, none.*a token.*1 skipped.*t\.jsonl:1 its"):
        build(texts, words, tmp_path / "corpus")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(CorpusError, match="is empty: 0 documents were read"):
        build(tmp_path / "empty.jsonl", words, tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()


def test_short_texts_are_a_corpus(words: Tokenizer, tmp_path: Path) -> None:
    texts = write(tmp_path / "t.jsonl", {f"d{i}": numbers(i, 48) for i in range(50)})
    corpus = build(texts, words, tmp_path / "corpus", length=64)
    assert (len(corpus), corpus.summary.tokens, corpus.summary.padded) == (50, 50 * 48, 50)
    assert corpus.inputs(np.arange(50))[0].shape == (50, 49)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(8, 40), st.integers(8, 40), st.data())
@settings(max_examples=20)
def test_the_tokens_seen_do_not_depend_on_the_length_of_windows(
    words: Tokenizer,
    tmp_path_factory: pytest.TempPathFactory,
    sizes: list[int],
    one: int,
    other: int,
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("lengths")
    texts = write(folder / "t.jsonl", {f"d{i}": numbers(i, n) for i, n in enumerate([*sizes, 1])})
    bos = data.draw(st.sampled_from(["none", "window"]))
    seen = []
    for length in {one, other}:
        corpus = build(texts, words, folder / str(length), length=length, bos=bos, similarity=None)
        inside = np.arange(length) < corpus.lengths[:, None]
        inside[:, : int(corpus.bos)] = False
        where = corpus.document[:, None] + np.zeros_like(corpus.tokens)
        place = corpus.offset[:, None] + np.arange(length) - int(corpus.bos)
        seen.append(sorted(zip(where[inside], place[inside], corpus.tokens[inside], strict=True)))
    assert len(seen[0]) == sum(sizes) + 1
    assert all(found == seen[0] for found in seen)


def test_reading_order_puts_windows_of_a_length_together(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    corpus = build(texts, words, tmp_path / "corpus")
    ordered = corpus.reading_order(np.arange(len(corpus)))
    whole = int((corpus.lengths == 16).sum())
    assert ordered[:whole].tolist() == np.flatnonzero(corpus.lengths == 16).tolist()
    assert sorted(ordered.tolist()) == list(range(len(corpus)))
    assert (np.diff(corpus.lengths[ordered]) <= 0).all()
    for start in (0, 3, whole - 1, whole, whole + 1, len(corpus)):
        parts = list(corpus.parts(ordered, 7, start))
        assert [n for part in parts for n in part] == ordered[start:].tolist()
        for part in parts:
            assert len(set(corpus.lengths[part] == 16)) == 1
            ids, mask = corpus.inputs(part)
            lengths = corpus.lengths[part]
            assert ids.shape == (len(part), lengths.max())
            assert ids.tolist() == corpus.tokens[part][:, : lengths.max()].tolist()
            assert (mask is None) == (len(set(lengths)) == 1)
            assert mask is None or mask.sum(1).tolist() == lengths.tolist()


OLD = (
    "cde452af5d5036d7cddc13dedf7e36a7205f45b6342c388863830eecf3177f7d",
    "9a7a6c3b14e3c92cc5326ec58003a251ba2963e76498c4d363ea8dd9fc6de3a9",
)
"""Hashes that releases before tails gave the corpora below."""


def test_a_corpus_without_tails_is_that_of_releases_before(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    """Whole windows only: the same hash, and so the same runs, as when there was no other cut."""
    one = build(texts, words, tmp_path / "one", tails=False)
    two = build(texts, words, tmp_path / "two", tails=False, similarity=None, bos="none")
    assert (one.hash, two.hash) == OLD
    assert one.hash != build(texts, words, tmp_path / "tails").hash
    assert one.lengths.tolist() == [16] * len(one)
    found = build(texts, words, tmp_path / "three", tails=False, length=11).summary
    assert (found.windows, found.short, found.duplicates, found.padded) == (494, 1, 4, 0)
    assert (found.tokens, found.tokens_lost, found.tokens_duplicate) == (4940, 98, 40)


def test_a_corpus_of_a_release_before_is_read_as_it_was_made(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    made = build(texts, words, tmp_path / "corpus", tails=False)
    path = tmp_path / "corpus" / "corpus.json"
    info = json.loads(path.read_text())
    assert (info["format"], info["method"], "tails" in info["settings"]) == (1, 1, False)
    assert not (tmp_path / "corpus" / "lengths.npy").exists()
    del info["summary"]["padded"], info["passed_over"]
    path.write_text(json.dumps(info))
    corpus = Corpus.open(tmp_path / "corpus")
    assert (corpus.hash, corpus.settings, corpus.notes[1:]) == (made.hash, made.settings, ())
    assert corpus.lengths.tolist() == [16] * len(made)


def test_short_texts_alone_are_an_empty_corpus_without_tails(words: Tokenizer, tmp_path: Path) -> None:
    path = write(tmp_path / "short.jsonl", {"a": "1 2 3"})
    assert len(build(path, words, tmp_path / "tails")) == 1
    with pytest.raises(CorpusError, match=r"none of them 16 tokens long.*give longer texts .*--tails"):
        build(path, words, tmp_path / "without", tails=False)


def test_a_window_longer_than_the_context_is_refused_before_anything_is_read(words: Tokenizer, tmp_path: Path) -> None:
    documents = read_documents("-")
    with pytest.raises(ModelError, match="longer than the model's context of 128"):
        Corpus.build(documents, words, tmp_path / "corpus", {"length": 256})
    assert list(tmp_path.iterdir()) == []


def test_a_corpus_is_not_overwritten(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    held = build(texts, words, tmp_path / "corpus").hash
    with pytest.raises(CorpusError, match="holds something already"):
        build(texts, words, tmp_path / "corpus", length=17)
    assert Corpus.open(tmp_path / "corpus").hash == held


def test_an_array_as_python_2_wrote_it_is_damage(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    """numpy reads it and warns, several lines long."""
    build(texts, words, tmp_path / "corpus")
    path = tmp_path / "corpus" / "tokens.npy"
    head, _, rest = path.read_bytes().partition(b", 16), }  ")
    path.write_bytes(head + b"L, 16L), }" + rest)
    with pytest.raises(CorpusError, match=r"is damaged.*Python 2.*build the corpus again"):
        Corpus.open(tmp_path / "corpus")


def test_folders_that_are_no_whole_corpus(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is no corpus"):
        Corpus.open(tmp_path)
    folder = tmp_path / "corpus"
    build(texts, words, folder)
    info = json.loads((folder / "corpus.json").read_text())
    for name, damage in {
        "corpus.json": json.dumps({**info, "format": 99}).encode(),
        "tokens.npy": (folder / "tokens.npy").read_bytes()[:-100],
        "held.npy": (folder / "offset.npy").read_bytes(),
        "documents.arrow": b"ARROW1",
        "offset.npy": None,
    }.items():
        whole = (folder / name).read_bytes()
        (folder / name).unlink()
        if damage is not None:
            (folder / name).write_bytes(damage)
        with pytest.raises(CorpusError, match=r"build the corpus again|is damaged"):
            Corpus.open(folder)
        (folder / name).write_bytes(whole)
    (folder / "corpus.json").write_text(json.dumps({**info, "summary": {**info["summary"], "documents": 7}}))
    with pytest.raises(CorpusError, match="7 documents were expected"):
        Corpus.open(folder)


def test_a_killed_build_leaves_nothing_that_looks_like_a_corpus(texts: Path, words: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "tokenizer").mkdir()
    planted.write_tokenizer(tmp_path / "tokenizer", (*planted.SPECIAL, *WORDS))
    target = tmp_path / "corpora" / "c"
    code = (
        "import sys; from pathlib import Path; from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents;"
        "Corpus.build(read_documents('-'), Tokenizer.open(Path(sys.argv[1])), Path(sys.argv[2]), {'length': 16})"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "tokenizer"), str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        # It waits for more texts, with those of some batches on disk.
        process.stdin.write(texts.read_bytes() * 100)
        process.stdin.flush()
        while not (tmp_path / "corpora" / ".c.part" / "tokens").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert not target.exists()
    corpus = build(texts, words, target)
    assert sorted(path.name for path in target.parent.iterdir()) == [".c.lock", "c"]
    assert Corpus.open(target).hash == corpus.hash
