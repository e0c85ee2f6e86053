"""Given continuations as a tree of tokens, so that each is scored whole however many tokens it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Logs = npt.NDArray[np.float64]
Path = tuple[int, ...]


@dataclass(frozen=True)
class Candidates:
    """Continuations of one context, by their tokens. Two of them are never the same tokens."""

    paths: tuple[Path, ...]

    @cached_property
    def nodes(self) -> tuple[Path, ...]:
        """Every proper beginning of a continuation, the empty one first, shorter before longer."""
        return tuple(sorted({path[:n] for path in self.paths for n in range(len(path))}, key=lambda p: (len(p), p)))

    @cached_property
    def tokens(self) -> tuple[int, ...]:
        """Every token of a continuation, ascending."""
        return tuple(sorted({token for path in self.paths for token in path}))

    def score(self, logs: Logs) -> Logs:
        """Log-probability of each continuation, `[..., n_continuations]`.

        `logs[..., n, t]` is that of token `tokens[t]` after node n. A continuation's tokens are scored jointly. One
        that begins others counts without them: P("1") is P("1") - P("10"), the probability that "1" is not gone on
        with as "10".
        """
        node = {path: i for i, path in enumerate(self.nodes)}
        token = {number: i for i, number in enumerate(self.tokens)}

        def whole(path: Path) -> Logs:
            steps = [logs[..., node[path[:n]], token[path[n]]] for n in range(len(path))]
            return np.asarray(np.sum(steps, axis=0))

        joint = [whole(path) for path in self.paths]
        return np.stack([_without(joint[i], [joint[j] for j in self._longer(i)]) for i in range(len(joint))], -1)

    def _longer(self, i: int) -> list[int]:
        """Continuations that go on from the i-th with no other one between."""
        own = self.paths[i]
        after = [j for j, path in enumerate(self.paths) if len(path) > len(own) and path[: len(own)] == own]
        return [
            j for j in after if not any(self.paths[k] == self.paths[j][: len(self.paths[k])] for k in after if k != j)
        ]


def paths_after(context: Path, whole: Sequence[Path]) -> tuple[int, Candidates | None]:
    """How many of the context's tokens stand before every continuation, and the continuations after those.

    `whole` holds the tokens of the context and each continuation together: a tokenizer may join the two. None where
    two continuations come out as the same tokens, or one as none.
    """
    n = len(context)
    for path in whole:
        n = min(n, _common(context, path))
    rest = tuple(path[n:] for path in whole)
    return n, Candidates(rest) if all(rest) and len(set(rest)) == len(rest) else None


def shared_length(rows: Sequence[Path], at_most: int) -> int:
    """Tokens that all rows begin with, no more than `at_most`."""
    n = at_most
    for row in rows[1:]:
        n = min(n, _common(rows[0], row))
    return n


def normalised(logs: Logs) -> Logs:
    """Probabilities over the continuations alone, `[..., n]`, which add up to 1; NaN where none has any."""
    top = logs.max(-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        raw = np.exp(logs - top)
        return np.asarray(raw / raw.sum(-1, keepdims=True))


def _common(a: Path, b: Path) -> int:
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))


def _without(whole: Logs, parts: Sequence[Logs]) -> Logs:
    """log(exp(whole) - sum of exp(part)), -inf where nothing is left."""
    if not parts:
        return np.asarray(whole)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = 1 - sum(np.exp(part - whole) for part in parts)
        return np.asarray(np.where(left > 0, whole + np.log(np.maximum(left, 0)), -np.inf))
