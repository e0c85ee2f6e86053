"""What tests of doors and pages share: a store of evidence of every kind, on the one server of the test run, and a
browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.schema import NODES
from neuronkb.tests import everything, hostile

from tests.browser import BrowserUnavailable, chromium, served
from tests.conftest import clear, held

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MARKUP = "<img src=x onerror=\"document.title='hurt'\">"
"""A term of the hostile store that would be seen to run."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Skips where there is none; with NEURONKB_REQUIRE_CHROMIUM=1 that is a failure.

    Of one file: while it runs, its thread has an event loop, and other files' tests want to start one there.
    """
    try:
        with chromium() as found:
            yield found
    except BrowserUnavailable as error:
        if os.environ.get("NEURONKB_REQUIRE_CHROMIUM") == "1":
            pytest.fail(f"NEURONKB_REQUIRE_CHROMIUM=1 and {error}", pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def plain(local_folder: Path) -> Iterator[KnowledgeBase]:
    """Evidence of every kind, with lines."""
    with LocalStore.open(local_folder) as store:
        yield KnowledgeBase(held(store, with_lines), str(local_folder))


def with_lines(store: Store) -> None:
    everything.load(store)
    make_lines(KnowledgeBase(store, "unused"))


def make_lines(kb: KnowledgeBase) -> None:
    for row in kb.models.list().dicts():
        kb.neurons.lines(row["model"])


@contextmanager
def filled(folder: Path, load: Callable[[Store], None]) -> Iterator[KnowledgeBase]:
    """A store with this alone."""
    with LocalStore.open(folder) as store:
        clear(store)
        load(store)
        kb = KnowledgeBase(store, str(folder))
        make_lines(kb)
        yield kb


@pytest.fixture(scope="module")
def everything_at(plain: KnowledgeBase) -> Iterator[str]:
    """The address of a server over a little evidence of every kind."""
    with _pages(plain) as address:
        yield address


@pytest.fixture(scope="module")
def hostile_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same with hostile text in it, and a term of markup that says so in the page's title when it runs."""
    folder = tmp_path_factory.mktemp("hostile") / "store"

    def load(store: Store) -> None:
        hostile.load(store)
        store.merge_nodes(NODES["Term"], everything.rows_of("Term", [{"id": MARKUP}]))

    with filled(folder, load) as kb, _pages(kb) as address:
        yield address
    stop(folder)


@contextmanager
def _pages(kb: KnowledgeBase) -> Iterator[str]:
    pytest.importorskip("jinja2", reason="the web extra is not installed")
    from neuronkb.kb.web.app import application

    with served(application(kb.session, mcp=False)) as address:
        yield address
