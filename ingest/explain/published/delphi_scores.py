"""Delphi's scores, made again from the rows it keeps of every example.

Its own report counts a missing class as zero and leaves unanswered examples out without a word: here a score that is
not defined is null, and those that were not answered are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..records import Score, Scorer
from .fields import Row, Unfit, items, mapping, number
from .openai_scores import correlation, counted

SCORERS: dict[str, Scorer] = {"detection": "detection", "fuzz": "fuzzing"}
"""Folder -> scorer, of those that answer yes or no to each example."""
SIMULATION = "simulation"


@dataclass(frozen=True)
class Answers:
    """How many examples of each class were taken for which."""

    true_positives: int
    positives: int
    true_negatives: int
    negatives: int
    failed: int
    """examples without an answer"""

    @property
    def balanced_accuracy(self) -> float | None:
        """Mean of both classes' share that was told; None without examples of one class."""
        if not self.positives or not self.negatives:
            return None
        return (self.true_positives / self.positives + self.true_negatives / self.negatives) / 2

    @property
    def f1(self) -> float | None:
        """2 TP / (2 TP + FP + FN); None where no example is active."""
        wrong = self.positives - self.true_positives + self.negatives - self.true_negatives
        return 2 * self.true_positives / (2 * self.true_positives + wrong) if self.positives else None


def answers(rows: list[Any]) -> Answers:
    """Counted over a file's rows. Raises Unfit."""
    tp = positives = tn = negatives = failed = 0
    for each in rows:
        row = mapping(each, "example")
        active, said = activating(row), prediction(row)
        if said is None:
            failed += 1
        elif active:
            positives += 1
            tp += said
        else:
            negatives += 1
            tn += not said
    return Answers(tp, positives, tn, negatives, failed)


def activating(row: Row) -> bool:
    """Whether the latent is active on the example; older files say `ground_truth`. Raises Unfit."""
    value = row.get("activating", row.get("ground_truth"))
    if value not in (0, 1):
        raise Unfit("an example that does not say whether it is activating")
    return bool(value)


def prediction(row: Row) -> bool | None:
    """What the scorer said; None where it gave no answer. Raises Unfit."""
    value = row.get("prediction")
    if isinstance(value, bool | None):
        return value
    found = number(row, "prediction")
    return None if found is None else found >= 0.5


def class_scores(scorer: Scorer, rows: list[Any], judge: str | None) -> Iterator[Score]:
    """Balanced accuracy and F1, side by side. Raises Unfit."""
    found = answers(rows)
    n = found.positives + found.negatives
    for formula, value in (("balanced-accuracy", found.balanced_accuracy), ("f1", found.f1)):
        yield Score(
            scorer,
            formula,
            value,
            n=n,
            failed=found.failed,
            positives=found.positives,
            split="activating-and-not",
            simulator=judge,
        )


def simulated_scores(rows: list[Any]) -> Iterator[Score]:
    """The correlation of each quantile and over all; R2 and absolute deviation are left, being zeros that nothing was
    computed for. Raises Unfit."""
    for each in rows:
        row = mapping(each, "group")
        group = number(row, "distance")
        if group is None or group != int(group) or group < 0:
            raise Unfit("a group of sequences that does not say its quantile")
        split = "all" if group == 0 else f"quantile {int(group) - 1}"
        yield correlation(number(row, "ev_correlation_score"), *counted(row), split=split)


def example_rows(value: Any) -> list[Any]:
    """The rows of a score file. Raises Unfit."""
    return items({"the file": value}, "the file")
