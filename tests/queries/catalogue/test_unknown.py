"""Names that the schema does not know are told, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from neuronkb.kb.stores.cypher_text import parsed
from neuronkb.queries.catalogue.unknown import unknown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("MATCH (n:Neuron)-[:DECODES_TO]->(t:Token) RETURN n", []),
        ("MATCH (n:Neurn) RETURN n", ["no label 'Neurn'; did you mean Neuron"]),
        ("MATCH ()-[d:DECODE_TO]->() RETURN d", ["no relationship type 'DECODE_TO'; did you mean DECODES_TO"]),
        ("MATCH ()-[:DECODES_TO|FIRES_UPON*1..2]->() RETURN 1", ["no relationship type 'FIRES_UPON'"]),
        ("MATCH (n:Neuron|Toke&!Term) WHERE n:Modle RETURN n", ["'Toke'", "'Modle'"]),
        ("MATCH (n:Neuron {id: x, layer: y}) RETURN {a: b, c: [d IN e WHERE d.f | d]} AS m", []),
        ("MATCH (n:Neuron) WHERE EXISTS { (n)-[:WRITES]->(:Tokn {text: z}) } RETURN n", ["'WRITES'", "'Tokn'"]),
        ("RETURN ':Nothing', \"(:None)\" // (:No)\n", []),
        ("MATCH (n:`Own label`) RETURN n", []),
        ("RETURN [x IN range(0, 3) | x] AS a, CASE WHEN true THEN 1 END AS b", []),
        ("", []),
    ],
)
def test_names_that_are_unknown(text: str, said: list[str]) -> None:
    found = unknown(text, parsed)
    assert len(found) == len(said), found
    for sentence, wanted in zip(found, said, strict=True):
        assert wanted in sentence
