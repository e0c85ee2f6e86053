"""A small corpus: the beginning of every article of the sample texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from neuronkb.ingest.corpus import read_documents

from .texts import Text
from .written import write_lines

CHARACTERS = 2400
"""Of an article: with those of 107 articles some 57,000 tokens of Gemma's."""


def small_corpus(texts: Path, out: Path, characters: int = CHARACTERS) -> Path:
    """Write the beginnings of the articles among the sample `texts` to `out`, unless it is there.

    Raises CorpusError where a file cannot be read or written.
    """
    if out.exists():
        return out
    return write_lines(out, ({"id": name, "text": beginning(text, characters)} for name, text in articles(texts)))


def articles(texts: Path) -> Iterator[Text]:
    """Id and text of the encyclopaedia's articles, in the file's order."""
    for document in read_documents(texts):
        if document.id.startswith("wikipedia/"):
            yield document.id, document.text


def beginning(text: str, characters: int) -> str:
    """The first characters of a text, cut after a word."""
    if len(text) <= characters or text[characters].isspace():
        return text[:characters]
    words = text[:characters].rsplit(maxsplit=1)
    return words[0] if len(words) > 1 else text[:characters]
