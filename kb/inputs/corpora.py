"""Where a model's corpora are: built once from their texts, and found again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...ingest.corpus.settings import Settings, Windows
from ...ingest.progress import Progress
from ...schema import CorpusError, LinkError, digest
from ..place import Place
from ..stores.base import Store
from .reading import Reading
from .tails import whether_tails

if TYPE_CHECKING:
    from ...ingest.corpus import Corpus, Documents, Tokenizer
    from ...ingest.similar.aligned import SharedText
    from ...ingest.subject.subject import Subject


def corpus_of(
    store: Store,
    place: Place,
    subject: Subject,
    texts: str | Path | Sequence[str | Path],
    windows: Mapping[str, Any] | Windows | None,
    progress: Progress,
    reading: Reading | None = None,
    *,
    roles: bool = False,
) -> Corpus:
    """The corpus of `texts` in a model's tokens; a folder that is a corpus is taken as it is.

    Built in the store's folder (`where`), and used again for sources of the same names and content, standard input
    among them. Raises CorpusError.
    """
    from ...ingest.corpus import Corpus, Tokenizer, read_documents
    from ...ingest.corpus.documents import STDIN
    from ...ingest.corpus.layout import INFO

    sources = [texts] if isinstance(texts, str | Path) else list(texts)
    settings, reading = _asked(windows) | ({"roles": True} if roles else {}), reading or Reading()
    asked = settings.pop("tails", None) if reading.tails is None else reading.tails
    if len(sources) == 1 and sources[0] != STDIN and (Path(sources[0]) / INFO).is_file():
        return _as_asked(Corpus.open(Path(sources[0])), asked)
    tokenizer, length = Tokenizer.of(subject), Settings.of(settings).length
    documents = read_documents(list(sources), **reading.columns)
    corpora = place.corpora
    with _Made(documents, tokenizer, corpora, settings, reading, progress).one_kept() as made:
        if asked is None:
            asked = whether_tails(
                store, place, "corpus", [tokenizer.hash], length, lambda tails: made.corpus(tails).hash
            )
        return made.keep(asked)


def shared_text(
    store: Store,
    place: Place,
    subjects: Sequence[Subject],
    sources: Sequence[str | Path],
    reading: Reading,
    most: int,
) -> SharedText:
    """The text of `sources` in the tokens of two models, `most` places of it at most. Raises LinkError, CorpusError."""
    from ...ingest.corpus import Tokenizer, read_documents
    from ...ingest.similar.aligned import SharedText

    one, two = (Tokenizer.of(subject) for subject in subjects)
    documents = read_documents(list(sources), **reading.columns)
    texts = tee((document.text for document in documents), 2)  # standard input is read once

    @lru_cache
    def read(tails: bool) -> SharedText:
        try:
            return replace(SharedText.of(texts[tails], one, two, most, tails), name=documents.name)
        except LinkError as error:
            if not documents.skipped:
                raise
            first = documents.skipped[0]
            raise LinkError(f"{error}; {documents.n_skipped:,} were skipped, the first: {first}") from None

    def refuse(turns: Sequence[Mapping[str, Any]]) -> str:
        raise ValueError("a template is one model's, and two read this text; name a column of texts (--field)")

    documents.chat = refuse

    tails = reading.tails
    if tails is None:
        tails = whether_tails(store, place, "text", (one.hash, two.hash), None, lambda tails: read(tails).hash)
    return read(tails)


def _asked(windows: Mapping[str, Any] | Windows | None) -> dict[str, Any]:
    """How windows are cut, where that is not as always."""
    given = dict(vars(windows) if isinstance(windows, Windows) else windows or {})
    usual = vars(Settings())
    return {name: value for name, value in given.items() if name not in usual or value != usual[name]}


def _as_asked(corpus: Corpus, tails: bool | None) -> Corpus:
    """Raises CorpusError where a corpus that was built has tails and they are not wanted, or the other way round."""
    if tails in (None, corpus.settings.tails):
        return corpus
    has, option = ("has no", "--tails") if tails else ("has", "--no-tails")
    raise CorpusError(f"{str(corpus.folder)!r} {has} tails; leave out {option}, or give the texts that it was built of")


@dataclass
class _Made:
    """The corpora of some texts with and without tails."""

    documents: Documents
    tokenizer: Tokenizer
    corpora: Path
    settings: dict[str, Any]
    reading: Reading
    progress: Progress
    _built: set[Path] = field(default_factory=set)

    @contextmanager
    def one_kept(self) -> Iterator[_Made]:
        """What was built meanwhile is taken away at the end, but for what is kept."""
        try:
            yield self
        finally:
            for folder in self._built:
                shutil.rmtree(folder, ignore_errors=True)

    def keep(self, tails: bool) -> Corpus:
        """One of the two, for good."""
        found = self.corpus(tails)
        self._built.discard(found.folder)
        return found

    def corpus(self, tails: bool) -> Corpus:
        """One of the two: as it lies there, else built."""
        from ...ingest.corpus import Corpus
        from ...ingest.corpus.layout import INFO

        folder = self._folder(tails)
        if (folder / INFO).is_file():
            found = Corpus.open(folder)
            return replace(found, name=found.name or self.documents.name)
        made = Corpus.build(self.documents, self.tokenizer, folder, {**self.settings, "tails": tails}, self.progress)
        self._built.add(folder)
        return made

    def _folder(self, tails: bool) -> Path:
        """Where it is, also of a release that wrote out how long windows are unless asked otherwise."""
        own = self._named(tails, self.settings)
        older = self._named(tails, {"length": Settings().length, **self.settings})
        return older if older.exists() and not own.exists() else own

    def _named(self, tails: bool, settings: Mapping[str, Any]) -> Path:
        """Without tails, and with columns that nobody named, it is called as before there were any of these."""
        columns = {name: value for name, value in self.reading.columns.items() if value != getattr(Reading(), name)}
        named = {"sources": self._contents, "tokenizer": self.tokenizer.hash, **columns, **settings}
        chat = self.tokenizer.chat_hash
        before = self.corpora / digest(named)[:12]
        if not tails and (chat is None or before.exists()):
            return before
        return self.corpora / digest({**named, "chat": chat, "tails": tails})[:12]

    @cached_property
    def _contents(self) -> list[list[str]]:
        self.progress("reading texts", 0, 1)
        return [list(each) for each in self.documents.contents(self.corpora)]
