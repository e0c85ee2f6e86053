"""Links a fine-tune to its base: one COUNTERPART a neuron, with what changed and what noise would have changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...schema import POLES, MlpId
from ..bundle import RunInfo
from ..lm_head.job import shard_name
from ..progress import Progress
from ..subject.experts import MlpParts, some_mlps
from .compare import jaccard, noisy, row_cosines, same_top
from .decoded import Tops, tops, translated
from .pair import Pair

if TYPE_CHECKING:
    from ..subject.layer_weights import LayerWeights
    from .drift import Drift

METHOD = 2
"""Raised when the same inputs would give other numbers."""
RELATED = 0.5
"""A mean cosine below this is no fine-tune's: rows of unrelated models have cosines near 0."""
DRAWN = 512
"""Changed rows of a projection and layer that get noise, at most: the share they keep, over both poles, has a standard
error of at most 1.6 points, for a fraction of a second decoding of the model."""
LAST = "models"
"""Name of the last shard: the FINE_TUNED_FROM relationship."""

Rows = Callable[[str, MlpId, int], pa.Table]
"""(lm-head run id, MLP, its neurons) -> its DECODES_TO rows: start, end, projection, pole, rank."""
Measures = dict[str, NDArray[Any] | pa.Array]
"""Properties of COUNTERPART, `[d_mlp]` each."""


