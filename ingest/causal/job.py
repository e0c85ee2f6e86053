"""Clamps of chosen neurons on neutral prompts, beside two nulls, as a job that yields evidence layer by layer."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch

from ...schema import POLES, ModelError, digest
from ..bundle import RunInfo
from ..live_job import LiveJob
from ..lm_head.job import shard_name
from ..lm_head.tables import Tables, model_table, words_of
from ..progress import Progress, silent
from ..subject.clamp import Clamp
from ..subject.continuation import encode
from ..subject.live import LiveModel
from .answers import Named, named, sampled
from .check import Others, Vocabulary, check_layer
from .end import Case, End, cases, sites
from .last_token import LastToken
from .nulls import Floats, nearest
from .prompts import prompts_hash, shipped
from .ranges import Ranges
from .settings import METHOD, Settings
from .tables import layer_tables

JOB = "clamp"


@dataclass(frozen=True)
class Sources:
    """Where the sides and the hidden values' ends come from."""

    decoding: str | None = None
    """the run that decoded the tokens"""
    activations: str | None = None
    """the run whose maxima the clamps are multiples of; None where they are measured on the prompts"""
    hidden: Mapping[int, tuple[Floats, Floats]] = field(default_factory=dict)
    """smallest and largest hidden value `[d_mlp]` by layer, of that run"""
    texts: tuple[str, ...] = ()
    """what the pre-activations' ends are measured on; the prompts unless given"""


