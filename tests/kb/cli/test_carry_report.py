"""The report as Markdown, with a stranger's words in every place."""

from __future__ import annotations

import re
from typing import Any

import pytest
from neuronkb.kb.cli.carry_report import markdown
from neuronkb.kb.nouns.findings import CarryReport
from neuronkb.queries.answers.findings import Carry

ATTACKS = (
    "<script>alert(1)</script>",
    "[a](javascript:x) ![b](http://x)",
    "`x` | y\n# z",
    "\x1b[31m\u202e",
    "&lt;b&gt;",
)


@pytest.mark.parametrize("text", ATTACKS)
def test_its_words_are_no_markup(text: str) -> None:
    measure: dict[str, Any] = {"kind": text, "name": text, "value": 1.0, "base": 1.0, "null": 0.0, "outcome": text}
    numbers = (0.5, 0.5, 0.5, 0.5, None, None, None, None)
    one = Carry("f", text, f"{text}/L0/N1", "t", f"{text}2/L0/N1", text, text, *numbers, (measure,), text, "2026")
    report = CarryReport(text, f"{text}2", text, (one,), None, text, text)
    said = markdown(report)
    assert not {"\x1b", "\u202e"} & {*said}
    bare = re.sub(r"`[^`\n]*`", "", said)  # what stands in a code span is no markup
    assert not re.search(r"(?<!\\)[<>\[\]&]", bare.replace("->", ""))
    assert "\n# z" not in said
    rows = [line for line in said.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}  # six cells
