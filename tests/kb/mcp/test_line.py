"""An error is told in one line, whatever is in it."""

from __future__ import annotations

from neuronkb.kb.mcp.line import one_line


def test_one_line() -> None:
    assert one_line(ValueError("no  model\n'a\x1b[31m\u202e'\u2028x\ud800")) == (
        "no model 'a<U+001B>[31m<U+202E>' x<U+D800>"
    )
