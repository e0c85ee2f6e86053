"""Log-probabilities of given continuations at places of many texts, in as few passes as there are batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .candidates import Candidates, Logs, Path
from .passes import Passes
from .rows import Branch, Row

JOINED = "the tokenizer joins a continuation with the text before it"
NOTHING = "nothing stands before the continuation"


@dataclass(frozen=True)
class Place:
    """A text's tokens and where in it the continuations are asked for."""

    ids: Path
    slots: tuple[int, ...] | None
    """tokens before each slot; None where a token reaches across one"""
    candidates: Candidates | None
    """None where they cannot be told apart"""
    flat: bool = False
    """whether the only slot is the text's end, and the answer has no axis for it"""

    @property
    def problem(self) -> str | None:
        """Why it cannot be scored."""
        if self.slots is None or self.candidates is None:
            return JOINED
        return None if all(self.slots) else NOTHING


def score(passes: Passes, places: Sequence[Place], candidates: Candidates) -> Iterator[tuple[int, Logs]]:
    """Each place's number and its log-probabilities, float64 `[n_slots, n_continuations]`.

    What the texts share before their first slots is read once. A continuation of several tokens is a branch on its
    slot, so that no text is read a second time. A model that takes no branches reads each of them as a text.
    """
    asked = [(place.ids, place.slots or ()) for place in places]
    shared = passes.prefix([ids for ids, _ in asked], min(min(slots) for _, slots in asked) - 1)
    make = _tree if passes.exact else _lines
    made = [make(ids[shared:], [at - shared for at in slots], candidates) for ids, slots in asked]
    owner = [i for i, rows in enumerate(made) for _ in rows]
    tokens, parts = list(candidates.tokens), [dict[int, Logs]() for _ in places]
    first = np.cumsum([0, *(len(rows) for rows in made)])
    for row, logits in passes.logits(asked[0][0][:shared], [row for rows in made for row in rows]):
        i = owner[row]
        parts[i][row - int(first[i])] = _logs(logits, tokens)
        if len(parts[i]) == len(made[i]):
            logs = np.concatenate([parts[i].pop(n) for n in range(len(made[i]))])
            # Wanted places come node by node; scoring takes them slot by slot.
            yield i, candidates.score(logs.reshape(len(candidates.nodes), -1, len(tokens)).swapaxes(0, 1))


def _logs(logits: torch.Tensor, tokens: list[int]) -> Logs:
    whole = logits.float()
    found: Logs = (whole[:, tokens] - whole.logsumexp(-1, keepdim=True)).double().cpu().numpy()
    return found


def _tree(tokens: Path, slots: Sequence[int], candidates: Candidates) -> list[Row]:
    """One row: every beginning of a continuation hangs on every slot."""
    number = {(node, at): n for n, (node, at) in enumerate((c, at) for c in candidates.nodes[1:] for at in slots)}
    branches = tuple(Branch(node[-1], at, number.get((node[:-1], at))) for node, at in number)
    return [Row(tokens, branches, (*(at - 1 for at in slots), *range(len(tokens), len(tokens) + len(branches))))]


def _lines(tokens: Path, slots: Sequence[int], candidates: Candidates) -> list[Row]:
    """A row for every beginning of a continuation at every slot."""
    lines = [(*tokens[:at], *node) for node in candidates.nodes for at in slots]
    return [Row(line, (), (len(line) - 1,)) for line in lines]
