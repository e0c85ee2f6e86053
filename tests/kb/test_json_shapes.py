"""What --json, HTTP and MCP give of each verb that reads: its shape is a contract, written down in docs/json.md.

`NEURONKB_WRITE_SHAPES=1 python -m pytest tests/kb/test_json_shapes.py` writes the page anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import LocalStore
from neuronkb.queries.result.record import Record

from tests import everything
from tests.conftest import held
from tests.everything import BASE, MONTHS, TUNED

PAGE = Path(__file__).parents[2] / "docs" / "json.md"
HEAD = """<!-- Written by tests/kb/test_json_shapes.py; see its first lines. -->

# What JSON holds

`--json`, HTTP and MCP give one object of a verb, with named lists and `warnings`.
Numbers are at full precision, and null where a value is not known.
MCP leaves out of it what only a picture needs, and cuts it to the room there is.
Shown is each object's shape on a store with a little of every kind of evidence:
of a list its fullest entry, `{...}` where keys are names out of the store.
"""
ASKED: dict[str, Callable[[KnowledgeBase], Record]] = {
    "card ID": lambda kb: kb.card(MONTHS),
    "find june": lambda kb: kb.find("june"),
    'cypher "RETURN 1 AS x"': lambda kb: kb.cypher("RETURN 1 AS x"),
    "causal report MODEL": lambda kb: kb.causal.report(BASE),
    "explanations show ID": lambda kb: kb.explanations.show(MONTHS),
    "explanations report MODEL": lambda kb: kb.explanations.report(BASE),
    "feeds show ID": lambda kb: kb.feeds.show(MONTHS),
    "findings list": lambda kb: kb.findings.list(),
    "findings show FINDING": lambda kb: kb.findings.show("f0"),
    "links report BASE TUNED": lambda kb: kb.links.report(BASE, TUNED),
    "models list": lambda kb: kb.models.list(),
    "models overview": lambda kb: kb.models.overview(),
    "models show MODEL": lambda kb: kb.models.show(BASE),
    "n2g show ID": lambda kb: kb.n2g.show(MONTHS),
    "n2g report MODEL": lambda kb: kb.n2g.report(BASE),
    "n2g find june": lambda kb: kb.n2g.find("june"),
    "neurons around ID": lambda kb: kb.neurons.around(MONTHS),
    "neurons beside ID": lambda kb: kb.neurons.beside(MONTHS),
    "neurons line ID": lambda kb: kb.neurons.line(MONTHS),
    "probes show is_month": lambda kb: kb.probes.show("is_month"),
    "probes report MODEL": lambda kb: kb.probes.report(BASE),
    "probes find is_month": lambda kb: kb.probes.find("is_month"),
    "queries show hub_words": lambda kb: kb.queries.show("hub_words"),
    "queries schema Neuron": lambda kb: kb.queries.schema("Neuron"),
    "ratings report MODEL": lambda kb: kb.ratings.report(BASE),
    "runs list": lambda kb: kb.runs.list(),
    "similar show ID": lambda kb: kb.similar.show(MONTHS),
    "store status": lambda kb: kb.store.status(),
    "words agree MODEL": lambda kb: kb.words.agree(BASE),
    "words coherent": lambda kb: kb.words.coherent(),
    "words concepts months": lambda kb: kb.words.concepts("months"),
    "words several june july may": lambda kb: kb.words.several(["june", "july", "may"]),
    "words token june": lambda kb: kb.words.token("june"),
}
NAMED = {"corpora", "nodes", "relationships", "counts", "measures", "facts", "properties", "parameters", "more"}
"""Objects whose keys are names rather than a contract, where they hold no objects themselves."""


@pytest.fixture(scope="module")
def kb(local_folder: Path) -> KnowledgeBase:
    with LocalStore.open(local_folder) as store:
        held(store, everything.load)
    return KnowledgeBase.open(local_folder)


def shape(value: Any, name: str = "", depth: int = 1) -> str:
    """`{"neuron": text, "hits": [{...}]}`, a key a line."""
    if isinstance(value, dict):
        if not value or (name in NAMED and not any(isinstance(held, dict | list) for held in value.values())):
            return "{...}"
        pad = "  " * depth
        lines = [f'{pad}"{key}": {shape(held, key, depth + 1)}' for key, held in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + "  " * (depth - 1) + "}"
    if isinstance(value, list):
        fullest = max(value, key=lambda held: len(str(held)), default=None)
        return f"[{shape(fullest, name, depth)}]" if value else "[]"
    return "null" if value is None else {bool: "flag", str: "text"}.get(type(value), "number")


def test_the_page_has_each_shape(kb: KnowledgeBase) -> None:
    parts = [HEAD]
    with kb:
        for asked, answer in ASKED.items():
            found = answer(kb).json()
            assert isinstance(found["warnings"], list), asked
            parts.append(f"## `{asked}`\n\n```text\n{shape(found)}\n```\n")
    page = "\n".join(parts)
    if os.environ.get("NEURONKB_WRITE_SHAPES"):
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page
