"""Which later neurons every neuron drives, as a job that yields FEEDS layer by layer."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from ...schema import ModelError
from ..activations.state import load_state, save_state
from ..bundle import RunInfo
from ..lm_head.job import shard_name
from ..lm_head.tables import Tables, model_table
from ..progress import Progress, silent
from ..similar.measure import matched_model
from ..similar.tables import neuron_tables
from ..subject.subject import Subject
from .paths import Paths
from .search import FeedSearch
from .settings import METHOD, Settings
from .tables import EDGES, edges_of, feeds_table, merged

JOB = "feeds"
MODELS = "models"


@dataclass
class FeedsJob:
    """FEEDS from and to the neurons of some layers of a model, or of all."""

    subject: Subject
    settings: Settings
    state: Path
    """file in which an unfinished search goes on"""
    device: torch.device
    layers: tuple[int, ...]
    stronger: dict[str, float] = field(default_factory=dict)
    """share of the neurons whose strongest feed is stronger than with shuffled rows, by way"""

    @classmethod
    def of(
        cls, subject: Subject, settings: Settings, state: Path, device: torch.device, layers: Sequence[int] | None
    ) -> FeedsJob:
        """Raises ModelError for a layer that is not there, or a model of one layer."""
        n = subject.architecture.n_layers
        wanted = tuple(range(n)) if layers is None else tuple(sorted(set(layers)))
        for layer in wanted:
            if not 0 <= layer < n:
                raise ModelError(f"no layer {layer!r}: the model has layers 0 to {n - 1}")
        if n < 2:
            raise ModelError(f"{subject.name!r} has one layer: no neuron has a later one to feed")
        return cls(subject, settings, state, device, wanted)

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with. The chosen layers are part of it: an edge says both ends' ranks."""
        whole = len(self.layers) == self.subject.architecture.n_layers
        parameters = {
            "k": self.settings.k,
            "null": self.settings.null,
            "seed": self.settings.seed,
            "method": METHOD,
            "layers": None if whole else list(self.layers),
        }
        subject = self.subject
        return RunInfo.named(JOB, subject.name, subject.weights, subject.vocabulary.hash, parameters)

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """The model and its neurons, then each layer's FEEDS. An interruption costs the pairs of one end layer."""
        if MODELS not in done:
            yield MODELS, self._models()
        n = self.subject.architecture.n_layers
        if all(shard_name(layer) in done for layer in range(n - 1)):
            return
        search = FeedSearch(Paths(self.subject, self.device, self.settings.seed), self.layers, *self._asked)
        total = sum(len(search.pairs(end)) for end in range(n))
        first = self._resume(search)
        met = sum(len(search.pairs(end)) for end in range(first))
        for end in range(first, n):
            for pair in search.pairs(end):
                search.take(*pair)
                met += 1
                progress("multiplying pairs of layers", met, total)
            self._save(search, end + 1)
        yield from self._edges(search, done)
        self.state.unlink(missing_ok=True)

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """Source and, once made, how often the strongest feed passes the control's."""
        return {"source": self.subject.source, "layers": list(self.layers), **self.stronger}

    @property
    def _asked(self) -> tuple[int, bool]:
        return self.settings.k, self.settings.null

    def _edges(self, search: FeedSearch, done: Container[str]) -> Iterator[tuple[str, Tables]]:
        width, n = self.subject.architecture.d_mlp, self.subject.architecture.n_layers
        parts: dict[str, list[dict[str, NDArray[Any]]]] = {}
        passed: dict[str, list[NDArray[np.bool_]]] = {"down": [], "up": []}
        for way, layer, through, found in search.settle():
            parts.setdefault(through, []).append(edges_of(found, layer, width, way))
            some = (found.ids[:, 0] >= 0).numpy()
            passed[way].append((found.weights[:, 0].abs() > found.null).numpy()[some])
        if self.settings.null:
            self.stronger = {f"{way}_above_null": float(np.concatenate(each).mean()) for way, each in passed.items()}
        whole = {through: merged(each) for through, each in parts.items()}
        for layer in range(n - 1):
            if shard_name(layer) in done:
                continue
            tables = []
            for through, rows in whole.items():
                here = rows["start"] // width == layer
                chosen = {name: values[here] for name, values in rows.items()}
                if not self.settings.null:
                    chosen |= {name: np.full(int(here.sum()), -1.0) for name in ("null", "null_in")}
                tables.append(feeds_table(chosen, self.subject.name, width, through, self.run.id))
            yield shard_name(layer), {EDGES: pa.concat_tables(tables)}

    def _models(self) -> Tables:
        side = matched_model(self.subject)
        parts = [neuron_tables(side, layer) for layer in range(side.layers)]
        return {"Model": model_table(self.subject)} | {
            name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]
        }

    def _save(self, search: FeedSearch, position: int) -> None:
        tensors: dict[str, torch.Tensor] = {}
        for way, held in (("down", search.down), ("up", search.up)):
            for (layer, through), ends in held.items():
                name = f"{way}.{layer}.{through}"
                tensors |= {f"{name}.values": ends.best.values, f"{name}.ids": ends.best.ids}
                tensors |= {f"{name}.null": ends.null, f"{name}.slack": ends.slack}
        save_state(self.state, tensors, {"run": self.run.id, "position": str(position)})

    def _resume(self, search: FeedSearch) -> int:
        """The end layer to go on with."""
        found = load_state(self.state)
        if found is None or found[1].get("run") != self.run.id:
            return 0
        for way, held in (("down", search.down), ("up", search.up)):
            for (layer, through), ends in held.items():
                values, ids, ends.null, ends.slack = (
                    found[0][f"{way}.{layer}.{through}.{name}"].to(self.device)
                    for name in ("values", "ids", "null", "slack")
                )
                ends.best.values, ends.best.ids = values, ids
        return int(found[1]["position"])
