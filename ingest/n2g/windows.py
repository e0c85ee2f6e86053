"""The windows that graphs are built from and judged on: chosen in one pass over a corpus, read in a second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from zlib import crc32

import numpy as np
import numpy.typing as npt
import torch

from ...schema import CorpusError
from ..activations.examples import Examples
from ..progress import Progress, silent
from .engine import Target
from .laid import Ids
from .passes import Passes
from .settings import Settings

Split = Literal["build", "choose", "report"]
SHARES: dict[Split, int] = {"build": 50, "choose": 15, "report": 35}
"""Percent of the documents; every document lies in one."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """One window and what one target does on it. BOS is left out of all three."""

    number: int
    """in the corpus"""
    ids: Ids
    tokens: tuple[str, ...]
    values: Floats
    """pole x hidden value at each token"""


@dataclass(frozen=True)
class Selected:
    """Numbers of the windows chosen, by split."""

    own: Mapping[Split, Sequence[Ints]]
    """of each target, ascending"""
    shared: Mapping[Split, Ints]
    """random ones, the same for all targets"""
    maxima: Floats
    """`[n_targets]` largest value in the building documents; 0 for a target that was never above 0 there"""


@dataclass
class Material:
    """Everything that one target's graph is made and judged with."""

    target: Target
    maximum: float
    own: dict[Split, list[Window]] = field(default_factory=dict)
    shared: dict[Split, list[Window]] = field(default_factory=dict)

    def share(self, window: Window) -> Floats:
        """Activations as shares of the maximum; all 0 of a target that is never above 0."""
        return window.values / self.maximum if self.maximum > 0 else np.zeros(len(window.values))


def splits(documents: Iterable[str], seed: int = 0) -> list[Split]:
    """The split of each document, by its id alone."""
    bounds = np.cumsum(list(SHARES.values()))
    names = list(SHARES)
    return [names[int(np.searchsorted(bounds, crc32(f"{seed}/{name}".encode()) % 100, "right"))] for name in documents]


def select(passes: Passes, settings: Settings, progress: Progress = silent) -> Selected:
    """Choose windows for each target: half with the largest activations, half drawn with a weight of a power of them.

    One of a document at most in each half. The weighted draw is Efraimidis and Spirakis' (2006): the largest of
    u^(1/w), u from a hash of window and neuron, so that neither batches nor the other targets change it. Raises
    CorpusError where a split has no window.
    """
    corpus, targets, device = passes.corpus, passes.targets, passes.live.device
    of_window = np.array(splits(corpus.documents.to_pylist(), settings.seed), dtype=object)[corpus.document]
    counts: dict[Split, int] = {"build": settings.build, "choose": settings.report, "report": settings.report}
    for name in SHARES:
        if not (of_window == name).any():
            raise CorpusError(f"{corpus.folder}: too few documents: none to {name}; give more texts")
    held = {
        (name, kind): Examples(len(targets), (n + kind) // 2, 1, device)
        for name, n in counts.items()
        for kind in (0, 1)
    }
    codes = _codes(targets)
    for numbers, values in passes.each(np.arange(len(corpus)), progress, "choosing windows"):
        high = values.amax(1)
        keys = _keys(numbers, codes, high.cpu().numpy(), settings)
        documents = torch.from_numpy(corpus.document[numbers].astype(np.int32)).to(device)
        windows = torch.from_numpy(numbers.astype(np.int32)).to(device)
        for (name, kind), best in held.items():
            outside = torch.from_numpy(of_window[numbers] != name).to(device)[:, None]
            score = torch.from_numpy(keys).to(device) if kind else high.masked_fill(high <= 0, -torch.inf)
            best.offer(
                score.masked_fill(outside, -torch.inf),
                windows,
                documents,
                high.new_zeros(len(numbers), 1, high.shape[1]),
            )
    own: dict[Split, list[Ints]] = {}
    for name in counts:
        both = torch.cat([held[name, 0].windows, held[name, 1].windows], 1).cpu().numpy()
        own[name] = [np.unique(row[row >= 0]).astype(np.int64) for row in both]
    shared = {name: _random(np.flatnonzero(of_window == name), settings) for name in SHARES}
    maxima = held["build", 0].scores[:, 0].clamp(min=0).double().cpu().numpy()
    return Selected(own, shared, maxima)


def read(passes: Passes, texts: Sequence[str], selected: Selected, progress: Progress = silent) -> list[Material]:
    """What each target does on its windows, and on the random ones. `texts` are the tokens' surfaces by number."""
    corpus = passes.corpus
    wanted: dict[int, list[tuple[int, Split]]] = defaultdict(list)
    for split, own in selected.own.items():
        for target, numbers in enumerate(own):
            for number in numbers.tolist():
                wanted[number].append((target, split))
    random: dict[int, Split] = {n: split for split, numbers in selected.shared.items() for n in numbers.tolist()}
    made = [Material(target, float(high)) for target, high in zip(passes.targets, selected.maxima, strict=True)]
    for material in made:
        for split in SHARES:
            material.own[split], material.shared[split] = [], []

    numbers = np.array(sorted({*wanted, *random}), np.int64)
    for part, values in passes.each(numbers, progress):
        found = values.double().cpu().numpy()
        for number, rows in zip(part.tolist(), found, strict=True):
            ids = tuple(corpus.tokens[number, int(corpus.bos) : corpus.lengths[number]].tolist())
            tokens, rows = tuple(texts[token] for token in ids), rows[: len(ids)]
            for target, split in wanted.get(number, ()):
                made[target].own[split].append(Window(number, ids, tokens, rows[:, target].copy()))
            if number in random:
                for target, material in enumerate(made):
                    material.shared[random[number]].append(Window(number, ids, tokens, rows[:, target]))
    for material in made:
        for windows in (*material.own.values(), *material.shared.values()):
            windows.sort(key=lambda window: window.number)  # they came in reading order
    return made


def _codes(targets: Sequence[Target]) -> npt.NDArray[np.uint64]:
    """A number for each target, whatever the others are."""
    return np.array([(t.layer << 40) ^ (t.index << 1) ^ (t.pole < 0) for t in targets], np.uint64)


def _keys(numbers: Ints, codes: npt.NDArray[np.uint64], high: npt.NDArray[np.float32], settings: Settings) -> Floats:
    """log(u) / weight, `[b, n]`; -inf where a target is nowhere above 0."""
    mixed = _mix(_mix(numbers.astype(np.uint64) + np.uint64(settings.seed << 32))[:, None] ^ codes[None])
    log = np.log((mixed >> np.uint64(11)).astype(np.float64) / 2.0**53 + 2.0**-54)
    with np.errstate(divide="ignore", over="ignore"):
        weight = np.where(high > 0, high.astype(np.float64), np.nan) ** settings.weighting
        return np.nan_to_num(log / weight, nan=-np.inf, neginf=-np.inf).astype(np.float32)


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """splitmix64's finaliser (Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        x = (x + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def _random(numbers: Ints, settings: Settings) -> Ints:
    """Some of the windows, by a hash of their numbers."""
    order = np.argsort(_mix(numbers.astype(np.uint64) + np.uint64(settings.seed << 32)), kind="stable")
    return np.sort(numbers[order[: settings.random]])
