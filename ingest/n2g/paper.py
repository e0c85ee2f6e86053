"""The 2023 script's extraction, one neuron at a time: every text is run whole, and read at every token.

Where it differs from the script: texts are cut and joined as tokens and are not tokenised again, what is tried in a
word's place is one token of the subject, and the casing of substitutes is the masked model's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .engine import Engine
from .extract import Surroundings
from .graph import Graph
from .laid import Ids
from .normal import normalise
from .paper_trie import PaperTrie, make_lines
from .propose import Slot
from .settings import Settings
from .windows import Material, Window

Floats = npt.NDArray[Any]

ACTIVATION, IMPORTANCE, TRIED = 0.5, 0.75, 0.8
"""Thresholds of the script: a line begins, a token is in it, substitutes are tried for a token."""
LENGTHS = (5, 10, 15, 20, 25, 30)
AFTER = 5
"""Tokens behind the pivot that are kept for the masked model."""
KEPT = 0.5
"""Of the activation: a shorter text must keep more than it; a changed one from it on counts as alike."""
BATCH = 4
"""Shortened texts run together."""


def extract_paper(
    engine: Engine, materials: Sequence[Material], around: Surroundings, settings: Settings
) -> list[Graph]:
    """One graph for each target, from its own building windows, strongest window first.

    An engine that shares runs the texts of all windows together, with the same result; one that does not runs them as
    the script does.
    """
    found = []
    for target, material in enumerate(materials):
        trie = PaperTrie()
        if material.maximum > 0:
            one = _Neuron(engine, target, material.maximum, around, settings, trie)
            windows = sorted(material.own["build"], key=lambda w: (-float(w.values.max()), w.number))
            for some in [windows] if engine.share else [[window] for window in windows]:
                one.take(some)
        found.append(trie.graph())
    return found


class _Neuron:
    """One neuron's trie, some windows at a time."""

    def __init__(
        self,
        engine: Engine,
        target: int,
        maximum: float,
        around: Surroundings,
        settings: Settings,
        trie: PaperTrie,
    ) -> None:
        self.engine, self.target, self.maximum, self.trie = engine, target, maximum, trie
        self.around, self.settings = around, settings

    def take(self, windows: Sequence[Window]) -> None:
        """Prune the windows, weigh their tokens, try words, and add the lines of the texts and of their variations."""
        pruned = [one for one in map(self._prune, windows) if one[2] > 0]
        weighed = self._weigh([prompt for prompt, *_ in pruned])
        slots = [
            self._slots(prompt, pivot, importance[:, int(activations.argmax())] >= TRIED)
            for (prompt, pivot, _), (activations, importance) in zip(pruned, weighed, strict=True)
        ]
        variations = self._variations(slots)
        tried = iter(self._weigh([text for texts in variations for text in texts]))
        for (prompt, _, scale), (activations, importance), texts in zip(pruned, weighed, variations, strict=True):
            known = self._lines(prompt, activations, importance, scale, None)
            for text in texts:
                values, weights = next(tried)
                # The script weighs and inserts what fires less too; it usually has no token that passes the threshold.
                if float(activations.max()) > 0:
                    self._lines(text, values, weights, scale, known)

    def _prune(self, window: Window) -> tuple[Ids, int, float]:
        """The text, the position of its pivot, and what its activations are multiplied with."""
        bos = self.around.bos
        (whole,) = self.engine.everywhere([bos + window.ids], self.target)
        whole = whole[len(bos) :]
        pivot, full = int(whole.argmax()), float(whole.max())
        if full <= 0:
            return (), 0, 0.0
        prior, after = self._sentences(window, pivot)
        lengths = [length for length in LENGTHS if length < len(prior)]
        if len(prior) <= LENGTHS[-1]:
            lengths.append(len(prior))
        texts = [bos + prior[-length:] for length in lengths]
        chosen, high = texts[-1], 0.0
        for start in range(0, len(texts), BATCH):
            part = texts[start : start + BATCH]
            values = self.engine.everywhere(part, self.target)
            fits = [(t, v) for t, v in zip(part, values, strict=True) if self._keeps(v, full)]
            chosen, found = fits[0] if fits else (part[-1], values[-1])
            high = float(found.max())
            if fits:
                break
        return chosen + after[:AFTER], len(chosen) - 1, full / high if high > 0 else 0.0

    def _keeps(self, values: Floats, full: float) -> bool:
        """Whether the largest activation is the last token's, and more than half of the full one."""
        return int(values.argmax()) == len(values) - 1 and (float(values.max()) - full) / full > KEPT - 1

    def _sentences(self, window: Window, pivot: int) -> tuple[Ids, Ids]:
        """Tokens up to the pivot, and the rest of its sentence: one ends after a token with a dot, a bang or a line
        break."""
        end = pivot + 1
        while end < len(window.ids) and not any(mark in window.tokens[end - 1] for mark in ".!\n"):
            end += 1
        return window.ids[: pivot + 1], window.ids[pivot + 1 : end]

    def _weigh(self, texts: Sequence[Ids]) -> list[tuple[Floats, Floats]]:
        """Activations `[t]` of texts without BOS, and what masking token i takes from that at j, `[t, t]`."""
        start = len(self.around.bos)
        found = []
        for whole, others in self.engine.masked(texts, start, self.around.mask, self.target):
            whole, others = whole[start:], others[:, start:]
            # The script divides by whatever is there; 0 is guarded, as in its fork.
            found.append((whole, 1 - np.divide(others, whole, out=np.ones_like(others), where=whole != 0)))
        return found

    def _lines(
        self, text: Ids, values: Floats, importance: Floats, scale: float, known: list[set[int]] | None
    ) -> list[set[int]]:
        tokens = [self.around.texts[token] for token in text[len(self.around.bos) :]]
        shares = np.round(values * scale / self.maximum, 3)
        lines, sets = make_lines(
            tokens,
            shares,
            importance,
            activation_threshold=ACTIVATION,
            importance_threshold=IMPORTANCE,
            known=known,
        )
        for line in lines:
            self.trie.add(line)
        return sets

    def _slots(self, text: Ids, pivot: int, matter: npt.NDArray[np.bool_]) -> list[Slot]:
        """Every word that is written like one that matters, up to the pivot."""
        start, texts = len(self.around.bos), self.around.texts
        words = {normalise(texts[text[start + i]]).strip().lower() for i in np.flatnonzero(matter).tolist()}
        return [
            (text, at)
            for at in range(start, min(pivot + 1, len(text)))
            if texts[text[at]].strip().isalpha() and texts[text[at]].strip().lower() in words
        ]

    def _variations(self, slots: Sequence[Sequence[Slot]]) -> list[list[Ids]]:
        """Of each text those with substitutes, one at a time."""
        proposed = iter(
            self.around.proposer.propose([slot for own in slots for slot in own], self.settings.substitutes)
        )
        found = [[(*ids[:at], token, *ids[at + 1 :]) for ids, at in own for token in next(proposed)] for own in slots]
        for own, texts in zip(slots, found, strict=True):
            if texts and not self.engine.share:
                # The script runs them all once to tell those that fire from those that do not, and keeps both.
                self.engine.everywhere([own[0][0]], self.target)
                self.engine.everywhere(texts, self.target)
        return found