@dataclass
class LinkJob:
    """COUNTERPART and FINE_TUNED_FROM between two decoded models."""

    pair: Pair
    decoded: Rows
    layers: tuple[int, ...]
    """whose neurons are linked; more can be added later"""
    seed: int = 0
    drift: Drift | None = None
    """what compares activations, where a text was given"""
    experts: tuple[int, ...] | None = None
    """the only ones linked of those that a router chooses among; None for all"""
    _cosines: list[tuple[float, int]] = field(default_factory=list, repr=False)
    """sum and number, a projection and MLP"""

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        base, tuned = self.pair.base, self.pair.tuned
        parameters = {
            "base": base.subject.name,
            "base_weights": base.subject.weights,
            "runs": [base.run, tuned.run],
            "convention": self.pair.settings.convention,
            "seed": self.seed,
            "method": METHOD,
        }
        if self.drift is not None:
            parameters |= {"text": self.drift.text.hash, "positions": self.drift.text.positions}
        subject = tuned.subject
        derived = base.run, tuned.run
        return RunInfo.named(
            "link",
            subject.name,
            subject.weights,
            subject.vocabulary.hash,
            parameters,
            scope={"layers": list(self.layers)} | ({} if self.experts is None else {"experts": list(self.experts)}),
            derived_from=derived,
        )

    def shards(self, done: Container[str], progress: Progress) -> Iterator[tuple[str, dict[str, pa.Table]]]:
        """One shard a layer or expert that is asked for, then `models`. Cosines are taken of all, done or not."""
        self._cosines.clear()
        asked = some_mlps(self.pair.base.subject.architecture, self.layers, self.experts)
        wanted = [mlp.at for mlp in asked if shard_name(mlp.at.layer, mlp.at.expert) not in done]
        layers = [at.layer for at in wanted]
        moved = self.drift.measure(layers, progress) if self.drift is not None and wanted else {}
        mlps = self.pair.mlps
        for number, mlp in enumerate(mlps):
            progress("linking layers", number, len(mlps))
            base, tuned = self.pair.mlp(number)
            measures = self._changes(base, tuned)
            if mlp.at in wanted:
                measures |= self._overlaps(number, base, tuned, measures) | moved.get(mlp.at.layer, {})
                yield (
                    shard_name(mlp.at.layer, mlp.at.expert),
                    {"Neuron.COUNTERPART.Neuron": self._table(mlp, measures)},
                )
        progress("linking layers", len(mlps), len(mlps))
        if LAST not in done:
            yield LAST, {"Model.FINE_TUNED_FROM.Model": self._fine_tuned_from()}

    def summary(self, done: Collection[str]) -> dict[str, Any]:
        """Mean cosine over all rows, whether the two are relatives, and what the text is called that both read."""
        found = {"mean_cosine": self.mean_cosine, "related": self.mean_cosine >= RELATED}
        return found if self.drift is None else {**found, "corpus_name": self.drift.text.name}

    @property
    def mean_cosine(self) -> float:
        """Over all rows of all projections, once `shards` has run."""
        return sum(total for total, _ in self._cosines) / sum(n for _, n in self._cosines)

    def _changes(self, base: LayerWeights, tuned: LayerWeights) -> Measures:
        """Cosine and relative change of every row, as stored."""
        found: Measures = {}
        for projection in base.rows:
            cosine, delta = row_cosines(base.rows[projection], tuned.rows[projection])
            self._cosines.append((float(cosine.sum()), len(cosine)))
            found |= {f"cos_{projection}": cosine, f"delta_{projection}": delta}
        return found

    def _overlaps(self, place: int, base: LayerWeights, tuned: LayerWeights, changes: Measures) -> Measures:
        """Top-token overlaps of every projection and pole."""
        mlp = self.pair.mlps[place]
        before, after = self._tops(self.pair.base.run, mlp), self._tops(self.pair.tuned.run, mlp)
        found: Measures = {}
        for number, projection in enumerate(base.rows):
            moved = np.flatnonzero(changes[f"delta_{projection}"] > 0)
            seed = self.seed * 1_000_003 + place * 3 + number
            drawn = np.sort(np.random.default_rng(seed).permutation(moved)[:DRAWN])
            left_out = np.isin(np.arange(mlp.d_mlp), np.setdiff1d(moved, drawn))
            noise, alone = self._controls(base, tuned, projection, moved, drawn, seed)
            for sign, pole in POLES.items():
                one, two = before[projection, sign], self._as_base(after[projection, sign])
                same = same_top(one, two)
                side = f"{projection}_{pole}"
                found |= {
                    f"same_top_{side}": same,
                    f"same_top_rows_{side}": same if alone is None else _kept(one, moved, alone[sign]),
                    f"same_top_null_{side}": pa.array(_kept(one, drawn, noise[sign]), mask=left_out),
                    f"jaccard_{side}": jaccard(one, two),
                }
        return found

    def _controls(
        self,
        base: LayerWeights,
        tuned: LayerWeights,
        projection: str,
        moved: NDArray[np.intp],
        drawn: NDArray[np.intp],
        seed: int,
    ) -> tuple[dict[int, NDArray[np.int64]], dict[int, NDArray[np.int64]] | None]:
        """Strongest tokens of the drawn rows under noise, and, where the two models' unembeddings differ, of the
        moved rows of the fine-tune through the base's; None where they are equal, since then the rows alone decide."""
        if not len(moved):
            nothing = {sign: np.empty(0, np.int64) for sign in POLES}
            return nothing, None if self.pair.same_readout else nothing
        one, two = base.rows[projection], tuned.rows[projection]
        noise = self.pair.first_tokens(base, projection, noisy(one[drawn], two[drawn], seed))
        return noise, None if self.pair.same_readout else self.pair.first_tokens(base, projection, two[moved])

    def _tops(self, run: str, mlp: MlpParts) -> Tops:
        what = f"layer {mlp.at.layer}" if mlp.at.expert is None else str(mlp.at)
        return tops(self.decoded(run, mlp.at, mlp.d_mlp), mlp.d_mlp, f"{what} of run {run}")

    def _as_base(self, side: NDArray[np.int64]) -> NDArray[np.int64]:
        return side if self.pair.shared is None else translated(side, self.pair.shared)

    def _table(self, mlp: MlpParts, measures: Measures) -> pa.Table:
        one, two = self.pair.base.subject.name, self.pair.tuned.subject.name
        numbers = range(mlp.d_mlp)
        columns: dict[str, Any] = {
            "start": [f"{one}/{mlp.at}/N{i}" for i in numbers],
            "end": [f"{two}/{mlp.at}/N{i}" for i in numbers],
            **measures,
            "run": [self.run.id] * mlp.d_mlp,
        }
        return pa.table(columns)

    def _fine_tuned_from(self) -> pa.Table:
        return pa.table(
            {
                "start": [self.pair.tuned.subject.name],
                "end": [self.pair.base.subject.name],
                "run": [self.run.id],
                "mean_cosine": [self.mean_cosine],
            }
        )


def _kept(tops: NDArray[np.int64], moved: NDArray[np.intp], first: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each neuron's strongest token is still `first`; those that did not move keep it."""
    kept = np.ones(len(tops), np.bool_)
    kept[moved] = first == tops[moved, 0]
    return kept
