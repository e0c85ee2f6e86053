from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock
from neuronkb.ingest.corpus.layout import made_aside
from neuronkb.schema import CorpusError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_the_folder_is_there_at_the_end_only(tmp_path: Path) -> None:
    target = tmp_path / "a" / "corpus"
    with made_aside(target) as part:
        (part / "file").write_text("x")
        assert not target.exists()
    assert names(tmp_path / "a") == ["corpus"]
    assert names(target) == ["file"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, CorpusError, ZeroDivisionError])
def test_what_goes_wrong_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    def fail(part: Path) -> None:
        (part / "file").write_text("x")
        raise error

    with pytest.raises(error), made_aside(tmp_path / "corpus") as part:
        fail(part)
    assert names(tmp_path) == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".corpus.part"
    left.mkdir()
    (left / "old").write_text("x")
    with made_aside(tmp_path / "corpus") as part:
        assert names(part) == []
    assert names(tmp_path) == ["corpus"]


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for target in (tmp_path, tmp_path / "file"):
        with pytest.raises(CorpusError, match="holds something already"), made_aside(target):
            pass
    assert names(tmp_path) == ["file"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    with made_aside(tmp_path / "corpus") as part:
        (part / "file").write_text("x")
    assert names(tmp_path / "corpus") == ["file"]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        FileLock(tmp_path / ".corpus.lock"),
        pytest.raises(CorpusError, match="being made by another process"),
        made_aside(tmp_path / "corpus"),
    ):
        pass


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CorpusError, match="cannot be written"), made_aside(tmp_path / "file" / "corpus"):
        pass
