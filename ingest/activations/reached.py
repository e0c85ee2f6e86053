"""What of a corpus reaches an expert."""

from __future__ import annotations

import torch


class Reached:
    """Counts of one expert: positions that went by, and how often each token of the token table reached it."""

    def __init__(self, tokens: torch.Tensor) -> None:
        self.positions = 0
        """all positions of the corpus, BOS and padding left out"""
        self.tokens = tokens
        """int64 `[t]`"""

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state, for a file."""
        return {"positions": torch.tensor(self.positions), "tokens": self.tokens}

    def restore(self, found: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        self.positions = int(found["positions"])
        self.tokens.copy_(found["tokens"])
