"""The one way to the terminal: whatever is written to standard output and error goes through here."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

_CLEAN = re.compile(r"[\n\t -~]*")
_BAR = re.compile(r"\r[^\n]*|(?:\x1b\[A)+")
"""What a progress bar of another library writes at a time: its line again, or so many lines up."""


class Guard:
    """A text stream that shows what would steer a terminal as marks: `<U+001B>` for an escape.

    It has no `buffer`: bytes would go round it.
    """

    def __init__(self, under: TextIO) -> None:
        self._under = under

    def __getattr__(self, name: str) -> Any:
        if name in ("buffer", "_under"):
            raise AttributeError(name)
        return getattr(self._under, name)

    def write(self, text: str) -> int:
        """Write a text with its marks; how many characters were given."""
        if not isinstance(text, str):
            raise TypeError(f"{type(text).__name__} given to a text stream, expected str")
        start = _BAR.match(text) if self._under.isatty() else None
        if start is None or start.end() < len(text):
            self._under.write(_marked(text))
        elif text.startswith("\r"):
            self._under.write("\r" + _marked(text[1:]))
        else:
            self._under.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts one after another."""
        for line in lines:
            self.write(line)


def bare(stream: Any) -> TextIO:
    """The stream under guards and under rich's stand-ins: for what draws in colour and marks its texts itself."""
    while True:
        under = stream._under if isinstance(stream, Guard) else getattr(stream, "rich_proxied_file", None)
        if under is None:
            return cast("TextIO", stream)
        stream = under


@contextmanager
def guarded() -> Iterator[None]:
    """Guard standard output and error for as long as this lasts."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _over(sys.stdout), _over(sys.stderr)
    mine = sys.stdout, sys.stderr
    try:
        yield
    finally:
        # Somebody else's stream in the place of ours is theirs to take away.
        sys.stdout, sys.stderr = (
            old if now is own else now for old, now, own in zip(before, (sys.stdout, sys.stderr), mine, strict=True)
        )


@contextmanager
def unguarded_output() -> Iterator[None]:
    """Standard output as it was: for a protocol that escapes its texts itself."""
    before = sys.stdout
    sys.stdout = bare(sys.stdout)
    try:
        yield
    finally:
        sys.stdout = before


def install() -> None:
    """Guard both streams until the process ends, tracebacks included."""
    sys.stdout, sys.stderr = _over(sys.stdout), _over(sys.stderr)


def _over(stream: TextIO) -> TextIO:
    return stream if stream is None or isinstance(stream, Guard) else cast("TextIO", Guard(stream))


def _marked(text: str) -> str:
    if _CLEAN.fullmatch(text):
        return text
    from ...schema.visible import marked  # late: its package brings pyarrow, which --help need not wait for

    return marked(text)
