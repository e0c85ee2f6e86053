"""A store that is doubled, cut off or short is seen, and mended to what an undisturbed load gives."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from neuronkb.ingest.bundle import Bundle
from neuronkb.ingest.lm_head.job import LmHeadJob
from neuronkb.ingest.progress import silent
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.loader import load
from neuronkb.kb.load.soundness import check_store
from neuronkb.kb.load.write import write_bundle
from neuronkb.kb.place import Place
from neuronkb.kb.stores.base import Store
from neuronkb.tests.bundles import bundle
from neuronkb.tests.everything import BASE, Rows
from neuronkb.tests.graph import checksum, contents

Planted = tuple[Path, Path]


@pytest.fixture(scope="module")
def written(planted_models: Planted, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The base, decoded."""
    return write_bundle(LmHeadJob.open(planted_models[0]), tmp_path_factory.mktemp("written") / "bundle", silent)


@pytest.fixture
def loaded(store: Store, written: Bundle, tmp_path: Path) -> tuple[Place, Bundle]:
    """Where the store's bundles lie, and the one that is loaded."""
    place = Place(str(tmp_path / "store"))
    bundle = Bundle.open(shutil.copytree(written.folder, place.bundle(written.run.id)))
    load(store, bundle)
    return place, bundle


def test_a_whole_store_is_sound(store: Store, loaded: tuple[Place, Bundle]) -> None:
    found = check_store(store, loaded[0])
    assert found.faults == ()
    assert found.ok
    assert found.relationships == sum(rows for name, rows in loaded[1].run.counts.items() if "." in name)


def test_doubled_relationships_are_counted_and_mended(store: Store, loaded: tuple[Place, Bundle]) -> None:
    whole = checksum(store)
    store.write(
        "MATCH (n:Neuron)-[r:DECODES_TO {rank: 1}]->(t) WITH n, r, t "
        "CREATE (n)-[s:DECODES_TO]->(t) SET s = properties(r)"
    )
    store.write("MATCH (t:Token)-[:SPELLS]->(w:Term) CREATE (t)-[:SPELLS]->(w)")
    decoded = loaded[1].run.counts["Neuron.DECODES_TO.Token"] // 10
    spells = loaded[1].run.counts["Token.SPELLS.Term"]
    seen = {(fault.kind, fault.table): fault.rows for fault in check_store(store, loaded[0]).faults}
    assert seen["doubled", "Neuron.DECODES_TO.Token"] == decoded
    assert seen["doubled", "Token.SPELLS.Term"] == spells
    store.write("MATCH ()-[s:SPELLS]->() WITH s LIMIT 1 SET s.mine = 'own'")
    assert check_store(store, loaded[0], mend=True).ok
    assert store.read("MATCH ()-[s:SPELLS {mine: 'own'}]->() RETURN count(s)").rows == [(1,)]
    store.write("MATCH ()-[s:SPELLS {mine: 'own'}]->() SET s.mine = NULL")
    assert checksum(store) == whole
    assert check_store(store, loaded[0]).faults == ()


def test_what_is_missing_comes_from_the_bundle(store: Store, loaded: tuple[Place, Bundle]) -> None:
    whole = checksum(store)
    store.write("MATCH (:Neuron)-[r:DECODES_TO {rank: 2}]->() DELETE r")
    store.write("MATCH (s:Stats {projection: 'up'}) DETACH DELETE s")
    kinds = {(fault.kind, fault.table) for fault in check_store(store, loaded[0]).faults}
    assert kinds == {
        ("missing", "Neuron.DECODES_TO.Token"),
        ("missing", "Stats"),
        ("missing", "Neuron.HAS_STATS.Stats"),
    }
    assert check_store(store, loaded[0], mend=True).ok
    assert checksum(store) == whole


