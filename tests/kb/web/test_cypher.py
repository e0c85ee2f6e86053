"""The Cypher page's parts: where an error is, what the editor completes."""

from __future__ import annotations

import pytest

pytest.importorskip("jinja2", reason="the web extra is not installed")
from neuronkb.kb.web.pages.cypher import place_of, words
from neuronkb.schema import NODES, RELATIONSHIPS


@pytest.mark.parametrize(
    ("error", "place"),
    [
        ("Unexpected input 'RETRUN' at line 2, column 0", (2, 1)),
        ("Syntax error at line 2:13 - extraneous input '='", (2, 14)),
        ("nothing closes the ' (line 1, column 8)", (1, 8)),
        ("Invalid input 'X': expected \"(\" (line 3, column 12 (offset: 40))", (3, 12)),
        ("Variable 'm' not defined", None),
        (None, None),
    ],
)
def test_the_place_that_an_error_names(error: str | None, place: tuple[int, int] | None) -> None:
    """The local store's parsers count columns from 0, Neo4j's and our own from 1."""
    found = place_of(error)
    assert (found and (found["line"], found["column"])) == place


def test_words_are_the_schemas() -> None:
    held = words()
    assert set(held["labels"]) == set(NODES)
    assert set(held["types"]) == {rel.type for rel in RELATIONSHIPS.values()}
    assert "layer" in held["labels"]["Neuron"]
    assert {"rank", "logit"} <= set(held["types"]["DECODES_TO"])
