"""Labelled texts for probes: which tokens are names of months, and which stand just before one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neuronkb.ingest.features.feature import Feature
from neuronkb.ingest.features.header import Header

from .sample import articles
from .written import write_lines

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
SHORTEST, LONGEST = 200, 1200
"""Characters of the paragraphs that are used."""
PLAIN = 2
"""Paragraphs of an article that name no month, at most."""
HEADER = Header(
    category="months",
    dataset="months",
    features=(Feature("is_month", negatives="rest"), Feature("before_month", negatives="rest")),
    negatives="rest",
    length=64,
    tokens=24_000,
    provenance="articles of the English Wikipedia, from gensim's test data",
    licence="CC BY-SA",
)

_MONTH = re.compile(rf"\b(?:{'|'.join(MONTHS)})\b")
_DATED = re.compile(r"^,? \d|^ (?:of|to|and|until|through) ")
_DATING = re.compile(
    r"(?:\d(?:st|nd|rd|th)?,? (?:of )?|\b(?:in|on|by|of|since|until|from|to|late|early|mid) )$", re.IGNORECASE
)


def month_labels(texts: Path, out: Path) -> Path:
    """Write the labelled paragraphs of the sample `texts` to `out`, unless it is there; an article is a group.

    Raises CorpusError where a file cannot be read or written.
    """
    return out if out.exists() else write_lines(out, _lines(texts))


def _lines(texts: Path) -> Iterator[dict[str, Any]]:
    yield HEADER.to_json()
    for name, text in articles(texts):
        plain = 0
        for paragraph in text.split("\n"):
            if not SHORTEST <= len(paragraph) <= LONGEST or (found := spans(paragraph)) is None:
                continue
            plain += not found
            if found or plain <= PLAIN:
                yield {"text": paragraph, "group": name, "spans": found}


def spans(text: str) -> list[tuple[int, int, list[str]]] | None:
    """The months of a text, and the character before each; None where a May or a March may be none."""
    found: list[tuple[int, int, list[str]]] = []
    for match in _MONTH.finditer(text):
        start, end = match.span()
        if match.group() in ("May", "March") and not (_DATED.search(text[end:]) or _DATING.search(text[:start])):
            return None
        if before := len(text[:start].rstrip()):
            found.append((before - 1, before, ["before_month"]))
        found.append((start, end, ["is_month"]))
    return found
