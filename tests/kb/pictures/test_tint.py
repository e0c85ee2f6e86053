"""Colours at hand-worked values, and whether text on them can be read."""

from __future__ import annotations

import re

import pytest
from neuronkb.kb.pictures.style import INK_DARK, INK_LIGHT, PAPER_DARK, PAPER_LIGHT
from neuronkb.kb.pictures.tint import LEAST, css, hexadecimal, strength, terminal

Rgb = tuple[float, float, float]


def parsed(colour: str) -> Rgb:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def contrast(one: Rgb, other: Rgb) -> float:
    """WCAG 2.1, relative luminance and contrast ratio."""

    def luminance(colour: Rgb) -> float:
        parts = [c / 255 for c in colour]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


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


@pytest.mark.parametrize(
    ("value", "style"),
    [
        (8.0, "black on #e69f00"),  # the whole colour, (230, 159, 0)
        (4.0, "black on #d2ae5f"),  # (190+230)/2 = 210, (190+159)/2 = 174.5 to even, (190+0)/2 = 95
        (-8.0, "black on #56b4e9"),
        (-4.0, "black on #8ab9d4"),  # (190+86)/2 = 138, (190+180)/2 = 185, (190+233)/2 = 211.5 to even
        (1.5, ""),  # 0.1875 of the largest
    ],
)
def test_terminal(value: float, style: str) -> None:
    assert terminal(value, 8.0) == style


@pytest.mark.parametrize(("ink", "paper"), [(INK_LIGHT, PAPER_LIGHT), (INK_DARK, PAPER_DARK)])
@pytest.mark.parametrize("share", [-1.0, -0.7, -0.4, -0.1, 0.1, 0.4, 0.7, 1.0])
def test_page_text_reads_on_every_tint(ink: str, paper: str, share: float) -> None:
    assert contrast(parsed(ink), over(css(share, 1.0), parsed(paper))) >= 4.5


@pytest.mark.parametrize("share", [LEAST, 0.5, 1.0, -LEAST, -0.5, -1.0])
def test_terminal_text_reads_on_every_tint(share: float) -> None:
    assert contrast((0, 0, 0), parsed(terminal(share, 1.0).removeprefix("black on "))) >= 7


def test_hexadecimal_keeps_leading_zeros() -> None:
    assert hexadecimal((0, 10, 255)) == "#000aff"
