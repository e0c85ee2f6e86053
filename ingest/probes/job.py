"""Sparse probing of a model as a job: every neuron against every feature, data set by data set, layer by layer."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ...schema import FeatureError, digest
from ..bundle import RunInfo
from ..features.header import Header
from ..features.labelled import FeatureInfo, Labelled
from ..features.split import CHOOSE, FIT, REPORT, Parts, split
from ..live_job import LiveJob, some_layers
from ..lm_head.job import shard_name
from ..lm_head.tables import model_table
from ..progress import Progress, silent
from ..subject.live import LiveModel
from .capture import Captured
from .evidence import layer_tables
from .layer import LayerProbes
from .settings import METHOD, Settings
from .tables import FeatureRecord, feature_tables

Tables = dict[str, pa.Table]
_PARTS = {FIT: "fit", CHOOSE: "choose with", REPORT: "report on"}


@dataclass(frozen=True)
class Asked:
    """A data set in a model's tokens, what is said of it, and its split."""

    header: Header
    labelled: Labelled
    parts: Parts
    why: tuple[str, ...]
    """of each feature why it is not testable; empty for one that is"""

    @classmethod
    def of(cls, header: Header, labelled: Labelled, settings: Settings) -> Asked:
        """Split by group, or as published; a feature that a part has no positives or negatives of is not testable."""
        parts = split(labelled, settings.seed, settings.grouped)
        why = [info.why or _lacking(labelled, parts, number) for number, info in enumerate(labelled.features)]
        return cls(header, labelled, parts, tuple(why))

    @property
    def key(self) -> str:
        """Names its shards: the category, and a hash of its texts and of the features that were asked for."""
        names = [info.name for info in self.labelled.features]
        return f"{self.labelled.category}-{digest({'hash': self.labelled.hash, 'features': names})[:8]}"

    @cached_property
    def tested(self) -> list[int]:
        """Numbers of the features that are."""
        return [number for number, why in enumerate(self.why) if not why]

    def feature_id(self, number: int) -> str:
        """Of the Feature node."""
        return f"{self.labelled.dataset}/{self.labelled.features[number].name}"


def _lacking(labelled: Labelled, parts: Parts, number: int) -> str:
    for part in np.unique(parts).tolist():
        there = set(labelled.labels[parts == part, number].tolist())
        for value, word in ((1, "positives"), (0, "negatives")):
            if value not in there:
                return f"no {word} among the points to {_PARTS[part]}"
    return ""


