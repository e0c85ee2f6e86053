"""What people put in themselves survives whatever becomes of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from neuronkb.ingest.bundle import UNVERIFIED, Bundle, RunInfo
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.keepsakes import KEEPSAKES
from neuronkb.kb.load.loader import load
from neuronkb.kb.load.runs import remove, settle
from neuronkb.kb.load.soundness import check_store
from neuronkb.kb.place import Place
from neuronkb.kb.stores.base import Store
from neuronkb.schema import NODES, RELATIONSHIPS
from neuronkb.tests.bundles import bundle, every_method
from neuronkb.tests.everything import BASE, Rows
from neuronkb.tests.graph import contents
from neuronkb.tests.kb.rated import MONTHS, fill

OWN = (
    "MATCH (n) WHERE n.mine IS NOT NULL OR n:Mine OR n:Note RETURN n.id, n.mine, n:Mine, n:Note ORDER BY n.id",
    "MATCH (n)-[r:MINE]->(m) RETURN n.id, m.id, r.why ORDER BY n.id, m.id",
    "MATCH (f:Finding)-[:ABOUT]->(n:Neuron) RETURN f.id, f.text, f.author, f.evidence, n.id ORDER BY f.id, n.id",
)


def own(store: Store) -> list[list[list[Any]]]:
    return [[list(row) for row in store.read(text, timeout=None).rows] for text in OWN]


def put_in(store: Store, neurons: list[str]) -> None:
    """Labels, properties, a node and relationships of a person's own, on and between neurons."""
    for neuron in neurons:
        store.write("MATCH (n:Neuron {id: $n}) SET n:Mine SET n.mine = $n", {"n": neuron})
        store.write("CREATE (:Note {id: $id, mine: 'a note'})", {"id": f"note-{neuron}"})
        text = "MATCH (a:Note {id: $id}), (n:Neuron {id: $n}) CREATE (a)-[:MINE {why: 'so'}]->(n)"
        store.write(text, {"id": f"note-{neuron}", "n": neuron})
    text = "MATCH (a:Neuron {id: $a}), (b:Neuron {id: $b}) CREATE (a)-[:MINE {why: 'alike'}]->(b)"
    store.write(text, {"a": neurons[0], "b": neurons[1]})


def neurons_of(store: Store) -> list[str]:
    return [row[0] for row in store.read("MATCH (n:Neuron) RETURN n.id ORDER BY n.id").rows]


@pytest.mark.long("neo4j")
def test_own_things_survive_every_run(store: Store, tmp_path: Path) -> None:
    """Loaded again, replaced by another run of the job, and taken away: of each job in turn."""
    bundles = every_method(tmp_path / "all")
    for folder in bundles:
        load(store, Bundle.open(folder))
    put_in(store, neurons_of(store))
    expected = own(store)
    assert len(expected[0]) == 2 * len(neurons_of(store))
    assert expected[2]
    for folder in bundles:
        run = Bundle.open(folder).run
        load(store, Bundle.open(folder))
        assert own(store) == expected
        other = RunInfo("other-run", run.job, run.model, UNVERIFIED, None, run.parameters)
        settle(store, other, "replace")
        if store.existing_ids(NODES["Run"], [run.id]).to_pylist():
            remove(store, run.id)
        assert own(store) == expected
        load(store, Bundle.open(folder))
        assert own(store) == expected
    for folder in bundles:
        remove(store, Bundle.open(folder).run.id)
    assert own(store) == expected
    assert "Run" not in contents(store)


def makes(folder: Path, labels: tuple[str, ...]) -> bool:
    """Whether a bundle has nodes of a label."""
    counts = Bundle.open(folder).run.counts
    return any(counts.get(label) for label in labels)


KINDS = ("Stats", "Graph", "GraphNode", "Probe", "Explanation", "Score", "Intervention")
SOME = ("Graph", "Explanation")


@pytest.mark.parametrize("how", ["label", "property", "relationship", "known type", "finding"])
def test_a_node_of_a_run_stays_with_what_it_carries(store: Store, tmp_path: Path, how: str) -> None:
    kinds = KINDS if how == "property" else SOME  # all labels go one way
    bundles = [folder for folder in every_method(tmp_path / "all") if makes(folder, kinds)]
    for folder in bundles:
        load(store, Bundle.open(folder))
    whole = contents(store)
    carrying = {}
    for label in kinds:
        name = store.read(f"MATCH (n:{label}) RETURN n.id ORDER BY n.id LIMIT 1").rows[0][0]
        carrying[label] = name
        if how == "label":
            store.write(f"MATCH (n:{label} {{id: $id}}) SET n:Mine", {"id": name})
        elif how == "property":
            store.write(f"MATCH (n:{label} {{id: $id}}) SET n.mine = 'kept'", {"id": name})
        elif how == "known type":
            type_ = next(rel.type for rel in RELATIONSHIPS.values() if rel.evidence and label in (rel.start, rel.end))
            store.write(f"MATCH (n:{label} {{id: $id}}) CREATE (:Note {{id: $id}})-[:{type_}]->(n)", {"id": name})
        elif how == "relationship":
            store.write(f"MATCH (n:{label} {{id: $id}}) CREATE (:Note {{id: $id}})-[:ABOUT]->(n)", {"id": name})
        else:
            KnowledgeBase(store, str(tmp_path)).findings.add("mine", about=neurons_of(store)[:1], evidence=[name])
    stayed: dict[str, int] = {}
    for folder in bundles:
        for label, n in remove(store, Bundle.open(folder).run.id).items():
            stayed[label] = stayed.get(label, 0) + n
    assert stayed == dict.fromkeys(kinds, 1)
    left = "MATCH (n) WHERE n.run = $run RETURN n.id ORDER BY n.id"
    assert [row[0] for row in store.read(left, {"run": KEEPSAKES}).rows] == sorted(carrying.values())
    assert not store.read("MATCH ()-[r]->() WHERE r.run IS NOT NULL RETURN r.run").rows
    # Loaded again, they are their runs' as before.
    for folder in bundles:
        load(store, Bundle.open(folder))
    assert not store.read(left, {"run": KEEPSAKES}).rows
    if how == "relationship":
        again = contents(store)
        assert {name: rows for name, rows in again.items() if name not in ("Run", "ABOUT")} == {
            name: rows for name, rows in whole.items() if name not in ("Run", "ABOUT")
        }


