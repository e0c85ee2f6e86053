"""Labels and relationship types that a query names and the schema does not know: why an answer is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...schema import NODES, RELATIONSHIPS
from ..result.near import near


class Piece(Protocol):
    """A word or sign of a query, as `kb.stores.cypher_text` cuts it."""

    @property
    def kind(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def at(self) -> int: ...


@dataclass(frozen=True)
class Named:
    """A label or type as it is written."""

    name: str
    relationship: bool


def unknown(text: str, cut: Callable[[str], Sequence[Piece]]) -> tuple[str, ...]:
    """A sentence for each label or type of the query that no table of the schema has; users' own are among them."""
    types = list(dict.fromkeys(rel.type for rel in RELATIONSHIPS.values()))
    found = []
    for named in dict.fromkeys(_named(text, cut(text))):
        known, what = (types, "relationship type") if named.relationship else (list(NODES), "label")
        if named.name not in known:
            found.append(f"the schema has no {what} {named.name!r}{near(named.name, known)}")
    return tuple(found)


def _named(text: str, pieces: Sequence[Piece]) -> Iterator[Named]:
    """What stands after a colon that is in no map, and after a sign that joins it to another: `:A|B`, `:A&!B`."""
    open_: list[str] = []
    joined = False
    for place, piece in enumerate(pieces):
        if piece.kind == "sign" and piece.text in "([{":
            open_.append(piece.text)
        elif piece.kind == "sign" and piece.text in ")]}" and open_:
            open_.pop()
        inside = open_[-1] if open_ else ""
        if piece.kind == "sign" and piece.text == ":" and inside != "{":
            joined = True
        elif piece.kind == "word" and joined:
            yield Named(text[piece.at : piece.at + len(piece.text)], inside == "[")
            joined = place + 1 < len(pieces) and pieces[place + 1].text in ("|", "&")
        elif not (joined and piece.kind == "sign" and piece.text in "|&!:"):
            joined = False
