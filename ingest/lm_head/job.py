"""The LM-head decoding of a whole model, as a job that yields evidence layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from ...schema import MlpId, ModelError
from ..bundle import RunInfo
from ..progress import Progress, silent
from ..subject.experts import MlpParts, Router, read_mlp, some_mlps
from ..subject.subject import Subject
from .decode import decode_layer
from .identity import layer_identity, mask_digest, measured_norms, ranked_tokens, run_identity
from .reuse import relabel
from .routed import decode_router, router_tables
from .settings import Settings
from .tables import Tables, layer_tables, model_table, vocabulary_tables, words_of
from .unembedding import Unembedding, torch_device

Reuse = Callable[[str], Mapping[str, pa.Table] | None]
"""Asked with a layer's identity; gives the tables of an equal layer of another model, or None."""


def shard_name(layer: int, expert: int | None = None) -> str:
    """`L003` for layer 3, `L003E5` for its expert 5, `L003S` for its shared one."""
    return f"L{layer:03d}{MlpId(layer, expert).suffix}"


def router_shard(layer: int) -> str:
    """`L003R`: what layer 3 sends to each of its experts."""
    return f"L{layer:03d}R"


@dataclass
class LmHeadJob:
    """Decodes a model's neurons through its unembedding. `open` makes one; `shards` does the work."""

    subject: Subject
    settings: Settings
    layers: tuple[int, ...]
    reuse: Reuse | None = None
    reused: list[MlpId] = field(default_factory=list)
    """MLPs taken over instead of computed"""
    experts: tuple[int, ...] | None = None
    """the only ones wanted of those that a router chooses among; None for all"""

    @classmethod
    def open(
        cls,
        model: str | Path,
        *,
        name: str | None = None,
        adapter: str | Path | None = None,
        layers: Sequence[int] | None = None,
        experts: Sequence[int] | None = None,
        order: Literal["first", "last"] = "first",
        settings: Settings | Mapping[str, Any] | None = None,
        reuse: Reuse | None = None,
        progress: Progress = silent,
    ) -> LmHeadJob:
        """Find the model's files, parts and vocabulary, and hash its weights.

        `model` is a folder or a hub id, `adapter` that of a LoRA adapter to merge, `layers` the ones wanted (all unless
        given), made in `order` from the first or the last; of a mixture `experts` are the ones wanted in each layer.
        Raises ModelError.
        """
        subject, chosen = Subject.open(model, name, adapter, experts=True), Settings.of(settings)
        torch_device(chosen.device)
        if chosen.convention == "folded" and (between := subject.architecture.between) is not None:
            raise ModelError(
                f"{subject.name}: {between} stands between its layers and its unembedding, so that no norm can be "
                "folded into its rows; ask for the rows as stored (convention raw)"
            )
        wanted = _layers(layers, subject.architecture.n_layers, order)
        some = None if experts is None else tuple(sorted(set(experts)))
        some_mlps(subject.architecture, wanted, some)
        # The checkpoint keeps the digests: subject.weights, asked for later, reads nothing again.
        subject.checkpoint.weights_hash(lambda done, total: progress("hashing weights (MiB)", done >> 20, total >> 20))
        progress("comparing files and modules", 0, 1)
        _ = subject.certificate
        progress("comparing files and modules", 1, 1)
        return cls(subject, chosen, wanted, reuse, experts=some)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything that determines a neuron's result."""
        norms: dict[str, Any] = {}
        if self.settings.convention == "folded":
            norms = measured_norms(self.subject.checkpoint, self.subject.architecture.norms)
        return run_identity(self.subject.weights, self.subject.vocabulary, self.settings, norms)

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        subject = self.subject
        return RunInfo.named(
            "lm-head",
            subject.name,
            subject.weights,
            subject.vocabulary.hash,
            self.identity,
            code=_version(),
            scope={"layers": list(self.layers)} | ({} if self.experts is None else {"experts": list(self.experts)}),
        )

    @cached_property
    def unembedding(self) -> Unembedding:
        """The ranked rows of the unembedding, read once."""
        subject = self.subject
        ranked, words = ranked_tokens(subject.vocabulary, self.settings), words_of(subject.vocabulary)
        return Unembedding.read(
            subject.checkpoint, subject.architecture.unembedding, ranked, words, self.settings.device
        )

    @cached_property
    def _mask(self) -> str:
        return mask_digest(self.subject.vocabulary, self.settings)

    @property
    def mlps(self) -> tuple[MlpParts, ...]:
        """The MLPs that are decoded, in the order of the layers."""
        return some_mlps(self.subject.architecture, self.layers, self.experts)

    def layer_identity(self, layer: int, expert: int | None = None) -> str:
        """Hash of everything that enters the decoding of one layer, or of one expert; equal ones decode equally."""
        built = self.subject.architecture
        return layer_identity(self.subject.checkpoint, built, built.mlp(layer, expert), self._mask, self.settings)

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """The vocabulary, then each layer, or each expert of it and what its router sends them: name and tables by
        table name; those in `done` are left out.

        `progress` is told the neurons decoded, each once per projection.
        """
        if "vocabulary" not in done:
            yield "vocabulary", vocabulary_tables(self.subject.vocabulary) | {"Model": model_table(self.subject)}
        for router in self._routers:
            if router_shard(router.layer) not in done:
                yield router_shard(router.layer), self._sent(router)
        left = [mlp for mlp in self.mlps if shard_name(mlp.at.layer, mlp.at.expert) not in done]
        counter = _Counter(progress, sum(map(self._rows, left)))
        for mlp in left:
            tables = self._reused(mlp)
            if tables is None:
                tables = self._decoded(mlp, counter)
            else:
                counter.add(self._rows(mlp))
            yield shard_name(mlp.at.layer, mlp.at.expert), tables

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """What the job reports about the whole run; `done` names the shards that are made."""
        vocabulary = self.subject.vocabulary
        made = [mlp for mlp in self.subject.architecture.mlps if shard_name(mlp.at.layer, mlp.at.expert) in done]
        experts = {} if self.subject.architecture.mixture is None else {"mlps": [str(mlp.at) for mlp in made]}
        return {
            "source": self.subject.source,
            "tokens": len(vocabulary),
            "ranked_tokens": int(ranked_tokens(vocabulary, self.settings).sum()),
            **{flag: int(getattr(vocabulary, flag).sum()) for flag in ("special", "byte", "unused", "untrained")},
            "layers": sorted({mlp.at.layer for mlp in made}),
            **experts,
            "reused_layers": sorted({at.layer for at in self.reused}),
            "layer_identities": {
                f"{at.layer}{at.suffix}": self.layer_identity(at.layer, at.expert) for at in (mlp.at for mlp in made)
            },
            "k": self.settings.k,
            "sides": 2 * sum(map(self._rows, made)),
        }

    def _rows(self, mlp: MlpParts) -> int:
        return len(self.subject.architecture.projections) * mlp.d_mlp

    @property
    def _routers(self) -> tuple[Router, ...]:
        mixture = self.subject.architecture.mixture
        return () if mixture is None else tuple(r for r in mixture.routers if r.layer in self.layers)

    def _sent(self, router: Router) -> Tables:
        subject = self.subject
        found = decode_router(subject.checkpoint, router, self.unembedding, self.settings)
        return router_tables(found, router, subject, self.settings, self.run.id)

    def _decoded(self, mlp: MlpParts, counter: _Counter) -> Tables:
        subject = self.subject
        weights = read_mlp(subject.checkpoint, subject.architecture, mlp)
        decoding = decode_layer(weights, self.unembedding, self.settings, counter.add)
        return layer_tables(decoding, mlp.at, subject.name, subject.vocabulary.hash, self.run.id)

    def _reused(self, mlp: MlpParts) -> Tables | None:
        identity = self.layer_identity(mlp.at.layer, mlp.at.expert)
        tables = self.reuse(identity) if self.reuse is not None else None
        if tables is None:
            return None
        self.reused.append(mlp.at)
        return relabel(tables, self.subject.name, mlp.at, self.subject.vocabulary.hash, self.run.id)


class _Counter:
    """Adds up rows for a progress that wants totals."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def add(self, rows: int) -> None:
        self.done += rows
        self.progress("decoding rows", self.done, self.total)


def _layers(layers: Sequence[int] | None, n_layers: int, order: str) -> tuple[int, ...]:
    wanted = sorted(set(range(n_layers) if layers is None else layers), reverse=order == "last")
    for layer in wanted:
        if not 0 <= layer < n_layers:
            raise ModelError(f"no layer {layer!r}: the model has layers 0 to {n_layers - 1}")
    return tuple(wanted)


def _version() -> str:
    try:
        return version("neuronkb")
    except PackageNotFoundError:
        return ""