@dataclass
class ClampJob(LiveJob):
    """Clamps neurons and measures what becomes of their decoded tokens. `open` makes one; `shards` does the work."""

    live: LiveModel
    sides: tuple[End, ...]
    sources: Sources
    prompts: tuple[str, ...]
    settings: Settings
    _off: list[tuple[str, ...]] = field(default_factory=list, repr=False)

    @classmethod
    def open(
        cls,
        live: LiveModel,
        sides: Sequence[End],
        *,
        sources: Sources | None = None,
        prompts: Sequence[str] | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
    ) -> ClampJob:
        """A job over some sides, on the shipped prompts unless others are given.

        Raises ModelError for a side the model does not have or that no clamp can test, and for no side or prompt.
        """
        chosen, given = Settings.of(settings), tuple(shipped() if prompts is None else prompts)
        if not sides:
            raise ModelError("no neuron to clamp; give some, or lower what is asked of them")
        if not given:
            raise ModelError("no prompt to clamp on; give at least one")
        for side in sides:
            _check(side, live)
        ordered = sorted(set(sides), key=lambda s: (s.layer, s.neuron, s.projection, -s.pole))
        return cls(live, tuple(ordered), sources or Sources(), given, chosen)

    @property
    def layers(self) -> tuple[int, ...]:
        return tuple(sorted({side.layer for side in self.sides}))

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with. Which sides are tested is part of the identity: how many pass
        depends on how many were tried."""
        identity = {
            "method": METHOD,
            "decoding": self.sources.decoding,
            "maxima": self.sources.activations or "prompts",
            "texts": digest({"texts": list(self.sources.texts)}),
            "prompts": prompts_hash(self.prompts),
            "sides": digest({str(side): list(side.tokens) for side in self.sides}),
            **self.settings.identity,
        }
        return self.run_info(
            JOB,
            identity,
            dataset=prompts_hash(self.prompts),
            scope={"layers": list(self.layers), "device": self.live.device.type},
            derived_from=tuple(run for run in (self.sources.decoding, self.sources.activations) if run),
        )

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """The model, then each layer's clamps; those in `done` are left out."""
        if "model" not in done:
            yield "model", {"Model": model_table(self.subject)}
        left = [layer for layer in self.layers if shard_name(layer) not in done]
        if not left:
            return
        ranges = self._ranges(progress)
        ids = [encode(self.live, prompt) for prompt in self.prompts]
        prompts = [LastToken(self.live, row) for row in ids]
        vocabulary = self._vocabulary(prompts)
        counter = _Counter(progress, self._rows(left, ranges))
        for layer in left:
            found, others = self._cases(layer, ranges), self._others(layer, ranges)
            norms = others.norms[: self.live.blocks[layer].d_mlp]
            doses = check_layer(prompts, found, norms, others, vocabulary, self.settings, counter.add)
            answers = [self._answers(case, others) for case in found]
            name = self.subject.name
            prompted = prompts_hash(self.prompts)
            yield shard_name(layer), layer_tables(name, self.run.id, prompted, found, doses, answers)

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """What the job reports about the whole run."""
        return {
            "source": self.subject.source,
            "sides": len(self.sides),
            "prompts": list(self.prompts),
            "question": self.settings.question if self.settings.answers else None,
            "layers": [layer for layer in self.layers if shard_name(layer) in done],
        }

    def _ranges(self, progress: Progress) -> Ranges:
        texts = self.sources.texts or self.prompts
        measured = Ranges.measure(self.live, texts, self.layers, progress)
        return measured.replaced(self.sources.hidden)

    def _vocabulary(self, prompts: Sequence[LastToken]) -> Vocabulary:
        vocabulary, size = self.subject.vocabulary, len(prompts[0].before)
        before = torch.stack([prompt.before.double().cpu() for prompt in prompts]).mean(0).numpy()
        words = np.full(size, -1, np.int64)
        allowed = np.zeros(size, np.bool_)
        known = min(size, len(vocabulary))
        words[:known], allowed[:known] = words_of(vocabulary)[:known], vocabulary.ordinary[:known]
        return Vocabulary(allowed & np.isfinite(before), words, np.where(np.isfinite(before), before, -1e9))

    def _cases(self, layer: int, ranges: Ranges) -> list[Case]:
        mine = [side for side in self.sides if side.layer == layer]
        return [case for side in mine for case in cases(side, ranges, self.live.gated)]

    def _others(self, layer: int, ranges: Ranges) -> Others:
        signs = tuple(POLES) if self.live.gated else (1,)
        norms = column_norms(self.live, layer)
        most = [np.maximum(ranges.most(layer, "hidden", sign), 0.0) for sign in signs]
        every = np.tile(np.arange(len(norms)), len(signs))
        return Others(every, np.repeat(np.array(signs), len(norms)), norms[every], np.concatenate(most))

    def _rows(self, layers: Sequence[int], ranges: Ranges) -> int:
        """About how many clamps are to be run."""
        tested = sum(len(self._cases(layer, ranges)) for layer in layers)
        pool = len(layers) * self.settings.pool
        return len(self.prompts) * (tested * len(self.settings.doses) + pool)

    @cached_property
    def _asked(self) -> frozenset[End]:
        """The sides that answers are sampled for."""
        down = [side for side in self.sides if side.projection == "down"]
        clearest = sorted(down, key=lambda side: (-side.clarity, str(side)))
        return frozenset(clearest[: self.settings.answers_neurons] if self.settings.answers else ())

    def _answers(self, case: Case, others: Others) -> Named | None:
        """Answers with the clamp off, on, and on one of the twenty neurons nearest in size."""
        if case.side not in self._asked:
            return None
        chosen, side = self.settings, case.side
        usable = np.flatnonzero((others.neurons != side.neuron) & (others.sizes > 0))
        if not len(usable):
            return None
        size = float(column_norms(self.live, side.layer)[side.neuron] * case.maximum)
        near = usable[nearest(size, others.sizes[usable], 20)]
        place = int(np.random.default_rng([chosen.seed, side.layer, side.neuron]).choice(near))
        value = chosen.reference * float(others.poles[place] * others.maxima[place])
        other = Clamp(side.layer, int(others.neurons[place]), value)
        on = Clamp(side.layer, side.neuron, case.value(chosen.reference), site=case.site)
        if not self._off:
            self._off.append(self._said([]))
        words = [self.subject.vocabulary.texts[token] for token in side.tokens]
        counts = [named(texts, words) for texts in (self._off[0], self._said([on]), self._said([other]))]
        return Named(chosen.answers, *counts)

    def _said(self, clamps: Sequence[Clamp]) -> tuple[str, ...]:
        chosen = self.settings
        ids = encode(self.live, chosen.question, chosen.chat)
        return sampled(self.live, ids, clamps, chosen.answers, chosen.answer_tokens, chosen.seed)


def column_norms(live: LiveModel, layer: int) -> Floats:
    """Lengths of the layer's down columns, float64 `[d_mlp]`."""
    out = live.blocks[layer].out
    weight = out.weight
    assert isinstance(weight, torch.Tensor)
    # transformers' Conv1D keeps its matrix as [in, out].
    across = 1 if type(out).__name__ == "Conv1D" else 0
    found: Floats = weight.detach().double().norm(dim=across).cpu().numpy()
    return found


def _check(side: End, live: LiveModel) -> None:
    """Raise ModelError for a side that is not there or that no clamp can test."""
    Clamp(side.layer, side.neuron, 0.0).check(live.blocks)
    if not sites(side.projection, side.pole, live.gated):
        raise ModelError(
            f"{side}: this side closes the neuron or is never reached, no clamp shows what it decodes to; "
            "give down+, down-, up+, up- or gate+ (without a gate: down+, up+)"
        )
    if not side.tokens:
        raise ModelError(f"{side}: no decoded tokens; run neuronkb lm-head ingest first")


class _Counter:
    """Adds up clamps for a progress that wants totals; how many stand-ins overlap is not known before."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def add(self, rows: int) -> None:
        self.done = min(self.done + rows, self.total)
        self.progress("clamping", self.done, self.total)
