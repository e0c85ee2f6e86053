"""Several processes load one store, and write one bundle, at once: the graph is that of one after another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from neuronkb.ingest.bundle import Bundle
from neuronkb.ingest.lm_head.job import LmHeadJob
from neuronkb.ingest.progress import silent
from neuronkb.kb.load.loader import Loader, load, load_all
from neuronkb.kb.load.write import write_and_load, write_bundle
from neuronkb.kb.stores import open_store
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.kb.stores.lock import Holder, Lease, NodeLock
from neuronkb.kb.stores.neo4j import Neo4jStore
from neuronkb.schema import SCHEMA_VERSION, RunError, StoreBusyError, WeightsError
from neuronkb.tests.bundles import bundle
from neuronkb.tests.everything import Rows
from neuronkb.tests.graph import checksum

from tests.conftest import bare
from tests.neo4j_server import Server

Planted = tuple[Path, Path]

OPEN = "import sys; from neuronkb import KnowledgeBase; kb = KnowledgeBase.open(sys.argv[1]); "
LOAD = OPEN + "kb.bundles.load(sys.argv[2:], alongside=True)"
INGEST = OPEN + "kb.lm_head.ingest(sys.argv[2])"


@pytest.fixture(scope="module")
def bundles(planted_models: Planted, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two models that share a tokenizer, so that both bring the same vocabulary."""
    root = tmp_path_factory.mktemp("bundles")
    return [
        write_bundle(LmHeadJob.open(model), root / name, silent).folder
        for name, model in zip("ab", planted_models, strict=True)
    ]


