"""Every neuron's value at the labelled points of a data set, kept on disk a layer at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ..features.labelled import Labelled
from ..progress import Progress, silent
from ..subject.hooks import Values
from ..subject.live import LiveModel


class Captured:
    """Files of a folder: float32 `[n_points, n_neurons]` of each layer."""

    def __init__(self, folder: Path, n_points: int) -> None:
        self.folder, self.n_points = folder, n_points

    def layer(self, layer: int) -> torch.Tensor:
        """The values of one layer, read into memory."""
        return torch.from_numpy(np.fromfile(self._file(layer), np.float32).reshape(self.n_points, -1))

    def drop(self, layer: int) -> None:
        """Delete a layer's file."""
        self._file(layer).unlink(missing_ok=True)

    def _file(self, layer: int) -> Path:
        return self.folder / f"L{layer:03d}.float32"

    @classmethod
    def make(
        cls,
        live: LiveModel,
        labelled: Labelled,
        folder: Path,
        *,
        layers: Sequence[int],
        batch: int,
        progress: Progress = silent,
    ) -> Captured:
        """Run the windows through the model once, and keep what it does at the points.

        A point of one token has the value there; one of several the mean or the largest value over them, as the data
        set says. On disk: 4 bytes a point, neuron and layer; in memory a batch.
        """
        folder.mkdir(parents=True, exist_ok=True)
        found = cls(folder, len(labelled.points))
        shape = (found.n_points, live.d_mlp)
        files = {layer: np.memmap(found._file(layer), np.float32, "w+", shape=shape) for layer in layers}
        order = np.argsort(labelled.points[:, 0], kind="stable")
        starts = np.searchsorted(labelled.points[order, 0], np.arange(len(labelled.windows) + 1))
        total = len(labelled.windows)
        for first in range(0, total, batch):
            end = min(first + batch, total)
            numbers = order[starts[first] : starts[end]]
            points = torch.from_numpy(labelled.points[numbers].astype(np.int64))
            points[:, 0] -= first
            length = int(labelled.lengths[first:end].max())
            ids = torch.from_numpy(labelled.windows[first:end, :length].astype(np.int64))

            def visit(
                layer: int,
                site: str,
                values: Values,
                points: torch.Tensor = points,
                numbers: npt.NDArray[np.intp] = numbers,
            ) -> None:
                files[layer][numbers] = pooled(values, points, labelled.aggregation).float().cpu().numpy()

            # What stands behind a window's end is never looked at, and a causal model does not look ahead.
            live.read(ids, visit, layers=layers)
            progress(f"reading {labelled.category}", end, total)
        for file in files.values():
            file.flush()
        return found


def pooled(values: torch.Tensor, points: torch.Tensor, how: str) -> torch.Tensor:
    """Of values `[b, length, n]` those at points int64 `[m, 3]` (window, first position, position after the last):
    `[m, n]`, float32 for a mean."""
    points = points.to(values.device)
    window, first, end = points.unbind(1)
    if how == "none":
        return values[window, first]
    if how == "mean":
        place = torch.arange(values.shape[1], device=values.device)
        inside = (place >= first[:, None]) & (place < end[:, None])
        weight = inside.float() / (end - first)[:, None]
        return torch.stack([w @ values[b].float() for w, b in zip(weight, window.tolist(), strict=True)])
    return torch.stack([values[b, a:z].amax(0) for b, a, z in points.tolist()])
