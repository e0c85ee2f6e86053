"""What is around a neuron, on hand-made evidence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import LocalStore
from neuronkb.schema import QueryError

from tests import everything
from tests.conftest import held
from tests.drawn import check_doors, terminal
from tests.everything import BASE, EARLY, MONTHS, OTHER

ALONE = f"{BASE}/L9/N9"


@pytest.fixture(scope="module")
def kb(local_folder: Path) -> Iterator[KnowledgeBase]:
    """The evidence of tests/everything.py, and a neuron of which nothing is known."""
    with LocalStore.open(local_folder) as store:
        held(store, everything.load)
        alone = {"id": ALONE, "model": BASE, "layer": 9, "index": 9}
        everything.load(store, {"Neuron": [alone], "Neuron.IN_MODEL.Model": [{"start": ALONE, "end": BASE}]})
        yield KnowledgeBase(store, "unused")


def test_it_is_one_call(kb: KnowledgeBase) -> None:
    near = kb.neurons.around(MONTHS).graph()
    assert {EARLY, OTHER, f"{MONTHS}/graph/1/n2g-1", "june", "texts/is_month", "f0"} <= set(near)
    assert near.nodes["june"]["labels"] == ["Term"]
    assert {d["type"] for _, _, d in near.edges(MONTHS, data=True)} >= {
        "DECODES_TO",
        "FEEDS",
        "COUNTERPART",
        "HAS_GRAPH",
    }
    assert BASE not in near
    far = kb.neurons.around(MONTHS, hops=2).graph()
    assert set(near) < set(far)
    assert f"{MONTHS}/graph/1/n2g-1/0" in far
    assert len(kb.neurons.around(MONTHS, hops=3, most=5).nodes) <= 5
    least = kb.neurons.around(MONTHS, strongest=1).graph()
    assert sum(d["type"] == "DECODES_TO" for _, _, d in least.edges(MONTHS, data=True)) == 1


def test_nodes_and_relationships_come_once_and_are_those_of_the_graph(kb: KnowledgeBase) -> None:
    around = kb.neurons.around(MONTHS, hops=2)
    graph = around.graph()
    names = [node.properties["id"] for node in around.nodes]
    assert names[0] == MONTHS
    assert len(names) == len(set(names)) == len(graph)
    assert len(around.relationships) == graph.number_of_edges()
    assert {end for rel in around.relationships for end in (rel.start, rel.end)} <= set(names)


def test_it_is_shown(kb: KnowledgeBase) -> None:
    around = kb.neurons.around(MONTHS)
    check_doors(around)
    shown = terminal(around)
    assert f"{len(around.nodes) - 1} other nodes, {len(around.relationships)} relationships" in shown
    assert "DECODES_TO" in shown
    assert "' June'" in shown
    assert {row[3] for row in around.sections()[1].rows} >= {MONTHS.removeprefix(f"{BASE}/")}
    check_doors(kb.neurons.around(MONTHS, hops=2))


def test_a_neuron_alone_is_its_own_graph(kb: KnowledgeBase) -> None:
    alone = kb.neurons.around(ALONE)
    assert list(alone.graph()) == [ALONE]
    assert alone.graph().nodes[ALONE]["labels"] == ["Neuron"]
    assert alone.relationships == ()
    check_doors(alone)


def test_what_cannot_be_is_said(kb: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match="no neuron"):
        kb.neurons.around(f"{BASE}/L0/N0")
    with pytest.raises(QueryError, match="hops is 9"):
        kb.neurons.around(MONTHS, hops=9)
