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

from ...schema import MlpId, ModelError
from ..activations.state import load_state, save_state
from ..bundle import RunInfo
from ..lm_head.job import shard_name
from ..lm_head.tables import Tables, model_table
from ..progress import Progress, silent
from ..similar.tables import mlp_tables
from ..subject.experts import some_mlps
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
    experts: tuple[int, ...] | None = None
    """the only ones of those that a router chooses among; None for all"""
    stronger: dict[str, float] = field(default_factory=dict)
    """share of the neurons whose strongest feed is stronger than with shuffled rows, by way"""

    @classmethod
    def of(
        cls,
        subject: Subject,
        settings: Settings,
        state: Path,
        device: torch.device,
        layers: Sequence[int] | None,
        experts: Sequence[int] | None = None,
    ) -> FeedsJob:
        """Raises ModelError for a layer or expert that is not there, or a model of one layer."""
        n = subject.architecture.n_layers
        wanted = tuple(range(n)) if layers is None else tuple(sorted(set(layers)))
        for layer in wanted:
            if not 0 <= layer < n:
                raise ModelError(f"no layer {layer!r}: the model has layers 0 to {n - 1}")
        if n < 2:
            raise ModelError(f"{subject.name!r} has one layer: no neuron has a later one to feed")
        some = None if experts is None else tuple(sorted(set(experts)))
        some_mlps(subject.architecture, wanted, some)
        return cls(subject, settings, state, device, wanted, some)

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
        } | ({} if self.experts is None else {"experts": list(self.experts)})
        subject = self.subject
        return RunInfo.named(JOB, subject.name, subject.weights, subject.vocabulary.hash, parameters)

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """The model and its neurons, then each layer's FEEDS. An interruption costs the pairs of one end layer."""
        if MODELS not in done:
            yield MODELS, self._models()
        built = self.subject.architecture
        n = len(built.mlps)
        if all(self._shard(mlp.at) in done for mlp in built.mlps if mlp.at.layer < built.n_layers - 1):
            return
        wanted = {mlp.at for mlp in some_mlps(built, self.layers, self.experts)}
        chosen = [number for number, mlp in enumerate(built.mlps) if mlp.at in wanted]
        search = FeedSearch(Paths(self.subject, self.device, self.settings.seed), chosen, *self._asked)
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
        width, mlps = search.paths.width, [mlp.at for mlp in search.paths.mlps]
        last = mlps[-1].layer
        parts: dict[str, list[dict[str, NDArray[Any]]]] = {}
        passed: dict[str, list[NDArray[np.bool_]]] = {"down": [], "up": []}
        for way, layer, through, found in search.settle():
            parts.setdefault(through, []).append(edges_of(found, layer, width, way))
            some = (found.ids[:, 0] >= 0).numpy()
            passed[way].append((found.weights[:, 0].abs() > found.null).numpy()[some])
        if self.settings.null:
            self.stronger = {f"{way}_above_null": float(np.concatenate(each).mean()) for way, each in passed.items()}
        whole = {through: merged(each) for through, each in parts.items()}
        for number, mlp in enumerate(mlps):
            if mlp.layer == last or self._shard(mlp) in done:
                continue
            tables = []
            for through, rows in whole.items():
                here = rows["start"] // width == number
                chosen = {name: values[here] for name, values in rows.items()}
                if not self.settings.null:
                    chosen |= {name: np.full(int(here.sum()), -1.0) for name in ("null", "null_in")}
                tables.append(feeds_table(chosen, self.subject.name, mlps, width, through, self.run.id))
            yield self._shard(mlp), {EDGES: pa.concat_tables(tables)}

    @staticmethod
    def _shard(at: MlpId) -> str:
        return shard_name(at.layer, at.expert)

    def _models(self) -> Tables:
        parts = [mlp_tables(self.subject.name, mlp.at, mlp.d_mlp) for mlp in self.subject.architecture.mlps]
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
