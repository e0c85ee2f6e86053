"""An explanation and its scores, whoever wrote them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from ...schema import LatentId, NeuronId, PublishedError, digest
from ...schema.headline import headline
from .words import key_words

Kind = Literal["text", "graph", "token_table", "decoded"]
KINDS: tuple[Kind, ...] = ("text", "graph", "token_table", "decoded")

Scorer = Literal["correlation", "ablation", "detection", "fuzzing", "embedding", "intruder", "surprisal", "human"]
SCORERS: tuple[Scorer, ...] = (
    "correlation",
    "ablation",
    "detection",
    "fuzzing",
    "embedding",
    "intruder",
    "surprisal",
    "human",
)

Unit = NeuronId | LatentId
"""What can be explained."""


@dataclass(frozen=True)
class Score:
    """One number that a scorer gave an explanation. The formula, never the scorer alone, says what is comparable."""

    scorer: Scorer
    formula: str
    """id of the formula: docs/explanations.md lists them"""
    value: float | None
    """None where it is not defined, such as the correlation with a constant; what is no finite number becomes None"""
    null: float | None = None
    """the same score of an explanation of another neuron of the layer"""
    n: int | None = None
    """tokens, windows or ratings that went into it"""
    failed: int = 0
    """those that could not be scored: replies that are no answer, values that are no numbers"""
    split: str | None = None
    """windows it was scored on, such as top-and-random"""
    simulator: str | None = None
    """model or method that predicted or judged"""
    seed: int | None = None
    rater: str | None = None
    """who rated, of a human score"""
    positives: int | None = None
    """of the n, those on which the neuron was active, where the score is of two classes"""
    pole: int = 1
    """+1 or -1: the side of the unit that it was scored on"""
    on: Unit | None = None
    """the unit it was scored on, where that is not the one explained"""
    revision: int | None = None
    """of a human score: 1 is the first that the person gave, the highest counts"""

    def __post_init__(self) -> None:
        if self.scorer not in SCORERS:
            raise PublishedError(f"scorer is {self.scorer!r}, expected one of {', '.join(SCORERS)}")
        for name in ("value", "null"):
            found = getattr(self, name)
            if found is not None and not math.isfinite(found):
                object.__setattr__(self, name, None)

    def id(self, explanation: str, unit: Unit, run: str) -> str:
        """Of the Score node: everything that tells two scores of a run apart."""
        parts = [f"{'+' if self.pole > 0 else '-'}", self.scorer, self.formula, self.split, self.simulator, self.rater]
        kept = "/".join("" if part is None else str(part) for part in parts)
        return f"{explanation}/{self.on or unit}/{kept}/{run}"


@dataclass(frozen=True)
class Explanation:
    """A statement of what one pole of a unit does, in words or as a predictor, with its scores."""

    unit: Unit
    text: str
    """the statement; of a predictor, what it holds, cut where it is long"""
    explainer: str | None
    """model or method that wrote it"""
    kind: Kind = "text"
    pole: int = 1
    method: str | None = None
    """how it was written: token_activations, graph_tokens, both, or a published method's own name"""
    rank: int = 1
    """1 is the one chosen of a unit's candidates"""
    length: int | None = None
    """bytes of its whole written form; those of the text unless given"""
    terms: tuple[str, ...] | None = None
    """words it mentions; the text's key words unless given"""
    embedding: tuple[float, ...] | None = None
    embedder: str | None = None
    """model that made the embedding"""
    scores: tuple[Score, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PublishedError(f"kind of explanation is {self.kind!r}, expected one of {', '.join(KINDS)}")
        if not self.text.strip():
            raise PublishedError(f"{self.unit}: an explanation without a text")

    def id(self, run: str) -> str:
        """Of the Explanation node. The same words by the same explainer in one run are one node, whatever they
        explain; a predictor is its unit's own."""
        own: dict[str, Any] = {} if self.kind == "text" else {"unit": str(self.unit), "pole": self.pole}
        said = {"text": self.text, "kind": self.kind, "explainer": self.explainer, "method": self.method, "run": run}
        return digest({**said, **own})[:32]

    @property
    def description_length(self) -> int:
        """Bytes of its written form."""
        return len(self.text.encode("utf-8", "replace")) if self.length is None else self.length

    @property
    def headline(self) -> dict[str, Any]:
        """What EXPLAINED_BY has of its scores on its own unit and pole."""
        own = [score for score in self.scores if score.on in (None, self.unit) and score.pole == self.pole]
        return headline({**vars(score), "id": score.id("", self.unit, "")} for score in own)

    @property
    def mentions(self) -> tuple[str, ...]:
        """Terms, each once."""
        return tuple(dict.fromkeys(key_words(self.text) if self.terms is None else self.terms))


def merged(records: Iterable[Explanation]) -> tuple[list[Explanation], int]:
    """Explanations of one unit's pole by the same explainer in the same words become one with all their scores; also
    how many were merged away. Order is kept."""
    found: dict[tuple[Any, ...], Explanation] = {}
    read = 0
    for record in records:
        read += 1
        key = (record.unit, record.pole, record.kind, record.text, record.explainer, record.method)
        held = found.get(key)
        if held is None:
            found[key] = record
            continue
        scores = tuple(dict.fromkeys((*held.scores, *record.scores)))
        embedded = held if held.embedding is not None else record
        found[key] = replace(held, scores=scores, embedding=embedded.embedding, embedder=embedded.embedder)
    return list(found.values()), read - len(found)
