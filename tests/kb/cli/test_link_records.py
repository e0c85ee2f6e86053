"""What links, similar, feeds and findings answer: drawn on a narrow terminal, as Markdown, a page, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from neuronkb.kb.cli.emit import Sink, emit, written
from neuronkb.kb.jobs.findings import CarryReport, FindingRemoved
from neuronkb.kb.jobs.links import LinkReport
from neuronkb.kb.jobs.match import MatchReport
from neuronkb.kb.load.report import LoadReport
from neuronkb.queries.answers.diff import Change, Diff
from neuronkb.queries.answers.feeds import Feed, NeuronFeeds
from neuronkb.queries.answers.findings import Carry, Finding, FindingCard, Findings
from neuronkb.queries.answers.link_layers import LayerDrift, LayerShare
from neuronkb.queries.answers.similar import Neighbour, Neighbours
from neuronkb.queries.result.record import Record

from tests.drawn import check_doors, terminal

M, T = "gemma-3-270m", "gemma-3-270m-it"
NEURON = f"{M}/L17/N2020"
LOAD = LoadReport("match-12ab", {"Neuron": 3}, {}, {"Finding.ABOUT.Neuron": 2})
NOTE = Finding("finding-0123456789ab", "Names months", "ann", "2026-01-02T03:04:05Z", M, (NEURON, f"{M}/L3/N1"), ("e",))
PROBE: dict[str, Any] = {"kind": "probe", "name": "before_month", "value": 0.8543, "base": 0.8498, "null": 0.50633}
PROBE |= {"low": 0.8112, "high": 0.8934, "line": 0.7, "outcome": "weakened"}
ROWS: dict[str, Any] = {"kind": "rows", "name": "up", "value": 1.0, "base": 1.0, "null": 0.1, "outcome": "kept"}
CARRY = Carry(
    NOTE.id,
    NOTE.text,
    NEURON,
    T,
    f"{T}/L17/N2020",
    "weakened",
    "its gate went",
    *(0.99987, 0.99991, 0.99853, 0.93939),
    *(None, None, None, None),
    (PROBE, ROWS),
    "carry-0123456789ab",
    "2026-01-03T03:04:05Z",
)
SHARES = [LayerShare(layer, "down", 2048, 2048 * (layer == 17), 0.99959, 0.9, 0.95, 0.85, 0.71) for layer in range(18)]
DIFF = Diff(
    M,
    T,
    "link-12ab",
    0.99998,
    tuple(SHARES),
    (Change(NEURON, f"{T}/L17/N2020", "down", -1, 0.98765, (" June", " May"), (" May", " cat")),),
    (LayerDrift(17, 2048, 0.9337, 0.9119, None, 0.0017, 0.0059, 3),),
    "texts.jsonl",
)
LAYER = {
    "layer": 3,
    "neurons": 2048,
    "score": 0.5081,
    "null": 0.087,
    "claimed": 2000,
    "above_all": 1990,
    "mutual": 0.951,
}
RECORDS: tuple[tuple[Record, tuple[str, ...]], ...] = (
    (
        Neighbours(
            NEURON,
            (
                Neighbour("activation", f"{M}/L8/N1379", M, 0.50812, 1, 0.0871, run="match-1", tokens=(" her", " she")),
                Neighbour("activation", f"{T}/L9/N657", T, 0.41234, 1, 0.0872, run="match-2"),
            ),
            {"match-1": "texts.jsonl", "match-2": "letters/"},
        ),
        (NEURON, "L8/N1379", "0.5081", "0.0871", "her · she", "match-2 on letters/", "L9/N657", "null"),
    ),
    (
        NeuronFeeds(NEURON, (Feed("up", "gate", 1, f"{M}/L3/N1401", -57.2123, 8.0123, "feeds-1"),)),
        (f"{NEURON} feeds", "nothing that is stored", "is fed by", "L3/N1401", "-57.21", "8.012", "gate"),
    ),
    (
        DIFF,
        (
            *(f"{T} beside its base {M}", "0.99998", "0-16", "untouched", "0.99959", "90.0%", "95.0%", "85.0%", "0.71"),
            *("texts.jsonl", "0.9337", "0.0017", "0.0059", "L17/N2020", "down -", "0.9877", "June · May", "cat"),
        ),
    ),
    (LinkReport(M, T, LOAD, 0.99998, ("strangers",)), (M, "match-12ab", "0.99998", "Neuron")),
    (
        MatchReport(LOAD, M, T, "weights", {**LAYER, "neurons": 36864}, ({**LAYER, "same_index": 1.0},)),
        (f"{M} and {T} by weights", "match-12ab", "0.5081", "0.087", "2000", "1990", "95.1%", "100.0%", "36864", "all"),
    ),
    (NOTE, (NOTE.id, "Names months", "ann", "2026-01-02T03:04:05Z", NEURON)),
    (Findings((NOTE,), M), (NOTE.id, "2026-01-02", "L17/N2020", "L3/N1", "Names", "ann")),
    (Findings((), M), ("0 findings",)),
    (FindingRemoved(NOTE), (f"removed {NOTE.id}: Names months",)),
    (FindingCard(NOTE, (CARRY,)), (NOTE.id, CARRY.run, "weakened", "current", "its gate went", CARRY.neuron)),
    (
        CarryReport(M, T, "carry-1", (CARRY,), None, "carry-0", "no such folder"),
        (
            *("carry-1", "preview", "1 weakened", "carry-0", "no such folder", "its gate went", "probe before_month"),
            *("L17/N2020", "0.854", "0.811 to 0.893", "0.85", "0.506", "0.9999", "0.9985", "0.9394"),
        ),
    ),
)


@pytest.mark.parametrize(("record", "said"), RECORDS, ids=[type(record).__name__ for record, _ in RECORDS])
def test_it_is_drawn_everywhere(record: Record, said: tuple[str, ...]) -> None:
    check_doors(record)
    markdown = written(record, Sink("md")).replace("\\", "")
    for shown in (terminal(record), markdown, written(record, Sink("html"))):
        flat = shown.replace(",", "")  # a page has them in thousands
        assert all(word in flat for part in said for word in part.replace(",", "").split()), shown


def test_what_is_missing_is_a_warning() -> None:
    assert Findings((), M).warnings == (
        f"no findings about neurons of {M} yet; neuronkb findings add TEXT --about ID notes one",
    )
    unread, _ = CarryReport(M, T, "carry-1", (), LOAD, None, "no such folder").warnings
    assert "--base-weights and --tuned-weights" in unread
    assert MatchReport(LOAD, M, T, "weights", {}, ()).warnings == LOAD.warnings != ()


def test_csv_has_every_row_at_full_precision() -> None:
    rows = list(csv.DictReader(io.StringIO(written(DIFF, Sink("csv")))))
    assert [row["layer"] for row in rows] == [str(layer) for layer in range(18)]
    assert {row["cosine"] for row in rows} == {"0.99959"}
    hits = list(csv.DictReader(io.StringIO(written(RECORDS[0][0], Sink("csv")))))
    assert [(hit["neuron"], hit["run"]) for hit in hits] == [(f"{M}/L8/N1379", "match-1"), (f"{T}/L9/N657", "match-2")]
    assert written(Findings(()), Sink("csv")) == "id,text,author,created,model,about,evidence\r\n"


def test_counts_are_for_programs_too() -> None:
    counts = json.loads(written(CarryReport(M, T, "c", (CARRY,), None, None, None), Sink("json")))["counts"]
    assert counts == {"holds": 0, "weakened": 1, "moved": 0, "lost": 0, "untested": 0}


def test_drift_is_drawn(tmp_path: Path) -> None:
    emit(DIFF, Sink("svg", tmp_path / "drift.svg"))
    assert f"{T} beside its base {M}" in (tmp_path / "drift.svg").read_text("utf-8")
    assert "<svg" in written(DIFF, Sink("html"))