def test_what_is_kept_is_said_and_counted(store: Store, tmp_path: Path) -> None:
    """By the load that takes the place, and by a check of the store."""
    rows: Rows = {"Explanation": [{"id": name, "kind": "text", "text": name, "run": "x"} for name in "ab"]}
    again: Rows = {"Explanation": [{"id": "c", "kind": "text", "text": "c", "run": "y"}]}
    old, new = (
        Bundle.open(bundle(tmp_path / "all" / run, run, {"all": told}, job="explain"))
        for run, told in (("x", rows), ("y", again))
    )
    load(store, old)
    store.write("MATCH (e:Explanation {text: 'a'}) SET e.mine = 1")
    report = load(store, new, clash="replace")
    assert (report.replaced, report.kept) == ((old.run.id,), {"Explanation": 1})
    found = check_store(store, Place(str(tmp_path)))
    assert (found.faults, found.kept) == ((), {"Explanation": 1})
    store.write("MATCH (r:Run {id: $run}) DELETE r", {"run": new.run.id})
    store.write("MATCH (e:Explanation {text: 'c'}) SET e.mine = 2")
    assert check_store(store, Place(str(tmp_path)), mend=True).ok
    assert store.read("MATCH (e:Explanation) RETURN e.text, e.run, e.mine ORDER BY e.text").rows == [
        ("a", KEEPSAKES, 1),
        ("c", KEEPSAKES, 2),
    ]


def test_keepsakes_go_when_nothing_hangs_on_them(store: Store, tmp_path: Path) -> None:
    folder = next(each for each in every_method(tmp_path / "all") if each.name == "clamp-1")
    load(store, Bundle.open(folder))
    store.write("MATCH (i:Intervention) SET i.mine = 1")
    assert remove(store, Bundle.open(folder).run.id) == {"Intervention": 2}
    assert remove(store, KEEPSAKES) == {"Intervention": 2}
    assert store.read("MATCH (r:Run) RETURN r.id").rows == [(KEEPSAKES,)]
    store.write("MATCH (i:Intervention) REMOVE i.mine")
    assert remove(store, KEEPSAKES) == {}
    assert "Intervention" not in contents(store)
    assert "Run" not in contents(store)


def test_ratings_keep_what_they_rate(store: Store, tmp_path: Path) -> None:
    fill(store, tmp_path)
    kb = KnowledgeBase(store, str(tmp_path / "store"))
    (sheet,) = kb.ratings.sheets("base", "ann", neuron=str(MONTHS))
    kb.ratings.save(sheet, "ann", [5.0, 4.0, 3.0, 2.0, 1.0])
    ann = kb.ratings.report("base").raters[0]
    assert remove(store, "explanations-1") == {"Explanation": 4}
    after = kb.ratings.report("base").raters[0]
    assert (after.rater, after.rated, after.mean, after.null) == ("ann", 4, ann.mean, ann.null)
    assert after.automatic.n == 0
    rated = "MATCH (e:Explanation)-[:SCORED]->(:Score {rater: 'ann'})-[:OF]->(n:Neuron) RETURN DISTINCT e.text"
    assert sorted(row[0] for row in store.read(rated).rows) == sorted(sheet.shown[i].text for i in sheet.own)
    load(store, Bundle.open(tmp_path / "explanations"))
    assert kb.ratings.report("base").raters[0] == ann
    assert remove(store, "explanations-1") == {"Explanation": 4}


def test_a_finding_and_its_words_survive_the_run_it_rests_on(store: Store, tmp_path: Path) -> None:
    """Evidence that a finding names stays; the id of a run stays written in it."""
    neuron = {"id": f"{BASE}/L9/N1", "model": BASE, "layer": 9, "index": 1}
    said = {"id": "e", "kind": "text", "text": "months", "run": "x"}
    rows: Rows = {"Model": [{"id": BASE}], "Neuron": [neuron], "Explanation": [said]}
    rows["Neuron.IN_MODEL.Model"] = [{"start": neuron["id"], "end": BASE}]
    rows["Neuron.EXPLAINED_BY.Explanation"] = [{"start": neuron["id"], "end": "e", "pole": 1, "run": "x"}]
    folder = bundle(tmp_path / "all" / "x", "x", {"all": rows})
    load(store, Bundle.open(folder))
    kb = KnowledgeBase(store, str(tmp_path))
    finding = kb.findings.add("months", about=[f"all-{BASE}/L9/N1"], evidence=["all-e", "all-x"])
    assert remove(store, "all-x") == {"Explanation": 1}
    card = kb.findings.show(finding.id)
    assert card.finding == finding
    assert store.read("MATCH (e:Explanation {id: 'all-e'}) RETURN e.text").rows == [("months",)]
