"""Where a model's corpora are: built once from their texts, and found again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..ingest.job import Progress
from ..schema import digest
from .settings import bundle_folder

if TYPE_CHECKING:
    from ..ingest.corpus import Corpus
    from ..ingest.subject.subject import Subject


def corpus_of(
    where: str, subject: Subject, sources: Sequence[str | Path], settings: dict[str, Any], progress: Progress
) -> Corpus:
    """The corpus of `sources` in a model's tokens; a folder that is a corpus is taken as it is.

    Built in the store's folder (`where`), and used again for sources of the same names and content, standard input
    among them. Raises CorpusError.
    """
    from ..ingest.corpus import Corpus, Tokenizer, read_documents
    from ..ingest.corpus.documents import STDIN
    from ..ingest.corpus.layout import INFO

    if len(sources) == 1 and sources[0] != STDIN and (Path(sources[0]) / INFO).is_file():
        return Corpus.open(Path(sources[0]))
    tokenizer = Tokenizer.of(subject)
    documents = read_documents(list(sources))
    corpora = bundle_folder(where, "any").parent.parent / "corpora"
    progress("reading texts", 0, 1)
    contents = [list(each) for each in documents.contents(corpora)]
    key = digest({"sources": contents, "tokenizer": tokenizer.hash, **settings})
    folder = corpora / key[:12]
    if (folder / INFO).is_file():
        return Corpus.open(folder)
    return Corpus.build(documents, tokenizer, folder, settings, progress)
