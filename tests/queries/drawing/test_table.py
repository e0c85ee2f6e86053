"""The page's tables."""

from __future__ import annotations

from neuronkb.queries.drawing.table import number, rows_html
from neuronkb.queries.result.section import Section, Tokens


def test_number() -> None:
    assert [number(value) for value in (None, True, 1234567, 0.123456, "a\n")] == [
        "",
        "yes",
        "1,234,567",
        "0.1235",
        "a⏎",
    ]


def test_tokens_have_their_notes_as_tooltips() -> None:
    html = rows_html(Section("c", ("row", "tokens"), (("gate +", Tokens((" <b>", "犬"), ("z 12.3",))),)))
    assert '<td dir="auto">gate +</td><td class="tokens" dir="auto">' in html
    assert '<bdi class="token" title="z 12.3"><i> </i>&lt;b&gt;</bdi> <bdi class="token">犬</bdi>' in html


def test_a_column_of_numbers_stands_to_the_right() -> None:
    html = rows_html(Section("A & b", ("name", "<n>"), (("x", 1.5), ('"', None))))
    assert '<th scope="col">name</th><th scope="col" class="n">&lt;n&gt;</th>' in html
    assert '<td dir="auto">&quot;</td><td class="n"></td>' in html
