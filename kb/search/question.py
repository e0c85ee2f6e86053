"""One query on its way through the evidence: a ranking of each kind, fused, and why each hit is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...queries import query
from ...queries.catalogue.query import Reader
from ...schema import NeuronId
from .fusion import fused
from .matrix import Matrix
from .meaning import Luck, Near, Scope, nearest, shown_words
from .planes import Vectors
from .records import Evidence, Found, Hit, Reason
from .sources import KINDS, Kind
from .words import Typed, in_scope, typed

FEATURES = 3
"""Features whose detectors are hits."""

LUCK = 0.001
"""What a rank counts whose cosine is not above its null: it orders hits that have nothing else."""

AS_TYPED = "words as typed, by the store's own indexes"

Ranking = dict[str, Near | Reason]
"""Units in order, with what was found of each; a reason's rank is set when it is known to be shown."""


@dataclass
class Question:
    """One query, as text and as a unit vector, within a scope; of each kind the `depth` nearest units are ranked."""

    reader: Reader
    text: str
    asked: Vectors
    scope: Scope
    depth: int
    matrix: Matrix
    embedder: str
    ways: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._terms = self.matrix.terms
        self._luck = Luck(self.asked, self._terms)
        self._shares: dict[str, dict[str, float]] = {}

    def answer(self, kinds: Sequence[Evidence], top: int, by_index: bool) -> Found:
        """The hits; `by_index` says that the store's vector index answers for explanations."""
        rankings = {kind: self._ranking(kind, kinds, by_index) for kind in kinds}
        hits = []
        for unit, score in fused({kind: list(found) for kind, found in rankings.items()}, self._shares)[:top]:
            why = [
                self._reason(kind, found[unit], 1 + list(found).index(unit))
                for kind, found in rankings.items()
                if unit in found
            ]
            hits.append(_hit(unit, score, tuple(sorted(why, key=lambda reason: reason.rank))))
        return Found(self.text, tuple(hits), self.embedder, self.ways)

    def _ranking(self, kind: Evidence, kinds: Sequence[Evidence], by_index: bool) -> Ranking:
        if kind == "word":
            return self._typed([other for other in kinds if other != "word"] or KINDS)
        if kind == "feature":
            return self._features()
        if kind == "explanation" and by_index:
            return self._indexed()
        segments = [segment for segment in self.matrix.segments if segment.kind == kind]
        rows = sum(len(segment) for segment in segments if self.scope.model in (None, segment.model))
        self.ways[kind] = f"exact, {rows:,} rows"
        found = nearest(segments, self.asked, self.depth, self.scope)
        self._shares[kind] = {near.unit: LUCK for near in found if not self._luck.beaten(near)}
        return {near.unit: near for near in found}

    def _reason(self, kind: Evidence, found: Near | Reason, rank: int) -> Reason:
        if isinstance(found, Reason):
            return replace(found, rank=rank)
        row = found.segment.rows.slice(found.row, 1).to_pylist()[0]
        null, by_chance = self._luck.of(found)
        words = shown_words(found, self.asked, self._terms)
        side = (row["projection"], row["pole"], found.segment.run)
        return Reason(kind, rank, found.cosine, null, by_chance, *side, words, row["text"])

    def _features(self) -> Ranking:
        """The neurons that detect the nearest features: those of the nearest first, by F1."""
        segments = [segment for segment in self.matrix.segments if segment.kind == "feature"]
        self.ways["feature"] = f"exact, {sum(len(segment) for segment in segments):,} names"
        found: Ranking = {}
        shares = self._shares.setdefault("feature", {})
        for near in nearest(segments, self.asked, FEATURES, Scope(least=self.scope.least)):
            row = near.segment.rows.slice(near.row, 1).to_pylist()[0]
            null, _ = self._luck.of(near)
            share = 1.0 if self._luck.beaten(near) else LUCK
            for each in self._detectors(row["ref"]):
                told = f"{row['unit']}, F1 {each['f1']:.2f} (always yes: {each['base_f1'] or 0:.2f})"
                pole = None if each["coef"] is None else 1 if each["coef"] >= 0 else -1
                reason = Reason("feature", 0, near.cosine, null, None, None, pole, each["runs"][0], (), told)
                if each["neuron"] not in found:
                    found[each["neuron"]] = reason
                    shares[each["neuron"]] = share
        return _first(found, self.depth)

    def _detectors(self, feature: str) -> list[dict[str, Any]]:
        """Neurons that tell a feature better than always saying yes and than random directions do."""
        model, top = self.scope.model, 10 * self.depth
        found = query("find_feature").run(self.reader, features=[feature], least=None, model=model, run=None, top=top)
        return [
            row
            for row in found.dicts()
            if in_scope(row["neuron"], self.scope) and (row["f1"] or 0) > max(row["base_f1"] or 0, row["rotated"] or 0)
        ]

    def _indexed(self) -> Ranking:
        """Explanations by the store's vector index; more than are wanted, since some are out of scope."""
        self.ways["explanation"] = "the store's vector index, approximate"
        ask = query("explanations_near")
        rows = ask.run(self.reader, vector=self.asked.tolist(), embedder=self.embedder, top=4 * self.depth).dicts()
        found: Ranking = {}
        for row in rows:
            if in_scope(row["unit"], self.scope) and row["cosine"] >= (self.scope.least or -1):
                side = (None, row["pole"], row["run"])
                reason = Reason("explanation", 0, row["cosine"], None, None, *side, (), row["text"])
                found.setdefault(row["unit"], reason)
        return _first(found, self.depth)

    def _typed(self, kinds: Sequence[Kind]) -> Ranking:
        """Units that hold words of the query. One that holds one of three counts a third: the others may mean
        something else altogether."""
        self.ways["word"] = AS_TYPED
        units = typed(self.reader, self.text, kinds, self.depth, self.scope)
        self._shares["word"] = {each.unit: each.share for each in units}
        return {each.unit: _typed_reason(each) for each in units}


def answer_by_words(reader: Reader, text: str, kinds: Sequence[Evidence], scope: Scope, top: int) -> Found:
    """The answer where no embedding model can be asked: units that hold words of the text as they are typed."""
    units = typed(reader, text, [kind for kind in kinds if kind != "word"] or KINDS, max(100, 5 * top), scope)
    reasons = {each.unit: _typed_reason(each) for each in units}
    ranked = fused({"word": list(reasons)}, {"word": {each.unit: each.share for each in units}})[:top]
    hits = [_hit(unit, score, (replace(reasons[unit], rank=rank),)) for rank, (unit, score) in enumerate(ranked, 1)]
    return Found(text, tuple(hits), None, {"word": AS_TYPED})


def _typed_reason(each: Typed) -> Reason:
    side = (each.projection, each.pole, each.run)
    return Reason("word", 0, None, None, each.by_chance, *side, each.words, each.text)


def _first(found: Ranking, n: int) -> Ranking:
    return dict(list(found.items())[:n])


def _hit(unit: str, score: float, reasons: tuple[Reason, ...]) -> Hit:
    from .entries import layer_of

    if (layer := layer_of(unit)) is None:
        return Hit(unit, unit.rpartition("/")[0].rpartition("/")[0] or None, None, score, reasons)
    return Hit(unit, NeuronId.parse(unit).model, layer, score, reasons)
