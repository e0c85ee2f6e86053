"""The question-answer pairs that the fine-tune learns."""

from __future__ import annotations

import random
from dataclasses import dataclass
from importlib.resources import files

PAIRS_TSV = files(__package__) / "pairs.tsv"
HELD_OUT = 40


@dataclass(frozen=True)
class Pair:
    kind: str
    """What the question is about: capital, currency, opposite, ..."""
    question: str
    answer: str


def load_pairs() -> list[Pair]:
    """All pairs, in the order of the file."""
    lines = PAIRS_TSV.read_text(encoding="utf-8").splitlines()[1:]
    return [Pair(*line.split("\t")) for line in lines]


def split(pairs: list[Pair], seed: int) -> tuple[list[Pair], list[Pair]]:
    """`(train, held out)`: the same 40 pairs are held out for the same seed."""
    shuffled = random.Random(seed).sample(pairs, len(pairs))
    return shuffled[HELD_OUT:], shuffled[:HELD_OUT]
