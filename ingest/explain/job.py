"""Explanations of a model's neurons, as a job that yields evidence some neurons at a time."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ...schema import ModelError, NeuronId, digest
from ..bundle import RunInfo
from ..corpus.corpus import Corpus
from ..live_job import LiveJob, scope_of, some_neurons
from ..lm_head.job import shard_name
from ..lm_head.tables import Tables, model_table
from ..n2g.engine import Target
from ..progress import Progress, silent
from ..subject.live import LiveModel
from .gather import Gathered, gather
from .known import Evidence, Known
from .material import Material
from .settings import Settings
from .tables import record_tables
from .tally import Tallies
from .work import Asking, Part, explain_part

PART = 16
"""Neurons of a layer that are explained, scored and loaded together: what a stop leaves unloaded at most. Their answers
are kept all the same."""
SIDES = 1024
"""Sides whose windows are gathered in one pass."""


@dataclass
class ExplanationsJob(LiveJob):
    """Explains and scores. `open` makes one; `shards` does the work."""

    live: LiveModel
    corpus: Corpus
    evidence: Evidence
    asking: Asking
    settings: Settings
    neurons: Mapping[int, tuple[int, ...]]
    """indices by layer"""
    derived_from: tuple[str, ...]
    work: Path
    """where the windows of an unfinished run are kept"""

    @classmethod
    def open(
        cls,
        live: LiveModel,
        corpus: Corpus,
        evidence: Evidence,
        asking: Asking,
        work: Path,
        *,
        neurons: Sequence[tuple[int, int]] | None = None,
        derived_from: Sequence[str] = (),
        settings: Settings | Mapping[str, Any] | None = None,
    ) -> ExplanationsJob:
        """A job over `neurons`, pairs of layer and index, all unless given. Raises ModelError for neurons that are not
        there, and for a corpus of other tokens than the model's."""
        wanted = some_neurons(live, neurons)
        job = cls(live, corpus, evidence, asking, Settings.of(settings), wanted, tuple(derived_from), work)
        job.check_corpus(corpus)
        return job

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        identity = {
            **self.settings.identity,
            **self.asking.identity,
            "corpus": self.corpus.hash,
            "evidence": list(self.derived_from),
        }
        if self.evidence.divided:  # runs of earlier releases divided by 0, whatever the graphs' seed was
            identity["divided"] = self.evidence.divided
        scope = scope_of(self.neurons, self.live.d_mlp)
        return self.run_info(
            "explanations", identity, derived_from=self.derived_from, dataset=self.corpus.hash, scope=scope
        )

    @cached_property
    def tallies(self) -> Tallies:
        """What went wrong so far."""
        return Tallies.open(self.work / f"{self.run.id}.json")

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """The model, then some neurons of a layer at a time; those in `done` are left out."""
        if "model" not in done:
            yield "model", {"Model": model_table(self.subject)}
        left = [part for part in self._parts() if part[0] not in done]
        finished = 0
        for together in self._together(left):
            made = self._materials(together, progress)
            for (shard, layer, _), (known, materials) in zip(together, made, strict=True):
                units = [NeuronId(self.subject.name, layer, one.target.index) for one in known]
                part = Part(units, known, materials, self.evidence.token_means([one.target for one in known]))
                records, tally = explain_part(part, self.asking, self.settings, self._ablate, progress)
                tables = record_tables(records, self.run.id)
                self.tallies.keep(shard, tally)
                finished += 1
                progress("explaining neurons", finished, len(left))
                yield shard, tables

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """What the job reports about the whole run."""
        return {
            "source": self.subject.source,
            "corpus": str(self.corpus.folder),
            "corpus_name": self.corpus.name,
            "windows": len(self.corpus),
            "window_tokens": self.corpus.settings.length,
            "explainer": self.asking.explainer.id,
            "simulator": self.asking.simulator.id,
            "style": "base" if self.asking.base else "instruct",
            "usage": {who: asdict(client.usage) for who, client in self.asking.clients.items()},
            "poles": list(self.poles),
            "shards": sorted(name for name in done if name != "model"),
            **self.tallies.total(done),
        }

    def _parts(self) -> list[tuple[str, int, tuple[int, ...]]]:
        """(shard, layer, indices) of neurons that are done together; the name holds a hash of them, so that others can
        come later."""
        made = []
        for layer, indices in self.neurons.items():
            for start in range(0, len(indices), PART):
                some = indices[start : start + PART]
                made.append((f"{shard_name(layer)}-{digest({'neurons': list(some)})[:8]}", layer, some))
        return made

    def _together(
        self, parts: Sequence[tuple[str, int, tuple[int, ...]]]
    ) -> Iterator[list[tuple[str, int, tuple[int, ...]]]]:
        """Parts whose windows are gathered in one pass."""
        most = max(1, SIDES // (PART * len(self.poles)))
        for start in range(0, len(parts), most):
            yield list(parts[start : start + most])

    def _materials(
        self, parts: Sequence[tuple[str, int, tuple[int, ...]]], progress: Progress
    ) -> Iterator[tuple[list[Known], list[Material]]]:
        """What is known of the sides of each part, and their windows."""
        known = [self._sides(layer, indices) for _, layer, indices in parts]
        paths = [self.work / f"{self.run.id}-{shard}.npz" for shard, *_ in parts]
        missing = [i for i, path in enumerate(paths) if Gathered.load(path) is None]
        flat = [one for i in missing for one in known[i]]
        if flat:
            maxima = np.array([one.maximum for one in flat], np.float64)
            targets = [one.target for one in flat]
            divided = self.evidence.divided
            found = gather(self.live, self.corpus, targets, maxima, self.settings, progress, divided)
            self.work.mkdir(parents=True, exist_ok=True)
            for i, own in zip(missing, found.split([len(known[i]) for i in missing]), strict=True):
                own.save(paths[i])
        for some, path in zip(known, paths, strict=True):
            kept = Gathered.load(path)
            if kept is None:
                raise ModelError(f"{path}: the windows that were kept there are gone; run again")
            yield some, [self._material(kept, i, one) for i, one in enumerate(some)]
            path.unlink(missing_ok=True)

    def _sides(self, layer: int, indices: Sequence[int]) -> list[Known]:
        """The sides that are asked for, with what is known of them."""
        found = self.evidence.known([Target(layer, index, pole) for index in indices for pole in self.poles])
        if self.settings.sides == "both":
            return found
        n = len(self.poles)
        return [max(found[i : i + n], key=lambda one: one.maximum) for i in range(0, len(found), n)]

    def _material(self, found: Gathered, place: int, known: Known) -> Material:
        texts = self.subject.vocabulary.texts
        windows = found.passages(place, self.corpus, texts, self.settings)
        shown = known.shown[: self.settings.shown]
        return Material(known.target, known.maximum, float(found.means[place]), shown, windows)

    def _ablate(self, material: Material, simulations: Sequence[Sequence[Any]]) -> list[Any]:
        """Ablation of the first windows of each kind; simulations are of all reporting windows."""
        from .ablate import ablation

        top, random = (len(material.windows["report", part]) for part in ("top", "random"))
        each = self.settings.ablate
        kept = [*range(min(top, each)), *range(top, top + min(random, each))]
        passages = material.top_and_random("report")
        bos = (int(self.corpus.tokens[0, 0]),) if self.corpus.bos else ()
        return ablation(
            self.live,
            material.target,
            [passages[i] for i in kept],
            [[simulation[i] for i in kept] for simulation in simulations],
            material.mean,
            bos,
        )
