"""Colours at hand-worked values, and whether text on them can be read."""

from __future__ import annotations

import re

import pytest
from neuronkb.queries.drawing.tint import css, hexadecimal, strength

from tests.queries.drawing.contrast import PAGES, Rgb, contrast, parsed


def over(style: str, paper: Rgb) -> Rgb:
    red, green, blue, alpha = map(float, re.findall(r"[\d.]+", style))
    mixed = [alpha * c + (1 - alpha) * p for c, p in zip((red, green, blue), paper, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def test_strength_is_a_share_of_the_largest() -> None:
    assert strength(-2.0, 8.0) == 0.25
    assert strength(9.0, 8.0) == 1.0
    assert strength(3.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("value", "style"),
    [
        (8.0, "background:rgba(213,94,0,0.7)"),
        (4.0, "background:rgba(213,94,0,0.35)"),
        (-8.0, "background:rgba(0,114,178,0.7)"),
        (-2.0, "background:rgba(0,114,178,0.17)"),
        (0.0, ""),
        (0.05, ""),
    ],
)
def test_css(value: float, style: str) -> None:
    assert css(value, 8.0) == style


@pytest.mark.parametrize(("ink", "paper"), PAGES)
@pytest.mark.parametrize("share", [-1.0, -0.7, -0.4, -0.1, 0.1, 0.4, 0.7, 1.0])
def test_page_text_reads_on_every_tint(ink: str, paper: str, share: float) -> None:
    assert contrast(parsed(ink), over(css(share, 1.0), parsed(paper))) >= 4.5


def test_hexadecimal_keeps_leading_zeros() -> None:
    assert hexadecimal((0, 10, 255)) == "#000aff"
