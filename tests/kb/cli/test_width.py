"""Tables of a terminal of 80 columns: no head and no number is cut."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from neuronkb.kb.cli import finding, graph_tables
from neuronkb.kb.nouns.n2g import GraphCard
from neuronkb.queries.answers.findings import Carry
from rich.console import Console, RenderableType

NEURON = "gemma-3-270m/L17/N2020"
SCORES: dict[str, Any] = dict.fromkeys(graph_tables.SCORES.values(), 0.123456)
GRAPH = GraphCard(
    NEURON, {**SCORES, "support": 4022, "pole": 1, "algorithm": "neuronkb", "run": "r", "status": "ok", "nodes": 12}, ()
)


def lines(*parts: RenderableType) -> list[str]:
    console = Console(file=io.StringIO(), width=80)
    console.print(*parts)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_what_became_of_a_finding() -> None:
    measure = {"kind": "probe", "name": "before_month", "value": 0.8543, "base": 0.8498, "null": 0.50633}
    measure |= {"low": 0.8112, "high": 0.8934, "line": 0.7, "outcome": "weakened"}
    cosines = (0.99987, 0.99991, 0.99853, 0.93939)
    others = (None, None, None, None)
    carry = Carry(
        "f", "names months", NEURON, "t", "t/L17/N2020", "weakened", "why", *cosines, *others, (measure,), "r", "2026"
    )
    shown = lines(*finding.verdicts((carry,), "m", "t"))
    (row,) = [line for line in shown if "before_month" in line]
    assert row.split() == [
        "L17/N2020",
        "probe",
        "before_month",
        *["0.854", "0.81", "to", "0.89", "0.85", "0.506", "weakened"],
    ]
    assert any(line.split()[-1:] == ["outcome"] for line in shown)


def test_scores_of_a_graph() -> None:
    shown = lines(*graph_tables.card(GRAPH))
    heads = "precision recall F1 by token 5-gram back-off random r fires"
    assert [line for line in shown if line.split() == heads.split()]
    assert any(line.split() == ["0.1235"] * 8 + ["4022"] for line in shown)


def test_a_graph_without_paths_is_drawn_too(tmp_path: Path) -> None:
    graph_tables.draw(GRAPH, tmp_path / "graph.svg", 30)
    assert "L17/N2020 +" in (tmp_path / "graph.svg").read_text("utf-8")
