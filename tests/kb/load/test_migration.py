"""A store and bundles that the first release made: they open, answer as before, and take new and the same evidence."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from neuronkb.ingest.bundle import Bundle
from neuronkb.kb.cli.main import cli
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores import statements
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.kb.stores.neo4j import Neo4jStore
from neuronkb.queries import query
from neuronkb.schema import NODES, RELATIONSHIPS, SCHEMA_VERSION

from tests import every_job
from tests.conftest import bare
from tests.graph import contents
from tests.kb.old_store import OldStore
from tests.neo4j_server import Server

OWN = (
    "MATCH (n:Neuron {id: $neuron}), (f:Finding), (s:Score {scorer: 'human'}), (p:Probe {k: 2}) "
    "SET n.liked = true, f.checked = 'yes', s.mine = 1, p.mine = 2 "
    "WITH DISTINCT n CREATE (t:Team {name: 'ours'})-[:OWNS {since: 2025}]->(n)"
)
FOUND = (
    "MATCH (t:Team)-[o:OWNS]->(n:Neuron), (f:Finding), (s:Score), (p:Probe) "
    "WHERE f.checked IS NOT NULL AND s.mine IS NOT NULL AND p.mine IS NOT NULL "
    "RETURN t.name, o.since, n.id, n.liked, f.checked, count(DISTINCT s), count(DISTINCT p)"
)
MENDED = frozenset({"best_explained", "neuron_card"})
"""Queries that gave an explanation once for each of its scores, or a sentence of both poles twice."""
NAMED = {
    "neuron_excerpts": ("activations",),  # in steps of a thousandth since: `tests/schema/test_levels.py`
    "findings_carried": ("created", "parameters"),
    "runs": ("parameters",),
    "run_sources": ("parameters", "source_parameters"),
}
"""Columns that name more than they did; when a verdict was given is when its run began, a second apart at most."""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldStore]:
    """The store of version 1, with rows that its people put in."""
    found = OldStore.unpack(1, tmp_path_factory.mktemp("old"))
    with LocalStore.open(found.folder, heap="512m") as store:
        store.write(OWN, {"neuron": every_job.NAMES[0]})
    yield found
    stop(found.folder)


@pytest.fixture(scope="module")
def rows(old: OldStore) -> dict[str, list[Any]]:
    """Every row of it as it was, before anything opened it."""
    with LocalStore.open(old.folder) as store:
        nodes = {name: [r[0] for r in _read(store, f"MATCH (n:{name}) RETURN properties(n)")] for name in NODES}
        ends = {
            name: _read(store, f"MATCH (a:{r.start})-[r:{r.type}]->(b:{r.end}) RETURN a.id, b.id, properties(r)")
            for name, r in RELATIONSHIPS.items()
        }
    return {**nodes, **ends}


def _read(store: Store, cypher: str) -> list[Any]:
    return store.read(cypher, timeout=None, limit=None).rows


@pytest.fixture(scope="module")
def local(old: OldStore, rows: dict[str, list[Any]]) -> Iterator[KnowledgeBase]:
    """The local store, opened by this release."""
    with KnowledgeBase.open(old.folder) as kb:
        yield kb


@pytest.fixture(scope="module")
def neo4j(
    old: OldStore, rows: dict[str, list[Any]], neo4j_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KnowledgeBase]:
    """The same rows in a Neo4j, where a node may have labels of one's own too; opened by this release."""
    bare(neo4j_server)
    with Neo4jStore.open(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as store:
        for text in (*statements.constraints(), *statements.range_indexes()):
            store.write(text)
        _put(store, rows)
        store.write(OWN, {"neuron": every_job.NAMES[0]})
        store.write("MATCH (n:Neuron {liked: true}) SET n:Favourite")
        store.setup()
        yield KnowledgeBase(store, str(tmp_path_factory.mktemp("neo4j")))


def _put(store: Store, rows: dict[str, list[Any]]) -> None:
    for name in NODES:
        store.write(f"UNWIND $rows AS row CREATE (n:{name}) SET n = row", {"rows": rows[name]})
    for name, rel in RELATIONSHIPS.items():
        ends = f"MATCH (a:{rel.start} {{id: row[0]}}), (b:{rel.end} {{id: row[1]}})"
        store.write(
            f"UNWIND $rows AS row {ends} CREATE (a)-[r:{rel.type}]->(b) SET r = row[2]",
            {"rows": [list(row) for row in rows[name]]},
        )


@pytest.fixture(params=["local", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def kb(request: pytest.FixtureRequest) -> KnowledgeBase:
    found: KnowledgeBase = request.getfixturevalue(request.param)
    return found


def answers_as_before(store: Store, old: OldStore, left_out: frozenset[str] = frozenset()) -> None:
    """Every query of then gives the rows that it gave."""
    assert len(old.answers) > 50
    other = []
    for name, told in old.answers.items():
        if name in left_out or name in MENDED:
            continue
        found = query(name).run(store, **told["params"])
        kept = [column for column in told["columns"] if column not in NAMED.get(name, ())]
        now, before = (
            sorted(_plain([row[list(columns).index(column)] for column in kept]) for row in rows)
            for columns, rows in ((found.columns, found.rows), (told["columns"], told["rows"]))
        )
        if now != before:
            other.append(name)
    assert other == []


def _plain(value: Any) -> str:
    """A row as text: means to seven digits, since the servers add in another order; keys in one order, and so what a
    query collects in none."""
    if isinstance(value, float):
        return f"{value:.7g}"
    if isinstance(value, dict):
        return str(sorted((key, _plain(each)) for key, each in value.items()))
    if isinstance(value, list | tuple):
        inner = [_plain(each) for each in value]
        return str(sorted(inner) if value and isinstance(value[0], dict | list | tuple) else inner)
    return repr(value)


def test_it_says_that_it_is_of_this_version_and_has_no_times(kb: KnowledgeBase) -> None:
    assert kb.store.status().schema_version == SCHEMA_VERSION
    assert kb.cypher("MATCH (p:Probe) RETURN count(p), count(p.seconds), count(p.k)").rows == [(10, 0, 10)]
    assert kb.cypher("MATCH (r:Run) RETURN DISTINCT r.schema").rows == [(SCHEMA_VERSION,)]


def test_queries_answer_as_before(kb: KnowledgeBase, old: OldStore) -> None:
    answers_as_before(kb.db, old)


def test_what_people_put_in_is_still_there(kb: KnowledgeBase) -> None:
    assert kb.cypher(FOUND).rows == [("ours", 2025, every_job.NAMES[0], True, "yes", 1, 4)]
    if kb.db.kind == "neo4j":
        assert kb.cypher("MATCH (n:Favourite) RETURN n.id").rows == [(every_job.NAMES[0],)]


def test_bundles_of_then_load_into_a_new_store(old: OldStore, local_store: Store, tmp_path: Path) -> None:
    """It answers what the store of then did; the same bundles again change nothing."""
    kb = KnowledgeBase(local_store, str(tmp_path))
    for folder in old.bundles:
        assert Bundle.open(folder).check() == []
        kb.bundles.load(folder)
    answers_as_before(local_store, old)
    assert kb.cypher("MATCH (r:Run) RETURN DISTINCT r.schema").rows == [(SCHEMA_VERSION,)]
    assert kb.cypher("MATCH (p:Probe) RETURN count(p), count(p.seconds), count(p.k)").rows == [(10, 0, 10)]
    assert {kb.bundles.load(folder).loads[0].total for folder in old.bundles} == {0}


def test_the_same_jobs_again_are_the_same_runs(local: KnowledgeBase, old: OldStore) -> None:
    """With the bundles of then beside the store: nothing clashes, and nothing is made or stored anew."""
    before, folders = contents(local.db), old.bundles
    assert set(every_job.run(local, old.given).values()) == {0}
    assert old.bundles == folders
    after = contents(local.db)
    for name in before:
        if name != "Run":  # it says where a model lies now
            assert after[name] == before[name], name


@pytest.mark.neo4j
@pytest.mark.long
def test_the_same_jobs_again_without_their_bundles(neo4j: KnowledgeBase, old: OldStore) -> None:
    """The store alone tells under which ids its runs are known; all is made again, and is what is there."""
    for row in neo4j.models.list().dicts():
        neo4j.neurons.lines(row["model"])  # the old release made none; jobs do
    before = contents(neo4j.db)
    assert set(every_job.run(neo4j, old.given).values()) == {0}
    after = contents(neo4j.db)
    for name in before:
        if name not in ("Run", "Shard"):
            assert after[name] == before[name], name


def test_the_jobs_again_beside_an_empty_store_go_on_with_the_bundles(
    old: OldStore, local_store: Store, tmp_path: Path
) -> None:
    """A run is known by its bundle too."""
    shutil.copytree(old.folder / "bundles", tmp_path / "bundles")
    kb = KnowledgeBase(local_store, str(tmp_path))
    found = kb.lm_head.ingest(old.given / "base", name="base", settings=every_job.DECODING)
    (held,) = [path.name for path in old.bundles if path.name == found.run]
    assert found.total > 0
    assert json.loads((tmp_path / "bundles" / held / "run.json").read_text())["model"] == "base"
    out = shutil.copytree(old.folder / "bundles" / held, tmp_path / "elsewhere")
    again = kb.lm_head.ingest(old.given / "base", name="base", settings=every_job.DECODING, out=out)
    assert (again.run, again.total) == (held, 0)


def test_an_old_run_is_extended_under_its_id(local: KnowledgeBase, old: OldStore) -> None:
    """Another neuron's graphs go to the run, and the bundle, of the first ones; both versions' files are read."""
    runs = local.runs.list(job="n2g").rows
    found = local.n2g.ingest(
        old.given / "base",
        old.given / "texts.jsonl",
        neurons=[*every_job.NEURONS, (0, 7)],
        windows=every_job.WINDOWS,
        settings=every_job.GRAPHS,
    )
    assert found.run == runs[0][0]
    assert found.created["Graph"] > 0
    assert len(local.runs.list(job="n2g").rows) == len(runs) == 1
    bundle = Bundle.open(old.folder / "bundles" / found.run)
    assert bundle.run.schema == SCHEMA_VERSION
    assert bundle.check() == []


def test_it_takes_new_evidence(local: KnowledgeBase, old: OldStore) -> None:
    found = local.feeds.ingest(old.given / "base", settings={"k": 3, "device": "cpu"}, alongside=True)
    assert found.created["Neuron.FEEDS.Neuron"] > 0
    assert len(local.runs.list(job="feeds").rows) == 2


OPEN = """
import sys
from neuronkb import KnowledgeBase
steps = []
def told(step, done, total):
    if not steps:
        print(step, flush=True)
    steps.append(step)
with KnowledgeBase.open(sys.argv[1], create=False, progress=told) as kb:
    print(sum(step == "schema version 2" for step in steps), kb.store.status().schema_version)
"""


def test_two_processes_that_open_an_old_store_at_once(
    kb: KnowledgeBase, old: OldStore, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One brings it to this release's version, the other waits for it."""
    where = str(old.folder)
    if kb.db.kind == "neo4j":
        server: Server = request.getfixturevalue("neo4j_server")
        monkeypatch.setenv("NEURONKB_NEO4J_USER", server.user)
        monkeypatch.setenv("NEURONKB_NEO4J_PASSWORD", server.password)
        where = server.uri
    kb.db.write("MATCH (s:Schema {id: 'schema'}) SET s.version = 1")
    with kb.db.loading(print):
        openers = [
            subprocess.Popen([sys.executable, "-c", OPEN, where], stdout=subprocess.PIPE, text=True) for _ in range(2)
        ]
        for opener in openers:
            assert opener.stdout is not None
            assert opener.stdout.readline().startswith("waiting for process")
    assert sorted(opener.communicate(timeout=300)[0] for opener in openers) == ["0 2\n", "2 2\n"]


def test_the_command_line_says_what_it_does(old: OldStore, local: KnowledgeBase) -> None:
    local.db.write("MATCH (s:Schema) SET s.version = 1")
    asked = ["store", "status", "--json", "--store", str(old.folder)]
    first, again = (CliRunner().invoke(cli, asked) for _ in range(2))
    assert "made by an older release" in first.stderr
    assert json.loads(first.stdout)["schema_version"] == SCHEMA_VERSION
    assert again.stderr == ""
