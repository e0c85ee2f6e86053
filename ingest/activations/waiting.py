"""Activations of some layers that wait for the workers."""

from __future__ import annotations

import torch

from . import signs
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
        self._codes: list[torch.Tensor] = []
        self._layers: list[Layer] = []

    def add_gate(self, gate: torch.Tensor) -> None:
        """Note the signs of the next layer's gate projection `[b, length, n]`."""
        place = len(self._layers)
        if place >= len(self._codes) or self._codes[place].shape != gate.shape:
            self._codes[place:] = [torch.empty(gate.shape, dtype=torch.uint8, device=gate.device)]
        signs.begin(gate, self._codes[place])

    def add_up(self, up: torch.Tensor) -> None:
        """Note the signs of the next layer's up projection, after its gate's."""
        signs.complete(up, self._codes[len(self._layers)])

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

    def leave(self) -> list[tuple[Layer, torch.Tensor, torch.Tensor | None]]:
        """Those that wait, who then wait no longer, with codes of signs where there is a gate; their values last until
        the next is added."""
        codes = (self._codes[i] if layer.gated else None for i, layer in enumerate(self._layers))
        found = list(zip(self._layers, self._kept, codes, strict=False))
        self._layers.clear()
        return found
