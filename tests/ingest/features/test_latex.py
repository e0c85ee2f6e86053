from __future__ import annotations

import pytest
from neuronkb.ingest.features import Header
from neuronkb.ingest.features.latex import closing, find, from_texts

RST = """Title of it
-----------
The mean :math:`\\mu_{i+1}` of [1]_ is

.. math::

    m = \\frac{a_1^2}{\\sqrt{b}}

and so on.
"""
TEX = r"""\title{On {Things}}\author{A. B.}
\begin{abstract}Short.\end{abstract}
Costs \$5. We show $x_i$ and $$y^2$$ as in \cite{one,two} or \eqref{e}.
\begin{align*} \frac{p}{q} &= \alpha \end{align*} \[ z \] \(w\)
"""


def found(text: str) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for span in sorted(find(text), key=lambda one: one.start):
        (name,) = span.names
        held.setdefault(name, []).append(text[span.start : span.end].strip())
    return held


def test_formulas_in_docstrings() -> None:
    assert found(RST) == {
        "is_title": ["Title of it"],
        "is_inline_math": ["\\mu_{i+1}"],
        "is_display_math": ["m = \\frac{a_1^2}{\\sqrt{b}}"],
        "is_math": ["\\mu_{i+1}", "m = \\frac{a_1^2}{\\sqrt{b}}"],
        "is_subscript": ["i+1", "1"],
        "is_superscript": ["2"],
        "is_frac": ["\\frac{a_1^2}{\\sqrt{b}}"],
        "is_numerator": ["a_1^2"],
        "is_denominator": ["\\sqrt{b}"],
        "is_command": ["\\mu", "\\frac", "\\sqrt"],
        "is_greek_letter": ["\\mu"],
        "is_reference": ["[1]_"],
    }


def test_formulas_in_papers() -> None:
    assert found(TEX) == {
        "is_title": ["On {Things}"],
        "is_author": ["A. B."],
        "is_abstract": ["Short."],
        "is_inline_math": ["x_i", "w"],
        "is_display_math": ["y^2", "\\frac{p}{q} &= \\alpha", "z"],
        "is_math": ["x_i", "y^2", "\\frac{p}{q} &= \\alpha", "z", "w"],
        "is_subscript": ["i"],
        "is_superscript": ["2"],
        "is_reference": ["one,two", "e"],
        "is_frac": ["\\frac{p}{q}"],
        "is_numerator": ["p"],
        "is_denominator": ["q"],
        "is_command": ["\\frac", "\\alpha"],
        "is_greek_letter": ["\\alpha"],
    }


@pytest.mark.parametrize(("text", "end"), [("{a}", 3), ("{a{b}c}d", 7), ("{a", 0), (r"{a\}b}", 6), ("{}", 2)])
def test_closing_braces(text: str, end: int) -> None:
    assert closing(text, 0, len(text)) == end


@pytest.mark.parametrize("text", ["$" * 5000, "\\frac{" * 3000, "_" * 5000, ":math:`" * 3000, "{" * 5000, "\n" * 5000])
def test_odd_texts_end(text: str) -> None:
    find(text)


def test_pieces_keep_their_spans_and_mirrors_are_there() -> None:
    line = "The value :math:`x_i` and more words.\n"
    data = from_texts([("file", line * 100)], Header("latex", at="every"))
    assert len(data.records) == 4
    for record in data.records:
        assert {record.text[s.start : s.end] for s in record.spans if "is_subscript" in s.names} == {"i"}
    assert sum("is_subscript" in s.names for record in data.records for s in record.spans) == 100
    mirrors = {feature.name: feature.mirror for feature in data.header.features}
    # No text has a superscript: then no negative can be of one.
    assert mirrors == {"is_inline_math": None, "is_subscript": None, "is_math": None}
    assert {feature.negatives for feature in data.header.features} == {"rest"}
