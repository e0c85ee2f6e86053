"""Text files that options name, such as Cypher."""

from __future__ import annotations

from pathlib import Path

import click

MOST = 64 * 2**20
"""Bytes of such a file."""


def text_of(path: Path) -> str:
    """A file's text. Raises UsageError."""
    from ...schema.outside import Unreadable, decode, read_bytes

    try:
        return decode(read_bytes(path, MOST))
    except OSError as error:
        raise click.UsageError(f"{path}: cannot be read ({error.strerror or error})") from None
    except Unreadable as error:
        raise click.UsageError(f"{path}: {error}; expected text in UTF-8") from None
