"""The hand-made evidence with hostile text in every property that holds text, names of models and runs among them."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from neuronkb.kb.stores.base import Store
from neuronkb.schema import table
from neuronkb.tests import everything
from neuronkb.tests.everything import BASE

TEXT = (
    "\x1b]0;title\x07\x1b[31mred\x1b[0m\x9b32m\r\x08\x7f\u202eabc\u202c\u2066x\u2069\u200e\u200f\u061c\u200b\u2060a\u200db\ufeff"
    "\u00ad\u2028y\u2029\U000e0041\u3164\ufe01[red]z[/red][link=http://evil]w[/link]\x1b]8;;http://evil\x1b\\q"
)
MODEL = BASE + TEXT
FIXED = {
    *(
        "projection",
        "pole",
        "kind",
        "status",
        "match",
        "algorithm",
        "convention",
        "method",
        "band",
        "state",
        "job",
        "levels",
        "signs",
    ),
    *(
        "sha256",
        "started",
        "ended",
        "created",
        "site",
        "through",
        "measure",
        "verdict",
        "scorer",
        "formula",
        "category",
    ),
    *("key", "measures"),
}
"""Properties that name one of a few things, or that a test's question asks for."""
OURS = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|1A|2K)|\r")
"""What rich draws: colours; for a bar it hides the cursor, goes up, empties the line."""
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def load(store: Store) -> None:
    """Into a store that is set up."""
    rows = everything.everything()
    for row in rows["Stats"]:
        row.pop("histogram", None)
    for name in ("Neuron.COUNTERPART.Neuron", "GraphNode"):
        rows[name] = [_whole(name, row) for row in rows[name]]
    everything.load(store, {name: [_row(name, row) for row in held] for name, held in rows.items()})


def hostile(text: str) -> str:
    """A text with more in it; the same text always with the same, so that ids still meet."""
    return text.replace(BASE, MODEL) if BASE in text else text + TEXT


def hurts(shown: str) -> str:
    """What is in an output that no terminal should be given; our own colours are to be taken out before."""
    bad = {letter for letter in shown if unicodedata.category(letter) in HIDDEN or letter in "\u3164\ufe01"}
    return "".join(sorted(bad - {"\n"}))


def _whole(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """With a number for each that is missing: a diff and a prediction count on them."""
    numbers: dict[str, Any] = {"int": 1, "float": 0.5, "bool": True}
    return {p.name: numbers[p.kind] for p in table(name).columns if p.kind in numbers} | row


def _row(name: str, row: dict[str, Any]) -> dict[str, Any]:
    kinds = {p.name: p.kind for p in table(name).properties}
    return {key: _value(key, value, kinds.get(key, "string")) for key, value in row.items()}


def _value(key: str, value: Any, kind: str) -> Any:
    if key in FIXED or value is None or kind not in ("string", "strings"):
        return value
    if key in ("parameters", "summary"):
        return json.dumps(_inside(json.loads(value)), ensure_ascii=False)
    return [hostile(each) for each in value] if kind == "strings" else hostile(value)


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _inside(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_inside(each) for each in value]
    return hostile(value) if isinstance(value, str) else value
