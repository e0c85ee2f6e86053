"""Labelled points of token windows: what probes are fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...schema import FeatureError
from ..corpus.tokenizer import Ints, Tokenizer
from ..subject.vocabulary import from_tokenizer
from .alignment import Labels
from .candidates import Found, find_points
from .data_set import FeatureSet
from .header import Aggregation
from .names import known_name
from .sampling import Candidates, choose_points, choose_windows
from .settings import Sampling


@dataclass(frozen=True)
class FeatureInfo:
    """What is known of a feature's labels before any probe."""

    name: str
    category: str
    dataset: str
    aggregation: Aggregation
    positives: int
    """points"""
    negatives: int
    groups_positive: int
    """groups with a positive point"""
    base_rate: float
    """positives of all its points: an always-yes guess has F1 2p/(1+p)"""
    testable: bool
    why: str = ""
    """it is not testable"""
    unaligned: int = 0
    """spans that have no token of their own"""
    silver: bool = False
    """labels are a model's"""


@dataclass(frozen=True)
class Labelled:
    """Windows of one data set and the labels of points in them. The same input and seed give the same arrays."""

    windows: Ints
    """int32 `[n_windows, length]`, BOS first where the model has one, padded with 0 behind `lengths`"""
    lengths: Ints
    """int32 `[n_windows]` tokens, BOS included"""
    points: Ints
    """int32 `[m, 3]` window, first position, position after the last; one token unless aggregated"""
    labels: Labels
    """int8 `[m, n_features]` 1 positive, 0 negative, -1 not used for this feature"""
    groups: Ints
    """int32 `[m]` number of the point's group"""
    features: tuple[FeatureInfo, ...]
    aggregation: Aggregation
    category: str
    dataset: str
    hash: str
    """of the data set's file"""
    skipped: int = 0
    """texts with a token that the model does not know, or with too few tokens"""
    unread: int = 0
    """texts beyond what `Sampling.read` allows"""

    @classmethod
    def of(
        cls,
        data: FeatureSet,
        tokenizer: Tokenizer,
        sampling: Mapping[str, Any] | Sampling | None = None,
        features: Sequence[str] | None = None,
    ) -> Labelled:
        """Tokenise a data set and sample its labels; `features` are those wanted, all unless given.

        Raises FeatureError: an unknown feature, no usable text, or a feature none of whose labels has a token.
        """
        chosen = Sampling.of(sampling)
        data = _only(data, features)
        texts = _texts(tokenizer) if any(feature.is_rule for feature in data.header.features) else ()
        found = find_points(data, tokenizer, texts, chosen)
        _check_aligned(found)
        rng = np.random.default_rng(chosen.seed)
        share, tokens = data.header.share, chosen.tokens or data.header.tokens
        windows = choose_windows(found.candidates, found.windows.lengths, share, chosen.points, tokens, rng)
        inside = found.candidates.take(windows[found.candidates.points[:, 0]])
        return _sampled(found, replace(inside, labels=choose_points(inside, share, chosen.points, rng)), chosen)

    @property
    def tokens(self) -> int:
        """Tokens that a model has to read, BOS included."""
        return int(self.lengths.sum())


def _only(data: FeatureSet, features: Sequence[str] | None) -> FeatureSet:
    if features is None:
        return data
    header = data.header
    names = [feature.name for feature in header.features]
    asked = {known_name(name, names, f"feature of category {header.category!r}") for name in features}
    return replace(data, header=replace(header, features=tuple(f for f in header.features if f.name in asked)))


def _texts(tokenizer: Tokenizer) -> tuple[str, ...]:
    """Decoded tokens by number; empty for those that are no text."""
    found = from_tokenizer(tokenizer.tokenizer, tokenizer.d_vocab)
    none = found.special | found.unused
    return tuple("" if no else text for text, no in zip(found.texts, none, strict=True))


def _check_aligned(found: Found) -> None:
    for feature, lost, total in zip(found.data.header.features, found.lost, found.total, strict=True):
        if total and lost == total:
            raise FeatureError(
                f"feature {feature.name!r}: none of its {total} spans has a token of its own; are start and end "
                "characters, and of this text?"
            )


def _sampled(found: Found, sampled: Candidates, sampling: Sampling) -> Labelled:
    """Only windows and points that are used."""
    used = sampled.take(np.flatnonzero((sampled.labels >= 0).any(axis=1)))
    windows, places = np.unique(used.points[:, 0], return_inverse=True)
    points = used.points.copy()
    points[:, 0] = places
    header = found.data.header
    lengths = found.windows.lengths[windows]
    return Labelled(
        windows=found.windows.tokens[windows],
        lengths=lengths,
        points=points,
        labels=used.labels,
        groups=used.groups,
        features=tuple(_info(found, used, number, sampling) for number in range(len(header.features))),
        aggregation=header.aggregation,
        category=header.category,
        dataset=header.dataset,
        hash=found.data.hash,
        skipped=found.skipped,
        unread=found.unread,
    )


def _info(found: Found, used: Candidates, number: int, sampling: Sampling) -> FeatureInfo:
    header = found.data.header
    labels = used.labels[:, number]
    positives, negatives = int((labels == 1).sum()), int((labels == 0).sum())
    groups = len(np.unique(used.groups[labels == 1]))
    # With one class nothing is sampled: which one it is stands among all labels.
    there = set(found.candidates.labels[:, number].tolist())
    why = ""
    if not there >= {0, 1}:
        why = f"has no {'negatives' if 1 in there else 'positives'}"
    elif groups < sampling.groups:
        why = f"positives in {groups} groups, fewer than {sampling.groups}"
    return FeatureInfo(
        name=header.features[number].name,
        category=header.category,
        dataset=header.dataset,
        aggregation=header.aggregation,
        positives=positives,
        negatives=negatives,
        groups_positive=groups,
        base_rate=positives / max(1, positives + negatives),
        testable=not why,
        why=why,
        unaligned=int(found.lost[number]),
        silver=header.silver,
    )
