"""Open stores outlive their servers."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow as pa
import pytest
from neuronkb.kb.stores import open_store
from neuronkb.kb.stores.local import LocalStore, status, stop
from neuronkb.schema import NODES, QueryError, StoreError, VersionError, conform

from tests.kb.stores.serving import queries, running, state, until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store whose server the tests of this file may kill."""
    path = tmp_path_factory.mktemp("mine") / "store"
    yield path
    stop(path)


def end_server(folder: Path, how: str) -> None:
    """End the folder's server in one of the ways it may end."""
    if how == "stop":
        stop(folder)
        return
    found = state(folder)
    pid = found.keeper if how == "keeper" else found.pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: not running(found.pid))


@pytest.mark.parametrize("how", ["kill", "keeper", "stop"])
def test_an_open_store_goes_over_to_a_new_server(folder: Path, how: str) -> None:
    with LocalStore.open(folder) as store, LocalStore.open(folder) as other:
        store.setup()
        before = state(folder).pid
        end_server(folder, how)
        assert store.read("RETURN 1 AS x").rows == [(1,)]
        assert other.read("RETURN 2 AS x").rows == [(2,)]
        assert store.status().pid == other.status().pid == state(folder).pid != before


def test_every_kind_of_call_may_be_the_first_after_a_servers_end(folder: Path) -> None:
    term = NODES["Term"]
    with LocalStore.open(folder) as store:
        store.setup()
        end_server(folder, "kill")
        assert store.write("MERGE (t:Term {id: 'w'}) RETURN count(t) AS n").rows == [(1,)]
        end_server(folder, "kill")
        assert store.status().nodes["Term"] == 1
        end_server(folder, "kill")
        store.create_nodes(term, conform(term, pa.table({"id": ["late"]})))
        end_server(folder, "kill")
        assert sorted(store.existing_ids(term, ["late", "w", "x"]).to_pylist()) == ["late", "w"]


def test_a_read_under_way_is_asked_again(folder: Path) -> None:
    counted = "UNWIND range(1, 3000) AS x UNWIND range(1, 1000) AS y RETURN count(x * y) AS n"
    with LocalStore.open(folder) as store, LocalStore.open(folder) as other:
        found: list[object] = []
        reading = threading.Thread(target=lambda: found.extend(store.read(counted, timeout=120).rows))
        reading.start()
        until(lambda: counted in queries(other))
        os.kill(state(folder).pid, signal.SIGKILL)
        reading.join()
        assert found == [(3_000_000,)]


@pytest.mark.long
def test_a_read_that_takes_all_memory_harms_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with LocalStore.open(folder, heap="128m") as greedy, LocalStore.open(folder) as other:
        for text in (
            "RETURN size(reduce(s = 'a', x IN range(1, 40) | s + s)) AS n",
            "RETURN size(reduce(s = [1], x IN range(1, 40) | s + s)) AS n",
            "WITH 'aaaaaaaaaa' AS s WITH replace(s, 'a', s) AS s WITH replace(s, 'a', s) AS s "
            "WITH replace(s, 'a', s) AS s WITH replace(s, 'a', s) AS s RETURN size(s) AS n",
        ):
            with pytest.raises(QueryError) as caught:
                greedy.read(text, timeout=60)
            assert "\n" not in str(caught.value)
            assert other.read("RETURN 1 AS x").rows == [(1,)]
            assert greedy.read("RETURN 2 AS x").rows == [(2,)]
    stop(folder)


def test_a_closed_store_starts_no_server(folder: Path) -> None:
    with LocalStore.open(folder) as store:
        pass
    stop(folder)
    with pytest.raises(StoreError):
        store.read("RETURN 1 AS x")
    assert status(folder).pid is None


def test_a_store_whose_setup_fails_is_closed(folder: Path) -> None:
    with LocalStore.open(folder) as store:
        store.setup()
        store.write("MATCH (s:Schema {id: 'schema'}) SET s.version = 999")
        server = psutil.Process(state(folder).pid)
        before = _clients(server)
        try:
            with pytest.raises(VersionError):
                open_store(str(folder))
            until(lambda: _clients(server) == before)
        finally:
            store.write("MATCH (s:Schema {id: 'schema'}) DELETE s")
            store.setup()


def _clients(server: psutil.Process) -> int:
    return sum(one.status == psutil.CONN_ESTABLISHED for one in server.net_connections("tcp"))
