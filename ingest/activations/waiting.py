"""Activations of some layers that wait for the workers."""

from __future__ import annotations

import torch

from .layer import Layer

ROOM = 2**28
"""Bytes that may wait on a CPU: changing over from the model's threads to the workers and back costs milliseconds, so
that once a batch is better than once a layer."""


class Waiting:
    """Layers and copies of their values, in memory that is used again: what the model allots and frees stays the same
    few pages, and fresh pages cost more than the copy."""

    def __init__(self, device: torch.device) -> None:
        self._room = ROOM if device.type == "cpu" else 0
        self._kept: list[torch.Tensor] = []
        self._layers: list[Layer] = []

    def add(self, layer: Layer, values: torch.Tensor) -> bool:
        """Keep the values `[b, length, n]`; whether they are to be worked off now."""
        place = len(self._layers)
        if not self._room:
            self._kept[place:] = [values]
        elif place < len(self._kept) and self._kept[place].shape == values.shape:
            self._kept[place].copy_(values)
        else:
            self._kept[place:] = [values.clone()]
        self._layers.append(layer)
        return len(self._layers) * values.nbytes >= self._room

    def leave(self) -> list[tuple[Layer, torch.Tensor]]:
        """Those that wait, who then wait no longer; their values last until the next is added."""
        found = list(zip(self._layers, self._kept, strict=False))
        self._layers.clear()
        return found
