"""Bundles of hand-made rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuronkb.ingest.bundle import UNVERIFIED, BundleWriter, RunInfo
from neuronkb.schema import NODES, RELATIONSHIPS
from neuronkb.tests.everything import BASE, TUNED, Rows, everything, rows_of


def bundle(folder: Path, run: str, shards: Mapping[str, Rows], **about: Any) -> Path:
    """A finished bundle of hand-made rows, all ids of which begin with the name of the folder above."""
    shape = folder.parent.name
    about = {"job": run, "model": BASE, "weights": UNVERIFIED, "tokenizer": "t0", "parameters": {}} | about
    about["model"] = f"{shape}-{about['model']}"
    writer = BundleWriter.open(folder, RunInfo(id=f"{shape}-{run}", **about))
    for name, tables in shards.items():
        writer.write(name, {kind: rows_of(kind, _named(shape, rows)) for kind, rows in tables.items() if rows})
    writer.finish()
    return folder


def _named(shape: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("id", "start", "end", "run", "model", "source")
    return [{k: f"{shape}-{v}" if v and k in names else v for k, v in row.items()} for row in rows]


def of_run(tables: Rows, run: str) -> Rows:
    """The rows that a bundle of one run holds: its evidence, and every node or word that this rests on."""
    own = ("Run", "Shard", "Run.DERIVED_FROM.Run")
    return {
        name: [row for row in rows if row.get("run", run) == run]
        for name, rows in tables.items()
        if name not in own and (name in NODES or "run" in RELATIONSHIPS[name].key or name in SHARED)
    }


SHARED = ("Neuron.IN_MODEL.Model", "Token.SPELLS.Term", "Feature.NAMED.Term", "Finding.ABOUT.Neuron")


def every_method(root: Path) -> list[Path]:
    """All of everything.py: a bundle a run, most nodes in each of them."""
    tables = everything()
    runs = {row["run"] for rows in tables.values() for row in rows if "run" in row}
    both = {"base": f"{root.name}-{BASE}", "other": f"{root.name}-{TUNED}"}
    made = []
    for run in sorted(runs):
        about = next((row for row in tables["Run"] if row["id"] == run), {})
        rows = of_run(tables, run)
        said = {row["id"] for row in rows["Explanation"]}
        rows["Explanation.MENTIONS.Term"] = [row for row in tables["Explanation.MENTIONS.Term"] if row["start"] in said]
        made.append(bundle(root / run, run, {"all": rows}, model=about.get("model", BASE), parameters=both))
    return made
