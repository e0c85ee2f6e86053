"""The targets' values on every window of a corpus, from one forward pass that goes on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...schema import CorpusError, digest
from ..corpus.corpus import Corpus
from ..progress import Progress, silent
from ..subject.hooks import Values
from ..subject.live import LiveModel
from .engine import Target

Ints = npt.NDArray[np.int64]

TAPE = 8 * 2**30
"""Bytes of values that may be kept on disk."""
EVERY = 16
"""Batches after which what is on disk is marked as whole: no more than these are run again after a crash."""
_BITS = {torch.float32: np.int32, torch.bfloat16: np.int16, torch.float16: np.int16}


@dataclass(frozen=True)
class Passes:
    """Runs windows through a model and reads targets.

    With a `folder` the values of all windows are kept in a file there, as long as they fit in TAPE bytes, so that no
    window is run twice, also not by a process that comes after one that was killed. `drop` takes the file away.
    """

    live: LiveModel
    corpus: Corpus
    targets: Sequence[Target]
    batch: int = 16
    """windows a forward pass"""
    folder: Path | None = None

    def each(
        self, numbers: Ints, progress: Progress = silent, step: str = "reading windows"
    ) -> Iterator[tuple[Ints, torch.Tensor]]:
        """Numbers of windows, in reading order, and pole x values `[b, t, n_targets]` float32, BOS left out; `t` is the
        longest of a part, and what stands behind a window's end is 0.

        Raises CorpusError for values that are not finite.
        """
        poles = torch.tensor([target.pole for target in self.targets], device=self.live.device)
        of_target = torch.tensor([self._column[t.layer, t.index] for t in self.targets], device=self.live.device)
        ordered = self.corpus.reading_order(numbers)
        kept = self._tape is not None and len(numbers) > 0
        if kept:
            self._record(int(self._place[ordered].max()) + 1, progress)
        done = 0
        for part in self.corpus.parts(ordered, self.batch):
            found = self._read(part) if kept else self._run(part)
            yield part, found.float()[:, :, of_target] * poles
            done += len(part)
            progress(step, done, len(numbers))

    def drop(self) -> None:
        """Take the file away."""
        self.__dict__.pop("_file", None)  # a mapped file that is open stays on disk
        if self._tape is not None:
            self._tape.unlink(missing_ok=True)
            self._mark.unlink(missing_ok=True)

    @cached_property
    def _column(self) -> dict[tuple[int, int], int]:
        """Columns of the neurons: both sides of one share a column."""
        return {pair: at for at, pair in enumerate(sorted({(t.layer, t.index) for t in self.targets}))}

    @cached_property
    def _order(self) -> Ints:
        """All windows in reading order: as they are run and lie in the file."""
        return self.corpus.reading_order(np.arange(len(self.corpus)))

    @cached_property
    def _place(self) -> Ints:
        """`[n_windows]` place of each window in that order."""
        place = np.empty(len(self._order), np.int64)
        place[self._order] = np.arange(len(place))
        return place

    @property
    def _shape(self) -> tuple[int, int, int]:
        positions = self.corpus.settings.length - int(self.corpus.bos)
        return len(self.corpus), positions, len(self._column)

    @property
    def _dtype(self) -> torch.dtype:
        found: torch.dtype = self.live.model.dtype
        return found

    @cached_property
    def _tape(self) -> Path | None:
        size = int(np.prod(self._shape)) * self._dtype.itemsize
        if self.folder is None or size > TAPE or self._dtype not in _BITS:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        subject = self.live.subject
        named = {
            "weights": subject.weights if subject else str(id(self.live.model)),
            "corpus": self.corpus.hash,
            "neurons": [list(pair) for pair in self._column],
            "dtype": str(self._dtype),
        }
        return self.folder / f"n2g-{digest(named)[:16]}.values"

    @property
    def _mark(self) -> Path:
        """How many windows are whole in the file."""
        assert self._tape is not None
        return self._tape.with_suffix(".done")

    @cached_property
    def _file(self) -> np.memmap[Any, np.dtype[Any]]:
        assert self._tape is not None
        there = self._tape.exists() and self._tape.stat().st_size == int(np.prod(self._shape)) * self._dtype.itemsize
        if not there:
            self._mark.unlink(missing_ok=True)
        return np.memmap(self._tape, _BITS[self._dtype], "r+" if there else "w+", shape=self._shape)

    def _record(self, most: int, progress: Progress) -> None:
        """Run the windows up to place `most` that are not in the file yet."""
        file = self._file
        done = int(self._mark.read_text()) if self._mark.exists() else 0
        for count, part in enumerate(self.corpus.parts(self._order[:most], self.batch, done), 1):
            found = self._run(part).cpu().view(torch.int32 if file.itemsize == 4 else torch.int16).numpy()
            file[done : done + len(part), : found.shape[1]] = found
            done += len(part)
            if not count % EVERY or done == most:
                file.flush()
                self._set_mark(done)
            progress("running windows", done, most)

    def _set_mark(self, done: int) -> None:
        fresh = self._mark.with_suffix(".new")
        fresh.write_text(str(done))
        fresh.replace(self._mark)

    def _read(self, part: Ints) -> torch.Tensor:
        longest = int(self.corpus.lengths[part].max()) - int(self.corpus.bos)
        bits = torch.from_numpy(np.ascontiguousarray(self._file[self._place[part], :longest]))
        return bits.view(self._dtype).to(self.live.device)

    def _run(self, part: Ints) -> torch.Tensor:
        """`[b, t, n_neurons]` in the model's dtype, 0 behind a window's end."""
        ids, mask = self.corpus.inputs(part)
        start = int(self.corpus.bos)
        outside = None if mask is None else (mask[:, start:, None] == 0)
        layers = sorted({layer for layer, _ in self._column})
        index = {layer: [i for at, i in self._column if at == layer] for layer in layers}
        columns = {layer: [c for (at, _), c in self._column.items() if at == layer] for layer in layers}
        shape = (len(part), ids.shape[1] - start, len(self._column))
        found = torch.empty(shape, dtype=self._dtype, device=self.live.device)

        def visit(layer: int, site: str, values: Values) -> None:
            kept = values[:, start:, index[layer]]
            if outside is not None:
                kept = kept.masked_fill(outside.to(kept.device), 0.0)
            if not torch.isfinite(kept).all():
                raise CorpusError(f"layer {layer} has activations that are not finite; use float32")
            found[:, :, columns[layer]] = kept.to(found.device)

        self.live.read(ids, visit, layers=layers, attention_mask=mask)
        return found
