"""The LM-head decoding of a whole model, as a job that yields evidence layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from ...schema import ModelError
from ..bundle import RunInfo
from ..progress import Progress, silent
from ..subject.layer_weights import read_layer
from ..subject.subject import Subject
from .decode import decode_layer
from .identity import layer_identity, mask_digest, measured_norms, ranked_tokens, run_identity
from .reuse import relabel
from .settings import Settings
from .tables import Tables, layer_tables, model_table, vocabulary_tables, words_of
from .unembedding import Unembedding, torch_device

Reuse = Callable[[str], Mapping[str, pa.Table] | None]
"""Asked with a layer's identity; gives the tables of an equal layer of another model, or None."""


def shard_name(layer: int) -> str:
    """`L003` for layer 3."""
    return f"L{layer:03d}"


@dataclass
class LmHeadJob:
    """Decodes a model's neurons through its unembedding. `open` makes one; `shards` does the work."""

    subject: Subject
    settings: Settings
    layers: tuple[int, ...]
    reuse: Reuse | None = None
    reused: list[int] = field(default_factory=list)
    """layers taken over instead of computed"""

    @classmethod
    def open(
        cls,
        model: str | Path,
        *,
        name: str | None = None,
        layers: Sequence[int] | None = None,
        order: Literal["first", "last"] = "first",
        settings: Settings | Mapping[str, Any] | None = None,
        reuse: Reuse | None = None,
        progress: Progress = silent,
    ) -> LmHeadJob:
        """Find the model's files, parts and vocabulary, and hash its weights.

        `model` is a folder or a hub id, `layers` the ones wanted (all unless given), made in `order` from the first
        or the last. Raises ModelError.
        """
        subject, chosen = Subject.open(model, name), Settings.of(settings)
        torch_device(chosen.device)
        if chosen.convention == "folded" and (between := subject.architecture.between) is not None:
            raise ModelError(
                f"{subject.name}: {between} stands between its layers and its unembedding, so that no norm can be "
                "folded into its rows; ask for the rows as stored (convention raw)"
            )
        wanted = _layers(layers, subject.architecture.n_layers, order)
        # The checkpoint keeps the digests: subject.weights, asked for later, reads nothing again.
        subject.checkpoint.weights_hash(lambda done, total: progress("hashing weights (MiB)", done >> 20, total >> 20))
        return cls(subject, chosen, wanted, reuse)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything that determines a neuron's result."""
        norms: dict[str, Any] = {}
        if self.settings.convention == "folded":
            norms = measured_norms(self.subject.checkpoint, self.subject.architecture.norms)
        return run_identity(self.subject.weights, self.subject.vocabulary.hash, self.settings, norms)

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
            scope={"layers": list(self.layers)},
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

    def layer_identity(self, layer: int) -> str:
        """Hash of everything that enters the decoding of one layer; equal layers decode equally."""
        return layer_identity(self.subject.checkpoint, self.subject.architecture, layer, self._mask, self.settings)

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """The vocabulary, then each layer: name and tables by table name; those in `done` are left out.

        `progress` is told the neurons decoded, each once per projection.
        """
        if "vocabulary" not in done:
            yield "vocabulary", vocabulary_tables(self.subject.vocabulary) | {"Model": model_table(self.subject)}
        name, tokenizer = self.subject.name, self.subject.vocabulary.hash
        left = [layer for layer in self.layers if shard_name(layer) not in done]
        counter = _Counter(progress, len(left) * self._rows_a_layer)
        for layer in left:
            tables = self._reused(layer)
            if tables is None:
                weights = read_layer(self.subject.checkpoint, self.subject.architecture, layer)
                decoding = decode_layer(weights, self.unembedding, self.settings, counter.add)
                tables = layer_tables(decoding, name, tokenizer, self.run.id)
            else:
                counter.add(self._rows_a_layer)
            yield shard_name(layer), tables

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """What the job reports about the whole run; `done` names the shards that are made."""
        vocabulary = self.subject.vocabulary
        layers = [i for i in range(self.subject.architecture.n_layers) if shard_name(i) in done]
        return {
            "source": self.subject.source,
            "tokens": len(vocabulary),
            "ranked_tokens": int(ranked_tokens(vocabulary, self.settings).sum()),
            **{flag: int(getattr(vocabulary, flag).sum()) for flag in ("special", "byte", "unused", "untrained")},
            "layers": layers,
            "reused_layers": sorted(self.reused),
            "layer_identities": {str(layer): self.layer_identity(layer) for layer in layers},
            "k": self.settings.k,
            "sides": 2 * self._rows_a_layer * len(layers),
        }

    @property
    def _rows_a_layer(self) -> int:
        return len(self.subject.architecture.projections) * self.subject.architecture.d_mlp

    def _reused(self, layer: int) -> Tables | None:
        tables = self.reuse(self.layer_identity(layer)) if self.reuse is not None else None
        if tables is None:
            return None
        self.reused.append(layer)
        return relabel(tables, self.subject.name, layer, self.subject.vocabulary.hash, self.run.id)


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
