"""A corpus pass over a mixture of experts: a neuron counts on the tokens that reach its expert."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...schema import CorpusError, MlpId
from ..bundle import RunInfo
from ..corpus.corpus import Corpus
from ..lm_head.job import shard_name
from ..lm_head.tables import Tables
from ..subject.experts import some_mlps
from ..subject.hooks import Values
from ..subject.live import LiveModel
from ..team import Team
from .job import ActivationsJob
from .layer import Batch, Layer
from .settings import Settings
from .tables import Windows, layer_tables, mlp_neurons
from .token_table import BYTES, frequent


@dataclass(frozen=True)
class RoutedBatch(Batch):
    """Windows of which only some tokens count."""

    routed: torch.Tensor = field(default_factory=lambda: torch.empty(0))
    """bool `[b, length]`: reaches the expert, and is neither BOS nor padding"""

    @property
    def full(self) -> bool:
        return False

    @cached_property
    def count(self) -> int:
        return int(self.routed.sum())

    @cached_property
    def left_out(self) -> torch.Tensor:
        return ~self.routed

    @cached_property
    def known(self) -> torch.Tensor:
        return ((self.slots >= 0) & self.routed).flatten().nonzero()[:, 0]


def reaching(values: Values, batch: Batch) -> tuple[torch.Tensor, RoutedBatch] | None:
    """The windows with a token that reaches the expert, values float32 `[w, length, n]` with 0 at all other tokens, as
    a batch; None where no token does. Values are NaN where a token does not reach it."""
    routed = ~values.isnan().all(-1)
    if batch.left_out is not None:
        routed &= ~batch.left_out
    some = routed.any(1)
    if not bool(some.any()):
        return None
    rows = some.nonzero()[:, 0]
    part = RoutedBatch(
        batch.windows[rows],
        batch.documents[rows],
        batch.held[rows],
        batch.slots[rows],
        batch.bos,
        batch.ends[rows.cpu().numpy()],
        routed=routed[rows],
    )
    return values[rows].float().nan_to_num(0.0), part


@dataclass
class RoutedJob(ActivationsJob):
    """As ActivationsJob; `layers` are numbers of the model's MLPs. Windows of bands are not drawn, signs of gate and up
    and roles are not told apart."""

    experts: tuple[int, ...] | None = None
    """the only ones read of those that a router chooses among; None for all"""

    @classmethod
    def open(
        cls,
        live: LiveModel,
        corpus: Corpus,
        work: Path,
        *,
        layers: Sequence[int] | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
        experts: Sequence[int] | None = None,
    ) -> RoutedJob:
        """A job over experts of `layers`, all unless given. Raises ModelError, CorpusError for roles."""
        subject, chosen = live.subject, Settings.of(settings)
        assert subject is not None
        built = subject.architecture
        if chosen.roles:
            raise CorpusError(
                f"{subject.name} is a mixture of experts, whose roles are not told apart; leave roles out"
            )
        wanted = range(built.n_layers) if layers is None else sorted(set(layers))
        some = None if experts is None else tuple(sorted(set(experts)))
        asked = [mlp.at for mlp in some_mlps(built, wanted, some)]
        numbers = tuple(built.number(at.layer, at.expert) for at in asked)
        job = cls(live, corpus, work, replace(chosen, per_band=0), numbers, experts=some)
        job.check_corpus(corpus)
        return job

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        plain = super().run
        layers = sorted({self.at(number).layer for number in self.layers})
        experts = {} if self.experts is None else {"experts": list(self.experts)}
        return replace(plain, scope={**plain.scope, "layers": layers, **experts})

    def at(self, number: int) -> MlpId:
        """The MLP of a number."""
        return self.subject.architecture.mlps[number].at

    def shard(self, number: int) -> str:
        """Name of an MLP's shard."""
        at = self.at(number)
        return shard_name(at.layer, at.expert)

    @cached_property
    def table_tokens(self) -> npt.NDArray[np.int64]:
        """As in ActivationsJob; its memory is that of the neurons asked for."""
        neurons = sum(self.live.mlps[number].d_mlp for number in self.layers)
        room = self.settings.table_bytes // (BYTES * neurons)
        none = np.empty(0, np.int64)
        return frequent(self._token_counts, self.settings.least, room) if self.settings.tokens else none

    def new_layers(self) -> list[Layer]:
        """Empty reductions of the job's MLPs; how often a token reaches each is counted as they come."""
        nothing = torch.zeros(len(self.table_tokens), dtype=torch.int64)
        length, device, poles = self.corpus.settings.length, self.live.device, self.poles
        return [
            Layer(i, self.live.mlps[i].d_mlp, length, poles, nothing, self.settings, device, routed=True)
            for i in self.layers
        ]

    def reduce(self, windows: npt.NDArray[np.intp], layers: list[Layer], team: Team, drawing: bool = False) -> None:
        """Run windows in reading order through the model, in batches, and add them to `layers`."""
        by_number = {layer.layer: layer for layer in layers}
        for part in self.corpus.parts(windows, self.settings.batch):
            batch = self._batch(part)
            ids, mask = self.corpus.inputs(part)

            def visit(number: int, site: str, values: Values, batch: Batch = batch) -> None:
                layer = by_number[number]
                layer.passed(batch.count)
                found = reaching(values, batch)
                if found is not None:
                    layer.take_routed(*found)

            self.live.read(ids, visit, layers=self.layers, attention_mask=mask)

    def tables(self, layer: Layer, windows: Windows, tokens: Any) -> Tables:
        """Evidence of one MLP; of one that no token reached its neurons alone."""
        at, n = self.at(layer.layer), self.live.mlps[layer.layer].d_mlp
        if not layer.moments.count:
            return mlp_neurons(self.subject.name, at, n)
        return layer_tables(layer, self.subject.name, self.run.id, windows, tokens, at)

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """As in ActivationsJob, with the MLPs read and those that no token reached."""
        plain = super().summary(done)
        made = [number for number in self.layers if self.shard(number) in done]
        unreached = [str(self.at(layer.layer)) for layer in self._made if not layer.moments.count]
        named = {"unreached": unreached} if self._made else {}
        return {
            **plain,
            "layers": sorted({self.at(number).layer for number in made}),
            "mlps": [str(self.at(number)) for number in made],
            **named,
        }
