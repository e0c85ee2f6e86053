"""One criterion that neurons are found by: which neurons meet it, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ...schema import IdError, NeuronId
from ..catalogue.evidence import MAKERS
from ..catalogue.query import Reader, query


@dataclass(frozen=True)
class Reason:
    """Why a neuron meets one criterion: its best evidence for it."""

    criterion: str
    why: str
    """such as `F1 0.97, chance 0.34`"""
    score: float | None = None
    """words of the best side, F1, an explanation's score, coherence and the like; None where there is no number"""
    null: float | None = None
    """what chance gives in its place; of words the sides with as many by chance; None where it is not known"""


@dataclass(frozen=True, slots=True)
class Met:
    """That a neuron meets a criterion."""

    why: Reason | Callable[[], Reason]
    order: tuple[float, ...]
    """what hits are sorted by, larger first; equally long for all of one criterion"""

    @property
    def reason(self) -> Reason:
        """Its best evidence. Where `why` makes it, it is made when asked for: of many neurons few are shown."""
        return self.why if isinstance(self.why, Reason) else self.why()


@dataclass(frozen=True)
class Scope:
    """What all criteria of one question share."""

    reader: Reader
    model: str | None
    run: str | None
    most: int
    """rows of one query that are looked at"""
    timeout: float | None
    """seconds that one query may take"""

    @property
    def limits(self) -> dict[str, Any]:
        """Parameters of a query over one model or all; one row more than is used shows whether there are more."""
        return {"model": self.model, "top": self.most + 1, "timeout": self.timeout}

    @property
    def of_run(self) -> dict[str, Any]:
        """The same of a query that knows runs."""
        return {**self.limits, "run": self.run}

    def models(self) -> list[str]:
        """The model asked for, or all of the store."""
        return [self.model] if self.model else [row["model"] for row in query("models").run(self.reader).dicts()]


class Answer(NamedTuple):
    """The neurons that meet one criterion."""

    met: Mapping[str, Met]
    cut: bool = False
    """whether a query had more rows than the scope lets through: then neurons may be missing"""


@dataclass(frozen=True)
class Criterion:
    """A question that is answered on its own, whatever the others are."""

    name: str
    """stands over its column, and in `Reason.criterion`"""
    what: str
    """what no neuron does where none meets it, such as `tells is_french`"""
    ask: Callable[[Scope], Answer]
    makers: tuple[str, ...] = ()
    """keys of MAKERS whose evidence it looks at"""

    @property
    def jobs(self) -> frozenset[str]:
        """Of the runs that have something to say about it."""
        more = {"explanations": ("explanations", "import-explanations"), "link": ("link",)}
        return frozenset(job for maker in self.makers for job in (*MAKERS[maker].jobs, *more.get(maker, ())))


def answer(rows: Sequence[tuple[str, Met]], most: int) -> Answer:
    """The first row of each neuron, of rows that come best first from one query."""
    return Answer(best_of(rows[:most]), len(rows) > most)


def best_of(rows: Iterable[tuple[str, Met]]) -> dict[str, Met]:
    """By neuron the row with the largest order; the first of equal ones."""
    best: dict[str, Met] = {}
    for neuron, met in rows:
        if neuron not in best or met.order > best[neuron].order:
            best[neuron] = met
    return best


def together(answers: Iterable[Answer]) -> Answer:
    """Of several models or runs."""
    held = list(answers)
    return Answer(best_of(row for each in held for row in each.met.items()), any(each.cut for each in held))


def within(scope: Scope, layers: Sequence[int] | None, neurons: Iterable[str]) -> list[str]:
    """Those of the scope's model and of the layers; what names no neuron is left out."""
    kept = []
    for name in neurons:
        try:
            neuron = NeuronId.parse(name)
        except IdError:
            continue
        if scope.model in (None, neuron.model) and (layers is None or neuron.layer in layers):
            kept.append(name)
    return kept


def without_run(scope: Scope) -> Scope:
    """For criteria that a run has nothing to say about."""
    return replace(scope, run=None)
