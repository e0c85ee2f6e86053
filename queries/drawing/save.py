"""A picture as a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ...schema import PictureError
from .svg import Svg

ZOOM = 2
"""pixels of a PNG to one of the picture"""
_LETTER = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="16" font-family="{}">{}</text></svg>'
_FROM_RIGHT = re.compile(r'<tspan direction="rtl"[^>]*>([^<]*)</tspan>')


def save(picture: Svg, path: Path | str) -> None:
    """Write a PNG or an SVG, as the suffix says. Raises PictureError for another, and where it cannot write."""
    suffix = Path(path).suffix.lower()
    if suffix not in (".png", ".svg"):
        raise PictureError(f"cannot write {Path(path).name!r}: a picture's name ends in .png or .svg")
    data = picture.file().encode() if suffix == ".svg" else png(picture)
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise PictureError(f"cannot write the picture {str(path)!r}: {error.strerror}") from error


def png(picture: Svg, **fonts: Any) -> bytes:
    """The picture in pixels, with the machine's fonts. Raises PictureError without resvg-py, and without a font.

    `fonts` are resvg-py's own words for where fonts lie.
    """
    try:
        import resvg_py
    except ImportError:
        raise PictureError("a PNG needs resvg-py: pip install 'neuronkb[pictures]', or save an .svg") from None

    blank, letter = (
        resvg_py.svg_to_bytes(svg_string=_LETTER.format("sans-serif", words), **fonts) for words in ("", "X")
    )
    if blank == letter:
        raise PictureError("no font was found, so a PNG would have no letters: install DejaVu Sans, or save an .svg")
    # It knows no `direction`: Unicode's own marks around the words say the same.
    turned = _FROM_RIGHT.sub("\u2067\\1\u2069", picture.file())
    return bytes(resvg_py.svg_to_bytes(svg_string=turned, zoom=ZOOM, **fonts))
