"""Neurons of a run joined to those of like graphs, against every pair compared by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest.bundle import Bundle, BundleWriter
from neuronkb.ingest.corpus import Corpus
from neuronkb.ingest.n2g import job as n2g_job
from neuronkb.ingest.n2g.alike import EDGES, NEAREST, alike_table
from neuronkb.ingest.n2g.graph import End, Graph, Match, Node
from neuronkb.ingest.n2g.job import N2GJob
from neuronkb.ingest.n2g.similar import GRAPH_MEASURES, GraphSets, best_by_chance, graph_paths
from neuronkb.ingest.n2g.stored import StoredSets
from neuronkb.ingest.n2g.tables import GraphRecord, record_tables
from neuronkb.ingest.n2g.windows import Material
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import NeuronId
from neuronkb.tests.ingest.n2g.test_similar import compared

SETTINGS = {"random": 16, "substitutes": 3, "batch": 8}
TWO_SIDES = (1, -1)
Side = tuple[int, int]
"""Index of a neuron, and pole."""


def made(side: Side) -> Graph:
    """A few words in a tree, the same for the same side; nothing for one side in six."""
    random = np.random.default_rng([side[0], side[1] + 1])
    nodes: list[Node] = []
    siblings: set[tuple[int, str, str]] = set()
    matches: list[Match] = ["token", "token", "token", "fold", "any"]
    for number in range(0 if random.random() < 1 / 6 else int(random.integers(1, 12))):
        parent = int(random.integers(-1, number)) if number else -1
        match = matches[int(random.integers(len(matches)))]
        key = "" if match == "any" else str(random.choice(list("abcdé"), 1)[0])
        if (parent, match, key) in siblings:
            match, key = "token", f"w{number}"
        siblings.add((parent, match, key))
        end = End(float(random.random())) if random.random() < 0.7 else None
        nodes.append(Node(parent, match, key, key, activates=match != "any" and random.random() < 0.5, end=end))
    return Graph(tuple(nodes))


def by_pairs(neurons: Sequence[int], measure: Any) -> dict[int, list[tuple[float, int]]]:
    """For each neuron the others with their scores, the best of any two sides, nearest first."""
    graphs = {side: made(side) for side in product(neurons, TWO_SIDES)}
    sides = {side: (set(one.activating), set(one.context), graph_paths(one)) for side, one in graphs.items()}
    found = defaultdict(list)
    for one, other in product(neurons, neurons):
        poles = product(TWO_SIDES, TWO_SIDES)
        score = max(compared(sides[one, mine], sides[other, theirs], measure) for mine, theirs in poles)
        if one != other and score > 0:
            found[one].append((-round(score, 6), other))
    return {one: [(-score, other) for score, other in sorted(others)] for one, others in found.items()}


def check(rows: list[dict[str, Any]], neurons: Sequence[int]) -> None:
    """Against all pairs; of those that score the same any may stand."""
    listed: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["rank"]):
        start, end = (NeuronId.parse(row[name]).index for name in ("start", "end"))
        listed[row["measure"], start].append((row["score"], end))
        assert row["rank"] == len(listed[row["measure"], start])
    for measure in GRAPH_MEASURES:
        wanted = by_pairs(neurons, measure)
        assert {start for name, start in listed if name == measure} == wanted.keys()
        for start, others in wanted.items():
            found = listed[measure, start]
            assert [score for score, _ in found] == pytest.approx([score for score, _ in others[:NEAREST]], abs=1e-5)
            assert [{b: a for a, b in others}[other] for _, other in found] == pytest.approx(
                [score for score, _ in found], abs=1e-5
            )


def test_stored_graphs_compare_as_they_did() -> None:
    sides = list(product(range(30), TWO_SIDES))
    records = [GraphRecord(NeuronId("toy", 0, index), pole, made((index, pole))) for index, pole in sides]
    stored = StoredSets()
    for part in (records[:20], records[20:22], records[22:]):
        stored.add(record_tables(part, "run"))
    assert stored.neurons == [str(record.neuron) for record in records]
    assert stored.starts.tolist() == list(range(0, 60, 2))
    direct = GraphSets.of_graphs([record.graph for record in records])
    for measure in GRAPH_MEASURES:
        scores = stored.sets().scores(measure, slice(0, 60))
        np.testing.assert_allclose(scores, direct.scores(measure, slice(0, 60)), atol=1e-6)


def test_the_nearest_are_those_of_all_pairs_and_stand_beside_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neuronkb.ingest.n2g.similar.ROWS", 7)
    stored = StoredSets()
    sides = list(product(range(30), TWO_SIDES))
    stored.add(record_tables([GraphRecord(NeuronId("toy", 0, i), pole, made((i, pole))) for i, pole in sides], "run"))
    sets = stored.sets()
    rows = alike_table(sets, stored.neurons, "run", dict.fromkeys(GRAPH_MEASURES, 0.0), stored.starts).to_pylist()
    check(rows, range(30))
    dealt = sets.dealt(np.random.default_rng(0))
    assert dealt.paths.sum() == pytest.approx(sets.paths.sum(), rel=1e-5)
    chance = best_by_chance(sets, GRAPH_MEASURES, dealt, stored.starts)
    for row in rows:
        assert row["null"] == pytest.approx(chance[row["measure"]][NeuronId.parse(row["start"]).index], abs=1e-6)


def test_no_graphs_are_like_none() -> None:
    stored = StoredSets()
    assert alike_table(stored.sets(), [], "run", {"graph_paths": 0.0}, stored.starts).num_rows == 0
    stored.add(record_tables([GraphRecord(NeuronId("toy", 0, 0), 1, Graph(()))], "run"))
    assert alike_table(stored.sets(), stored.neurons, "run", {"deepdecipher": 0.0}, stored.starts).num_rows == 0


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Side]:
    """The sides whose graphs were built; each is what `made` makes, two neurons a shard."""
    found: list[Side] = []

    def build(self: N2GJob, materials: Sequence[Material], share: bool = True) -> list[Graph]:
        sides = [(material.target.index, material.target.pole) for material in materials]
        found.extend(sides)
        return [made(side) for side in sides]

    monkeypatch.setattr(N2GJob, "build", build)
    monkeypatch.setattr(N2GJob, "poles", TWO_SIDES)
    monkeypatch.setattr(n2g_job, "PART", 2)
    return found


def some(live: LiveModel, corpus: Corpus, folder: Path, *indices: int) -> Iterator[str]:
    """The shards of a job over some neurons, all unless given, as they are written."""
    neurons = [(0, index) for index in indices] or None
    job = N2GJob.open(live, corpus, neurons=neurons, settings=SETTINGS)
    job.bundle = folder
    writer = BundleWriter.open(folder, job.run)
    for name, tables in job.shards(writer.done):
        writer.write(name, tables)
        yield name


def edges(folder: Path) -> list[dict[str, Any]]:
    return [row for rows in Bundle.open(folder).tables(EDGES) for row in rows.to_pylist()]


def test_a_run_joins_its_neurons(live: LiveModel, corpus: Corpus, tmp_path: Path, built: list[Side]) -> None:
    assert list(some(live, corpus, tmp_path))[-1] == "similar"
    assert len(built) == 16
    check(edges(tmp_path), range(8))
    assert list(some(live, corpus, tmp_path)) == []


def test_a_stopped_run_reads_its_graphs_back(
    live: LiveModel, corpus: Corpus, tmp_path: Path, built: list[Side]
) -> None:
    list(some(live, corpus, tmp_path / "whole"))
    stopped = some(live, corpus, tmp_path / "again")
    assert [next(stopped) for _ in range(3)][-1] == "L000-000002"
    del stopped
    built.clear()
    list(some(live, corpus, tmp_path / "again"))
    assert {index for index, _ in built} == {4, 5, 6, 7}
    assert edges(tmp_path / "again") == edges(tmp_path / "whole")


def test_parts_compare_what_they_have(live: LiveModel, corpus: Corpus, tmp_path: Path, built: list[Side]) -> None:
    """A pair that two parts share is in the evidence once."""
    *_, first = some(live, corpus, tmp_path, 0, 1, 2, 4)
    assert first.startswith("similar-")
    check(edges(tmp_path), [0, 1, 2, 4])
    *_, second = some(live, corpus, tmp_path, 0, 1, 2, 5, 6)
    assert second not in ("similar", first)
    list(some(live, corpus, tmp_path))
    keys = [(row["measure"], row["start"], row["end"]) for row in edges(tmp_path)]
    assert len(keys) == len(set(keys))
    wanted = {(measure, start) for measure in GRAPH_MEASURES for start in by_pairs(range(8), measure)}
    assert {(measure, NeuronId.parse(start).index) for measure, start, _ in keys} == wanted
