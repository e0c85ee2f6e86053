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
from ..job import Progress, silent
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
        """Numbers of windows, ascending, and pole x values `[b, t, n_targets]` float32, BOS left out.

        Raises CorpusError for values that are not finite.
        """
        poles = torch.tensor([target.pole for target in self.targets], device=self.live.device)
        of_target = torch.tensor([self._column[t.layer, t.index] for t in self.targets], device=self.live.device)
        done = self._record(int(numbers[-1]) + 1, progress) if self._tape is not None and len(numbers) else 0
        for first in range(0, len(numbers), self.batch):
            part = numbers[first : first + self.batch]
            found = self._read(part) if done else self._run(part)
            yield part, found.float()[:, :, of_target] * poles
            progress(step, min(first + self.batch, len(numbers)), len(numbers))

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

    def _record(self, most: int, progress: Progress) -> int:
        """Run the windows up to `most` that are not in the file yet."""
        file = self._file
        done = int(self._mark.read_text()) if self._mark.exists() else 0
        for count, first in enumerate(range(done, most, self.batch), 1):
            part = np.arange(first, min(first + self.batch, most))
            file[part] = self._run(part).cpu().view(torch.int32 if file.itemsize == 4 else torch.int16).numpy()
            if not count % EVERY or int(part[-1]) + 1 == most:
                file.flush()
                self._set_mark(int(part[-1]) + 1)
            progress("running windows", int(part[-1]) + 1, most)
        return max(done, most)

    def _set_mark(self, done: int) -> None:
        fresh = self._mark.with_suffix(".new")
        fresh.write_text(str(done))
        fresh.replace(self._mark)

    def _read(self, part: Ints) -> torch.Tensor:
        bits = torch.from_numpy(np.ascontiguousarray(self._file[part]))
        return bits.view(self._dtype).to(self.live.device)

    def _run(self, part: Ints) -> torch.Tensor:
        """`[b, t, n_neurons]` in the model's dtype."""
        layers = sorted({layer for layer, _ in self._column})
        index = {layer: [i for at, i in self._column if at == layer] for layer in layers}
        columns = {layer: [c for (at, _), c in self._column.items() if at == layer] for layer in layers}
        found = torch.empty(len(part), *self._shape[1:], dtype=self._dtype, device=self.live.device)

        def visit(layer: int, site: str, values: Values) -> None:
            kept = values[:, int(self.corpus.bos) :, index[layer]]
            if not torch.isfinite(kept).all():
                raise CorpusError(f"layer {layer} has activations that are not finite; use float32")
            found[:, :, columns[layer]] = kept.to(found.device)

        self.live.read(torch.from_numpy(self.corpus.tokens[part].astype(np.int64)), visit, layers=layers)
        return found
