"""A figure without pyplot's global state: made, saved as a file, or put into a page."""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ...schema import PictureError
from ...schema.visible import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1a1a1a"
FORMATS = {".png": "png", ".svg": "svg"}
_SIZE = (7.0, 2.8)
"""inches"""
LABEL = 60
"""letters of a label that are drawn; of a title twice as many"""
_DOTS = 150
"""pixels an inch of a PNG"""
_RULES = {
    "svg.hashsalt": "neuronkb",
    "svg.fonttype": "none",
    "font.size": 9.0,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
}
# The date, the version and the like would make two drawings of the same numbers differ.
_SILENT = {"svg": dict.fromkeys(("Date", "Creator", "Format", "Type")), "png": {"Software": None}}
_TAG = re.compile(r"<[^>]*>")
_IDS = re.compile(r'( id="|url\(#|xlink:href="#)')
_LOCK = threading.RLock()


@contextmanager
def drawing() -> Iterator[None]:
    """Draw by this project's rules, whatever the user's matplotlibrc says. Raises PictureError without matplotlib."""
    try:
        import matplotlib.style
    except ImportError:
        raise PictureError("drawing a picture needs matplotlib: pip install 'neuronkb[pictures]'") from None

    # matplotlib's rules and Python's warning filters belong to the process: one picture at a time.
    with _LOCK, matplotlib.style.context(["default", _RULES]), warnings.catch_warnings():
        # A token may be written in letters that the font lacks; the viewer's own fonts have them.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        yield


def canvas(x: str, y: str) -> tuple[Figure, Axes]:
    """A figure and its empty axes with their names."""
    figure, (axes,) = canvases([(x, y)])
    return figure, axes


def canvases(names: Sequence[tuple[str, str]]) -> tuple[Figure, list[Axes]]:
    """A figure with axes side by side, each with its names."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    found = []
    for place, (x, y) in enumerate(names, 1):
        found.append(figure.add_subplot(1, len(names), place))
        found[-1].set_xlabel(short(x), parse_math=False)
        found[-1].set_ylabel(short(y), parse_math=False)
    return figure, found


def heading(figure: Figure, text: str) -> None:
    """A title over the figure; it may hold a stranger's words, so nothing in it is read as TeX."""
    if text:
        figure.suptitle(short(text, 2 * LABEL), x=0.01, ha="left", fontsize=9, parse_math=False)


def short(text: str, most: int = LABEL) -> str:
    """A stranger's words as a label: visible, and not so long that they push the axes out of the picture."""
    shown = plain(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def note(axes: Axes, text: str) -> None:
    """Say why the axes are empty."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center")


def save(figure: Figure, path: Path | str) -> None:
    """Write a PNG or an SVG, as the suffix says. Raises PictureError for another, and where it cannot write."""
    form = _form(Path(path))
    with drawing():
        data = _bytes(figure, form, "white")
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise PictureError(f"cannot write the picture {str(path)!r}: {error.strerror}") from error


def inline_svg(figure: Figure, label: str, name: str) -> str:
    """An `<svg>` element for a page: see-through, in the page's ink, with `label` for those who cannot see it.

    `name` starts every id within, so that two figures of a page do not share one.
    """
    with drawing():
        text = _bytes(figure, "svg", "none").decode()
    text = _TAG.sub(lambda tag: _own_tag(tag[0], name), text[text.index("<svg") :].strip())
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(plain(label))}"', 1)


def _own_tag(tag: str, name: str) -> str:
    """A tag with the page's ink and with its ids begun by `name`; the words between tags are a stranger's and stay."""
    return _IDS.sub(rf"\g<1>{name}-", tag).replace(INK, "currentColor")


def _form(path: Path) -> str:
    if path.suffix.lower() not in FORMATS:
        raise PictureError(f"cannot write {path.name!r}: a picture's name ends in {' or '.join(FORMATS)}")
    return FORMATS[path.suffix.lower()]


def _bytes(figure: Figure, form: str, paper: str) -> bytes:
    data = io.BytesIO()
    figure.savefig(data, format=form, dpi=_DOTS, facecolor=paper, metadata=_SILENT[form])
    return data.getvalue()