@dataclass
class ProbesJob(LiveJob):
    """Probes a model. `open` makes one; `shards` does the work."""

    live: LiveModel
    asked: tuple[Asked, ...]
    work: Path
    """where activations are kept while a data set is worked on"""
    settings: Settings
    layers: tuple[int, ...]

    @classmethod
    def open(
        cls,
        live: LiveModel,
        data: Sequence[tuple[Header, Labelled]],
        work: Path,
        *,
        layers: Sequence[int] | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
    ) -> ProbesJob:
        """A job over `layers` (all unless given). Raises FeatureError where no feature can be tested, ModelError."""
        chosen = Settings.of(settings)
        asked = tuple(Asked.of(header, labelled, chosen) for header, labelled in data)
        if not any(one.tested for one in asked):
            reasons = [f"{i.name}: {w}" for one in asked for i, w in zip(one.labelled.features, one.why, strict=True)]
            raise FeatureError(f"no feature can be tested: {'; '.join(reasons[:5])}")
        job = cls(live, asked, work, chosen, some_layers(live, layers))
        for one in asked:
            job.check_length(one.labelled.windows.shape[1], f"{one.labelled.category}: ")
        return job

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with. Which data sets were asked for is scope: each has its own shards."""
        names = ["ks", "methods", "floor", "most", "grouped", "control", "points", "tokens", "seed"]
        names += ["nodes"] if "optimal" in self.settings.methods else []
        identity = {"method": METHOD, **{name: getattr(self.settings, name) for name in names}}
        scope = {
            "layers": list(self.layers),
            "data": {one.key: one.labelled.dataset for one in self.asked},
            "texts": self.texts,
            "device": self.live.device.type,
        }
        return self.run_info("probes", identity, scope=scope)

    @property
    def texts(self) -> list[str]:
        """Each feature's id, `@` and a hash of the texts it is asked of."""
        return [f"{one.feature_id(i)}@{one.labelled.hash[:12]}" for one in self.asked for i in one.tested]

    def same_texts(self, held: RunInfo) -> None:
        """Raise FeatureError where the run was made with other texts of a feature: their scores would be mixed."""
        before = dict(text.rsplit("@", 1) for text in held.scope.get("texts", ()))
        for feature, texts in (text.rsplit("@", 1) for text in self.texts):
            if before.get(feature, texts) != texts:
                raise FeatureError(
                    f"the texts of {feature!r} are not those that {held.id!r} was made with ({texts} here, "
                    f"{before[feature]} there); give the data set another name in its file's first line"
                )

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """The model, then of each data set its features and every layer; those in `done` are left out."""
        if "model" not in done:
            yield "model", {"Model": model_table(self.subject)}
        for one in self.asked:
            if one.key not in done:
                yield one.key, feature_tables(self._record(one, i) for i in range(len(one.labelled.features)))
            left = [layer for layer in self.layers if self._shard(one, layer) not in done]
            if left and one.tested:
                yield from self._probed(one, left, progress)

    def _probed(self, one: Asked, layers: Sequence[int], progress: Progress) -> Iterator[tuple[str, Tables]]:
        folder = self.work / self.run.id / one.key
        captured = Captured.make(
            self.live, one.labelled, folder, layers=layers, batch=self.settings.batch, progress=progress
        )
        labels = one.labelled.labels[:, one.tested]
        features = [one.feature_id(number) for number in one.tested]
        try:
            for number, layer in enumerate(layers):
                progress(f"probing {one.labelled.category}", number, len(layers))
                X = captured.layer(layer).to(self.live.device)
                found = LayerProbes.of(layer, X, labels, one.parts, self.settings)
                captured.drop(layer)
                how = one.labelled.aggregation
                tables = layer_tables(found, self.subject.name, features, how, self.run.id, self.settings)
                yield self._shard(one, layer), tables
                progress(f"probing {one.labelled.category}", number + 1, len(layers))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def _shard(one: Asked, layer: int) -> str:
        return f"{one.key}.{shard_name(layer)}"

    def _record(self, one: Asked, number: int) -> FeatureRecord:
        info: FeatureInfo = one.labelled.features[number]
        return FeatureRecord(
            dataset=one.labelled.dataset,
            own_name=info.name,
            category=info.category,
            aggregation=info.aggregation,
            description="labels of a model" if info.silver else None,
            source=one.header.provenance or None,
            seed=self.settings.seed,
            split="grouped" if self.settings.grouped else "ungrouped",
            n=info.positives + info.negatives,
            positives=info.positives,
            base_rate=info.base_rate,
            groups=info.groups_positive,
            status=one.why[number] or "testable",
        )

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """What the job reports about the whole run."""
        return {
            "source": self.subject.source,
            "features": sum(len(one.tested) for one in self.asked),
            "untestable": {
                f"{info.category}/{info.name}": why
                for one in self.asked
                for info, why in zip(one.labelled.features, one.why, strict=True)
                if why
            },
            "tokens_read": sum(one.labelled.tokens for one in self.asked if one.tested),
            "data": {
                one.key: {
                    "dataset": one.labelled.dataset,
                    "points": len(one.labelled.points),
                    "windows": len(one.labelled.windows),
                    "skipped_texts": one.labelled.skipped,
                    "layers": [layer for layer in self.layers if self._shard(one, layer) in done],
                }
                for one in self.asked
            },
        }
