"""Bundles of strangers: what may not be in one is refused before a row is written, by `check` and by `load` alike."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from neuronkb.ingest.bundle import Bundle, BundleWriter, RunInfo
from neuronkb.ingest.bundle.reader import sha256_file
from neuronkb.kb.load.loader import load
from neuronkb.kb.stores.base import Store
from neuronkb.schema import NeuronKBError, SchemaError, WeightsError, bundle_table, conform
from neuronkb.tests.graph import contents

RUN = RunInfo("lm-head-00000000abcd", "lm-head", "innocent", "w" * 64, "t" * 16, {})
MODEL = {"id": "innocent", "weights": "w" * 64, "n_layers": 2, "d_mlp": 4}
NEURON = {"id": "innocent/L0/N0", "model": "innocent", "layer": 0, "index": 0}
STATS = {"id": "innocent/L0/N0/weights/up/1/r", "kind": "weights", "run": RUN.id}


def made(folder: Path, run: RunInfo, **tables: list[dict[str, Any]]) -> Bundle:
    """A bundle as a stranger makes it: by hand, with right checksums, whatever is in it."""
    shard = folder / "all"
    shard.mkdir(parents=True)
    files = []
    for name, rows in tables.items():
        named = name.replace("__", ".")
        try:
            table = conform(bundle_table(named), pa.Table.from_pylist(rows))
        except SchemaError:
            table = pa.Table.from_pylist(rows)
        pq.write_table(table.replace_schema_metadata({"neuronkb.schema": str(run.schema)}), shard / f"{named}.parquet")
        path = f"all/{named}.parquet"
        files.append({"table": named, "file": path, "rows": len(rows), "sha256": sha256_file(folder / path)})
    (shard / "shard.json").write_text(json.dumps({"name": "all", "files": files}))
    (folder / "run.json").write_text(json.dumps(asdict(replace(run, ended="2026-01-01T00:00:00+00:00"))))
    return Bundle.open(folder)


BAD: dict[str, tuple[dict[str, list[dict[str, Any]]], str]] = {
    "the store's version": (
        {"Schema": [{"id": "schema", "version": 999}]},
        "Schema: rows of this table are the store's own",
    ),
    "a run": ({"Run": [{"id": "lm-head-1", "job": "lm-head"}]}, "Run: rows of this table"),
    "a ledger": ({"Shard": [{"id": "x", "run": RUN.id, "state": "done"}]}, "Shard: rows of this table"),
    "another run's rows": ({"Stats": [STATS | {"run": "lm-head-1"}]}, "rows of another run"),
    "other weights": ({"Model": [MODEL | {"weights": "f" * 64}]}, "has other weights here than its run says"),
    "not a number": ({"Stats": [STATS | {"mean": float("nan")}]}, "NaN or infinite"),
    "an end that is nowhere": (
        {"Neuron": [NEURON], "Neuron__IN_MODEL__Model": [{"start": NEURON["id"], "end": "nobody"}]},
        "no Model has the id 'nobody'",
    ),
    "a table of no ontology": ({"Spell": [{"id": "x"}]}, "unknown table 'Spell'"),
    "a column of no ontology": ({"Neuron": [NEURON | {"colour": "red"}]}, "unknown column 'colour'"),
    "a text that is no window's": (
        {
            "Neuron": [NEURON],
            "Excerpt": [{"id": "x", "corpus": "c", "text": "a", "tokens": ["a"]}],
            "Neuron__FIRES_ON__Excerpt": [
                {"start": NEURON["id"], "end": "x", "pole": 1, "run": RUN.id, "levels": "1; DROP", "unit": 1.0}
            ],
        },
        "levels: a text of another form",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_before_the_first_row(store: Store, tmp_path: Path, name: str) -> None:
    tables, why = BAD[name]
    bundle = made(tmp_path / "b", RUN, **{"Model": [MODEL], **tables})
    faults = bundle.check()
    if name != "an end that is nowhere":  # which is for a store to say
        assert any(why in fault for fault in faults), faults
    with pytest.raises(NeuronKBError, match=why.replace("(", "\\(")):
        load(store, bundle)
    assert contents(store) == {}


def test_a_sound_one_is_loaded(store: Store, tmp_path: Path) -> None:
    bundle = made(tmp_path / "b", RUN, Model=[MODEL], Neuron=[NEURON])
    assert bundle.check() == []
    assert load(store, bundle).created == {"Model": 1, "Neuron": 1}


def test_an_unfinished_one_is_refused_by_both(store: Store, tmp_path: Path) -> None:
    with BundleWriter.open(tmp_path / "b", RUN) as writer:
        writer.write("all", {"Model": conform(bundle_table("Model"), pa.Table.from_pylist([MODEL]))})
    bundle = Bundle.open(tmp_path / "b")
    assert "unfinished" in bundle.check()[0]
    with pytest.raises(NeuronKBError, match="unfinished"):
        load(store, bundle)
    assert contents(store) == {}


def test_what_the_store_knows_of_a_model_stays(store: Store, tmp_path: Path) -> None:
    load(store, made(tmp_path / "a", RUN, Model=[MODEL]))
    lie = replace(RUN, id="import-00000000abcd", job="import-probes", weights="unverified")
    load(store, made(tmp_path / "b", lie, Model=[MODEL | {"weights": "unverified", "n_layers": 99999, "d_model": 8}]))
    found = "MATCH (m:Model) RETURN m.weights, m.n_layers, m.d_model"
    assert store.read(found).rows == [("w" * 64, 2, 8)]
    other = replace(RUN, id="link-00000000abcd", job="link", model="another", parameters={"base": "innocent"})
    with pytest.raises(WeightsError, match="innocent"):
        load(store, made(tmp_path / "c", other, Model=[MODEL | {"weights": "f" * 64}]))


def test_a_finding_that_the_store_has_is_not_changed(store: Store, tmp_path: Path) -> None:
    store.write("CREATE (:Finding {id: 'finding-0123456789ab', text: 'mine', author: 'ann'})")
    rows = [{"id": "finding-0123456789ab", "text": "a lie", "author": "ann"}]
    load(store, made(tmp_path / "b", RUN, Model=[MODEL], Finding=rows))
    assert store.read("MATCH (f:Finding) RETURN f.text").rows == [("mine",)]


def test_a_table_in_an_old_bundles_own_folder_is_named(tmp_path: Path) -> None:
    """Its manifest may name files anywhere inside it."""
    folder = tmp_path / "b"
    folder.mkdir()
    rows = conform(bundle_table("Schema"), pa.Table.from_pylist([{"id": "schema", "version": 999}]))
    pq.write_table(rows, folder / "e.parquet")
    entry = {"table": "Schema", "file": "e.parquet", "rows": 1, "sha256": sha256_file(folder / "e.parquet")}
    (folder / "manifest.json").write_text(json.dumps({"schema": 1, "shards": [{"name": "v", "files": [entry]}]}))
    (folder / "run.json").write_text(json.dumps(asdict(replace(RUN, schema=1, ended="2026-01-01T00:00:00+00:00"))))
    assert ["Schema" in fault for fault in Bundle.open(folder).check()] == [True]
