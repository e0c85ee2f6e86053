"""All labelled points of a data set in a model's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...schema import FeatureError
from ..corpus.tokenizer import Ints, Tokenizer
from .alignment import Names, token_labels, token_range, touch
from .data_set import FeatureSet
from .feature import Feature
from .header import Header
from .record import Record
from .rules import token_labels as rule_labels
from .sampling import Candidates
from .settings import Sampling
from .tokens import Encoded, TextWindows, cut, encode

_Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """Windows, and every point of them that could be used."""

    data: FeatureSet
    windows: TextWindows
    candidates: Candidates
    lost: _Counts
    """`[n_features]` spans without a token of their own"""
    total: _Counts
    """`[n_features]` spans"""
    skipped: int
    unread: int


def find_points(data: FeatureSet, tokenizer: Tokenizer, texts: Sequence[str], sampling: Sampling) -> Found:
    """Tokenise the records and label their tokens; `texts` are those of the vocabulary, for rules on tokens.

    Raises FeatureError where no text can be used.
    """
    header = data.header
    records, encoded, skipped, unread = _encode(data, tokenizer, sampling)
    whole = any(record.labels for record in records)
    windows = cut([one.tokens for one in encoded], header.length, tokenizer.bos, one=whole)
    place = _Place(windows, header, tokenizer.bos is not None)
    n = len(header.features)
    lost, total = np.zeros(n, np.int64), np.zeros(n, np.int64)
    if whole:
        found = _documents(records, place)
    elif header.features[0].is_rule:
        found = _rules(place, rule_labels(header.features, texts))
    else:
        found, lost, total = _spans(records, encoded, place)
    if not len(found.points):
        raise FeatureError(f"category {header.category!r}: no label lies behind the first {header.skip} positions")
    groups = {name: number for number, name in enumerate(sorted({record.group for record in data.records}))}
    of_text = np.array([groups[record.group] for record in records], np.int32)
    return Found(
        data,
        windows,
        replace(found, groups=of_text[windows.text[found.points[:, 0]]]),
        lost,
        total,
        skipped,
        unread,
    )


def _encode(data: FeatureSet, tokenizer: Tokenizer, sampling: Sampling) -> tuple[list[Record], list[Encoded], int, int]:
    """Records with their tokens, in random order until enough is read; how many were left out, and not read."""
    order = np.random.default_rng(sampling.seed).permutation(len(data.records))
    shuffled = [data.records[number] for number in order]
    records, encoded, read, seen = [], [], 0, 0
    for record, one in zip(shuffled, encode(tokenizer, [record.text for record in shuffled]), strict=True):
        seen += 1
        known = len(one.tokens) and one.tokens.max() < tokenizer.d_vocab
        if known and len(one.tokens) >= data.header.least:
            records.append(record)
            encoded.append(one)
            read += len(one.tokens)
        if read >= sampling.read:
            break
    if not records:
        raise FeatureError(
            f"category {data.header.category!r}: none of {seen} texts can be used; expected {data.header.least} tokens "
            "or more, all of them known to the model"
        )
    return records, encoded, seen - len(records), len(shuffled) - seen


@dataclass(frozen=True)
class _Place:
    """Where tokens of texts are in windows."""

    windows: TextWindows
    header: Header
    bos: bool

    @property
    def least(self) -> int:
        """The first position that may be labelled."""
        return self.bos + self.header.skip

    def points(self, text: int, first: npt.NDArray[np.int64], behind: npt.NDArray[np.int64]) -> Ints:
        """`[n, 3]` points of token ranges of one text, cut off where the first token's window ends."""
        body = self.header.length - self.bos
        window = first // body
        end = np.minimum(behind, (window + 1) * body)
        columns = (self.windows.first[text] + window, self.bos + first % body, self.bos + end - window * body)
        return np.stack(columns, axis=1).astype(np.int32)


def _documents(records: Sequence[Record], place: _Place) -> Candidates:
    """One point a text: its window behind the first positions."""
    rows = [
        [_document_label(records[text], feature) for feature in place.header.features] for text in place.windows.text
    ]
    labels = np.array(rows, np.int8)
    n = len(place.windows.lengths)
    points = np.stack([np.arange(n), np.full(n, place.least), place.windows.lengths], axis=1).astype(np.int32)
    keep = (points[:, 1] < points[:, 2]) & (labels >= 0).any(axis=1)
    return _candidates(points[keep], labels[keep])


def _document_label(record: Record, feature: Feature) -> int:
    value = record.labels.get(feature.name)
    return -1 if value is None else int(value)


def _rules(place: _Place, table: npt.NDArray[np.int8]) -> Candidates:
    """Every token behind the first positions, labelled by its number."""
    windows = place.windows
    positions = np.arange(windows.tokens.shape[1])
    window, position = np.nonzero((positions >= place.least) & (positions < windows.lengths[:, None]))
    labels = table[windows.tokens[window, position]]
    points = np.stack([window, position, position + 1], axis=1).astype(np.int32)
    keep = (labels >= 0).any(axis=1)
    return _candidates(points[keep], labels[keep])


def _spans(records: Sequence[Record], encoded: Sequence[Encoded], place: _Place) -> tuple[Candidates, _Counts, _Counts]:
    """The tokens, or ranges of tokens, that spans label; with the spans that label none, and all spans."""
    features = place.header.features
    names = Names.of(features, [span for record in records for span in record.spans])
    lost, total = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    ranged = place.header.aggregation != "none"
    parts: list[tuple[Ints, npt.NDArray[np.int8], npt.NDArray[np.bool_]]] = []
    for text, (record, one) in enumerate(zip(records, encoded, strict=True)):
        spans = record.spans
        for group in [[span] for span in spans] if ranged else [spans]:
            touched = touch(one, record.text, group, "first" if ranged else place.header.at, names)
            lost += touched.lost
            total += touched.total
            here = token_labels(touched, features, names)
            first = np.flatnonzero((here >= 0).any(axis=1))
            behind = np.full(len(first), token_range(one, record.text, group[0])[1]) if ranged else first + 1
            opposite = [touched.has[first, names.names[f.mirror or f.name]] & bool(f.mirror) for f in features]
            parts.append((place.points(text, first, behind), here[first], np.stack(opposite, axis=1)))
    if not parts:
        raise FeatureError(f"category {place.header.category!r}: no text that can be used has a span")
    points = np.concatenate([part[0] for part in parts])
    labels = np.concatenate([part[1] for part in parts])
    mirrors = np.concatenate([part[2] for part in parts])
    keep = points[:, 1] >= place.least
    found = _candidates(points[keep], labels[keep], mirrors[keep])
    return found, lost[: len(features)], total[: len(features)]


def _candidates(points: Ints, labels: npt.NDArray[np.int8], mirrors: npt.NDArray[np.bool_] | None = None) -> Candidates:
    no_mirrors = np.zeros(labels.shape, bool)
    return Candidates(points, labels, no_mirrors if mirrors is None else mirrors, np.zeros(len(points), np.int32))
