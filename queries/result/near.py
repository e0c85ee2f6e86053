"""Names near a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ...schema import fold

SHOWN = 12
"""Names that an error lists where none is near."""


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean ...`, or the first of the known names where none is near."""
    bare: dict[str, str] = {}
    for each in known:
        bare.setdefault(bare_name(each), each)
    key = bare_name(name)
    close = [bare[match] for match in get_close_matches(key, bare, n=5, cutoff=0.65)]
    close += [each for other, each in bare.items() if len(key) > 2 and key in other and each not in close][:5]
    if close:
        return f"; did you mean {', '.join(close)}?"
    names = sorted(set(bare.values()))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"; known: {', '.join(names[:SHOWN]) or 'none'}{more}"


def typo(name: str, known: Iterable[str]) -> str:
    """As `near`, and empty where no name is near."""
    hint = near(name, known)
    return hint if hint.startswith("; did you mean") else ""


def bare_name(name: str) -> str:
    """A name without case, `is_` and the choice between dash, space and underscore."""
    return fold(name).removeprefix("is_").replace("-", "_").replace(" ", "_")
