"""Search by meaning over every kind of evidence: the matrix kept in step, the rankings fused, each hit with its why."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from ...ingest.progress import Progress, silent
from ...queries import query
from ...queries.answers.lines import with_lines
from ...queries.result.near import near
from ...schema import NODES, ModelError, NotFoundError, QueryError
from ...schema.numbers import check_number
from ..place import Place, cache_folder
from ..search.matrix import Built, Matrix, build, plain_name, segment_name
from ..search.meaning import Scope
from ..search.question import Question, answer_by_words
from ..search.records import EVIDENCE, Behind, Evidence, Found
from ..search.sources import KINDS, Source, jobs_for, sources
from ..search.sources import Evidence as Rows
from ..search.wordcache import WordCache
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.embedding.embedder import Embedder

log = logging.getLogger(__name__)

SOON = 10.0
"""Seconds of work that a search does without a word."""

Way = Literal["auto", "matrix", "index"]
"""Where explanations are searched: in the matrix, exactly, or by the store's own vector index."""


class SearchOptions(TypedDict, total=False):
    """What a question may have beside its text."""

    model: str | None
    layers: Collection[int] | None
    evidence: Sequence[Evidence]
    least: float | None
    top: int
    embedder: str | Path | None
    folder: Path | None
    way: Way


@dataclass
class Search:
    """Searches one store. The embedding model is opened once; the matrix is looked at before each question."""

    store: Store
    place: Place
    database: str | None = None
    open_embedder: Callable[[str | Path | None], Embedder] | None = None
    """how a model is opened, unless by `Embedder.open`"""
    words: Path | None = None
    """where words' vectors are kept for all stores, unless in the user's cache folder"""
    _embedders: dict[str, Embedder] = field(default_factory=dict, repr=False)
    _aside: Thread | None = field(default=None, repr=False)

    def build(
        self,
        *,
        embedder: str | Path | None = None,
        folder: Path | None = None,
        whole: bool = False,
        progress: Progress = silent,
    ) -> Built:
        """Bring the matrix in step with the store; `whole` reads every file again and mends what is damaged.

        It lies in `folder`, else in the local store, else in the user's data directory. Raises ModelError.
        """
        model = self.embedder(embedder)
        wanted = sources(self.store)
        if not wanted:
            raise QueryError(f"the store holds no evidence to search; what makes some: {jobs_for(KINDS)}")
        return self._build(model, self._folder(model, folder), wanted, whole, progress)

    def build_aside(self) -> None:
        """Begin to bring the matrix in step in a thread of its own, for whoever asks later; one at a time."""

        def work() -> None:
            try:
                self.build()
            except Exception as error:  # nobody waits for it: who asks next is told of it, or begins anew
                log.warning("the search matrix was not made: %s", error)

        if self._aside is None or not self._aside.is_alive():
            self._aside = Thread(target=work, daemon=True)
            self._aside.start()

    def behind(self, *, embedder: str | Path | None = None, folder: Path | None = None) -> Behind:
        """What a search makes first, if anything. Raises ModelError."""
        model = self.embedder(embedder)
        held = Matrix.open(self._folder(model, folder), model.id, model.dimensions)
        return self._behind(model, held, sources(self.store))

    def _behind(self, model: Embedder, held: Matrix, wanted: Sequence[Source]) -> Behind:
        rows = sum(source.count for source in held.stale(wanted))
        if rows == 0:
            return Behind(0, 0)
        known = max(len(held.terms), len(self._words(model)))
        terms = query("terms").run(self.store).rows[0][0]
        return Behind(rows, max(0, min(terms, rows) - known))

    def answer(
        self,
        text: str,
        *,
        waits: bool = True,
        early: Callable[[Found], None] | None = None,
        now: bool = False,
        progress: Progress = silent,
        **options: Unpack[SearchOptions],
    ) -> Found:
        """As `ask`, for a door that waits, or for one that does not.

        Where making what is missing takes longer than SOON, `early` is told what is there already and the whole answer
        follows. A door that does not wait has what is there, with the reason, while the rest is made aside; and where
        no embedding model can be asked, the words as they are typed. Raises QueryError, and ModelError where it waits.
        """
        if now and waits:
            return self.ask(text, now=True, **options)
        if waits and early is None:
            return self.ask(text, progress=progress, **options)
        try:
            there = self.ask(text, now=True, **options)
            if now or not there.behind:
                return there
            lacking = self.behind(embedder=options.get("embedder"), folder=options.get("folder"))
            if lacking.seconds > SOON:
                if not waits:
                    self.build_aside()
                    why = f"not all by meaning: {lacking}; it is being made, ask again then"
                    return replace(there, warnings=(why,))
                if early is not None:
                    early(replace(there, warnings=(f"{lacking}; what is there already says",)))
            return self.ask(text, progress=progress, **options)
        except ModelError as error:
            if waits:
                raise
            return replace(self._by_words(text, **options), warnings=(f"not by meaning: {error}",))

    def _by_words(self, text: str, **options: Unpack[SearchOptions]) -> Found:
        model, layers = options.get("model"), options.get("layers")
        kinds, _ = self._kinds(options.get("evidence", ()), model)
        scope = Scope(model, None if layers is None else frozenset(layers))
        return self._lined(answer_by_words(self.store, text, kinds, scope, options.get("top", 20)))

    def _lined(self, found: Found) -> Found:
        """Each hit with its neuron's line."""
        return replace(found, hits=with_lines(self.store, found.hits, lambda hit: hit.unit))

    def ask(
        self,
        text: str,
        *,
        model: str | None = None,
        layers: Collection[int] | None = None,
        evidence: Sequence[Evidence] = (),
        least: float | None = None,
        top: int = 20,
        embedder: str | Path | None = None,
        folder: Path | None = None,
        way: Way = "auto",
        now: bool = False,
        progress: Progress = silent,
    ) -> Found:
        """Neurons and latents near a text, best first.

        `evidence` are the kinds that are searched, all unless given; `least` is the smallest cosine; `embedder` as in
        `Embedder.open`. The matrix is brought in step first, in `folder` as in `build`; with `now` the answer comes at
        once, from the words as typed and what is in the matrix, and `behind` says what is not. Raises QueryError,
        ModelError.
        """
        if not text.strip():
            raise QueryError(f"{text!r} asks for nothing; give a word or a phrase such as 'months of the year'")
        check_number("least", least, QueryError, least=-1, most=1)
        kinds, held = self._kinds(evidence, model)
        opened = self.embedder(embedder)
        asked = opened.embed([" ".join(text.split())])[0]
        scope = Scope(model, None if layers is None else frozenset(layers), least)
        by_index = self._by_index(held, opened, way)
        wanted = [source for source in held if not (by_index and source.kind == "explanation")]
        place = self._folder(opened, folder)
        matrix = Matrix.open(place, opened.id, opened.dimensions)
        lacking = sum(source.count for source in matrix.stale(wanted)) if now else 0
        if not now and not matrix.fits(wanted):
            if progress is silent:
                self._warn(self._behind(opened, matrix, wanted))
            self._build(opened, place, wanted, False, progress)
            matrix = Matrix.open(place, opened.id, opened.dimensions)
        names = {segment_name(source) for source in wanted}
        matrix.segments = [segment for segment in matrix.segments if segment.folder.name in names]
        question = Question(self.store, text, asked, scope, max(100, 5 * top), matrix, opened.id)
        return self._lined(replace(question.answer(kinds, top, by_index), behind=lacking))

    def _warn(self, lacking: Behind) -> None:
        """Nobody looks at the progress: a line in the log, which Python shows unless told otherwise."""
        if lacking.seconds > SOON:
            log.warning("%s; now=True answers at once from what is there", lacking)

    def embedder(self, model: str | Path | None) -> Embedder:
        """The opened model."""
        from ...ingest.embedding.embedder import Embedder

        name = str(model)
        if name not in self._embedders:
            self._embedders[name] = (self.open_embedder or Embedder.open)(model)
        return self._embedders[name]

    def _folder(self, model: Embedder, folder: Path | None) -> Path:
        return folder or self.place.search(self.database) / plain_name(model.id)

    def _build(self, model: Embedder, folder: Path, wanted: Sequence[Source], whole: bool, progress: Progress) -> Built:
        rows = Rows(self.store, self.place.bundles)
        kept = self._words(model)
        return build(
            folder, wanted, rows, model.id, model.dimensions, model, words=kept, whole=whole, progress=progress
        )

    def _words(self, model: Embedder) -> WordCache:
        return WordCache((self.words or cache_folder() / "words") / plain_name(model.id), model.dimensions)

    def _kinds(self, evidence: Sequence[Evidence], model: str | None) -> tuple[list[Evidence], list[Source]]:
        """What is searched, and all that the store holds. Raises QueryError where there is nothing to search."""
        unknown = [name for name in evidence if name not in EVIDENCE]
        if unknown:
            raise QueryError(f"unknown evidence {unknown[0]!r}; known: {', '.join(EVIDENCE)}")
        if model is not None:
            known = [row["model"] for row in query("models").run(self.store).dicts()]
            if model not in known:
                raise NotFoundError(f"no model {model!r} in the store{near(model, known)}")
        held = sources(self.store)
        there = {source.kind for source in held if model in (None, source.model)}
        wanted = list(evidence or EVIDENCE)
        missing = [kind for kind in KINDS if kind in wanted and kind not in there]
        if (missing and evidence) or not there:
            of = f" of {model!r}" if model else ""
            raise QueryError(f"the store holds no such evidence{of} to search; what makes it: {jobs_for(missing)}")
        return [kind for kind in wanted if kind == "word" or kind in there], held

    def _by_index(self, held: Sequence[Source], model: Embedder, way: Way) -> bool:
        """Whether the store's own vector index answers for explanations. Raises ModelError where it cannot and must."""
        count = sum(source.count for source in held if source.kind == "explanation")
        if way == "matrix" or count == 0 or (way == "auto" and count < self.store.capabilities.index_from):
            return False
        made = query("explanation_embedders").run(self.store).dicts()
        if [(row["embedder"], row["dimensions"]) for row in made] == [(model.id, model.dimensions)]:
            prop = next(p for p in NODES["Explanation"].properties if p.index == "vector")
            self.store.vector_index(NODES["Explanation"], prop, model.dimensions)
            return True
        if way == "auto":
            return False
        found = "; ".join(f"{row['explanations']} by {row['embedder'] or 'none'}" for row in made)
        raise ModelError(
            f"the vector index holds embeddings of the store's explanations ({found}), and {model.id!r} with "
            f"{model.dimensions} numbers made not all of them; search the matrix, or embed_explanations first"
        )
