"""The local store's server: one for all who open the folder, found, started, stopped and outlived."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest
from neuronkb.kb.stores.arcade.folder import SILENCE, Folder, State
from neuronkb.kb.stores.local import LocalStore, status, stop
from neuronkb.schema import SCHEMA_VERSION, LimitError, QueryError, StoreBusyError, StoreError

from tests.kb.stores.serving import OPEN, others, queries, running, said, state, until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store whose server the tests of this file may kill."""
    path = tmp_path_factory.mktemp("mine") / "store"
    yield path
    stop(path)


def test_eight_processes_get_one_server(folder: Path) -> None:
    answers = said(others(folder, 8))
    assert answers == [f"1 {state(folder).pid}"] * 8


def test_only_the_owner_can_read_the_passwords(folder: Path) -> None:
    with LocalStore.open(folder) as store:
        found = state(folder)
        assert stat.S_IMODE(Folder(folder).state.stat().st_mode) == 0o600
        assert stat.S_IMODE(Folder(folder).config.stat().st_mode) == 0o700
        command = " ".join(psutil.Process(found.pid).cmdline())
        for secret in (found.writer, found.reader):
            assert secret not in repr(store) + repr(found) + command


def test_server_listens_on_loopback_alone(folder: Path) -> None:
    with LocalStore.open(folder):
        found = state(folder)
        listening = [c.laddr for c in psutil.Process(found.pid).net_connections("tcp") if c.status == "LISTEN"]
        assert {address.port for address in listening} == {found.http, found.bolt}
        assert all(address.ip in ("127.0.0.1", "::ffff:127.0.0.1") for address in listening)


def test_a_killed_server_is_started_again(folder: Path) -> None:
    with LocalStore.open(folder) as store:
        store.setup()
        store.write("MERGE (:Term {id: 'kept'})")
        dead = state(folder)
        os.kill(dead.pid, signal.SIGKILL)
        until(lambda: not running(dead.pid))
    with LocalStore.open(folder) as store:
        assert state(folder).pid != dead.pid
        assert store.read("MATCH (t:Term) RETURN t.id").rows == [("kept",)]
        assert store.read("MATCH (s:Schema) RETURN s.version").rows == [(SCHEMA_VERSION,)]


def test_a_killed_keeper_takes_its_server_along(folder: Path) -> None:
    with LocalStore.open(folder):
        dead = state(folder)
    os.kill(dead.keeper, signal.SIGKILL)
    until(lambda: not running(dead.keeper))
    with LocalStore.open(folder) as store:
        assert state(folder).pid != dead.pid
        assert store.read("MATCH (t:Term) RETURN t.id").rows == [("kept",)]
        assert running(state(folder).keeper)
        assert not running(dead.pid)


def test_a_killed_client_leaves_the_server_to_others(folder: Path) -> None:
    with LocalStore.open(folder) as store:
        code = OPEN + "import time\nstore = LocalStore.open(Path(sys.argv[1])); print('in', flush=True); time.sleep(60)"
        with subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout is not None
            assert client.stdout.readline().startswith("1 ")
            assert client.stdout.readline() == "in\n"
            client.kill()
        assert store.read("RETURN 1 AS x").rows == [(1,)]


def test_the_queries_of_a_killed_client_end(folder: Path) -> None:
    endless = "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN sum(x * y) AS s"
    code = OPEN.replace('"RETURN 1 AS x"', f"{endless!r}, timeout=None")
    with LocalStore.open(folder) as store, subprocess.Popen([sys.executable, "-c", code, str(folder)]) as client:
        until(lambda: endless in queries(store))
        client.kill()
        until(lambda: endless not in queries(store))


def test_a_query_past_its_time_ends_on_the_server_too(folder: Path) -> None:
    endless = "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN sum(x + y) AS s"
    with LocalStore.open(folder) as store:
        with pytest.raises(LimitError):
            store.read(endless, timeout=0.3)
        until(lambda: endless not in queries(store))


