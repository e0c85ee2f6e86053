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

    Built in the store's folder (`where`), and used again as long as sources, sizes and times of change are the same.
    Raises CorpusError.
    """
    from ..ingest.corpus import Corpus, Tokenizer, read_documents
    from ..ingest.corpus.layout import INFO

    if len(sources) == 1 and (Path(sources[0]) / INFO).is_file():
        return Corpus.open(Path(sources[0]))
    tokenizer = Tokenizer.of(subject)
    documents = read_documents(list(sources))
    key = digest({"sources": [_stamp(source) for source in sources], "tokenizer": tokenizer.hash, **settings})
    folder = bundle_folder(where, "any").parent.parent / "corpora" / key[:12]
    if "-" not in map(str, sources) and (folder / INFO).is_file():
        return Corpus.open(folder)
    return Corpus.build(documents, tokenizer, folder, settings, progress)


def _stamp(source: str | Path) -> list[Any]:
    """What tells whether a source has changed: names, sizes and times of its files; a dataset's name."""
    path = Path(source)
    if not path.exists():
        return [str(source)]
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [[str(f.resolve()), f.stat().st_size, f.stat().st_mtime_ns] for f in files if f.is_file()]
