"""Rows as the bulk endpoint's CSV: what may go that way, and that the real server reads back what was written."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest
from neuronkb.kb.stores.arcade.encode_csv import csv_requests, fits
from neuronkb.kb.stores.local import LocalStore
from neuronkb.schema import NODES, RELATIONSHIPS, conform

REL = RELATIONSHIPS["Neuron.DECODES_TO.Token"]
ROW: dict[str, Any] = {
    "start": "m/L0/N0",
    "end": "t/T0",
    "projection": "gate",
    "pole": -1,
    "convention": "raw",
    "rank": 1,
    "logit": 1.5,
    "z": 2.0,
    "probability": 1e-09,
    "run": "lm-head-1",
}
FLOATS = (
    0.0,
    -0.0,
    1.0,
    -2.5,
    0.1,
    1e-05,
    -1e-300,
    1e22,
    1.7976931348623157e308,
    5e-324,
    123456789.0,
    2.07766736,
    1 / 3,
)


def table(*rows: dict[str, Any]) -> pa.Table:
    return conform(REL, pa.Table.from_pylist([ROW | row for row in rows]))


def test_the_text_by_hand() -> None:
    rows = table({}, {"logit": -1e22, "z": 1 / 3})
    ((count, body),) = csv_requests(REL, rows, pa.array(["#1:0", "#1:1"]), pa.array(["#2:0", "#2:1"]))
    assert count == 2
    zeros = "0" * 19
    assert bytes(body).decode().splitlines() == [
        "@type,@class,@from,@to,projection,pole,convention,rank,logit,z,probability,run",
        f"e,DECODES_TO,#1:0,#2:0,gate,-1,raw,1,1.50000000000000000,2.00000000000000000,1e-{zeros}9,lm-head-1",
        f"e,DECODES_TO,#1:1,#2:1,gate,-1,raw,1,-1e+{zeros}22,0.33333333333333330,1e-{zeros}9,lm-head-1",
    ]


@pytest.mark.parametrize("word", ["true", "False", "NULL", "", "12", "-3", "1e5", "a,b", 'a"b', "a\nb", "é", "+x"])
def test_text_that_could_be_taken_for_something_else_goes_another_way(word: str) -> None:
    assert fits(table({}))
    assert not fits(table({}, {"convention": word}))


def test_integers_of_many_digits_and_lists_go_another_way() -> None:
    assert fits(table({"rank": 10**16}))
    assert not fits(table({"rank": 10**17}))
    context = RELATIONSHIPS["Neuron.HAS_CONTEXT.Term"]
    row = {"start": "a", "end": "b", "pole": 1, "importance": 1.0, "tokens": ["a"], "run": "r"}
    assert not fits(conform(context, pa.Table.from_pylist([row])))


def test_the_server_reads_back_what_was_written(local_store: LocalStore) -> None:
    neurons = [{"id": f"m/L0/N{i}", "model": "m", "layer": 0, "index": i} for i in range(len(FLOATS))]
    local_store.create_nodes(NODES["Neuron"], conform(NODES["Neuron"], pa.Table.from_pylist(neurons)))
    token = pa.Table.from_pylist([{"id": "t/T0", "tokenizer": "t", "token": 0, "text": " a"}])
    local_store.create_nodes(NODES["Token"], conform(NODES["Token"], token))
    rows = table(*({"start": f"m/L0/N{i}", "logit": x, "z": -x, "rank": 10**16 - i} for i, x in enumerate(FLOATS)))
    assert fits(rows)
    local_store.create_relationships(REL, rows)
    text = (
        "MATCH (n:Neuron)-[d:DECODES_TO]->() RETURN n.index AS i, d.logit AS logit, d.z AS z, d.rank AS rank ORDER BY i"
    )
    found = local_store.read(text).dicts()
    for one, x in zip(found, FLOATS, strict=True):
        assert isinstance(one["logit"], float)
        assert (one["logit"], one["z"], one["rank"]) == (x, -x, 10**16 - one["i"])
        assert math.copysign(1, one["logit"]) == math.copysign(1, x)


def test_what_is_null_is_absent(local_store: LocalStore) -> None:
    neurons = [{"id": f"m/L{i}/N0", "model": "m", "layer": i, "index": 0} for i in range(2)]
    local_store.create_nodes(NODES["Neuron"], conform(NODES["Neuron"], pa.Table.from_pylist(neurons)))
    rel = RELATIONSHIPS["Neuron.COUNTERPART.Neuron"]
    row = {
        "start": "m/L0/N0",
        "end": "m/L1/N0",
        "run": "link-1",
        "cos_up": 0.5,
        "cos_down": None,
        "same_top_up_pos": True,
    }
    other = {"start": "m/L1/N0", "end": "m/L0/N0", "run": "link-1", "cos_down": 1.0, "same_top_up_pos": False}
    rows = conform(rel, pa.Table.from_pylist([row, other]))
    assert fits(rows)
    local_store.create_relationships(rel, rows)
    text = "MATCH ()-[c:COUNTERPART]->() RETURN properties(c) AS p ORDER BY c.cos_up"
    found = [one["p"] for one in local_store.read(text).dicts()]
    assert {"run": "link-1", "cos_up": 0.5, "same_top_up_pos": True} in found
    assert {"run": "link-1", "cos_down": 1.0, "same_top_up_pos": False} in found


def test_wide_rows_come_in_requests_that_the_server_takes() -> None:
    rel = RELATIONSHIPS["Neuron.COUNTERPART.Neuron"]
    floats = [p.name for p in rel.properties if p.kind == "float"]
    n = 200_000
    number = pa.array([-1.2345678901234567e-100] * n)
    data = {"start": ["a"] * n, "end": ["b"] * n, "run": ["r" * 40] * n} | dict.fromkeys(floats, number)
    ids = pa.array(["#123:1234567890"] * n)
    bodies = list(csv_requests(rel, conform(rel, pa.table(data)), ids, ids))
    assert sum(count for count, _ in bodies) == n
    assert max(len(body) for _, body in bodies) < 100 * 10**6
