"""Builds categories from texts that a user has, instead of those that pip installs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ...schema import FeatureError
from ..corpus import read_documents
from ..corpus.hub import is_dataset_id
from . import compounds, facts, grammar, latex, text_features
from .data_set import FeatureSet
from .feature import Feature
from .header import Header
from .installed import Text
from .languages import LANGUAGES
from .record import Record
from .tables import Columns, read_classes

TEXTS = 20_000
"""Texts read of a corpus without classes."""


@dataclass(frozen=True)
class Source:
    """What `--source` names, and how it is read."""

    source: str
    seed: int
    columns: Columns

    @property
    def name(self) -> str:
        """The file's name, or the dataset's id."""
        return self.source if is_dataset_id(self.source) else Path(self.source).name

    def header(self, category: str) -> Header:
        """What is known of it."""
        return Header(
            category, dataset=self.name, seed=self.seed, provenance=f"from {self.name}", licence="that of the texts"
        )

    def texts(self) -> list[Text]:
        """Ids and texts."""
        documents = read_documents(self.source, field=self.columns.text, split=self.columns.split)
        found = [(document.id, document.text) for document, _ in zip(documents, range(TEXTS), strict=False)]
        if not found:
            raise FeatureError(f"{self.source!r} holds no texts; the first that was skipped: {documents.skipped[:1]}")
        return found


def from_source(category: str, source: Source) -> FeatureSet:
    """The data set of a category out of a user's texts.

    Treebanks in CoNLL-U for part of speech, dependency and morphology; rows or folders with a class for languages,
    programming languages and data sources; any texts for the others. Raises FeatureError.
    """
    if category in grammar.NAMERS:
        if not Path(source.source).exists():
            raise FeatureError(f"no file or folder {source.source!r}; {category} needs a treebank in CoNLL-U")
        return grammar.from_source(category, Path(source.source), source.seed)
    if category in ("natural_language", "programming_language", "data_source"):
        return _from_classes(category, source)
    header = source.header(category)
    if category == "text_features":
        return text_features.from_texts(source.texts(), replace(header, features=text_features.rules(), skip=10))
    if category == "compound_words":
        return compounds.from_texts(source.texts(), source.seed, source.name)
    if category == "latex":
        return latex.from_texts(source.texts(), replace(header, at="every", share=0.25))
    return facts.from_texts(source.texts(), replace(header, aggregation="max", skip=3, length=64, silver=True))


def _from_classes(category: str, source: Source) -> FeatureSet:
    rows = read_classes(source.source, source.columns)
    names = {label: _feature_name(category, label) for label in sorted({row.label for row in rows})}
    records = [Record(row.text, row.group, {name: row.label == label for label, name in names.items()}) for row in rows]
    header = replace(
        source.header(category),
        features=tuple(Feature(name) for name in names.values()),
        aggregation="mean",
        share=None,
        least=20,
        tokens=100_000,
        provenance=f"classes of {source.name}; groups by its column {source.columns.group!r}, where it has one",
    )
    return FeatureSet.make(header, records)


def _feature_name(category: str, label: str) -> str:
    return f"is_{LANGUAGES.get(label, label)}" if category == "natural_language" else label
