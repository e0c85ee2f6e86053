"""Words' vectors that every store of a user shares."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from neuronkb.ingest.progress import Progress, silent
from neuronkb.kb.search import wordcache
from neuronkb.kb.search.planes import Vectors
from neuronkb.kb.search.wordcache import WordCache

WIDTH = 4


def made(words: Sequence[str]) -> Vectors:
    found = np.array([np.random.default_rng([*word.encode()]).normal(size=WIDTH) for word in words])
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


class Asked:
    """What embeds, and which words it was asked for."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def __call__(self, words: Sequence[str], progress: Progress = silent) -> Vectors:
        self.words += words
        return made(words)


def right(found: Vectors, words: Sequence[str]) -> bool:
    return bool(np.array_equal(found, made(words).astype(np.float16).astype(np.float32)))


def looked_up(folder: Path, words: Sequence[str]) -> list[str]:
    """The words that a new process would embed; their vectors are right."""
    asked = Asked()
    assert right(WordCache(folder, WIDTH).vectors(words, asked), words)
    return asked.words


def test_a_word_is_embedded_once(tmp_path: Path) -> None:
    asked = Asked()
    cache = WordCache(tmp_path / "c", WIDTH)
    assert right(cache.vectors(["b", "a", "b"], asked), ["b", "a", "b"])
    assert right(cache.vectors(["a", "c"], asked), ["a", "c"])
    assert asked.words == ["b", "a", "c"]
    assert looked_up(tmp_path / "c", ["c", "d", "a"]) == ["d"]
    assert len(WordCache(tmp_path / "c", WIDTH)) == 4
    assert cache.vectors([], asked).shape == (0, WIDTH)


def test_what_is_damaged_is_made_again(tmp_path: Path) -> None:
    for word in "abc":
        looked_up(tmp_path, [word])
    one, two, three = (folder for folder in sorted(tmp_path.iterdir()) if folder.is_dir())
    (one / "vectors.f16").write_bytes(b"\x00" * 2 * WIDTH)
    (two / "part.json").write_text("{")
    (three / "words.arrow").unlink()
    (tmp_path / ".partial-x").mkdir()
    assert sorted(looked_up(tmp_path, ["a", "b", "c"])) == ["a", "b", "c"]
    assert looked_up(tmp_path, ["a", "b", "c"]) == []
    assert not (tmp_path / ".partial-x").exists()


def test_other_dimensions_are_another_model(tmp_path: Path) -> None:
    looked_up(tmp_path, ["a"])
    assert WordCache(tmp_path, WIDTH + 1).vectors(["a"], lambda w, p: np.ones((1, 5), np.float32)).tolist() == [[1] * 5]


def test_it_is_bounded_and_parts_are_made_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordcache, "PARTS", 3)
    words = [f"w{i}" for i in range(9)]
    for word in words:
        looked_up(tmp_path, [word])
    assert len([folder for folder in tmp_path.iterdir() if folder.is_dir()]) <= 3
    assert looked_up(tmp_path, words) == []
    monkeypatch.setattr(wordcache, "MOST", 4 * 2 * WIDTH)
    for word in "abcdef":
        looked_up(tmp_path, [word])
    assert len(WordCache(tmp_path, WIDTH)) <= 4
    assert looked_up(tmp_path, ["f"]) == []


def test_a_kill_loses_the_part_in_hand_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordcache, "PART", 2)

    def killed(words: Sequence[str], progress: Progress) -> Vectors:
        if "e" in words:
            raise KeyboardInterrupt
        return made(words)

    with pytest.raises(KeyboardInterrupt):
        WordCache(tmp_path, WIDTH).vectors(list("abcdef"), killed)
    told: list[tuple[int, int]] = []
    assert looked_up(tmp_path, list("abcd")) == []
    WordCache(tmp_path, WIDTH).vectors(list("abcdef"), Asked(), lambda step, done, of: told.append((done, of)))
    assert told[-1] == (6, 6)


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert looked_up(tmp_path / "file" / "words", ["a", "b"]) == ["a", "b"]


CHILD = """
import sys
from pathlib import Path
from neuronkb.kb.search import wordcache
from neuronkb.tests.kb.search.test_wordcache import WIDTH, Asked, right
wordcache.PART = 10
asked, words = Asked(), [f"w{i}" for i in range(100)]
assert right(wordcache.WordCache(Path(sys.argv[1]), WIDTH).vectors(words, asked), words)
print(len(asked.words))
"""


def test_two_processes_share_the_work(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    counts = [int(child.communicate()[0]) for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert sum(counts) == 100
    assert looked_up(tmp_path, [f"w{i}" for i in range(100)]) == []
    shutil.rmtree(tmp_path)
