"""Cypher as words and signs, for what can be told from the text alone. Strings, comments and quoted names count as
neither."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, wraps

from ...schema import QueryError

DEPTH = 100
"""Brackets in brackets that a query may hold. Parsers take far longer for each, and no time limit ends a parser."""

SUBQUERIES = 8
"""The same for EXISTS, COUNT and COLLECT with a query inside. Neo4j takes twice as long to plan each one more: seconds
for ten, minutes for twenty."""

LENGTH = 200_000
"""Characters that a query may hold; values in any number travel as parameters."""

SHORT, REMEMBERED = 10_000, 500
"""Characters of a text that is remembered to have passed a check, and how many such texts."""

SPACE = "\t\n\v\f\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What the servers' own lexers skip between words, as the inside of a character class."""

_PIECE = re.compile(
    rf"""(?P<skip>[{SPACE}]+ | //[^\r\n]* | /\*.*?\*/)
      | (?P<quoted>'(?:\\.|[^'\\])*+' | "(?:\\.|[^"\\])*+" | `(?:[^`]|``)*+`)
      | (?P<open>['"`] | /\*)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_OPENS, _CLOSES, _PREFIXES = ("(", "[", "{"), (")", "]", "}"), ("NOT", "-", "+")
_SUBQUERY = ("EXISTS", "COUNT", "COLLECT")


@dataclass(frozen=True)
class Token:
    """One word, sign or quoted piece of a query."""

    kind: str
    """word, sign or quoted."""
    text: str
    """Words of ASCII letters in upper case; a quoted piece is empty."""
    at: int
    """Where it begins, in characters."""


def tokens(text: str) -> list[str]:
    """Words in upper case and single signs, in order; a quoted piece is an empty string."""
    return [token.text for token in parsed(text)]


def parsed(text: str) -> list[Token]:
    """The query's tokens in order. Raises QueryError for a quote or comment that nothing closes."""
    return list(_parsed(text))


def _parsed(text: str) -> Iterator[Token]:
    for match in _PIECE.finditer(text):
        kind, piece = str(match.lastgroup), match[0]
        if kind == "open":
            raise QueryError(f"nothing closes the {piece} {position(text, match.start())}")
        if kind == "word":
            # Only ASCII has one upper case everywhere; no word of Cypher has other letters.
            yield Token(kind, piece.upper() if piece.isascii() else piece, match.start())
        elif kind != "skip":
            yield Token(kind, "" if kind == "quoted" else piece, match.start())


def position(text: str, at: int) -> str:
    """Where a character stands, as the servers say it: `(line 2, column 5)`."""
    before = text[:at]
    return f"(line {before.count(chr(10)) + 1}, column {at - before.rfind(chr(10))})"


def once(check: Callable[[str], None]) -> Callable[[str], None]:
    """The same check, which does not look again at short texts that passed it lately."""
    known = lru_cache(REMEMBERED)(check)

    @wraps(check)
    def checked(text: str) -> None:
        (known if len(text) <= SHORT else check)(text)

    return checked


@once
def check_size(text: str) -> None:
    """Raise QueryError for a text that a server would take too long to parse."""
    if len(text) > LENGTH:
        raise QueryError(
            f"the query is {len(text):,} characters long, at most {LENGTH:,} are taken; pass its values as parameters"
        )
    before, brackets, cases, prefixes = "", list[bool](), 0, 0
    for token in _parsed(text):
        if token.text in _OPENS:
            brackets.append(token.text == "{" and before in _SUBQUERY)
        elif token.text in _CLOSES and brackets:
            brackets.pop()
        elif before != "." and token.text in ("CASE", "END"):
            cases = max(0, cases + (1 if token.text == "CASE" else -1))
        prefixes = prefixes + 1 if token.text in _PREFIXES else 0
        if max(len(brackets), cases, prefixes) > DEPTH:
            raise QueryError(f"the query nests more than {DEPTH} deep {position(text, token.at)}; name parts by WITH")
        if sum(brackets) > SUBQUERIES:
            where = position(text, token.at)
            raise QueryError(f"the query nests more than {SUBQUERIES} subqueries {where}; use WITH between them")
        before = token.text
