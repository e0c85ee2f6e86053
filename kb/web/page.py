"""A page: answers of verbs under a heading, each with what it was asked with and how else to ask it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...queries import query
from ...schema import NeuronKBError
from ..doors import Offer
from ..limits import Limits
from ..session import Session
from .asked import Asked
from .recorded import Statement, heard

if TYPE_CHECKING:
    from ...queries.result.record import Record
    from ...queries.result.section import Section


@dataclass(frozen=True)
class Block:
    """The answer of one verb as a part of a page; or why there is none."""

    asked: Asked
    heading: str
    record: Record | None
    statements: Sequence[Statement] = ()
    error: str | None = None
    sections: tuple[Section, ...] = ()

    @property
    def twin(self) -> dict[str, Any]:
        """The same as data: the verb, what it was asked with, and the object that its own address gives."""
        answer = None if self.record is None else self.record.json()
        asked = {"verb": self.asked.offer.verb.path, "address": self.asked.address}
        return {**asked, "answer": answer, "error": self.error}


@dataclass(frozen=True)
class Moved:
    """Another address that has what was asked for."""

    to: str


@dataclass(frozen=True)
class Saved:
    """A page as one file that needs no other."""

    text: str
    name: str


@dataclass(frozen=True)
class Page:
    """What a template draws."""

    template: str
    title: str
    blocks: Sequence[Block] = ()
    model: str | None = None
    """of which a short id such as L3/N17 is a neuron"""
    tuned: str | None = None
    """of which it is one in columns about the fine-tune"""
    more: Mapping[str, Any] = field(default_factory=dict)
    """what else the template needs"""
    status: int = 200
    of_store: bool = False
    """whether all on it is in the store: while that stays as it is, so does the page"""

    @property
    def twin(self) -> dict[str, Any]:
        """The page as JSON."""
        return {"title": self.title, "blocks": [block.twin for block in self.blocks]}


@dataclass(frozen=True)
class Desk:
    """Where pages ask: the verbs of a store, within a server's limits."""

    session: Session
    offers: Mapping[str, Offer]
    """by path: `n2g show`"""
    limits: Limits
    allow_write: bool = False
    _held: dict[str, tuple[str, list[dict[str, Any]]]] = field(default_factory=dict, repr=False)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """What a query without parameters answers; asked again only when the store was written to."""
        store = self.session.store
        stamp = store.stamp()
        if stamp is None:
            return query(name).run(store).dicts()
        known = self._held.get(name)
        if known is None or known[0] != stamp:
            known = self._held[name] = stamp, query(name).run(store).dicts()
        return known[1]

    def asked(self, verb: str, /, **values: Any) -> Asked:
        """A question that is not asked yet. Raises KeyError for a verb that is not offered."""
        return Asked(self.offers[verb], {name: value for name, value in values.items() if value is not None})

    def ask(self, verb: str, /, heading: str = "", **values: Any) -> Block:
        """A verb's answer. Raises NeuronKBError."""
        asked = self.asked(verb, **values)
        with heard() as statements:
            record = asked.offer.ask(self.session, asked.values, self.limits)
        return Block(asked, heading, record, tuple(statements), sections=record.sections())

    def try_(self, verb: str, /, heading: str = "", **values: Any) -> Block:
        """A verb's answer, or a block that says why there is none."""
        try:
            return self.ask(verb, heading, **values)
        except NeuronKBError as error:
            return Block(self.asked(verb, **values), heading, None, error=str(error))

    def pairs(self) -> list[tuple[str, str]]:
        """Bases and their fine-tunes in the store."""
        return [(base, row["model"]) for row in self.rows("models") for base in row["bases"] or ()]
