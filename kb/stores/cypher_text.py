"""Cypher as words and signs, for what can be told from the text alone. Strings, comments and quoted names count as
neither."""

from __future__ import annotations

import itertools
import re

from ...schema import QueryError, ReadOnlyError

_TOKEN = re.compile(
    r"""(?P<skip>\s+ | //[^\n]* | /\*.*?\*/)
      | (?P<quoted>'(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" | `(?:[^`]|``)*`)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)

_ABOUT_THE_SERVER = {"ALTER", "DENY", "DROP", "ENABLE", "GRANT", "RENAME", "REVOKE", "SHOW", "START", "STOP"}
_ABOUT_THE_SERVER |= {"TERMINATE", "USE"}


def tokens(text: str) -> list[str]:
    """Words in upper case and single signs, in order; a quoted piece is an empty string."""
    found = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "word":
            found.append(match[0].upper())
        elif match.lastgroup != "skip":
            found.append("" if match.lastgroup == "quoted" else match[0])
    return found


def check_local_read(text: str) -> None:
    """Refuse what the local server would let a reader do to others, or would quietly get wrong.

    Raises ReadOnlyError or QueryError. Writes are not looked for here: the server refuses them to its reader.
    """
    found = tokens(text)
    first = found[0] if found else ""
    if first in _ABOUT_THE_SERVER:
        raise ReadOnlyError(f"a read may not do this: {first} is about the server, not the graph")
    if first in ("EXPLAIN", "PROFILE"):
        raise QueryError(f"{first} gives a plan and no rows; leave the word out to run the query")
    pairs = set(itertools.pairwise(found))
    if ("LOAD", "CSV") in pairs:
        raise ReadOnlyError("a read may not do this: LOAD CSV reads files and addresses; load a bundle instead")
    if ("$", "(") in pairs or any(
        one == "$" and two in ("ALL", "ANY") and three == "("
        for one, two, three in zip(found, found[1:], found[2:], strict=False)
    ):
        raise QueryError("the local store does not know dynamic labels and types, `$(...)`; write the name out")
    if ("VECTOR", "INDEX") in pairs and "SEARCH" in found:
        raise QueryError("the local store does not know SEARCH; use CALL db.index.vector.queryNodes(...)")
