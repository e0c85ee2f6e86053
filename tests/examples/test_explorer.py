"""The explorer beside the demo: a page while it runs, nothing after it, and no server where nobody sits."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest
from neuronkb.examples.demo.explorer import Explorer
from neuronkb.kb.stores.local import LocalStore, stop

pytest.importorskip("uvicorn", reason="the web extra is not installed")


def test_it_shows_the_store_until_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "true")  # the command of that name: opens nothing
    folder = tmp_path / "store"
    with LocalStore.open(folder) as store:
        store.setup()
        explorer = Explorer(folder, terminal=True)
        try:
            said = explorer.begin()
            assert explorer.address is not None
            assert explorer.address in said
            assert explorer.begin() == said
            with urllib.request.urlopen(explorer.address) as page:
                assert b"neuronkb" in page.read()
        finally:
            explorer.end()
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(explorer.address)
    stop(folder)


def test_without_a_terminal_the_command_is_told(tmp_path: Path) -> None:
    explorer = Explorer(tmp_path, terminal=False)
    assert "neuronkb serve" in explorer.begin()
    explorer.stay()
    explorer.end()
