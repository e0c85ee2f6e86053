"""Nodes and relationships as Cypher writes them, in what a person reads."""

from __future__ import annotations

from neuronkb.queries.result.entity import Entity, written
from neuronkb.queries.result.result import Result

NODE = Entity(("Neuron",), {"layer": 3, "id": "m/L3/N17", "line": 'say "x"', "dead": None})
EDGE = Entity(("DECODES_TO",), {"rank": 1}, "m/L3/N17", "t/T5")


def test_as_cypher_writes_them() -> None:
    assert written(NODE) == '(:Neuron {id: "m/L3/N17", layer: 3, line: "say \\"x\\""})'
    assert written(EDGE) == "(m/L3/N17)-[:DECODES_TO {rank: 1}]->(t/T5)"
    assert written([EDGE, 1, "a"]) == '[(m/L3/N17)-[:DECODES_TO {rank: 1}]->(t/T5), 1, "a"]'
    assert written({"n": Entity((), {})}) == "{n: ()}"


def test_others_stay() -> None:
    for value in (None, 1, 0.5, "a", [1, 2], {"a": [1]}):
        assert written(value) == value


def test_an_answer_shows_them_so_and_keeps_them_as_objects() -> None:
    found = Result(("n",), [(NODE,)])
    assert found.sections()[0].rows == ((written(NODE),),)
    assert found.json()["rows"][0]["n"]["labels"] == ["Neuron"]
