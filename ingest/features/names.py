"""Names that were asked for, against those that there are."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ...schema import FeatureError

SHOWN = 12


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean ...`, or the known names where none is near."""
    names = list(known)
    folded = {other.casefold(): other for other in names}
    close = [folded[match] for match in get_close_matches(name.casefold(), folded, n=3, cutoff=0.55)]
    close += [other for other in names if name.casefold() in other.casefold() and other not in close][:3]
    if close:
        return f"; did you mean {', '.join(close)}?"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"; known: {', '.join(names[:SHOWN])}{more}"


def known_name(name: str, known: Iterable[str], what: str) -> str:
    """The name, where it is known. Raises FeatureError with near ones."""
    names = list(known)
    if name not in names:
        raise FeatureError(f"no {what} {name!r}{near(name, names)}")
    return name
