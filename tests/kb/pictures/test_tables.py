"""The page's tables."""

from __future__ import annotations

from neuronkb.kb.pictures import TableView
from neuronkb.kb.pictures.tables import number, plain_table, sides_table
from neuronkb.queries import DecodedSide


def side(run: str = "r1", pole: int = 1, tokens: tuple[tuple[str, float, float], ...] = ()) -> DecodedSide:
    return DecodedSide(run, "folded", "gate", pole, tokens, 13.25, None)


def test_number() -> None:
    assert [number(value) for value in (None, True, 1234567, 0.123456, "a\n")] == [
        "",
        "yes",
        "1,234,567",
        "0.1235",
        "a⏎",
    ]


def test_a_side_is_a_row() -> None:
    html = sides_table([side(tokens=((" <b>", 12.34, 0.5), ("犬", 9.0, 0.25)))])
    assert "folded rows, run r1" in html
    assert '<th scope="row">gate +</th><td class="n">12.34</td><td class="n">0.5</td>' in html
    assert '<td class="n">13.25</td><td class="n"></td>' in html
    assert '<span class="token" title="z 12.3, probability 0.5"><i> </i>&lt;b&gt;</span>' in html


def test_sides_of_two_runs_say_which() -> None:
    html = sides_table([side("r1"), side("r2", pole=-1)])
    assert "gate + (folded, r1)" in html
    assert "gate - (folded, r2)" in html
    assert "rows, run" not in html


def test_a_column_of_numbers_stands_to_the_right() -> None:
    html = plain_table(TableView("A & b", ("name", "<n>"), (("x", 1.5), ('"', None))))
    assert "<caption>A &amp; b</caption>" in html
    assert '<th scope="col">name</th><th scope="col" class="n">&lt;n&gt;</th>' in html
    assert '<td>&quot;</td><td class="n"></td>' in html


def test_an_empty_table_has_its_head() -> None:
    assert '<th scope="col">a</th>' in plain_table(TableView("", ("a",), ()))
