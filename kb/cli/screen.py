"""A rich console on which texts have no power: neither markup nor control characters."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from ...schema.visible import marked
from .guard import bare


class Screen(Console):
    """Draws on the stream under the guard, since its colours are escape sequences, and marks each text it draws."""

    def __init__(self, stderr: bool = False) -> None:
        stream = bare(sys.stderr if stderr else sys.stdout)
        super().__init__(file=stream, markup=False, highlight=False, emoji=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of what is printed; those of controls, such as a progress bar's, are rich's own."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(marked(segment.text), segment.style)

    def render_str(self, text: str, **options: Any) -> Text:
        """A string as rich's text, marked before it is laid out; never with markup, whatever asks for it."""
        return super().render_str(marked(text), **{**options, "markup": False, "emoji": False})
