"""An answer as a network: which nodes and relationships, what each is called, and what is left out."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("jinja2", reason="the web extra is not installed")
from neuronkb.kb.web.network import COLOURS, SHAPES, Network, network
from neuronkb.queries.result.entity import Entity
from neuronkb.schema import NODES

NEURON = Entity(("Neuron",), {"id": "org/Llama/L3/N17", "layer": 3, "line": "months"})
TERM = Entity(("Term",), {"id": "june"})
FIRES = Entity(("ACTIVATES_ON",), {"importance": 0.123456}, NEURON.properties["id"], "june")


def made(*rows: tuple[object, ...], most: int = 300) -> Network:
    found = network(rows, most)
    assert found is not None
    return found


def test_nodes_and_relationships_are_drawn_once_each() -> None:
    drawn = made((NEURON, FIRES, TERM), (NEURON, FIRES, TERM))
    assert [node["label"] for node in drawn.nodes] == ["L3/N17", "june"]
    assert [(edge["from"], edge["to"], edge["kind"]) for edge in drawn.edges] == [(0, 1, "ACTIVATES_ON")]
    assert drawn.counts == "2 nodes (1 Neuron, 1 Term) and 1 relationship (1 ACTIVATES_ON)"
    assert drawn.pages == [("org/Llama/L3/N17", "/neuron/org/Llama/L3/N17")]


def test_paths_and_lists_are_walked() -> None:
    assert len(made(([NEURON, FIRES, {"a": [TERM]}],)).edges) == 1


def test_ends_that_are_not_in_the_answer_are_drawn_by_their_ids() -> None:
    drawn = made((FIRES,))
    assert [(node["kind"], node["label"]) for node in drawn.nodes] == [("Neuron", "L3/N17"), ("Term", "june")]


def test_an_id_that_two_labels_share_is_two_nodes() -> None:
    """A relationship leads to the one that the schema has there, wherever in the rows that stands."""
    feature = Entity(("Feature",), {"id": "june"})
    drawn = made((feature, FIRES), (TERM, None))
    assert [(edge["from"], drawn.nodes[edge["to"]]["kind"]) for edge in drawn.edges] == [(1, "Term")]


def test_nothing_to_draw() -> None:
    assert network([("gemma/L3/N17", 1, None, [2, {"id": "x"}])]) is None
    assert network([(Entity(("Own",), {"name": "no id"}),)]) is None


def test_what_is_left_out_is_told() -> None:
    terms = [Entity(("Term",), {"id": f"t{place}"}) for place in range(5)]
    drawn = made(*((NEURON, FIRES, TERM, term, Entity(("Own",), {})) for term in terms), most=3)
    assert len(drawn.nodes) == 3
    assert drawn.left_out == "The first 3 of 7 nodes are drawn. Not drawn: nodes without an id, 5 in all."
    cut = made((NEURON, FIRES, TERM), most=1)
    assert cut.left_out == "The first 1 of 2 nodes are drawn; not drawn with the others: 1 relationship."


def test_neurons_of_several_models_say_which() -> None:
    other = Entity(("Neuron",), {"id": "tuned/L3/N17"})
    assert [node["label"] for node in made((NEURON, other)).nodes] == ["L3/N17\norg/Llama", "L3/N17\ntuned"]


@pytest.mark.parametrize(
    ("label", "properties", "called"),
    [
        ("Token", {"id": "t0/T1", "text": " June"}, "·June"),
        ("Explanation", {"id": "e0", "kind": "text", "text": "x" * 30}, "x" * 23 + "…"),
        ("Stats", {"id": "org/Llama/L3/N17/weights", "kind": "weights"}, "weights"),
        ("Graph", {"id": "org/Llama/L3/N17/graph/1"}, "L3/N17/graph/1"),
        ("Run", {"id": "lm-head-1"}, "lm-head-1"),
    ],
)
def test_what_a_node_is_called(label: str, properties: dict[str, str], called: str) -> None:
    (node,) = made((Entity((label,), properties),)).nodes
    assert (node["label"], node["page"]) == (called, None)


def test_what_a_node_and_a_relationship_say() -> None:
    long = {f"p{place:02}": place for place in range(20)}
    drawn = made((NEURON, FIRES, TERM, Entity(("Run",), {"id": "r", "vector": [0.5] * 9, **long})))
    assert drawn.nodes[0]["title"] == "Neuron\nid: org/Llama/L3/N17\nlayer: 3\nline: months"
    assert drawn.edges[0]["title"] == "ACTIVATES_ON\nimportance: 0.1235"
    assert "vector: 9 values" in drawn.nodes[2]["title"]
    assert drawn.nodes[2]["title"].endswith("\nand 8 more")


def test_hidden_letters_are_marks() -> None:
    drawn = made((Entity(("Own\u202e",), {"id": "a\x1b", "no\u202ete": "b\u200b"}),))
    said = json.dumps(drawn.nodes[0]["title"] + drawn.nodes[0]["label"] + drawn.counts, ensure_ascii=False)
    assert said.count("<U+202E>") == 3
    assert "<U+001B>" in said
    assert "<U+200B>" in said


def test_each_label_has_a_colour_and_shape_of_its_own() -> None:
    drawn = made(*((Entity((label,), {"id": label}),) for label in NODES))
    looks = {(kind.colour, kind.shape) for kind in drawn.key}
    assert len(looks) == len(NODES)
    neuron = next(kind for kind in drawn.key if kind.label == "Neuron")
    assert (neuron.colour, neuron.shape) == (COLOURS[0], SHAPES[0])
