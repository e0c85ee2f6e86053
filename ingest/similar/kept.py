"""What is made once and kept as long as there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import torch


def room(device: torch.device) -> int:
    """Bytes that may be kept: a quarter of the memory that is free now."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0]) // 4
    import psutil

    return int(psutil.virtual_memory().available) // 4


class Kept:
    """Tensors by key; the one that was not asked for longest goes first when room runs out."""

    def __init__(self, limit: int) -> None:
        self.limit, self._size = limit, 0
        self._held: OrderedDict[Hashable, torch.Tensor] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], torch.Tensor]) -> torch.Tensor:
        """The tensor under `key`, made if it is not there."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        made = make()
        size = made.numel() * made.element_size()
        if size <= self.limit:
            while self._size + size > self.limit:
                _, old = self._held.popitem(last=False)
                self._size -= old.numel() * old.element_size()
            self._held[key] = made
            self._size += size
        return made
