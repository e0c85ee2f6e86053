"""What the jobs that run a model share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ..schema import POLES, ModelError
from .bundle import RunInfo
from .corpus.corpus import Corpus
from .subject.live import LiveModel
from .subject.subject import Subject


class LiveJob:
    """A job on a running model."""

    live: LiveModel

    @property
    def subject(self) -> Subject:
        """The model's files."""
        if self.live.subject is None:
            raise ModelError(
                "this model was handed over without its files: it has no weights hash to stand on evidence"
            )
        return self.live.subject

    @cached_property
    def poles(self) -> tuple[int, ...]:
        """Both signs of a gated model's hidden values; +1 of an ungated one's."""
        return tuple(POLES) if self.live.gated else (1,)

    def run_info(self, job: str, identity: Mapping[str, Any], **more: Any) -> RunInfo:
        """The run of a job; weights, tokenizer and number format belong to what identifies it. `more` as in RunInfo."""
        whole = {
            **identity,
            "weights": self.subject.weights,
            **self.subject.vocabulary.identity,
            "dtype": str(self.live.model.dtype).removeprefix("torch."),
        }
        subject = self.subject
        return RunInfo.named(job, subject.name, subject.weights, subject.vocabulary.hash, whole, **more)

    def check_corpus(self, corpus: Corpus) -> None:
        """Raise ModelError for a corpus of other tokens than the model's, or of windows longer than its context."""
        if corpus.tokenizer != self.subject.vocabulary.hash:
            raise ModelError(
                f"{corpus.folder}: cut into tokens of another tokenizer than {self.subject.name}'s; build it again"
            )
        self.check_length(corpus.settings.length)

    def check_length(self, length: int, what: str = "") -> None:
        """Raise ModelError for windows longer than the model's context."""
        if self.live.context is not None and length > self.live.context:
            raise ModelError(f"{what}windows of {length} tokens do not fit the model's context of {self.live.context}")


def some_layers(live: LiveModel, layers: Sequence[int] | None) -> tuple[int, ...]:
    """The layers named, ascending, all unless given. Raises ModelError for one that is not there."""
    wanted = tuple(range(live.n_layers)) if layers is None else tuple(sorted(set(layers)))
    for layer in wanted:
        if not 0 <= layer < live.n_layers:
            raise ModelError(f"no layer {layer!r}: the model has layers 0 to {live.n_layers - 1}")
    return wanted


def some_neurons(
    live: LiveModel, neurons: Sequence[tuple[int, int]] | None, layers: Sequence[int] | None = None
) -> dict[int, tuple[int, ...]]:
    """Indices by layer of `neurons`, pairs of layer and index; all of `layers` unless given.

    Raises ModelError for a neuron that is not there, and where there is none.
    """
    if neurons is None:
        found = {layer: list(range(live.d_mlp)) for layer in some_layers(live, layers)}
    else:
        found = {}
        for layer, index in sorted(set(neurons)):
            if not (0 <= layer < live.n_layers and 0 <= index < live.d_mlp):
                raise ModelError(
                    f"no neuron L{layer}/N{index}: the model has layers 0 to {live.n_layers - 1} and neurons 0 to "
                    f"{live.d_mlp - 1}"
                )
            found.setdefault(layer, []).append(index)
    if not found:
        raise ModelError("no neurons were asked for; name some, or leave them out for all")
    return {layer: tuple(indices) for layer, indices in found.items()}


def scope_of(neurons: Mapping[int, Sequence[int]], width: int) -> dict[str, Any]:
    """Which neurons were asked for, as a bundle's scope: whole layers of `width` neurons, and indices by layer of the
    others. Scopes of several jobs of one run are united."""
    whole = sorted(layer for layer, own in neurons.items() if len(own) == width)
    some = {str(layer): sorted(own) for layer, own in neurons.items() if len(own) != width}
    return {"layers": whole, "neurons": some}
