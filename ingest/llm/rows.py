"""A text as a model reads it, with branches: tokens that hang on a place of it and that it never sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Branch:
    """One token that hangs on a place of a row, or on another branch."""

    token: int
    at: int
    """tokens of the row before it"""
    parent: int | None = None
    """number of the branch it goes on from, hung on the same place"""


@dataclass(frozen=True)
class Row:
    """Tokens after what rows share, the branches on them, and where logits are wanted."""

    tokens: tuple[int, ...]
    branches: tuple[Branch, ...] = ()
    """a parent before its own"""
    wanted: tuple[int, ...] = ()
    """positions in `tokens` and, from their number on, in `branches`"""

    def __len__(self) -> int:
        return len(self.tokens) + len(self.branches)

    def layout(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Position of each token from the row's begin, `[n]`; what each sees of the row, `[n, n]`."""
        n, m = len(self.tokens), len(self)
        positions, sees = np.arange(m), np.tril(np.ones((m, m), np.bool_))
        sees[n:] = False
        for i, branch in enumerate(self.branches, n):
            before = branch.at - 1 if branch.parent is None else n + branch.parent
            sees[i] = sees[before] if before >= 0 else False
            sees[i, i] = True
            positions[i] = positions[before] + 1 if before >= 0 else 0
        return positions, sees
