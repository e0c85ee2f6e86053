"""Answers on a terminal of 80 columns: no head and no number is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from neuronkb.kb.cli.emit import Sink, emit
from neuronkb.kb.jobs.findings import CarryReport
from neuronkb.kb.stores.import_files import ImportPlan
from neuronkb.queries.answers.findings import Carry
from neuronkb.queries.answers.graphs import SCORES, GraphCard, NeuronGraphs
from neuronkb.queries.result.record import Record

from tests.drawn import terminal

NEURON = "gemma-3-270m/L17/N2020"
NUMBERS: dict[str, Any] = dict.fromkeys(SCORES.values(), 0.123456)
FACTS = {**NUMBERS, "support": 4022, "pole": 1, "algorithm": "neuronkb", "run": "r", "status": "ok", "nodes": 12}
GRAPHS = NeuronGraphs(NEURON, (GraphCard(NEURON, FACTS, ()),))


def lines(record: Record) -> list[str]:
    return terminal(record).splitlines()


def test_what_became_of_a_finding() -> None:
    measure = {"kind": "probe", "name": "before_month", "value": 0.8543, "base": 0.8498, "null": 0.50633}
    measure |= {"low": 0.8112, "high": 0.8934, "line": 0.7, "outcome": "weakened"}
    cosines = (0.99987, 0.99991, 0.99853, 0.93939)
    others = (None, None, None, None)
    carry = Carry(
        "f", "names months", NEURON, "t", "t/L17/N2020", "weakened", "why", *cosines, *others, (measure,), "r", "2026"
    )
    shown = lines(CarryReport("m", "t", "r", (carry,), None, None, None))
    (row,) = [line for line in shown if "before_month" in line]
    assert row.split() == [
        "L17/N2020",
        "probe",
        "before_month",
        *["0.854", "0.811", "to", "0.893", "0.85", "0.506", "weakened"],
    ]
    assert any(line.split()[-1:] == ["outcome"] for line in shown)


def test_scores_of_a_graph() -> None:
    shown = lines(GRAPHS)
    heads = "precision recall F1 by token 5-gram back-off random r fires"
    assert [line for line in shown if line.split() == heads.split()]
    assert any(line.split() == ["0.1235"] * 8 + ["4022"] for line in shown)


def test_a_command_that_is_pasted_is_not_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    plan = ImportPlan(tmp_path, 1, {}, ("database", "import", "full", "neo4j", f"--nodes=Token={'x' * 90}.parquet"))
    emit(plan, Sink())
    assert plan.command in capsys.readouterr().out


def test_a_graph_without_paths_is_drawn_too(tmp_path: Path) -> None:
    emit(GRAPHS, Sink.of(tmp_path / "graph.svg", "table", False))
    assert "L17/N2020" in (tmp_path / "graph.svg").read_text("utf-8")