def test_reads_in_many_threads(folder: Path) -> None:
    found: list[int] = []
    with LocalStore.open(folder) as store:

        def read(i: int) -> None:
            for _ in range(5):
                found.append(store.read("UNWIND range(1, 5000) AS x RETURN x + $i AS x", {"i": i}, limit=3).rows[0][0])

        threads = [threading.Thread(target=read, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == sorted([i + 1 for i in range(8)] * 5)


def test_what_the_local_server_would_get_wrong_is_refused(folder: Path) -> None:
    with LocalStore.open(folder) as store:
        for text in ("MATCH (n) WHERE n:$('Neuron') RETURN n", "MATCH ()-[r:$any($t)]->() RETURN r"):
            with pytest.raises(QueryError, match="dynamic labels"):
                store.read(text)
        with pytest.raises(QueryError, match=r"db\.index\.vector\.queryNodes"):
            store.read("MATCH (n) SEARCH n IN (VECTOR INDEX i FOR $v LIMIT 1) RETURN n")
        with pytest.raises(QueryError, match="EXPLAIN gives a plan"):
            store.read("EXPLAIN MATCH (n) RETURN n")


def test_stop_and_status(folder: Path) -> None:
    with LocalStore.open(folder) as store:
        pid, up = state(folder).pid, store.status()
    assert status(folder) == up
    assert (up.pid, up.port) == (pid, state(folder).bolt)
    assert up.location == str(folder)
    assert up.version.startswith("ArcadeDB ")
    assert up.bytes is not None
    assert up.bytes > 1 << 16
    assert stop(folder)
    assert not running(pid)
    assert not stop(folder)
    down = status(folder)
    assert (down.pid, down.port, down.nodes) == (None, None, {})
    assert down.version.endswith("(stopped)")
    assert down.bytes is not None
    assert not Folder(folder).state.exists()


def test_status_of_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not a store"):
        status(tmp_path)


def test_a_stale_state_with_a_reused_pid_and_port_is_seen_through(folder: Path) -> None:
    """The process and the port that the state names are alive, and are not the server's."""
    import socket

    with LocalStore.open(folder):
        old = state(folder)
    stop(folder)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        Folder(folder).write_state(replace(old, pid=os.getpid(), keeper=os.getpid(), bolt=port, http=port))
        other.close()
    with LocalStore.open(folder) as store:
        assert store.read("RETURN 1 AS x").rows == [(1,)]
        assert state(folder).pid != os.getpid()


@pytest.mark.long
def test_two_stores_side_by_side_idle_and_heap(folder: Path, tmp_path: Path) -> None:
    """The second one has a bounded heap, and stops by itself once nobody is connected."""
    second = tmp_path / "second store"
    with LocalStore.open(folder) as one, ExitStack() as opened:
        # Opened at once: a server that nobody is connected to is gone after some seconds.
        assert said(others(second, 1, NEURONKB_IDLE="0.1", NEURONKB_HEAP="300m"))[0].startswith("1 ")
        two = opened.enter_context(LocalStore.open(second))
        found = state(second)
        assert found.pid != state(folder).pid
        assert "-Xmx300m" in psutil.Process(found.pid).cmdline()
        one.write("MERGE (:Term {id: 'one'})")
        assert two.read("MATCH (t:Term) RETURN t.id").rows == []
        time.sleep(8)
        assert two.read("RETURN 1 AS x").rows == [(1,)]
    until(lambda: not running(found.pid) and not Folder(second).state.exists())
    assert running(state(folder).pid)


def test_another_host_holds_the_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "shared")
    folder.create()
    elsewhere = State("abc", "far-away", 1, 2, 3, 4, "2g", "ArcadeDB", "w", "r")
    folder.write_state(elsewhere)
    for attempt in (LocalStore.open, stop):
        with pytest.raises(StoreBusyError, match="in use on host 'far-away'") as caught:
            attempt(folder.root)
        assert "\n" not in str(caught.value)
    past = time.time() - SILENCE - 60
    os.utime(folder.state, (past, past))
    with LocalStore.open(folder.root) as store:
        assert store.read("RETURN 1 AS x").rows == [(1,)]
        assert state(folder.root).host != "far-away"
        # The far host wakes up and takes the folder back: this server gives way at once.
        pid = state(folder.root).pid
        folder.write_state(elsewhere)
        until(lambda: not running(pid))
    assert json.loads(folder.state.read_text()) == asdict(elsewhere)


def test_wrong_paths(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(StoreError, match="is a file; name a folder"):
        LocalStore.open(file)
    with pytest.raises(StoreError, match="cannot be written: Not a directory"):
        LocalStore.open(file / "store")
    with pytest.raises(StoreError, match="cannot be written"):
        LocalStore.open(Path("/proc/neuronkb"))
    with pytest.raises(StoreError, match="heap '2 gigs' is not a size"):
        LocalStore.open(tmp_path / "store", heap="2 gigs")


def test_a_damaged_state_is_no_state(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for text in ("", "{", "[]", '{"host": 1}'):
        folder.state.write_text(text)
        assert folder.read_state() is None
    assert not stop(tmp_path)
