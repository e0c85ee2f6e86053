"""What every neuron of a model does on a corpus, as a job: one pass serves all neurons of all layers."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from ...schema import CorpusError, MlpId
from ..bundle import RunInfo
from ..corpus.corpus import Corpus
from ..live_job import LiveJob, some_layers
from ..lm_head.job import shard_name
from ..lm_head.tables import Tables, model_table, vocabulary_tables
from ..progress import Progress, silent
from ..subject.hooks import Values
from ..subject.live import LiveModel
from ..team import Team
from .histogram import BINS, edges
from .layer import Batch, Layer
from .settings import BANDS, METHOD, Settings
from .state import drop_state, load_state, save_state
from .tables import QUANTILES, Windows, band_name, layer_tables, used_windows
from .token_table import BYTES, frequent
from .waiting import Waiting

EXCERPTS = "excerpts"
"""Name of the shard with the windows that are some neuron's example."""


@dataclass
class ActivationsJob(LiveJob):
    """Runs a corpus through a model. `open` makes one; `shards` does the work."""

    live: LiveModel
    corpus: Corpus
    work: Path
    """where the state of an unfinished pass is kept"""
    settings: Settings
    layers: tuple[int, ...]
    _made: list[Layer] = field(default_factory=list, repr=False)

    @classmethod
    def open(
        cls,
        live: LiveModel,
        corpus: Corpus,
        work: Path,
        *,
        layers: Sequence[int] | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
    ) -> ActivationsJob:
        """A job over `layers` (all unless given). Raises ModelError for a corpus of other tokens than the model's,
        CorpusError where roles are asked for and it has none."""
        job = cls(live, corpus, work, Settings.of(settings), some_layers(live, layers))
        job.check_corpus(corpus)
        if job.settings.roles and not job.roles:
            raise CorpusError(_no_roles(corpus))
        return job

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        names = ("k", "per_band", "tokens", "least", "table_bytes", "seed")
        identity = {
            "method": METHOD,
            "corpus": self.corpus.hash,
            **{name: getattr(self.settings, name) for name in names},
        }
        if self.settings.roles and self.corpus.roles is not None:
            identity["roles"] = self.corpus.roles.hash
        scope = {"layers": list(self.layers), "device": self.live.device.type}
        return self.run_info("activations", identity, dataset=self.corpus.hash, scope=scope)

    @cached_property
    def roles(self) -> dict[str, int]:
        """Tokens of each role that is told apart; empty where none are."""
        return self.corpus.roles.counts if self.settings.roles and self.corpus.roles is not None else {}

    @cached_property
    def _role_numbers(self) -> npt.NDArray[np.int64] | None:
        """`[codes]` number of the role of each code in the corpus, -1 for no role; None where none are told apart."""
        if self.corpus.roles is None or not self.roles:
            return None
        told = list(self.roles)
        return np.array([-1, *(told.index(name) if name in told else -1 for name in self.corpus.roles.names)])

    @cached_property
    def table_tokens(self) -> npt.NDArray[np.int64]:
        """Numbers of the tokens in the token table, ascending."""
        room = self.settings.table_bytes // (BYTES * self.live.d_mlp * self.live.n_layers)
        return (
            frequent(self._token_counts, self.settings.least, room) if self.settings.tokens else np.empty(0, np.int64)
        )

    @cached_property
    def _slots(self) -> npt.NDArray[np.int64]:
        """`[d_vocab]` row of the token table, -1 for a token it does not hold."""
        slots = np.full(len(self.subject.vocabulary), -1, np.int64)
        slots[self.table_tokens] = np.arange(len(self.table_tokens))
        return slots

    @cached_property
    def _token_counts(self) -> npt.NDArray[np.int64]:
        """`[d_vocab]` times each token was seen in the windows that are not held out, BOS left out."""
        counts = np.zeros(len(self.subject.vocabulary), np.int64)
        place = np.arange(self.corpus.settings.length)
        for start in range(0, len(self.corpus), 2**14):
            part = slice(start, start + 2**14)
            inside = (place < self.corpus.lengths[part, None]) & (place >= int(self.corpus.bos))
            seen = inside & ~self.corpus.held[part, None]
            counts += np.bincount(self.corpus.tokens[part][seen], minlength=len(counts))
        return counts

    @cached_property
    def _waiting(self) -> Waiting:
        return Waiting(self.live.device)

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """The vocabulary, the example windows, then each layer; those in `done` are left out."""
        vocabulary = self.subject.vocabulary
        if "vocabulary" not in done:
            yield "vocabulary", vocabulary_tables(vocabulary) | {"Model": model_table(self.subject)}
        names = [EXCERPTS, *map(self.shard, self.layers)]
        if all(name in done for name in names):
            drop_state(self._state)
            return
        layers = self._reduced(progress)
        numbers = used_windows(layers)
        nodes = self.corpus.excerpts(numbers, vocabulary.texts, vocabulary.pieces)
        if EXCERPTS not in done:
            yield EXCERPTS, {"Excerpt": nodes}
        ids = np.full(len(self.corpus), None, dtype=object)
        ids[numbers] = nodes.column("id").to_pylist()
        tokens = pa.array([f"{vocabulary.hash}/T{token}" for token in self.table_tokens.tolist()], pa.string())
        windows = Windows(ids, self.corpus.lengths)
        for layer in layers:
            if self.shard(layer.layer) not in done:
                yield self.shard(layer.layer), self.tables(layer, windows, tokens)
        drop_state(self._state)

    def shard(self, number: int) -> str:
        """Name of a layer's shard."""
        return shard_name(number)

    def tables(self, layer: Layer, windows: Windows, tokens: pa.Array) -> Tables:
        """Evidence of one layer."""
        return layer_tables(layer, self.subject.name, self.run.id, windows, tokens, MlpId(layer.layer))

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """What the job reports about the whole run."""
        found = self.corpus.summary
        return {
            "source": self.subject.source,
            "corpus": str(self.corpus.folder),
            "corpus_name": self.corpus.name,
            "documents": found.documents,
            "windows": len(self.corpus),
            "padded_windows": found.padded,
            "tokens": found.tokens,
            "held_windows": int(self.corpus.held.sum()),
            "window_tokens": self.corpus.settings.length,
            "tails": self.corpus.settings.tails,
            "bos": self.corpus.settings.bos,
            "table_tokens": len(self.table_tokens),
            "poles": list(self.poles),
            "bands": [band_name(band) for band in range(len(BANDS))],
            "quantiles": list(QUANTILES),
            "histogram_edges": [None if not np.isfinite(edge) else float(edge) for edge in edges()],
            "bins": BINS,
            "layers": [layer for layer in self.layers if shard_name(layer) in done],
            **({"roles": self.roles} if self.roles else {}),
        }

    @property
    def _state(self) -> Path:
        return self.work / f"{self.run.id}.safetensors"

    def _reduced(self, progress: Progress) -> list[Layer]:
        """Both passes, from the last saved state on."""
        if self._made:
            return self._made
        layers, chosen = self.new_layers(), self.settings
        stage, position = self._resume(layers)
        everything = np.arange(len(self.corpus))
        held = np.flatnonzero(self.corpus.held) if chosen.per_band else everything[:0]
        with Team(self.live.device) as team:
            for number, windows in enumerate((everything, held)):
                if number >= stage:
                    start = position if number == stage else 0
                    self._pass(number, windows, start, layers, team, progress)
        self._made.extend(layers)
        return layers

    def _pass(
        self,
        stage: int,
        windows: npt.NDArray[np.intp],
        start: int,
        layers: list[Layer],
        team: Team,
        progress: Progress,
    ) -> None:
        """Run `windows` through the model, in reading order from place `start` on; stage 0 reduces them, stage 1 draws
        from the held-out ones."""
        step = ("reading windows", "drawing windows of the bands")[stage]
        done = saved = start
        progress(step, start, len(windows))
        for part in self.corpus.parts(self.corpus.reading_order(windows), self.settings.batch, start):
            self.reduce(part, layers, team, drawing=stage == 1)
            done += len(part)
            progress(step, done, len(windows))
            if done - saved >= self.settings.every or done == len(windows):
                self._save(layers, stage, done)
                saved = done

    def new_layers(self) -> list[Layer]:
        """Empty reductions of the job's layers."""
        counts = torch.from_numpy(self._token_counts[self.table_tokens])
        length, n, device = self.corpus.settings.length, self.live.d_mlp, self.live.device
        gated = self.live.gated
        return [Layer(i, n, length, self.poles, counts, self.settings, device, gated, self.roles) for i in self.layers]

    def reduce(self, windows: npt.NDArray[np.intp], layers: list[Layer], team: Team, drawing: bool = False) -> None:
        """Run windows in reading order through the model, in batches, and add them to `layers`; or, `drawing`, draw
        random examples from them."""
        by_number = {layer.layer: layer for layer in layers}
        for part in self.corpus.parts(windows, self.settings.batch):
            batch = self._batch(part)
            ids, mask = self.corpus.inputs(part)

            def visit(layer: int, site: str, values: Values, batch: Batch = batch) -> None:
                if site == "gate":
                    self._waiting.add_gate(values)
                elif site == "up":
                    self._waiting.add_up(values)
                elif self._waiting.add(by_number[layer], values):
                    self._work_off(batch, team, drawing)

            sites = ("gate", "up", "hidden") if self.live.gated else ("hidden",)
            self.live.read(ids, visit, layers=self.layers, sites=sites, attention_mask=mask)
            self._work_off(batch, team, drawing)

    def _work_off(self, batch: Batch, team: Team, drawing: bool) -> None:
        found = self._waiting.leave()
        tasks = [task for layer, values, codes in found for task in layer.tasks(values, codes, batch, drawing)]
        for _ in team.map(lambda task: task(), tasks):
            pass
        if not drawing:
            for layer, *_ in found:
                layer.counted(batch)

    def _batch(self, windows: npt.NDArray[np.intp]) -> Batch:
        device = self.live.device
        ends = self.corpus.lengths[windows].astype(np.int64)
        slots = self._slots[self.corpus.tokens[windows][:, : ends.max()]]
        slots[self.corpus.held[windows]] = -1
        slots[np.arange(slots.shape[1]) >= ends[:, None]] = -1
        if self.corpus.bos:
            slots[:, 0] = -1
        return Batch(
            torch.from_numpy(windows.astype(np.int32)).to(device),
            torch.from_numpy(self.corpus.document[windows].astype(np.int32)).to(device),
            torch.from_numpy(np.asarray(self.corpus.held[windows])).to(device),
            torch.from_numpy(slots).to(device),
            self.corpus.bos,
            ends,
            self._roles_of(windows, int(ends.max())),
        )

    def _roles_of(self, windows: npt.NDArray[np.intp], longest: int) -> torch.Tensor | None:
        """As in Batch.roles."""
        if self.corpus.roles is None or self._role_numbers is None:
            return None
        return torch.from_numpy(self._role_numbers[self.corpus.roles.codes[windows][:, :longest]]).to(self.live.device)

    def _save(self, layers: list[Layer], stage: int, position: int) -> None:
        tensors = {f"{layer.layer}:{name}": t for layer in layers for name, t in layer.tensors().items()}
        save_state(self._state, tensors, {"run": self.run.id, "stage": str(stage), "position": str(position)})

    def _resume(self, layers: list[Layer]) -> tuple[int, int]:
        """Stage and position to go on from."""
        found = load_state(self._state)
        wanted = {f"{layer.layer}:{name}" for layer in layers for name in layer.tensors()}
        if found is None or found[0].keys() != wanted:
            return 0, 0
        tensors, meta = found
        for layer in layers:
            prefix = f"{layer.layer}:"
            layer.restore({name[len(prefix) :]: t for name, t in tensors.items() if name.startswith(prefix)})
        return int(meta["stage"]), int(meta["position"])


def _no_roles(corpus: Corpus) -> str:
    if corpus.roles is None:
        return (
            f"{str(corpus.folder)!r} was built without roles; give the texts that it was built of, or leave roles out"
        )
    return f"roles were asked for and no text of {str(corpus.folder)!r} is a chat; leave them out, or name the messages"
