"""What all doors share: asking a verb, and what a network door offers and takes.

The command line and Python are for people at this machine. Over HTTP and MCP a model or neuron is one in the store:
parameters that could name a file, a folder, a hub id or an address do not exist there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..queries.result.near import near
from ..schema.errors import QueryError
from .knowledge_base import KnowledgeBase
from .limits import Limits
from .names import keep_names
from .parameter import Misread, Parameter
from .verb import Verb, noun_class, nouns, verbs

if TYPE_CHECKING:
    from ..queries.result.record import Record
    from .session import Session

ADDING = ("findings add", "findings carry")
"""Verbs that store and take nothing away."""
CEILINGS = {"timeout": "time", "limit": "count", "top": "count"}
"""Parameters that a server's limits hold down, and by which of them."""
PREVIEW = "preview"
"""The parameter of a verb that judges without storing."""


def ask(verb: Verb, session: Session, given: Mapping[str, Any]) -> Record:
    """The answer of a verb of a noun, or of the knowledge base itself, to values as the verb takes them."""
    noun = noun_class(verb.noun)(session) if verb.noun else KnowledgeBase.of(session)
    answer: Record = verb.call(noun, given)
    if verb.marks.writes and verb.marks.needs not in ("nothing", "place"):
        keep_names(session.place, session.store)  # for completion, which starts no server
    return answer


def all_verbs() -> tuple[Verb, ...]:
    """Every verb: the everyday ones, then by noun."""
    everyday = tuple(verbs(KnowledgeBase, "").values())
    return (*everyday, *(verb for noun in nouns() for verb in verbs(noun_class(noun), noun).values()))


@dataclass(frozen=True)
class Offer:
    """A verb as a network door has it."""

    verb: Verb
    stores: bool
    """whether it may change the store; a verb that can preview does no more than that where it may not"""

    @property
    def name(self) -> str:
        """`n2g_show`"""
        return self.verb.path.replace(" ", "_").replace("-", "_")

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those that may be given from elsewhere."""
        forced = self.verb.marks.writes and not self.stores
        return tuple(one for one in self.verb.parameters if one.remote and not (forced and one.name == PREVIEW))

    @property
    def waits(self) -> bool:
        """Whether it is work rather than a question: it needs weights or a model, or changes the store."""
        return self.verb.marks.needs in ("weights", "live") or (self.verb.marks.writes and self.stores)

    @property
    def destroys(self) -> bool:
        """Whether it may take something away: it stores, and more than adding to what is there."""
        return self.stores and self.verb.path not in ADDING

    def ask(self, session: Session, values: Mapping[str, Any], limits: Limits | None = None) -> Record:
        """The answer to values from elsewhere, each held against its parameter and against the store.

        Raises QueryError for a name that is none, a value that is missing or wrong, or one that is not in the store.
        """
        known = {one.name: one for one in self.parameters}
        for name in values:
            if name not in known:
                raise QueryError(f"{self.name} has no parameter {name!r}{near(name, known)}")
        given: dict[str, Any] = {}
        for parameter in self.parameters:
            if values.get(parameter.name) is None:
                if parameter.required:
                    raise QueryError(f"{self.name} needs {parameter.name}: {parameter.words}")
                continue
            try:
                given[parameter.name] = parameter.local(session.store, values[parameter.name])
            except Misread as error:
                raise QueryError(f"{parameter.name} is {error}") from None
        for name, ceiling in CEILINGS.items():
            if limits is not None and name in known:
                given[name] = getattr(limits, ceiling)(given.get(name, known[name].default))
        if self.verb.marks.writes and not self.stores:
            given[PREVIEW] = True
        return ask(self.verb, session, given)


def offers(*, allow_write: bool, agent: bool | None = None) -> dict[str, Offer]:
    """The verbs that a network door has, by name: with `agent` only those that agents are offered first.

    Left out is what needs a file or an address to be named, what stops or rewrites the store where that is not allowed,
    and what looks at files alone.
    """
    offered: dict[str, Offer] = {}
    for verb in all_verbs():
        marks = verb.marks
        if marks.here or any(one.required and not one.remote for one in verb.parameters):
            continue
        if marks.writes and not allow_write and not any(one.name == PREVIEW for one in verb.parameters):
            continue
        if agent and not marks.agent:
            continue
        offer = Offer(verb, stores=marks.writes and allow_write)
        offered[offer.name] = offer
    return offered
