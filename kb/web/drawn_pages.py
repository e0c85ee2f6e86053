"""Pages as they were drawn, shown again for as long as nothing is written to the store."""

from __future__ import annotations

import gzip
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

BYTES = 64 << 20
"""Of compressed pages; a neuron's is some 20 KB."""
QUICK = 1
"""The quickest compression that gzip has."""


@dataclass
class DrawnPages:
    """The pages that were asked for last, by address, all of one state of a store."""

    room: int = BYTES
    _stamp: str | None = None
    _pages: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    _size: int = 0
    _turn: Lock = field(default_factory=Lock)

    def get(self, address: str, stamp: str | None) -> bytes | None:
        """The page under an address as gzip has it; None where it was not drawn of the store as it is now."""
        with self._turn:
            if stamp is None or stamp != self._stamp or address not in self._pages:
                return None
            self._pages.move_to_end(address)
            return self._pages[address]

    def put(self, address: str, stamp: str | None, text: str) -> None:
        """Keep a page that was asked for when the store had this stamp; those of an earlier state go."""
        if stamp is None:
            return
        page = gzip.compress(text.encode(), QUICK, mtime=0)
        with self._turn:
            if stamp != self._stamp:
                self._stamp, self._size = stamp, 0
                self._pages.clear()
            self._size += len(page) - len(self._pages.pop(address, b""))
            self._pages[address] = page
            while self._size > self.room:
                self._size -= len(self._pages.popitem(last=False)[1])
