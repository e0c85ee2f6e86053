"""A server belongs to one folder: copies, links and numbers used again are told apart."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from neuronkb.kb.stores.arcade import process
from neuronkb.kb.stores.arcade.folder import Folder
from neuronkb.kb.stores.local import LocalStore, status, stop

from tests.kb.stores.serving import others, running, said, state


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store whose server the tests of this file may kill."""
    path = tmp_path_factory.mktemp("mine") / "store"
    yield path
    stop(path)


def copied(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to, symlinks=True)
    return to


def test_a_copied_store_has_a_server_of_its_own(folder: Path, tmp_path: Path) -> None:
    """The copy, made while the server runs, holds the state of the original's."""
    with LocalStore.open(folder) as original:
        original.write("MERGE (:Term {id: 'both'})")
        served = state(folder)
        copy = copied(folder, tmp_path / "copy")
        assert status(copy).pid is None
        assert not stop(copy)
        assert running(served.pid)
        copy = copied(folder, tmp_path / "second copy")
        with LocalStore.open(copy) as other:
            assert running(served.pid)
            assert state(copy).pid != served.pid
            other.write("MATCH (t:Term {id: 'both'}) SET t.text = 'in the copy'")
            assert original.read("MATCH (t:Term {id: 'both'}) RETURN t.text").rows == [(None,)]
            assert state(folder) == served
        assert stop(copy)
        assert running(served.pid)
        assert running(served.keeper)
        assert original.read("RETURN 1 AS x").rows == [(1,)]


@pytest.mark.long
def test_a_copy_that_many_open_at_once_is_never_the_originals(folder: Path, tmp_path: Path) -> None:
    with LocalStore.open(folder):
        served = state(folder)
        copy = copied(folder, tmp_path / "copy")
        answers = said(others(copy, 4))
        assert answers == [f"1 {state(copy).pid}"] * 4
        assert state(copy).pid != served.pid
        assert running(served.pid)
    assert stop(copy)


def test_a_folder_reached_by_a_link_is_the_same_store(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    with LocalStore.open(folder) as one, LocalStore.open(tmp_path / "link") as two:
        assert one.status().pid == two.status().pid
    assert status(tmp_path / "link").pid == state(folder).pid


def test_another_keeper_under_the_number_of_ours_is_not_stopped(folder: Path, tmp_path: Path) -> None:
    """The state of a store that stopped names numbers that another store's keeper and server have now."""
    with LocalStore.open(folder):
        ours = state(folder)
    second = tmp_path / "second"
    with LocalStore.open(second) as store:
        theirs = state(second)
        assert stop(folder)
        Folder(folder).write_state(replace(ours, pid=theirs.pid, keeper=theirs.keeper, instance=theirs.instance))
        assert status(folder).pid is None
        assert not stop(folder)
        assert store.read("RETURN 1 AS x").rows == [(1,)]
        assert running(theirs.keeper)
    stop(second)


def test_a_process_that_began_at_another_time_is_another(folder: Path) -> None:
    with LocalStore.open(folder):
        found = state(folder)
        where = Folder(folder)
        assert process.server(where, found) is not None
        assert process.keeper(where, found) is not None
        assert process.server(where, replace(found, started=found.started - 60)) is None
        assert process.keeper(where, replace(found, keeper_started=found.keeper_started - 60)) is None
        assert process.server(where, replace(found, pid=os.getpid(), started=0)) is None
