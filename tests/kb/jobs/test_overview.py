"""The store at a glance: counts against hand-made evidence and plain Cypher, kept until the evidence changes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import pytest
from neuronkb.kb.cli.main import cli
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.queries.answers.coverage import EVIDENCE, LayerCoverage
from neuronkb.queries.answers.overview import FineTune, Overview, family
from neuronkb.queries.result.picture import HeatMap

from tests import everything, lined
from tests.everything import BASE, DEAD, MONTHS, TUNED
from tests.filled import Filling

PATTERNS = {
    "decoded": "(n:Neuron)-[:DECODES_TO]->(:Token)",
    "graphed": "(n:Neuron)-[:HAS_GRAPH]->(:Graph)",
    "probed": "(n:Neuron)-[:DETECTS]->(:Feature)",
    "explained": "(n:Neuron)-[:EXPLAINED_BY]->(:Explanation)",
    "clamped": "(n:Neuron)<-[:ON]-(:Intervention)",
    "linked": "(n:Neuron)-[:COUNTERPART]-(:Neuron)",
    "similar": "(n:Neuron)-[:SIMILAR]-(:Neuron)",
    "feeding": "(n:Neuron)-[:FEEDS]-(:Neuron)",
    "noted": "(n:Neuron)<-[:ABOUT]-(:Finding)",
}


@pytest.fixture
def kb(filling: Filling, tmp_path: Path) -> KnowledgeBase:
    """The evidence of tests/everything.py."""
    return KnowledgeBase(filling.holding(everything.load), str(tmp_path / "store"))


@pytest.fixture
def bare(local_store: Store, tmp_path: Path) -> KnowledgeBase:
    """A local store without anything."""
    return KnowledgeBase(local_store, str(tmp_path / "store"))


def layer(shown: Overview, model: str, number: int) -> LayerCoverage:
    (covered,) = [each for each in shown.coverage if each.model == model]
    (row,) = [each for each in covered.layers if each.layer == number]
    return row


@contextmanager
def another_graph(kb: KnowledgeBase, neuron: str) -> Iterator[None]:
    """A graph that no run brought: who counts anew counts it, who keeps what was counted does not."""
    kb.db.write("MATCH (n:Neuron {id: $id}) CREATE (n)-[:HAS_GRAPH]->(:Graph {id: 'another'})", {"id": neuron})
    yield
    kb.db.write("MATCH (g:Graph {id: 'another'}) DETACH DELETE g")


def test_the_tree_and_the_counts_by_hand(kb: KnowledgeBase) -> None:
    shown = kb.models.overview()
    assert [(row.model, row.depth, row.base) for row in shown.models] == [(BASE, 0, None), (TUNED, 1, BASE)]
    base = shown.models[0]
    assert (base.layers, base.neurons, base.lined, base.runs) == (18, 5, 0, 6)
    assert (base.first, base.latest) == ("2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z")
    assert [row.layer for row in shown.coverage[0].layers] == [8, 9, 10]
    assert layer(shown, BASE, 9) == LayerCoverage(
        layer=9,
        neurons=3,
        decoded=2,
        active=2,
        graphed=1,
        probed=2,
        explained=2,
        clamped=2,
        linked=2,
        similar=2,
        feeding=1,
        noted=2,
        lined=0,
        unlined=3,
    )
    assert [finding.id for finding in shown.findings] == ["f0", "f1"]
    assert [run.run for run in shown.runs[:2]] == ["agree-1", "link-1"]


def test_the_counts_are_those_of_plain_cypher(kb: KnowledgeBase) -> None:
    shown = kb.models.overview()
    for column, pattern in PATTERNS.items():
        text = f"MATCH {pattern} RETURN n.model AS model, n.layer AS layer, count(DISTINCT n) AS neurons"
        wanted = {tuple(row[:2]): row[2] for row in kb.cypher(text).rows}
        found = {
            (covered.model, row.layer): getattr(row, column)
            for covered in shown.coverage
            for row in covered.layers
            if getattr(row, column)
        }
        assert found == wanted, column


def test_gaps_name_commands_that_there_are(kb: KnowledgeBase) -> None:
    shown = kb.models.overview()
    gaps = {(gap.model, gap.what): gap for gap in shown.gaps}
    assert gaps[BASE, "decoded"].layers == (10,)
    assert gaps[BASE, "decoded"].command == f"neuronkb lm-head ingest {BASE} --layers 10"
    assert gaps[BASE, "graphs"].command == f"neuronkb n2g ingest {BASE} --corpus TEXTS --layers 10"
    assert gaps[TUNED, "graphs"].command == f"neuronkb n2g ingest {TUNED} --corpus TEXTS"
    assert gaps[BASE, "linked"].command == f"neuronkb links make {BASE} {TUNED} --layers 8,10"
    assert (BASE, "findings") not in gaps
    assert gaps[TUNED, "findings"].command == "neuronkb findings add TEXT --about ID"
    assert gaps[TUNED, "line"].command == f"neuronkb neurons lines {TUNED}"
    assert {gap.what for gap in shown.gaps} == {kind.head for kind in EVIDENCE}
    for gap in shown.gaps:
        parsed(gap.command)


def parsed(command: str) -> None:
    """Raises click.UsageError for a command that is none, or that lacks something."""
    words = shlex.split(command)[1:]
    found: click.Command = cli
    while isinstance(found, click.Group):
        name = words.pop(0)
        inner = found.get_command(click.Context(found), name)
        assert inner is not None, command
        found = inner
    found.make_context(command, words).close()


def test_nothing_is_counted_twice_until_a_run_comes_or_goes(local_store: Store, tmp_path: Path) -> None:
    kb = KnowledgeBase(local_store, str(tmp_path / "store"))
    made = lined.bundles(tmp_path)
    kb.bundles.load(made["lm-head-1"])
    first = kb.models.overview()
    assert layer(first, "m", 0).graphed == 0
    again = KnowledgeBase(local_store, str(tmp_path / "store"))
    with another_graph(kb, lined.UNSEEN):
        assert kb.models.overview() == first
        assert again.models.overview() == first

    kb.bundles.load(made["n2g-1"])
    assert layer(again.models.overview(), "m", 0).graphed > 0
    kb.runs.remove("n2g-1")
    assert layer(again.models.overview(), "m", 0) == layer(first, "m", 0)


def test_lines_and_findings_are_as_they_are_now(local_store: Store, tmp_path: Path) -> None:
    kb = KnowledgeBase(local_store, str(tmp_path / "store"))
    for bundle in lined.bundles(tmp_path).values():
        kb.bundles.load(bundle)
    said = [line for line in lined.LINES.values() if line.source not in (None, "nothing")]
    row = layer(kb.models.overview(), "m", 0)
    assert (row.lined, row.unlined, row.noted) == (len(said), 1, 0)

    kb.neurons.set_line(lined.UNSEEN, "does nothing much")
    row = layer(kb.models.overview(), "m", 0)
    assert (row.lined, row.unlined) == (len(said) + 1, 0)

    noted = kb.findings.add("fires on months", [lined.CHANCE], author="hand")
    row = layer(kb.models.overview(), "m", 0)
    assert (row.lined, row.noted) == (len(said) + 2, 1)
    kb.findings.remove(noted.id)
    assert layer(kb.models.overview(), "m", 0).noted == 0


@pytest.mark.parametrize("damage", ["", "{}", "[1]", '{"key": 1}', "cut"])
def test_a_damaged_file_is_made_anew(kb: KnowledgeBase, damage: str) -> None:
    first = layer(kb.models.overview(), BASE, 9)
    for file in kb.place.summaries.iterdir():
        held = file.read_text("utf-8")
        file.write_text(held[: len(held) // 2] if damage == "cut" else damage, "utf-8")
    anew = replace(first, graphed=first.graphed + 1)
    with another_graph(kb, DEAD):
        assert layer(kb.models.overview(), BASE, 9) == anew
    assert layer(kb.models.overview(), BASE, 9) == anew  # from the file, which is whole again


def test_a_file_that_somebody_changed_is_made_anew(kb: KnowledgeBase) -> None:
    first = kb.models.overview()
    for file in kb.place.summaries.iterdir():
        file.write_text(file.read_text("utf-8").replace('"decoded": 2', '"decoded": 3'), "utf-8")
    assert [each.layers for each in kb.models.overview().coverage] == [each.layers for each in first.coverage]


def test_where_no_file_can_be_it_is_kept_in_memory(kb: KnowledgeBase) -> None:
    kb.place.folder.mkdir()
    kb.place.summaries.write_text("no folder")
    first = kb.models.overview()
    assert kb.place.summaries.is_file()
    with another_graph(kb, DEAD):
        assert kb.models.overview() == first


def test_a_server_that_only_reads_keeps_it_for_the_next(kb: KnowledgeBase) -> None:
    kb.session.stores = False
    first = kb.models.overview()
    again = KnowledgeBase(kb.db, kb.where)
    with another_graph(kb, DEAD):
        assert again.models.overview() == first


def test_a_store_without_anything_says_what_to_run(bare: KnowledgeBase) -> None:
    shown = bare.models.overview()
    assert not shown.sections()
    assert "neuronkb lm-head ingest MODEL" in shown.warnings[0]
    assert shown.as_of is None


def test_a_family_is_a_tree() -> None:
    tuned = [FineTune(*pair, None, "link-1") for pair in (("c", "b"), ("c", "a"), ("b", "a"), ("x", "y"), ("y", "x"))]
    assert family(["c", "x", "a", "b", "y", "z"], tuned) == [
        ("a", 0),
        ("b", 1),
        ("c", 2),
        ("z", 0),
        ("x", 0),
        ("y", 1),
    ]


def test_it_shows_itself(kb: KnowledgeBase) -> None:
    shown = kb.models.overview()
    captions = [section.caption for section in shown.sections()]
    assert captions[0] == "Models"
    assert captions[-3:] == ["What is lacking", "Latest findings", "Latest runs"]
    assert f"Neurons of {BASE} with evidence, as of {shown.coverage[0].as_of}" in captions
    picture = shown.coverage[0].section().picture
    assert isinstance(picture, HeatMap)
    assert (picture.rows[1], picture.columns[:2]) == ("layer 9", ("decoded", "activity"))
    assert picture.values[1][:2] == (2 / 3, 2 / 3)
    assert picture.notes[1][0] == "2 of 3 neurons"
    assert "coverage" not in shown.brief()
    assert MONTHS in str(shown)
    assert DEAD not in str(shown)
