"""The ladder's steps over a bundle's rows: real ones, and one made up that has every kind of change."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
from neuronkb.schema import SCHEMA_VERSION, TABLES, Property
from neuronkb.schema.ladder import FIRST, GONE, STEPS, Fill, Rewrite, Step, upgraded, upgraded_parameters
from neuronkb.schema.matrices import MATRICES


def halved(rows: pa.Table) -> pa.Table:
    return pa.table({"half": pc.divide(rows["double"], 2.0)})


def counted(rows: pa.Table, others: Mapping[str, pa.Table]) -> pa.Table:
    ends = others["Probe.USES.Neuron"]["start"].to_pylist() if others else []
    return rows.append_column("size", pa.array([ends.count(name) for name in rows["id"].to_pylist()], pa.int64()))


MADE_UP = Step(
    98,
    rewrites=(
        Rewrite("Probe", (Property("double", "float", "old"),), (Property("half", "float", "new"),), halved),
        Rewrite("Probe", (Property("gone", "strings", "old"),)),
        Rewrite(
            "Probe.USES.Neuron", (Property("double", "float", "old"),), (Property("half", "float", "new"),), halved
        ),
    ),
    fills=(
        Fill(
            "Probe",
            ("Probe.USES.Neuron",),
            counted,
            "UNWIND $ids AS id MATCH (p:Probe {id: id}) OPTIONAL MATCH (p)-[u:USES]->() "
            "WITH p, count(u) AS n SET p.size = n",
        ),
    ),
    parameters=lambda job, tokenizer, held: {**held, "job": job, "tokenizer": tokenizer},
)
AFTER = Step(
    99,
    rewrites=(
        Rewrite(
            "Probe",
            (Property("half", "float", ""),),
            (Property("q", "float", ""),),
            lambda rows: pa.table({"q": pc.divide(rows["half"], 2.0)}),
        ),
    ),
)


def test_every_version_after_the_first_has_a_step_of_known_tables() -> None:
    assert [step.version for step in STEPS] == list(range(FIRST + 1, SCHEMA_VERSION + 1))
    for step in STEPS:
        assert {rewrite.table for rewrite in step.rewrites} <= {*TABLES, *MATRICES}
        for fill in step.fills:
            assert {fill.table, *fill.needs} <= set(TABLES)
        for rewrite in step.rewrites:
            assert {p.name for p in rewrite.before}.isdisjoint(p.name for p in rewrite.after)


def test_what_is_gone_leaves_and_what_changed_is_there_under_its_new_name() -> None:
    rows = pa.table({"id": ["a", "b"], "double": [2.0, None], "gone": [["x"], None]})
    found = upgraded("Probe", rows, 97, steps=[MADE_UP])
    assert found.to_pylist() == [{"id": "a", "half": 1.0, "size": 0}, {"id": "b", "half": None, "size": 0}]


def test_columns_that_nothing_ever_wrote_leave_bundles_of_every_version() -> None:
    rows = pa.table({"id": ["m/sae"], "kind": ["sae"], "hash": pa.nulls(1, pa.string())})
    for version in range(FIRST, SCHEMA_VERSION + 1):
        assert upgraded("Source", rows, version).to_pylist() == [{"id": "m/sae", "kind": "sae"}]
    for name, gone in GONE.items():
        assert set(gone).isdisjoint(p.name for p in TABLES[name].columns)


def test_steps_are_climbed_in_order_from_the_version_of_the_rows() -> None:
    rows = pa.table({"id": ["a"], "double": [4.0]})
    uses = pa.table({"start": ["a", "a", "b"]})
    found = upgraded("Probe", rows, 97, lambda name: uses, [AFTER, MADE_UP])
    assert found.to_pylist() == [{"id": "a", "size": 2, "q": 1.0}]
    assert upgraded("Probe", rows, 99, steps=[AFTER, MADE_UP]) == rows


def test_a_column_that_was_optional_and_left_out_counts_as_null() -> None:
    found = upgraded("Probe.USES.Neuron", pa.table({"start": ["a"], "end": ["b"]}), 97, steps=[MADE_UP])
    assert found.to_pylist() == [{"start": "a", "end": "b", "half": None}]


def test_times_leave_the_evidence_of_version_1() -> None:
    rows = pa.table({"id": ["a"], "k": [1], "seconds": [0.25]})
    assert upgraded("Probe", rows, 1).to_pylist() == [{"id": "a", "k": 1}]
    assert upgraded("Probe", rows, 2) == rows


def test_runs_of_version_1_name_what_they_did_not() -> None:
    assert upgraded_parameters("lm-head", "t", {"k": 3}, 1) == {"k": 3}
    assert upgraded_parameters("activations", "t", {"k": 3}, 1) == {"k": 3, "tokenizer": "t"}
    asked = {"methods": ["l1", "optimal"]}
    assert upgraded_parameters("probes", "t", asked, 1) == {**asked, "tokenizer": "t", "nodes": 3000}
    assert upgraded_parameters("probes", "t", {"methods": ["l1"]}, 1) == {"methods": ["l1"], "tokenizer": "t"}
    assert upgraded_parameters("probes", "t", asked, 2) == asked
