"""What became of findings as Markdown, with a stranger's words in every place, and every measure of a neuron."""

from __future__ import annotations

import re
from typing import Any

import pytest
from neuronkb.kb.jobs.findings import CarryReport
from neuronkb.queries.answers.findings import Carry

ATTACKS = (
    "<script>alert(1)</script>",
    "[a](javascript:x) ![b](http://x)",
    "`x` | y\n# z",
    "\x1b[31m\u202e",
    "&lt;b&gt;",
)


def report(text: str) -> CarryReport:
    measure: dict[str, Any] = {"kind": text, "name": text, "value": 1.0, "base": 1.0, "null": 0.0, "outcome": text}
    numbers = (0.5, 0.5, 0.5, 0.5, None, None, None, None)
    one = Carry("f", text, f"{text}/L0/N1", "t", f"{text}2/L0/N1", text, text, *numbers, (measure,), text, "2026")
    return CarryReport(text, f"{text}2", text, (one,), None, text, text)


@pytest.mark.parametrize("text", ATTACKS)
def test_its_words_are_no_markup(text: str) -> None:
    said = report(text).markdown()
    assert not {"\x1b", "\u202e"} & {*said}
    assert not re.search(r"(?<!\\)[<>\[\]&`]", said)
    assert "\n# z" not in said
    rows = [line for line in said.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4, 8, 9}  # three, seven and eight cells


def test_it_has_measures_that_were_kept() -> None:
    kept = report("kept")
    assert "kept kept" in kept.markdown()
    assert "kept kept" not in str([section.rows for section in kept.sections()])