def test_what_is_missing_without_a_bundle_stays_a_fault(
    store: Store, loaded: tuple[Place, Bundle], tmp_path: Path
) -> None:
    store.write("MATCH (:Neuron)-[r:DECODES_TO {rank: 2}]->() DELETE r")
    found = check_store(store, Place(str(tmp_path / "elsewhere")), mend=True)
    assert not found.ok
    assert [fault.mended for fault in found.faults] == [False]
    assert "load the bundle of lm-head-" in found.faults[0].mend


def test_rows_without_their_run(store: Store, loaded: tuple[Place, Bundle]) -> None:
    store.write("MATCH (r:Run) DETACH DELETE r")
    found = check_store(store, loaded[0])
    assert {fault.kind for fault in found.faults} == {"without run"}
    assert {fault.table for fault in found.faults} >= {"Neuron.DECODES_TO.Token", "Stats", "Shard"}
    assert check_store(store, loaded[0], mend=True).ok
    assert "DECODES_TO" not in checksum(store)[0]
    load(store, loaded[1])
    assert check_store(store, loaded[0]).faults == ()


def test_a_load_and_a_removal_that_were_cut_off(
    store: Store, loaded: tuple[Place, Bundle], planted_models: Planted
) -> None:
    place, old = loaded
    job = LmHeadJob.open(planted_models[0], settings={"convention": "folded"})
    new = write_bundle(job, place.bundle(job.run.id), silent)
    load(store, new, clash="alongside")
    store.write("MATCH (r:Run {id: $run}) SET r.replaces = $old", {"run": new.run.id, "old": [old.run.id]})
    store.write(
        "MATCH (s:Shard {run: $run}) WHERE s.id CONTAINS 'DECODES_TO.Token/L001' SET s.state = 'started'",
        {"run": new.run.id},
    )
    seen = {(fault.kind, fault.table, fault.run) for fault in check_store(store, place).faults}
    assert {("cut off", "Run", new.run.id), ("cut off", "Shard", new.run.id)} <= seen
    assert check_store(store, place, mend=True).ok
    assert store.read("MATCH (r:Run) RETURN r.id, r.replaces").rows == [(new.run.id, None)]
    assert check_store(store, place).faults == ()


def test_the_users_own_relationships_are_no_fault(store: Store, loaded: tuple[Place, Bundle]) -> None:
    store.write("MATCH (a:Neuron {index: 0}), (b:Neuron {index: 1}) CREATE (a)-[:LIKES]->(b), (a)-[:LIKES]->(b)")
    assert check_store(store, loaded[0], mend=True).faults == ()
    assert store.read("MATCH (:Neuron)-[r:LIKES]->() RETURN count(r)").rows[0][0] > 0


def alike(score: float, *ends: int) -> Rows:
    """One neuron that is like others."""
    row = {"start": f"{BASE}/L0/N0", "measure": "weights", "score": score, "run": "r"}
    return {"Neuron.SIMILAR.Neuron": [{**row, "end": f"{BASE}/L0/N{i}"} for i in ends]}


def overlapping(root: Path) -> Bundle:
    """Shards of relationships between neurons alone; the third and the fourth tell of what was told."""
    neurons = [{"id": f"{BASE}/L0/N{i}", "model": BASE, "layer": 0, "index": i} for i in range(5)]
    belong = [{"start": row["id"], "end": BASE} for row in neurons]
    shards: dict[str, Rows] = {
        "L000": {"Model": [{"id": BASE}], "Neuron": neurons, "Neuron.IN_MODEL.Model": belong},
        "a": alike(0.5, 1),
        "b": alike(0.25, 2),
        "c": alike(0.125, 1, 2, 3),
        "d": alike(0.0625, 3),
    }
    return Bundle.open(bundle(root / "all" / "r", "r", shards))


