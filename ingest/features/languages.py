"""Natural language: which language a text is in."""

from __future__ import annotations

import random
from collections.abc import Iterator

from ...schema import FeatureError
from .data_set import FeatureSet
from .feature import Feature
from .header import Header
from .installed import package, version
from .po import CONTEXT, entries
from .record import Record

LANGUAGES = {
    "en": "english",
    "fr": "french",
    "de": "german",
    "es": "spanish",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
    "sv": "swedish",
    "el": "greek",
    "pl": "polish",
    "fi": "finnish",
    "ru": "russian",
    "cs": "czech",
    "tr": "turkish",
    "uk": "ukrainian",
    "ja": "japanese",
}
"""By their codes: the nine of the paper's EuroParl, and more."""
SIZE = 200
"""Characters of the English of a section: enough for some 40 tokens."""


def build(seed: int) -> FeatureSet:
    """Strings of Django's user interface, message by message the same in all languages."""
    header = Header(
        "natural_language",
        dataset=f"{version('django')}: translations of the user interface",
        features=tuple(Feature(f"is_{name}") for name in LANGUAGES.values()),
        aggregation="mean",
        share=None,
        length=64,
        least=20,
        tokens=120_000,
        seed=seed,
        provenance="messages in random order joined to sections; a section is one group in all languages, so that a "
        "text and its translation are never on both sides of a split; English is the message itself",
        licence="BSD-3-Clause (Django and its translators)",
    )
    return FeatureSet.make(header, sections(catalogues(), seed))


def catalogues() -> dict[str, dict[str, str]]:
    """By language: each message by its id, which is the English text."""
    root = package("django")
    found: dict[str, dict[str, str]] = {code: {} for code in LANGUAGES}
    for code in LANGUAGES:
        for path in sorted(root.rglob(f"locale/{code}/LC_MESSAGES/*.po")):
            for name, text in entries(path.read_text(encoding="utf-8")):
                found[code].setdefault(name, text)
    for code in LANGUAGES:
        for name in found[code]:
            found["en"].setdefault(name, name.rpartition(CONTEXT)[2])
    if len(found["en"]) < 100:
        raise FeatureError(f"{root} has no translations: pip install --force-reinstall django")
    return found


def sections(found: dict[str, dict[str, str]], seed: int) -> Iterator[Record]:
    """Messages in random order, joined to texts of about SIZE characters; one section is a group in all languages."""
    known = sorted(name for name in found["en"] if sum(name in texts for texts in found.values()) > len(found) // 2)
    random.Random(seed).shuffle(known)
    for number, names in enumerate(_cut(known, found["en"])):
        for code, texts in found.items():
            text = "\n".join(texts[name] for name in names if name in texts)
            labels = {f"is_{name}": code == other for other, name in LANGUAGES.items()}
            if text:
                yield Record(text, f"section {number}", labels)


def _cut(names: list[str], english: dict[str, str]) -> Iterator[list[str]]:
    held: list[str] = []
    for name in names:
        held.append(name)
        if sum(len(english[one]) for one in held) >= SIZE:
            yield held
            held = []
