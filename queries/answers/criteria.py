"""Neurons that meet several criteria at once, each with the reasons why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...schema import NeuronId, QueryError
from ..catalogue.query import Reader, query
from ..catalogue.scope import check_scope
from ..result.line import UNMADE, Line
from ..result.record import Record
from ..result.section import Section
from .criterion import Answer, Criterion, Reason, Scope, within, without_run
from .criterion_evidence import (
    Statistic,
    coherent_criterion,
    feature_criterion,
    graph_criterion,
    score_criterion,
    statistic_criterion,
)
from .criterion_links import Own, counterpart_criterion, layers_criterion, near_criterion, of_layer, own_criterion
from .criterion_words import words_criterion
from .lines import with_lines
from .method import evidence_criterion

MOST = 100_000
"""Rows of one query that are looked at."""


@dataclass(frozen=True)
class Criteria:
    """What a neuron must meet: all that is given here. `model`, `run` and `top` are no criteria."""

    words: tuple[str, ...] = ()
    """in what it decodes to, fires on over a corpus, or has in its graph"""
    least_words: int | None = None
    """of them that one end or side must name; all of one or two, else 3, unless given"""
    exact: bool = False
    """words are exact token texts, those of the graph too"""
    feature: str | None = None
    """that it alone tells, by any name"""
    min_f1: float | None = None
    """of that feature, or of any"""
    min_score: float | None = None
    """headline score of one of its explanations"""
    coherent: float | None = None
    """least coherence of a decoded end"""
    activates_on: str | None = None
    """a word that its N2G graph fires on"""
    context: str | None = None
    """a word that the graph needs before it"""
    statistic: Statistic | None = None
    """what its activations over a corpus are"""
    layers: tuple[int, ...] | None = None
    changed_in: str | None = None
    """a fine-tune or base in which its counterpart is not kept"""
    kept_in: str | None = None
    kept_from: float = 0.9
    """least cosine of every stored row that counts as kept"""
    own: tuple[Own, ...] = ()
    """numbers that people put on neurons themselves"""
    evidence: tuple[str, ...] = ()
    """of further methods, such as `saliency` or `saliency >= 0.5`"""
    meaning: str | None = None
    """what `near` was searched for"""
    near: frozenset[str] | Mapping[str, float | Reason] | None = None
    """neurons that a search by meaning found, with scores or reasons where it has them"""
    model: str | None = None
    run: str | None = None
    """the criteria that evidence of this run's job can meet are met by this run's only"""
    top: int = 20

    def asked(self) -> tuple[Criterion, ...]:
        """The criteria given, in the order of the columns. Raises QueryError for none, and for one without sense."""
        if self.top < 0:
            raise QueryError(f"top is {self.top!r}, expected 0 neurons or more")
        if self.least_words is not None and not self.words:
            raise QueryError(f"least words {self.least_words!r} of no words; give the words too")
        found = (*self._measured(), *self._linked())
        if not found and not self.layers:
            raise QueryError("no criterion to find neurons by; give words, a feature, layers or another one")
        return found or (layers_criterion(self.layers or ()),)

    def _measured(self) -> Iterator[Criterion]:
        if self.words:
            yield words_criterion(self.words, self.least_words, self.exact)
        if self.feature is not None or self.min_f1 is not None:
            yield feature_criterion(self.feature, self.min_f1)
        if self.min_score is not None:
            yield score_criterion(self.min_score)
        if self.coherent is not None:
            yield coherent_criterion(self.coherent)
        if self.activates_on is not None or self.context is not None:
            yield graph_criterion(self.activates_on, self.context, self.exact)

    def _linked(self) -> Iterator[Criterion]:
        if self.near is not None:
            yield near_criterion(self.near)
        if self.statistic is not None:
            yield statistic_criterion(self.statistic)
        if self.changed_in is not None:
            yield counterpart_criterion("changed", self.changed_in, True, self.kept_from)
        if self.kept_in is not None:
            yield counterpart_criterion("kept", self.kept_in, False, self.kept_from)
        yield from map(own_criterion, dict.fromkeys(self.own))
        yield from map(evidence_criterion, dict.fromkeys(self.evidence))


@dataclass(frozen=True)
class Hit:
    """One neuron that meets all criteria."""

    neuron: str
    reasons: tuple[Reason, ...]
    """one a criterion, in their order"""
    line: Line = UNMADE
    """what it does"""


@dataclass(frozen=True, repr=False)
class FoundNeurons(Record):
    """The neurons that meet all of some criteria."""

    criteria: Criteria
    hits: tuple[Hit, ...]
    """at most `criteria.top`; most words first, then by z, F1 and the other scores"""
    of: int
    """how many meet all"""
    warnings: tuple[str, ...] = ()
    """criteria that nothing meets, and bounds that were hit"""

    def json(self) -> dict[str, Any]:
        """Without the neurons that a search by meaning handed on: the hits among them say so."""
        answer = super().json()
        answer["criteria"].pop("near")
        return answer

    @property
    def title(self) -> str:
        """How many there are."""
        meet = "1 neuron meets" if self.of == 1 else f"{self.of:,} neurons meet"
        first = "" if len(self.hits) == self.of else f"; the first {len(self.hits)}"
        return f"{meet} all criteria{first}"

    def sections(self) -> tuple[Section, ...]:
        """A table with a column a criterion; nothing where there is no hit."""
        if not self.hits:
            return ()
        columns = ("neuron", *(reason.criterion for reason in self.hits[0].reasons), "line")
        rows = [(hit.neuron, *(reason.why for reason in hit.reasons), hit.line.cell) for hit in self.hits]
        return (Section.table("", columns, rows),)


def find(reader: Reader, criteria: Criteria, *, timeout: float | None = 60.0, most: int = MOST) -> FoundNeurons:
    """The neurons that meet all criteria, each with its best evidence for every one of them.

    Each criterion is answered on its own over the model (or all models) and the answers are intersected, fewest
    neurons first: so a warning can say what a criterion that nothing meets keeps out. Of a query the best `most`
    rows are looked at, and it takes at most `timeout` seconds; a warning says where there were more.

    What it costs: words, features and graphs go through an index and take time with the rows that they match. Scores,
    coherence, statistics, counterparts and people's own numbers look at all such evidence of the model: on a local
    store 1 to 3 s for 100,000 neurons, and some 8 s more where 100,000 rows match, so half a minute at most for the
    460,000 neurons of an 8B model. Memory grows with the rows, at most `most` a query.

    Raises QueryError for an unknown model, run or feature, with near names, for evidence that nobody made yet, and for
    a run whose evidence no criterion looks at; LinkError for a model that is not linked.
    """
    check_scope(reader, criteria.model, criteria.run)
    asked = criteria.asked()
    scope = Scope(reader, criteria.model, criteria.run, most, timeout)
    job = _job(scope, asked)
    answers = {each.name: each.ask(scope if job in each.jobs else without_run(scope)) for each in asked}
    for each in asked:
        if not answers[each.name].met:
            check_scope(reader, criteria.model, None, each.makers)
    what = {each.name: each.what for each in asked}
    if criteria.layers and "layers" not in answers:
        of_any = {neuron for one in answers.values() for neuron in one.met}
        here = within(scope, criteria.layers, of_any)
        answers["layers"] = Answer({neuron: of_layer(neuron) for neuron in here})
        if of_any:
            what["layers"] = f"that meets another criterion {layers_criterion(criteria.layers).what}"
    shared = _shared(answers.values())
    warnings = (*_cut(answers, most), *_left_out(answers, what, criteria.model, shared))
    ranked = sorted(shared, key=lambda neuron: _place(neuron, answers.values()))
    hits = (Hit(name, tuple(one.met[name].reason for one in answers.values())) for name in ranked[: criteria.top])
    return FoundNeurons(criteria, with_lines(reader, hits, lambda hit: hit.neuron), len(shared), warnings)


def _job(scope: Scope, asked: Sequence[Criterion]) -> str | None:
    """The job of the run asked for."""
    if scope.run is None:
        return None
    job = next(str(row["job"]) for row in query("runs").run(scope.reader).dicts() if row["run"] == scope.run)
    if not any(job in each.jobs for each in asked):
        raise QueryError(f"run {scope.run!r} is of {job!r}, which no criterion given looks at; leave the run out")
    return job


def _shared(answers: Iterable[Answer]) -> set[str]:
    """Neurons that meet all, starting at the answer with the fewest."""
    fewest, *others = sorted((one.met for one in answers), key=len)
    return {neuron for neuron in fewest if all(neuron in met for met in others)}


def _place(neuron: str, answers: Iterable[Answer]) -> tuple[tuple[float, ...], str, tuple[int, int], int]:
    """What hits are sorted by."""
    place = NeuronId.parse(neuron)
    numbers = (-number for one in answers for number in one.met[neuron].order)
    return tuple(numbers), place.model, place.mlp.order, place.index


def _cut(answers: Mapping[str, Answer], most: int) -> Iterator[str]:
    for name, one in answers.items():
        if one.cut:
            yield f"{name}: only the best {most:,} rows of a query were looked at; neurons may be missing"


def _left_out(
    answers: Mapping[str, Answer], what: Mapping[str, str], model: str | None, shared: set[str]
) -> Iterator[str]:
    """Where there is no hit: the criteria that nothing meets, else what each of them keeps out."""
    if shared:
        return
    left = {name: len(_shared(one for other, one in answers.items() if other != name)) for name in _outside(answers)}
    of = f" of {model}" if model is not None else ""
    for name in what:
        if not answers[name].met:
            without = f"; without it {left[name]:,} would be left" if name in left else ""
            yield f"no neuron{of} {what[name]}{without}"
    if all(one.met for one in answers.values()):
        each = ", ".join(f"without {name} {number:,}" for name, number in left.items())
        yield f"no neuron{of} meets all criteria; {each} would be left"


def _outside(answers: Mapping[str, Answer]) -> Iterator[str]:
    """Criteria without which something else than the layers is asked."""
    for name in answers:
        if set(answers) - {name, "layers"}:
            yield name
