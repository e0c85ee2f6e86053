"""Continuations among the likeliest tokens that a server lists."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .candidates import Logs
from .replies import Listed, Tokens

_SMALL = 1e-3
"""A first token whose share among the continuations is below this is not asked on behind: on the scale 0 to 10 an
expectation changes by less than 0.01."""


class Listing:
    """How one server's tokens write the continuations, learned from what it lists."""

    def __init__(self) -> None:
        self._lock, self._whole = threading.Lock(), set[str]()

    def learn(self, continuations: Sequence[str], places: Iterable[Listed]) -> None:
        """Mark the continuations that are tokens of the server's own: they are listed as such."""
        seen = {token.strip() for listed in places for token in listed}
        with self._lock:
            self._whole |= seen & set(split_off(continuations).values())

    def unknown(self, continuations: Sequence[str], listed: Listed) -> list[tuple[str, str]]:
        """Firsts and rests of the continuations whose second token must be asked for."""
        found = []
        for first, whole in split_off(continuations).items():
            if whole not in self._whole and share(continuations, listed, first) >= _SMALL:
                found.append((first, whole.removeprefix(first)))
        return found

    def score(self, continuations: Sequence[str], listed: Listed, rests: Mapping[str, float]) -> Logs:
        """Log-probabilities `[n_continuations]`, by those of the rests behind their firsts where these were asked."""
        whole = split_off(continuations)
        logs = {one: joined(listed, one) for one in continuations}
        for first, rest in rests.items():
            before = logs[first]
            logs[whole[first]] = before + rest
            with np.errstate(divide="ignore"):
                logs[first] = before + float(np.log1p(-min(1.0, np.exp(rest))))
        return np.array([logs[one] for one in continuations])


class PromptTokens:
    """A prompt as the server's tokens give it back."""

    def __init__(self, text: str, tokens: Tokens) -> None:
        self._text, self._tokens = text, tokens

    def at(self, slots: Sequence[int]) -> list[Listed] | None:
        """What is listed for the token that begins at each slot; None where one begins none."""
        place = {start: i for i, start in reversed(list(enumerate(self._starts())))}
        found = []
        for at in slots:
            i = place.get(at)
            if i is None or not self._text.startswith(self._tokens.texts[i][:1], at):
                return None
            found.append(self._tokens.listed[i])
        return found

    def _starts(self) -> list[int]:
        """Where each token begins in the text: as the server says, else by laying the tokens along it."""
        given = list(self._tokens.starts)
        if given:
            return given
        found, at = [], 0
        for token in self._tokens.texts:
            found.append(at)
            # What the text does not have at its place is a control token, such as BOS.
            at += len(token) if self._text.startswith(token, at) else 0
        return found


def split_off(continuations: Sequence[str]) -> dict[str, str]:
    """The continuations that are the beginning of another, with that other one: "1" with "10"."""
    return {a: b for a in continuations for b in continuations if a != b and b.startswith(a)}


def joined(listed: Listed, text: str) -> float:
    """Log-probability of all listed tokens that write `text`, with or without a space before it; -inf if none does."""
    logs = [value for token, value in listed.items() if token.strip() == text.strip()]
    return float(np.logaddexp.reduce(logs)) if logs else -np.inf


def share(continuations: Sequence[str], listed: Listed, one: str) -> float:
    """A continuation's probability as a share of all continuations'; 0 where none is listed."""
    logs = {c: joined(listed, c) for c in continuations}
    top = max(logs.values())
    return float(np.exp(logs[one] - top) / sum(np.exp(v - top) for v in logs.values())) if top > -np.inf else 0.0
