"""What people put in themselves outlives the run it hangs on: the node that carries it stays when the run goes.

A person's own are labels, properties and relationships that the ontology does not know (or knows, but not without a
run, or to a node that is none of its own), ratings, and what a finding
names as its evidence. Such a node loses the evidence of the run it was made by and belongs to `keepsakes` from then on,
until its run is loaded again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from ...queries.catalogue.corpora import Runs
from ...schema import NODES, RELATIONSHIPS, Node, conform
from ..stores import statements
from ..stores.base import Store

KEEPSAKES = "keepsakes"
"""Id and job of the Run that kept nodes belong to."""
SHOW_KEPT = "neuronkb cypher \"MATCH (n {run: 'keepsakes'}) RETURN labels(n), n.id\""
"""What shows the nodes that outlived their run."""
BATCH = 2_000

_CITED = "MATCH (f:Finding) WHERE f.evidence IS NOT NULL UNWIND f.evidence AS id RETURN DISTINCT id"
_RATED = (
    "UNWIND $ids AS id MATCH (e:Explanation {id: id})-[:SCORED]->(s:Score {scorer: 'human'}) WHERE s.run <> $run "
    "RETURN DISTINCT id"
)


def kept_line(rows: Mapping[str, int]) -> str:
    """What stayed of runs that were taken away, by label, and where it is seen."""
    named = ", ".join(f"{nodes:,} {label}" for label, nodes in rows.items())
    return f"kept of runs that were taken away, as people put something in or cite it: {named}; see {SHOW_KEPT}"


def told(runs: Runs) -> Runs:
    """The runs of a store, with what the one of kept nodes is, where it is among them."""
    if not any(run == KEEPSAKES for run, *_ in runs.rows):
        return runs
    said = f"{KEEPSAKES}: what outlived its run, as people put something in or cite it; see {SHOW_KEPT}"
    return replace(runs, warnings=(*runs.warnings, said))


def kept(store: Store, node: Node, ids: Sequence[str], run: str) -> list[str]:
    """Those of `ids`, nodes of `run`, that carry what a person put in; they are set free of the run's evidence."""
    found: set[str] = set(cited(store)) & set(ids)
    for start in range(0, len(ids), BATCH):
        found |= _own(store, node, ids[start : start + BATCH], run)
    if found:
        _keep(store, node, sorted(found), run)
    return sorted(found)


def cited(store: Store) -> list[str]:
    """Ids of nodes and runs that findings rest on."""
    return [str(row[0]) for row in store.read(_CITED, timeout=None, limit=None)]


def handed_back(store: Store, node: Node, ids: Sequence[str], run: str) -> int:
    """Give kept nodes to the run that made them, which is being loaded again; how many."""
    if not node.evidence:
        return 0
    if back := sorted(ids_of(store, node, KEEPSAKES) & set(ids)):
        store.write(_given(node), {"ids": back, "run": run})
    return len(back)


def ids_of(store: Store, node: Node, run: str) -> set[str]:
    """The nodes of a label that belong to a run."""
    return {row[0] for row in store.read(statements.ids_of_run(node), {"run": run}, timeout=None, limit=None)}


def _own(store: Store, node: Node, ids: Sequence[str], run: str) -> set[str]:
    label = statements.quote(node.label)
    around = [rel for rel in RELATIONSHIPS.values() if node.label in (rel.start, rel.end)]
    names = [p.name for p in node.properties]
    asked = [
        f"UNWIND $ids AS id MATCH (n:{label} {{id: id}})-[r]-(m) WHERE NOT type(r) IN $types "
        "OR (r.run IS NULL AND type(r) IN $owned) OR none(name IN labels(m) WHERE name IN $known) RETURN DISTINCT id",
        f"UNWIND $ids AS id MATCH (n:{label} {{id: id}}) "
        "WHERE size(labels(n)) > 1 OR any(name IN keys(n) WHERE NOT name IN $names) RETURN DISTINCT id",
    ]
    if node.label == "Explanation":
        asked.append(_RATED)
    params = {
        "ids": list(ids),
        "run": run,
        "names": names,
        "types": sorted({rel.type for rel in around}),
        "owned": sorted({rel.type for rel in around} - {rel.type for rel in around if not rel.evidence}),
        "known": list(NODES),
    }
    return {str(row[0]) for text in asked for row in store.read(text, params, timeout=None, limit=None)}


def _keep(store: Store, node: Node, ids: Sequence[str], run: str) -> None:
    store.merge_nodes(NODES["Run"], conform(NODES["Run"], pa.table({"id": [KEEPSAKES], "job": [KEEPSAKES]})))
    label = statements.quote(node.label)
    for start in range(0, len(ids), BATCH):
        part = {"ids": list(ids[start : start + BATCH]), "run": run}
        store.write(f"UNWIND $ids AS id MATCH (n:{label} {{id: id}})-[r]-() WHERE r.run = $run DELETE r", part)
        store.write(_given(node), part | {"run": KEEPSAKES})


def _given(node: Node) -> str:
    return f"UNWIND $ids AS id MATCH (n:{statements.quote(node.label)} {{id: id}}) SET n.run = $run"
