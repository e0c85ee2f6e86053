"""Java's cache of the server's classes: used where it is this user's own, and never what a start depends on."""

from __future__ import annotations

from pathlib import Path
from signal import SIGTERM

import psutil
import pytest
from neuronkb.kb.stores.arcade import java_cache, keeper
from neuronkb.kb.stores.arcade.folder import Folder
from neuronkb.kb.stores.local import LocalStore, stop

from tests.kb.stores.serving import state


def arguments(folder: Path) -> list[str]:
    """Of the folder's server."""
    return psutil.Process(state(folder).pid).cmdline()


def mapped(folder: Path, path: Path) -> bool:
    """Whether the folder's server has the file in its memory."""
    return any(Path(part.path) == path.resolve() for part in psutil.Process(state(folder).pid).memory_maps())


def test_a_server_uses_the_cache(tmp_path: Path) -> None:
    with LocalStore.open(tmp_path / "store") as store:
        store.setup()
        assert mapped(tmp_path / "store", java_cache.cache_file())
    stop(tmp_path / "store")


def test_what_is_no_cache_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = java_cache.cache_file()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no cache" * 1000)
    path.chmod(0o600)
    with LocalStore.open(tmp_path / "store") as store:
        store.setup()
        assert f"-XX:AOTCache={path}" in arguments(tmp_path / "store")
        assert not mapped(tmp_path / "store", path)
    stop(tmp_path / "store")


def test_what_others_may_write_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert java_cache.options() == []
    path = java_cache.cache_file()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    path.chmod(0o600)
    assert java_cache.options()
    path.chmod(0o620)
    assert java_cache.options() == []


def test_it_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    java_cache.make()
    written = java_cache.cache_file().stat()
    assert written.st_size > 2**20
    assert written.st_mode & 0o077 == 0
    java_cache.make()
    assert java_cache.cache_file().stat() == written
    assert {path.suffix for path in java_cache.cache_file().parent.iterdir()} == {".aot", ".lock"}


def test_a_keeper_makes_it_when_its_server_has_settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "SETTLED", 0.0)
    monkeypatch.setattr(keeper, "TICK", 0.1)
    starts = []

    def begun() -> None:
        starts.append(True)
        kept.ask_to_stop(SIGTERM, None)

    monkeypatch.setattr(java_cache, "make_aside", begun)
    folder = Folder(tmp_path / "store")
    folder.create()
    kept = keeper.Keeper(folder, "300m", 1.0, java_cache.options())
    kept.start()
    kept.run()
    assert len(starts) == 1
