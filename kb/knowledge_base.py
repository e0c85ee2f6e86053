"""The one object users hold: a store, the everyday verbs, and a noun for everything else."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..ingest.progress import silent
from .everyday import Everyday
from .nouns.activations import Activations
from .nouns.bundles import Bundles
from .nouns.causal import Causal
from .nouns.clamp import Clamp
from .nouns.explanations import Explanations
from .nouns.features import Features
from .nouns.feeds import Feeds
from .nouns.findings import Findings
from .nouns.index import Index
from .nouns.links import Links
from .nouns.lm_head import LmHead
from .nouns.models import Models
from .nouns.n2g import N2G
from .nouns.neurons import Neurons
from .nouns.probes import Probes
from .nouns.queries import Queries
from .nouns.ratings import Ratings
from .nouns.runs import Runs
from .nouns.similar import Similar
from .nouns.store import StoreNoun
from .nouns.words import Words
from .place import Place
from .session import Session
from .verb import Mounted, Noun, noun_class, nouns

if TYPE_CHECKING:
    from ..ingest.progress import Progress
    from .stores.base import Store


class KnowledgeBase(Everyday):
    """A graph of neurons and what is known of them.

    Open one with `KnowledgeBase.open(...)`; it is a context manager. Everyday verbs stand on it; the rest is by noun:
    `kb.n2g.show(...)`, `kb.findings.carry(...)`.
    """

    activations = Mounted(Activations)
    bundles = Mounted(Bundles)
    causal = Mounted(Causal)
    clamp = Mounted(Clamp)
    explanations = Mounted(Explanations)
    features = Mounted(Features)
    feeds = Mounted(Feeds)
    findings = Mounted(Findings)
    index = Mounted(Index)
    links = Mounted(Links)
    lm_head = Mounted(LmHead)
    models = Mounted(Models)
    n2g = Mounted(N2G)
    neurons = Mounted(Neurons)
    probes = Mounted(Probes)
    queries = Mounted(Queries)
    ratings = Mounted(Ratings)
    runs = Mounted(Runs)
    similar = Mounted(Similar)
    store = Mounted(StoreNoun)
    words = Mounted(Words)

    def __init__(self, store: Store, where: str) -> None:
        super().__init__(Session(Place(where), lambda: store))

    @classmethod
    def of(cls, session: Session) -> Self:
        """On a session: its store is opened when it is first needed."""
        made = cls.__new__(cls)
        Noun.__init__(made, session)
        return made

    @classmethod
    def open(
        cls,
        where: str | Path | None = None,
        *,
        create: bool = True,
        heap: str | None = None,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        progress: Progress = silent,
    ) -> Self:
        """Open a store: a folder, a Bolt URI, or the default store (NEURONKB_STORE, ./.neuronkb, user data).

        A folder that is none becomes one, or without `create` is refused with a StoreError. One that an older release
        made is brought to this release's schema. `progress` is told of that, and of whatever verbs do that takes long.
        Raises VersionError for one that a newer release made.
        """
        session = Session.at(
            where, create=create, heap=heap, user=user, password=password, database=database, progress=progress
        )
        session.store  # noqa: B018  (what is wrong with it shows here)
        return cls.of(session)

    @property
    def where(self) -> str:
        """The folder or Bolt URI of the store."""
        return self.place.where

    def close(self) -> None:
        """Let go of the store."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __dir__(self) -> list[str]:
        return [*(name.replace("-", "_") for name in nouns()), *super().__dir__(), "close", "open", "where"]

    def __getattr__(self, name: str) -> Any:
        """A noun that is no attribute written here: of a method that somebody added."""
        if name.startswith("_") or name not in {known.replace("-", "_") for known in nouns()}:
            raise AttributeError(f"a KnowledgeBase has no {name!r}; it has {', '.join(self.__dir__())}")
        return vars(self).setdefault(name, noun_class(name)(self.session))
