"""Contrast of colours, as WCAG 2.1 measures it."""

from __future__ import annotations

import re

from neuronkb.queries.drawing import page_style

Rgb = tuple[float, float, float]
PAGES: list[tuple[str, str]] = re.findall(r"color: (#\w{6}); background: (#\w{6})", page_style())
"""ink and paper in light and dark"""


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
