"""An error as the one line that a client is told."""

from __future__ import annotations

from ...schema.visible import plain


def one_line(error: object) -> str:
    """Its words with single blanks between them, and nothing in them that steers a terminal."""
    return plain(" ".join(str(error).split()))
