"""What every neuron of a model does at the places of a shared text, on disk, a file a layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..progress import Progress
from ..subject.hooks import Values
from ..subject.live import LiveModel
from .aligned import Passage, SharedText

BATCH = 16
DONE = "done"


def capture(live: LiveModel, text: SharedText, side: int, folder: Path, progress: Progress) -> None:
    """Write `L{layer}.npy`, float32 `[positions, d_mlp]`, for every layer; nothing where they are there already."""
    if (folder / DONE).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    shape = (text.positions, live.d_mlp)
    files = [np.lib.format.open_memmap(_file(folder, n), "w+", "<f4", shape) for n in range(live.n_layers)]
    at = 0
    for first in range(0, len(text.passages), BATCH):
        progress("reading the text", first, len(text.passages))
        batch = text.passages[first : first + BATCH]
        ids, mask, rows, places = padded(batch, side)

        def visit(
            layer: int,
            site: str,
            values: Values,
            at: int = at,
            rows: torch.Tensor = rows,
            places: torch.Tensor = places,
        ) -> None:
            device = values.device
            files[layer][at : at + len(rows)] = values[rows.to(device), places.to(device)].float().cpu().numpy()

        live.read(ids, visit, attention_mask=mask.to(live.device))
        at += len(rows)
    for file in files:
        file.flush()
    (folder / DONE).touch()
    progress("reading the text", len(text.passages), len(text.passages))


def padded(batch: Sequence[Passage], side: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Token ids and attention mask int64 `[passages, positions]` for one model, and the aligned places in them:
    passage and position, `[places]` each."""
    longest = max(len(passage.tokens[side]) for passage in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, passage in enumerate(batch):
        # Padded at the end: a causal model's earlier positions do not see it.
        ids[row, : len(passage.tokens[side])] = torch.tensor(passage.tokens[side])
        mask[row, : len(passage.tokens[side])] = 1
    rows = torch.tensor([row for row, passage in enumerate(batch) for _ in passage.places[side]])
    places = torch.tensor([place for passage in batch for place in passage.places[side]])
    return ids, mask, rows, places


def read_captured(folder: Path, layer: int) -> torch.Tensor:
    """float32 `[positions, d_mlp]` of one layer."""
    return torch.from_numpy(np.load(_file(folder, layer), allow_pickle=False))


def _file(folder: Path, layer: int) -> Path:
    return folder / f"L{layer:03d}.npy"