def test_shards_that_overlap_are_whole_without_their_bundle(store: Store, tmp_path: Path) -> None:
    """What each file added is kept in the store; the first to tell of a row counts."""
    load(store, overlapping(tmp_path))
    scores = store.read("MATCH ()-[s:SIMILAR]->() RETURN s.score ORDER BY s.score DESC").rows
    assert scores == [(0.5,), (0.25,), (0.125,)]
    elsewhere = Place(str(tmp_path / "elsewhere"))
    assert check_store(store, elsewhere).faults == ()
    store.write("MATCH ()-[s:SIMILAR {score: 0.25}]->() DELETE s")
    found = check_store(store, elsewhere, mend=True)
    assert [(fault.kind, fault.rows, fault.mended) for fault in found.faults] == [("missing", 1, False)]
    # A mend that fails leaves the store as it was.
    assert [fault.kind for fault in check_store(store, elsewhere).faults] == ["missing"]


def test_what_cannot_be_told_without_the_bundle_is_no_fault(store: Store, tmp_path: Path) -> None:
    """As of a store that was loaded before shards kept what they added."""
    found = overlapping(tmp_path)
    load(store, found)
    store.write("MATCH (s:Shard) REMOVE s.added")
    told = check_store(store, Place(str(tmp_path / "elsewhere")))
    assert [(fault.kind, fault.rows) for fault in told.faults] == [("unclear", 3)]
    assert told.ok
    (tmp_path / "bundles").mkdir()
    found.folder.rename(Place(str(tmp_path)).bundle(found.run.id))
    assert check_store(store, Place(str(tmp_path))).faults == ()
    store.write("MATCH ()-[s:SIMILAR {score: 0.25}]->() DELETE s")
    assert [(fault.kind, fault.rows) for fault in check_store(store, Place(str(tmp_path))).faults] == [("missing", 1)]


def test_a_load_that_was_cut_off_among_overlapping_shards(store: Store, tmp_path: Path) -> None:
    found = overlapping(tmp_path)
    load(store, found)
    whole = contents(store)
    for shard, score in (("a", 0.5), ("c", 0.125)):
        store.write("MATCH ()-[s:SIMILAR {score: $score}]->() DELETE s", {"score": score})
        store.write("MATCH (s:Shard) WHERE s.id ENDS WITH $end SET s.state = 'started'", {"end": f"Neuron/{shard}"})
    load(store, found)
    assert contents(store)["SIMILAR"] == whole["SIMILAR"]
    assert check_store(store, Place(str(tmp_path / "elsewhere"))).ok


def test_verdicts_on_findings_that_are_not_here(store: Store, tmp_path: Path) -> None:
    """Left out, they are no load that was cut off; a finding that was taken away leaves nothing missing."""
    neuron = {"id": f"{BASE}/L0/N0", "model": BASE, "layer": 0, "index": 0}
    rows: Rows = {"Model": [{"id": BASE}], "Neuron": [neuron], "Finding": [{"id": "here", "text": "x"}]}
    rows["Neuron.IN_MODEL.Model"] = [{"start": neuron["id"], "end": BASE}]
    carried = {"end": neuron["id"], "source": neuron["id"], "verdict": "holds", "run": "r"}
    rows["Finding.CARRIED_TO.Neuron"] = [{**carried, "start": name} for name in ("here", "there")]
    found = Bundle.open(bundle(tmp_path / "all" / "r", "r", {"all": rows}))
    for _ in range(2):
        assert load(store, found).left_out == {"Finding.CARRIED_TO.Neuron": 1}
        assert check_store(store, Place(str(tmp_path))).faults == ()
    KnowledgeBase(store, str(tmp_path)).findings.remove("all-here")
    told = check_store(store, Place(str(tmp_path)))
    assert [(fault.kind, fault.table) for fault in told.faults] == [("unclear", "Finding.CARRIED_TO.Neuron")]
    assert told.ok
    (tmp_path / "bundles").mkdir()
    found.folder.rename(tmp_path / "bundles" / found.run.id)
    assert check_store(store, Place(str(tmp_path))).faults == ()