@pytest.fixture
def where(store: Store, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How another process names the store."""
    if isinstance(store, LocalStore):
        return str(request.getfixturevalue("local_folder"))
    server: Server = request.getfixturevalue("neo4j_server")
    monkeypatch.setenv("NEURONKB_NEO4J_USER", server.user)
    monkeypatch.setenv("NEURONKB_NEO4J_PASSWORD", server.password)
    return server.uri


def at_once(commands: Sequence[tuple[str, list[str]]]) -> None:
    """Run all at the same time; each must succeed."""
    started = [
        subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.PIPE, text=True)
        for code, words in commands
    ]
    said = [process.communicate(timeout=300)[1] for process in started]
    assert [process.returncode for process in started] == [0] * len(started), said


@pytest.fixture
def new(request: pytest.FixtureRequest, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A store that nobody set up yet."""
    if kind == "local":
        yield str(tmp_path / "store")
        stop(tmp_path / "store")
        return
    server: Server = request.getfixturevalue("neo4j_server")
    monkeypatch.setenv("NEURONKB_NEO4J_USER", server.user)
    monkeypatch.setenv("NEURONKB_NEO4J_PASSWORD", server.password)
    bare(server)
    yield server.uri


@pytest.mark.parametrize("kind", ["local", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def test_a_new_store_is_set_up_once_however_many_open_it(new: str, kind: str) -> None:
    at_once([(OPEN, [new])] * 4)
    with open_store(new) as store:
        assert store.read("MATCH (s:Schema) WHERE s.id = 'schema' RETURN count(s), max(s.version)").rows == [
            (1, SCHEMA_VERSION)
        ]


def test_three_loaders_of_the_same_and_of_other_bundles(store: Store, where: str, bundles: list[Path]) -> None:
    first, second = map(str, bundles)
    at_once([(LOAD, [where, first]), (LOAD, [where, second]), (LOAD, [where, second, first])])
    found = checksum(store)
    wanted = {"Run": 2, "Model": 2}
    for path in bundles:
        for name, rows in Bundle.open(path).run.counts.items():
            parts = name.split(".")
            wanted[parts[1] if len(parts) > 1 else name] = wanted.get(parts[1] if len(parts) > 1 else name, 0) + rows
    for shared in ("Token", "Term", "SPELLS"):
        wanted[shared] //= 2
    assert {name: found[0][name] for name in wanted if name != "Model"} == {
        name: rows for name, rows in wanted.items() if name != "Model"
    }
    assert sum(report.total for report in load_all(store, [Bundle.open(path) for path in bundles])) == 0
    assert checksum(store) == found


@pytest.mark.long
def test_the_same_job_twice_at_once(
    store: Store,
    where: str,
    planted_models: Planted,
    bundles: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    at_once([(INGEST, [where, str(planted_models[0])])] * 2)
    found = checksum(store)
    assert found[0]["DECODES_TO"] == Bundle.open(bundles[0]).run.counts["Neuron.DECODES_TO.Token"]
    assert load(store, Bundle.open(bundles[0])).total == 0
    assert store.read("MATCH (r:Run) RETURN count(r), count(r.ended)").rows == [(1, 1)]


@pytest.mark.long("neo4j")
def test_bundles_in_any_order(store: Store, planted_models: Planted, tmp_path: Path) -> None:
    from neuronkb import KnowledgeBase

    kb = KnowledgeBase(store, str(tmp_path / "store"))
    for model in planted_models:
        kb.lm_head.ingest(model)
    kb.links.make("base", "tuned")
    held = checksum(store)
    folders = [Path(path) for path in (tmp_path / "store" / "bundles").iterdir()]
    order = sorted(folders, key=lambda path: not path.name.startswith("link"))
    assert order[0].name.startswith("link")
    for row in store.read("MATCH (n) WHERE NOT n:Schema RETURN DISTINCT labels(n)[0]", limit=None).rows:
        store.write(f"MATCH (n:{row[0]}) DETACH DELETE n")
    kb.bundles.load(order)
    assert checksum(store) == held


def test_rivals_named_together_are_refused(store: Store, planted_models: Planted, tmp_path: Path) -> None:
    base, _ = planted_models
    made = [
        write_bundle(LmHeadJob.open(base, settings={"convention": name}), tmp_path / name, silent)
        for name in ("raw", "folded")
    ]
    with pytest.raises(RunError, match="are both runs of the job lm-head"):
        load_all(store, made, clash="replace")
    assert checksum(store)[0] == {}


def test_a_second_loader_waits_and_is_told_for_whom(store: Store, where: str) -> None:
    told: list[str] = []
    code = (
        "import sys; from neuronkb.kb.stores import open_store; store = open_store(sys.argv[1])\n"
        "with store.loading(print): print('held', flush=True); sys.stdin.readline()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, where], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdin is not None
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"

    def waiting(who: str) -> None:
        told.append(who)
        if len(told) == 3:
            other.stdin.write("\n")  # type: ignore[union-attr]
            other.stdin.flush()  # type: ignore[union-attr]

    with store.loading(waiting) as turn:
        assert turn.fresh
        assert told[0].startswith(f"process {other.pid} (")
    with store.loading(waiting) as turn:
        assert not turn.fresh
    other.communicate(timeout=60)


def test_a_holder_that_was_killed_keeps_nobody_waiting(store: Store, where: str) -> None:
    code = (
        "import os, sys; from neuronkb.kb.stores import open_store\n"
        "with open_store(sys.argv[1]).loading(print): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, where], check=False).returncode == -9
    told: list[str] = []
    with store.loading(told.append) as turn:
        assert turn.fresh
    assert len(told) <= 1


def lock_of(store: Neo4jStore, lease: float) -> NodeLock:
    return NodeLock(lambda text, params: store.write(text, params).rows, lease)


@pytest.mark.neo4j
def test_a_lease_of_another_machine_lapses(neo4j_store: Neo4jStore) -> None:
    far = asdict(replace(Holder.own(), host="far-away"))
    neo4j_store.write(
        "MERGE (l:Schema {id: 'load'}) SET l.holder = 'x', l.until = timestamp() + 1500, l.who = $who",
        {"who": json.dumps(far)},
    )
    told: list[str] = []
    with lock_of(neo4j_store, 30).hold(told.append) as turn:
        turn.check()
    assert told
    assert "on far-away" in told[0]
    assert neo4j_store.read("MATCH (l:Schema {id: 'load'}) RETURN l.holder, l.until").rows == [(None, 0)]


@pytest.mark.neo4j
def test_a_lease_is_renewed_and_its_loss_is_noticed(neo4j_store: Neo4jStore) -> None:
    import time

    with lock_of(neo4j_store, 1.0).hold(print) as turn:
        time.sleep(2.5)
        turn.check()
        neo4j_store.write("MATCH (l:Schema {id: 'load'}) SET l.holder = 'thief'")
        time.sleep(1.5)
        with pytest.raises(StoreBusyError, match="lock was lost"):
            turn.check()
    assert isinstance(turn, Lease)
    assert neo4j_store.read("MATCH (l:Schema {id: 'load'}) RETURN l.holder").rows == [("thief",)]


Stop = type("Stop", (Exception,), {})


@pytest.mark.parametrize("place", [pytest.param(0, marks=pytest.mark.long), 1, pytest.param(2, marks=pytest.mark.long)])
def test_a_replacement_that_fails_leaves_the_old_run(
    store: Store, planted_models: Planted, tmp_path: Path, place: int
) -> None:
    base, _ = planted_models
    old = write_bundle(LmHeadJob.open(base), tmp_path / "raw", silent)
    load(store, old)
    before = checksum(store)[0]
    folder = tmp_path / "folded"
    again: Callable[[], LmHeadJob] = lambda: LmHeadJob.open(base, settings={"convention": "folded"})  # noqa: E731
    failing = again()
    shards = failing.shards

    def cut(done: object, progress: object) -> object:
        for number, shard in enumerate(shards(done, progress)):  # type: ignore[arg-type]
            if number == place:
                raise Stop
            yield shard

    failing.shards = cut  # type: ignore[method-assign, assignment]
    with pytest.raises(Stop):
        write_and_load(failing, store, folder, clash="replace", progress=silent)
    held = "MATCH ()-[r:DECODES_TO {run: $run}]->() RETURN count(r)"
    assert store.read(held, {"run": old.run.id}).rows == [(before["DECODES_TO"],)]
    report = write_and_load(again(), store, folder, clash="refuse", progress=silent)
    assert report.replaced == (old.run.id,)
    assert store.read(held, {"run": old.run.id}).rows == [(0,)]
    assert store.read(held, {"run": report.run}).rows == [(before["DECODES_TO"],)]
    assert store.read("MATCH (r:Run) RETURN r.id, r.replaces").rows == [(report.run, None)]
    assert checksum(store)[0] == before


def test_a_removal_that_was_cut_off_is_finished_by_the_same_job(
    store: Store, planted_models: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, _ = planted_models
    old = write_bundle(LmHeadJob.open(base), tmp_path / "raw", silent)
    load(store, old)
    before = checksum(store)[0]
    new = write_bundle(LmHeadJob.open(base, settings={"convention": "folded"}), tmp_path / "folded", silent)
    kept = type(store).write
    calls = [0]

    def dying(self: Store, text: str, params: object = None) -> object:
        calls[0] += "DELETE" in text
        if calls[0] > 2:
            raise Stop
        return kept(self, text, params)  # type: ignore[arg-type]

    monkeypatch.setattr(type(store), "write", dying)
    with pytest.raises(Stop):
        load(store, new, clash="replace")
    monkeypatch.undo()
    assert store.read("MATCH (r:Run {id: $run}) RETURN r.replaces", {"run": new.run.id}).rows == [([old.run.id],)]
    assert load(store, new).replaced == (old.run.id,)
    assert checksum(store)[0] == before


def test_no_name_of_this_process_is_gone() -> None:
    own = Holder.own()
    assert not own.gone()
    assert replace(own, started=own.started - 1000).gone()
    assert not replace(own, host="elsewhere", pid=os.getpid() + 1).gone()
    assert Holder.read(json.dumps(asdict(own))) == own
    assert Holder.read('{"host": 1}') is None


def told(run: str, shards: dict[str, list[int]], root: Path) -> Bundle:
    """A bundle whose neurons decode to one token."""
    made: dict[str, Rows] = {}
    for name, indexes in shards.items():
        neurons = [{"id": f"m/L0/N{i}", "model": "m", "layer": 0, "index": i} for i in indexes]
        decoded = {"end": "t", "projection": "up", "pole": 1, "convention": "raw", "rank": 1, "logit": 1.0, "z": 1.0}
        made[name] = {
            "Model": [{"id": "m"}],
            "Neuron": neurons,
            "Neuron.IN_MODEL.Model": [{"start": row["id"], "end": "m"} for row in neurons],
            "Token": [{"id": "t", "tokenizer": "t", "token": 0, "text": "x"}],
            "Neuron.DECODES_TO.Token": [
                {"start": row["id"], "probability": 0.5, "run": run, **decoded} for row in neurons
            ],
        }
    return Bundle.open(bundle(root / "all" / run, run, made, model="m"))


def test_two_bundles_of_one_run_in_one_load(store: Store, tmp_path: Path) -> None:
    """What one brought in is known to the other."""
    some = told("r", {"L000": [0, 1]}, tmp_path / "some")
    others = told("r", {"L000-b": [1, 2], "L000": [0, 1]}, tmp_path / "others")
    load_all(store, [some, others])
    assert store.read("MATCH ()-[d:DECODES_TO]->() RETURN count(d)").rows == [(3,)]


def test_bundles_that_know_a_model_with_other_weights(store: Store, tmp_path: Path) -> None:
    """Nothing is written of either."""
    made = []
    for run in ("r", "s"):
        rows: Rows = {"Model": [{"id": "m", "weights": run * 64}]}
        folder = bundle(tmp_path / "all" / run, run, {"x": rows}, model="m", weights=run * 64)
        made.append(Bundle.open(folder))
    with pytest.raises(WeightsError, match="is known with weights"):
        load_all(store, made)
    assert store.read("MATCH (n) WHERE NOT n:Schema RETURN count(n)").rows == [(0,)]


def test_another_loads_while_several_are_loaded(store: Store, where: str, tmp_path: Path) -> None:
    """Between two bundles of a load another process brings in the second of them."""
    first = told("r", {"L000": [0, 1]}, tmp_path / "x")
    second = told("s", {"L000": [0, 1]}, tmp_path / "x")
    loaders = [Loader(store, each.run) for each in (first, second)]
    for loader, each in zip(loaders, (first, second), strict=True):
        loader.begin(each.run, "alongside")
    at_once([(LOAD, [where, str(second.folder)])])
    for loader, each in zip(loaders, (first, second), strict=True):
        loader.shards(each, list(each.shards.values()))
    assert store.read("MATCH ()-[d:DECODES_TO]->() RETURN d.run, count(d) ORDER BY d.run").rows == [
        (first.run.id, 2),
        (second.run.id, 2),
    ]
