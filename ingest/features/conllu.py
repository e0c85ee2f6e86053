"""Reads CoNLL-U, the format of the Universal Dependencies treebanks such as English EWT."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ...schema import FeatureError
from .word import Analysed, Word

SIZE = 600
"""Characters of a text, about a window of 128 tokens."""
_LINE = 100_000
_NUMBER = re.compile(r"[0-9]{1,6}([-.][0-9]{1,6})?")
"""A word, a range of words written as one, or an empty node."""


def read_conllu(source: Path) -> list[Analysed]:
    """All sentences of a .conllu file, or of the ones in a folder, joined to texts within their documents.

    Raises FeatureError with file and line.
    """
    paths = sorted(source.rglob("*.conllu")) if source.is_dir() else [source]
    if not paths:
        raise FeatureError(f"folder {str(source)!r} holds no .conllu files")
    found: list[Analysed] = []
    for path in paths:
        held: list[Analysed] = []
        for sentence in _sentences(path):
            size = sum(len(one.text) for one in held)
            if held and (sentence.group != held[0].group or size + len(sentence.text) > SIZE):
                found.append(_join(held))
                held = []
            held.append(sentence)
        found += [_join(held)] if held else []
    return found


def _join(sentences: list[Analysed]) -> Analysed:
    text, words = "", []
    for sentence in sentences:
        text = f"{text} " if text else ""
        words += [_moved(word, len(text)) for word in sentence.words]
        text += sentence.text
    return Analysed(text, sentences[0].group, tuple(words))


def _moved(word: Word, by: int) -> Word:
    return Word(word.start + by, word.end + by, word.upos, word.dep, word.feats, word.ends, word.passive)


def _sentences(path: Path) -> Iterator[Analysed]:
    """Each sentence with its document's name as group; a file without document marks is of one sentence each."""
    document, rows, number = "", [], 0
    for number, line in _lines(path):
        if line.startswith("#"):
            key, _, value = line[1:].partition("=")
            document = f"{path.stem}/{value.strip()}" if key.strip() == "newdoc id" else document
        elif line:
            rows.append(_columns(path, number, line))
        elif rows:
            yield _sentence(rows, document or f"{path.stem}:{number}")
            rows = []
    if rows:
        yield _sentence(rows, document or f"{path.stem}:{number + 1}")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8") as stream:
            number = 0
            while line := stream.readline(_LINE):
                number += 1
                if len(line) == _LINE:
                    raise FeatureError(f"{path}:{number}: a line longer than {_LINE} characters")
                yield number, line.rstrip("\r\n")
    except OSError as error:
        raise FeatureError(f"{str(path)!r} cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError as error:
        raise FeatureError(f"{path}: not UTF-8 ({error.reason})") from None


def _columns(path: Path, number: int, line: str) -> list[str]:
    columns = line.split("\t")
    if len(columns) != 10 or not columns[1] or not _NUMBER.fullmatch(columns[0]):
        raise FeatureError(f"{path}:{number}: expected ten columns of CoNLL-U, the word's number first")
    return columns


def _sentence(rows: list[list[str]], group: str) -> Analysed:
    """The text is that of forms and ranges, with a space but where SpaceAfter=No; empty nodes are passed over."""
    text, words, covered, at, inner = "", [], 0, 0, (0, 0)
    surface = [row for row in rows if "." not in row[0]]
    for row in surface:
        if "-" in row[0]:
            covered, inner = int(row[0].partition("-")[2]), (len(text), len(text) + len(row[1]))
            text += row[1] + _space(row)
            at = inner[0]
            continue
        if int(row[0]) <= covered:
            # A word inside a range such as don't: its own letters where they are there, else all of the range.
            own = text.startswith(row[1], at) and at + len(row[1]) <= inner[1]
            start, end = (at, at + len(row[1])) if own else inner
            at = end if own else at
        else:
            start, end = len(text), len(text) + len(row[1])
            text += row[1] + _space(row)
        words.append((start, end, row))
    last = max((end for _, end, _ in words), default=0)
    passive = {row[6] for row in surface if row[7] in ("aux:pass", "nsubj:pass")}
    made = (
        Word(start, end, row[3], row[7], _feats(row[5]), end == last, row[0] in passive) for start, end, row in words
    )
    return Analysed(text.rstrip(), group, tuple(made))


def _space(row: list[str]) -> str:
    return "" if "SpaceAfter=No" in row[9].split("|") else " "


def _feats(column: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in column.split("|") if "=" in part)
