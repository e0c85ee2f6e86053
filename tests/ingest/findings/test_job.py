"""Carrying without weights: what links and stored matches say, and what stands in the tables."""

from __future__ import annotations

import json
from typing import Any

from neuronkb.ingest.findings.carried import Asked
from neuronkb.ingest.findings.job import CarryJob, Tuned
from neuronkb.ingest.findings.measure import Measure
from neuronkb.ingest.findings.tables import Noted
from neuronkb.ingest.findings.verdict import Match
from neuronkb.ingest.progress import silent

KEPT = {"cos_up": 0.99, "cos_down": 0.98, "jaccard_up_pos": 1.0, "jaccard_up_neg": 1.0}
GONE = {"cos_up": 0.05, "cos_down": -0.1, "jaccard_up_pos": 0.0, "jaccard_up_neg": 0.0}
LINKS = {"m/L0/N0": KEPT, "m/L0/N1": GONE, "m/L1/N2": GONE, "m/L1/N3": GONE}
MATCHES = {"m/L0/N1": Match(5, 0.9, 0.2), "m/L1/N2": Match(2, 0.8, 0.2, layer=0), "m/L1/N3": Match(7, 0.2, 0.2)}


def behaviour(source: str, target: str) -> tuple[Measure, ...]:
    """Known of one neuron alone, and of the one it moved to."""
    return (Measure("probe", "french", 0.9, 0.9, 0.4),) if target == "t/L0/N5" else ()


def job(**more: Any) -> CarryJob:
    notes = (
        Noted("f1", "one", "me", "2026", "m", ("m/L0/N0", "m/L0/N1", "m/L0/N9")),
        Noted("f2", "two", "me", "2026", "m", ("m/L1/N2", "m/L1/N3", "m/L0/N1")),
    )
    asked = tuple(
        Asked(note.id, int(neuron[3]), int(neuron[6]), neuron in LINKS) for note in notes for neuron in note.about
    )
    tuned = Tuned("m", "t", "w" * 64, None, "link-1", 100, 64)
    given = {"evidence": "e", **more}
    return CarryJob(tuned, notes, asked, LINKS, behaviour, MATCHES.get, None, **given)


def test_verdicts_from_links_and_stored_matches() -> None:
    shards = dict(job().shards((), silent))
    assert list(shards) == ["findings", "L000", "L001"]
    rows = [row for name in ("L000", "L001") for row in shards[name]["Finding.CARRIED_TO.Neuron"].to_pylist()]
    found = {(row["start"], row["source"]): (row["verdict"], row["end"]) for row in rows}
    assert found == {
        ("f1", "m/L0/N0"): ("holds", "t/L0/N0"),
        ("f1", "m/L0/N1"): ("moved", "t/L0/N5"),
        ("f2", "m/L0/N1"): ("moved", "t/L0/N5"),
        ("f1", "m/L0/N9"): ("untested", "t/L0/N9"),
        ("f2", "m/L1/N2"): ("moved", "t/L0/N2"),
        ("f2", "m/L1/N3"): ("lost", "t/L1/N3"),
    }
    moved = next(row for row in rows if row["end"] == "t/L0/N5")
    assert [one["name"] for one in json.loads(moved["measures"])] == ["french"]
    assert moved["probe_f1"] == 0.9
    assert moved["cos_up"] is None
    assert "cosine 0.9, null 0.2" in moved["reason"]
    holds = rows[0]
    assert (holds["cos_up"], holds["cos_down"], holds["jaccard"]) == (0.99, 0.98, 1.0)
    neurons = {row["id"] for row in shards["L001"]["Neuron"].to_pylist()}
    assert neurons == {"m/L1/N2", "t/L0/N2", "m/L1/N3", "t/L1/N3"}


def test_shards_that_are_done_are_left_out_and_the_run_follows_from_what_decides() -> None:
    assert [name for name, _ in job().shards(("findings", "L000"), silent)] == ["L001"]
    run = job().run.id
    assert len({run, job(evidence="f").run.id, job(supersedes="carry-1").run.id}) == 3
