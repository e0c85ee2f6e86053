"""Sections, and the Markdown that is made of them."""

from __future__ import annotations

import pytest
from neuronkb.queries.result.markdown import document, table
from neuronkb.queries.result.picture import ExcerptView
from neuronkb.queries.result.section import Excerpts, Section, Tokens
from neuronkb.schema import SchemaError


def test_a_row_has_a_cell_a_column() -> None:
    with pytest.raises(SchemaError, match="1 cells of 'Counts' beside 2 columns"):
        Section("Counts", ("a", "b"), ((1,),))


def test_columns_without_anything_are_left_out() -> None:
    found = Section.table("c", ("a", "b", "d"), [(1, None, ""), (2, None, "x")])
    assert (found.columns, found.rows) == (("a", "d"), ((1, ""), (2, "x")))


def test_tokens_on_a_line() -> None:
    assert str(Tokens((" July", "\n", " "))) == "July · ⏎ · ' '"


def test_markdown_is_a_table_as_it_stands() -> None:
    assert table(("n", "text"), [(1.23456, "a|b"), (None, True)]).splitlines() == [
        "| n     | text |",
        "| ----- | --- |",
        "| 1.235 | a\\|b |",
        "|       | yes |",
    ]


def test_a_document() -> None:
    view = ExcerptView((" in", " June"), (0.0, 2.0), 2.0, "top", -1, "d1")
    text = document("m/L0/N1", "Layer 0", [Section("Excerpts", picture=Excerpts((view,))), Section("Nothing", ("a",))])
    assert text == (
        "# m/L0/N1\n\nLayer 0\n\n## Excerpts\n\n"
        "| value | band | text    | document |\n| ----- | ---- | ------- | --- |\n| -2    | top  | in June | d1  |\n"
    )


def test_no_text_from_outside_is_markup() -> None:
    text = document("a", "b", [Section("<b>", ("x",), (("![i](http://h) `c` <img src=x> [l](javascript:1) \\|",),))])
    assert "## \\<b\\>" in text
    assert "\\!\\[i\\](http://h) \\`c\\` \\<img src=x\\> \\[l\\](javascript:1) \\\\\\|" in text
    shown = document("a_b", "", [Section("c", ("x_y",), (("p|q",),))], said=str)
    assert shown == "# a_b\n\n## c\n\n| x_y |\n| --- |\n| p|q |\n"
