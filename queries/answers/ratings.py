"""Explanations for people to rate, and how their ratings agree with one another and with automatic scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ..catalogue.query import Reader, query
from ..catalogue.scope import check_models
from ..result.record import Record
from ..result.section import Section
from ..statistics.ranks import Correlation, Preference, correlate, preferences

Side = tuple[str, int]
"""A neuron and its pole."""


@dataclass(frozen=True)
class Candidate:
    """A sentence that explains one side of a neuron."""

    neuron: str
    layer: int
    pole: int
    explanation: str
    """id of the Explanation"""
    text: str
    explainer: str | None
    rank: int | None

    @property
    def side(self) -> Side:
        """Whose it is."""
        return self.neuron, self.pole


@dataclass(frozen=True)
class Rating:
    """What one person gave one explanation of one side of a neuron."""

    neuron: str
    pole: int
    explanation: str
    text: str
    rater: str | None
    formula: str
    value: float | None
    null: float | None
    """what the person gave another neuron's explanation beside it"""
    n: int | None
    automatic: float | None
    """the explanation's automatic score; None where it has none"""


@dataclass(frozen=True)
class RaterAgreement:
    """One way of rating, by one person or by all: beside the automatic score and other neurons' explanations."""

    rater: str | None
    """None for all together"""
    formula: str
    rated: int
    mean: float | None
    null: float | None
    """mean of what other neurons' explanations got"""
    automatic: Correlation
    preferences: tuple[Preference, ...]


@dataclass(frozen=True)
class PairAgreement:
    """Two people's ratings of the same explanations."""

    first: str
    second: str
    formula: str
    agreement: Correlation


@dataclass(frozen=True, repr=False)
class RatingReport(Record):
    """All ratings of a model's explanations."""

    model: str
    formula: str
    """of the automatic score"""
    split: str | None
    raters: tuple[RaterAgreement, ...]
    pairs: tuple[PairAgreement, ...]

    @property
    def title(self) -> str:
        """Whose explanations were rated."""
        return f"ratings of {self.model}" if self.raters else f"no ratings of {self.model} yet"

    def sections(self) -> tuple[Section, ...]:
        """Each rater beside the automatic score; pairs by the gap of their scores; rater against rater."""
        return tuple(section for section in self._sections() if section.rows)

    def _sections(self) -> Iterator[Section]:
        raters = [
            (row.rater or "all", row.formula, row.rated, row.mean, row.null, *_numbers(row.automatic))
            for row in self.raters
        ]
        columns = ("rater", "way", "rated", "mean", "others", "n", "rho", "tau")
        caption = (
            f"Ratings of {self.model} beside {self.formula} on {self.split}: Spearman's rho, Kendall's tau; "
            "others: what other neurons' explanations got"
        )
        yield Section(caption, columns, tuple(raters))
        gaps = [
            (row.rater or "all", row.formula, _gap(gap), gap.pairs, _share(gap), gap.undecided)
            for row in self.raters
            for gap in row.preferences
            if gap.pairs or gap.undecided
        ]
        gap_heads = ("rater", "way", "score gap", "pairs", "prefer the higher", "undecided")
        yield Section("Two explanations of one neuron, by the gap of their scores", gap_heads, tuple(gaps))
        pairs = [(f"{pair.first}, {pair.second}", pair.formula, *_numbers(pair.agreement)) for pair in self.pairs]
        yield Section("Between raters", ("raters", "way", "n", "rho", "tau"), tuple(pairs))


def _numbers(ranks: Correlation) -> tuple[int, float | None, float | None]:
    return ranks.n, ranks.spearman, ranks.kendall


def _gap(gap: Preference) -> str:
    return f"above {gap.low:g}" if gap.high is None else f"{gap.low:g} to {gap.high:g}"


def _share(gap: Preference) -> str:
    return f"{gap.agreed / gap.pairs:.0%}" if gap.pairs else ""


def candidates(reader: Reader, model: str, neuron: str | None = None) -> dict[Side, list[Candidate]]:
    """The sentences of each side, the chosen first; the same words stand once."""
    found: dict[Side, list[Candidate]] = defaultdict(list)
    for row in query("rating_candidates").run(reader, model=model, neuron=neuron).dicts():
        row.pop("number")
        one = Candidate(**row)
        if all(one.text.strip() != other.text.strip() for other in found[one.side]):
            found[one.side].append(one)
    return dict(found)


def ratings(reader: Reader, model: str, formula: str, split: str | None) -> list[Rating]:
    """What people gave so far."""
    rows = query("human_scores").run(reader, model=model, formula=formula, split=split).dicts()
    return [Rating(null=row.pop("null_value"), formula=row.pop("human"), **row) for row in rows]


def rating_report(reader: Reader, model: str, formula: str, split: str | None) -> RatingReport:
    """How the ratings agree; empty where there are none. Raises QueryError for a model that is not in the store."""
    check_models(reader, model)
    found = [one for one in ratings(reader, model, formula, split) if one.value is not None]
    by_rater: dict[tuple[str | None, str], list[Rating]] = defaultdict(list)
    for one in found:
        by_rater[one.rater, one.formula].append(one)
    rows = [_agreement(rater, way, some) for (rater, way), some in by_rater.items()]
    for way in dict.fromkeys(one.formula for one in found):
        some = [one for one in found if one.formula == way]
        if len({one.rater for one in some}) > 1:
            rows.append(_agreement(None, way, some))
    return RatingReport(model, formula, split, tuple(rows), _pairs(by_rater))


def _agreement(rater: str | None, way: str, some: Sequence[Rating]) -> RaterAgreement:
    scored = [(one.automatic, one.value, one) for one in some if one.automatic is not None and one.value is not None]
    groups: dict[tuple[Side, str | None], tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for automatic, value, one in scored:
        scores, values = groups[(one.neuron, one.pole), one.rater]
        scores.append(automatic)
        values.append(value)
    beside = {(one.neuron, one.pole, one.rater): one.null for one in some if one.null is not None}
    return RaterAgreement(
        rater,
        way,
        len(some),
        _mean([one.value for one in some if one.value is not None]),
        _mean(list(beside.values())),
        correlate([automatic for automatic, _, _ in scored], [value for _, value, _ in scored]),
        tuple(preferences(list(groups.values()))),
    )


def _pairs(by_rater: Mapping[tuple[str | None, str], Sequence[Rating]]) -> tuple[PairAgreement, ...]:
    found = []
    for (first, way), (second, other) in combinations(by_rater, 2):
        if way != other or first is None or second is None:
            continue
        ours, theirs = (
            {
                (one.neuron, one.pole, one.explanation): one.value
                for one in by_rater[rater, way]
                if one.value is not None
            }
            for rater in (first, second)
        )
        both = [key for key in ours if key in theirs]
        found.append(PairAgreement(first, second, way, correlate([ours[k] for k in both], [theirs[k] for k in both])))
    return tuple(found)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
