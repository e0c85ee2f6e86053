"""Held-out windows chosen and read for many sides: one pass over the held-out documents, then the chosen windows."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import torch

from ...schema import CorpusError
from ..corpus.corpus import DAMAGE, Corpus
from ..n2g.engine import Target
from ..n2g.windows import splits
from ..progress import Progress, silent
from ..subject.live import LiveModel
from .material import PARTS, SPLITS, Floats, Part, Passage, Split
from .settings import Settings
from .visit import Ints, visit_windows

Singles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Gathered:
    """The held-out windows of some sides, slot by slot: those of a split and a part stand together."""

    numbers: Ints
    """`[n_targets, n_slots]` numbers in the corpus; -1 where a side has fewer"""
    values: Singles
    """`[n_targets, n_slots, n_tokens]` activation of the side, without BOS; 0 behind a window's end"""
    means: Floats
    """`[n_targets]` mean activation over all tokens of the windows that were looked through"""

    def save(self, path: Path) -> None:
        """For a job that is killed."""
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, numbers=self.numbers, values=self.values, means=self.means)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Gathered | None:
        """What was saved; None where nothing whole is there."""
        try:
            with path.open("rb") as source, np.load(source, allow_pickle=False) as found:
                return cls(found["numbers"], found["values"], found["means"])
        except (*DAMAGE, KeyError, NotImplementedError, BadZipFile, zlib.error):
            return None

    def split(self, sizes: Sequence[int]) -> list[Gathered]:
        """The first so many sides, the next, and so on."""
        ends = np.cumsum([0, *sizes])
        parts = [slice(a, b) for a, b in pairwise(ends.tolist())]
        return [Gathered(self.numbers[part], self.values[part], self.means[part]) for part in parts]

    def passages(
        self, target: int, corpus: Corpus, texts: Sequence[str], settings: Settings
    ) -> dict[tuple[Split, Part], tuple[Passage, ...]]:
        """The windows of one side. `texts` are the tokens' surfaces by number."""
        made: dict[tuple[Split, Part], tuple[Passage, ...]] = {}
        for (split, part), slots in _layout(settings).items():
            found = [
                self._passage(target, slot, corpus, texts) for slot in slots if int(self.numbers[target, slot]) >= 0
            ]
            made[split, part] = tuple(found)
        return made

    def _passage(self, target: int, slot: int, corpus: Corpus, texts: Sequence[str]) -> Passage:
        number = int(self.numbers[target, slot])
        ids = tuple(corpus.tokens[number, int(corpus.bos) : corpus.lengths[number]].tolist())
        document = str(corpus.documents[int(corpus.document[number])])
        values = self.values[target, slot, : len(ids)].astype(np.float64)
        return Passage(tuple(texts[token] for token in ids), values, ids, document)


def gather(
    live: LiveModel,
    corpus: Corpus,
    targets: Sequence[Target],
    maxima: Floats,
    settings: Settings,
    progress: Progress = silent,
    divided: int = 0,
) -> Gathered:
    """Choose and read the held-out windows of each side.

    Held-out documents are divided as N2G divides them by their ids and its seed `divided`: those that its graphs are
    reported on report here too, so that a graph of the same texts was not built from them; the others choose.
    top: the largest maxima, one of a document; random: the same for all sides; active: evenly over the ranking of
    windows that reach `active` of the maximum; silent: random ones that stay below `silent` of it.
    Raises CorpusError where a split has no window.
    """
    looked = {split: _looked(corpus, split, settings, divided) for split in SPLITS}
    if not settings.choose:
        looked["choose"] = looked["choose"][:0]
    numbers = np.concatenate([looked[split] for split in SPLITS])
    highs = np.zeros((len(numbers), len(targets)), np.float32)
    sums, row = np.zeros(len(targets)), np.full(len(corpus), -1, np.int64)
    row[numbers] = np.arange(len(numbers))

    def note(part: Ints, values: torch.Tensor) -> None:
        kept = _side(values, live.gated)
        sums[:] += kept.double().sum((0, 1)).cpu().numpy()
        outside = torch.arange(kept.shape[1]) >= torch.from_numpy(_lengths(corpus, part))[:, None]
        highs[row[part]] = kept.masked_fill(outside[:, :, None].to(kept.device), -torch.inf).amax(1).cpu().numpy()

    visit_windows(live, corpus, numbers, targets, settings.batch, note, progress, "looking through held-out windows")
    chosen = _choose(looked, highs, maxima, corpus, settings)
    values = _read(live, corpus, targets, chosen, settings, progress)
    return Gathered(chosen, values, sums / max(1, int(_lengths(corpus, numbers).sum())))


def _side(values: torch.Tensor, gated: bool) -> torch.Tensor:
    """A gated model's other pole is another side's business."""
    return values.clamp(min=0) if gated else values


def _lengths(corpus: Corpus, numbers: Ints) -> Ints:
    """Tokens of windows, without BOS."""
    return corpus.lengths[numbers].astype(np.int64) - int(corpus.bos)


def _looked(corpus: Corpus, split: Split, settings: Settings, divided: int) -> Ints:
    """Numbers of the windows of a split that are looked through, ascending."""
    ids = corpus.documents.to_pylist()
    reports = np.array([name == "report" for name in splits(ids, divided)], bool)[corpus.document]
    found = np.flatnonzero(np.asarray(corpus.held) & (reports if split == "report" else ~reports))
    if not len(found):
        raise CorpusError(f"{corpus.folder}: too few held-out documents: none to {split}; give more texts")
    return np.sort(_draw(found, settings.scan, settings.seed))


def _draw(numbers: Ints, n: int, *seed: int) -> Ints:
    """Up to `n` of them at random."""
    return np.random.default_rng([*seed, len(numbers)]).permutation(numbers)[:n]


def _layout(settings: Settings) -> dict[tuple[Split, Part], range]:
    """The slots of each split and part. Candidates are chosen on few windows, reported scores stand on more."""
    sizes: dict[tuple[Split, Part], int] = {}
    for split in SPLITS:
        few = split == "choose"
        sizes[split, "top"] = settings.choose if few else settings.top
        sizes[split, "random"] = settings.choose if few else settings.random
        sizes[split, "active"] = sizes[split, "silent"] = 0 if few else settings.examples
    made, start = {}, 0
    for key, size in sizes.items():
        made[key] = range(start, start + size)
        start += size
    return made


def _choose(looked: dict[Split, Ints], highs: Singles, maxima: Floats, corpus: Corpus, settings: Settings) -> Ints:
    layout = _layout(settings)
    chosen = np.full((highs.shape[1], max(slots.stop for slots in layout.values())), -1, np.int64)
    start = 0
    for split in SPLITS:
        numbers = looked[split]
        rows = highs[start : start + len(numbers)]
        start += len(numbers)
        shared = _draw(numbers, len(layout[split, "random"]), settings.seed, 1)
        for target in range(highs.shape[1]):
            picks: dict[Part, Ints] = {"random": shared}
            order = np.argsort(-rows[:, target], kind="stable")
            ranked, high = numbers[order], rows[order, target]
            picks["top"] = _one_a_document(ranked[high > 0], corpus, len(layout[split, "top"]))
            size = len(layout[split, "active"])
            picks["active"] = _evenly(ranked[high >= settings.active * maxima[target]], size) if size else shared[:0]
            quiet = np.sort(ranked[high < settings.silent * maxima[target]])
            picks["silent"] = _draw(quiet, size, settings.seed, 2)
            for part in PARTS:
                slots = layout[split, part]
                chosen[target, slots.start : slots.start + len(picks[part])] = picks[part]
    return chosen


def _one_a_document(ranked: Ints, corpus: Corpus, n: int) -> Ints:
    """The first `n` of different documents."""
    _, first = np.unique(corpus.document[ranked], return_index=True)
    return ranked[np.sort(first)[:n]]


def _evenly(ranked: Ints, n: int) -> Ints:
    """`n` of them, evenly over their order; all of fewer."""
    if len(ranked) <= n:
        return ranked
    return ranked[np.floor((np.arange(n) + 0.5) * len(ranked) / n).astype(np.int64)]


def _read(
    live: LiveModel, corpus: Corpus, targets: Sequence[Target], chosen: Ints, settings: Settings, progress: Progress
) -> Singles:
    values = np.zeros((*chosen.shape, corpus.settings.length - int(corpus.bos)), np.float32)
    places: dict[int, list[tuple[int, int]]] = {}
    for target, slot in zip(*np.nonzero(chosen >= 0), strict=True):
        places.setdefault(int(chosen[target, slot]), []).append((int(target), int(slot)))

    def keep(part: Ints, found: torch.Tensor) -> None:
        kept = _side(found, live.gated).float().cpu().numpy()
        for number, window in zip(part.tolist(), kept, strict=True):
            for target, slot in places[number]:
                values[target, slot, : len(window)] = window[:, target]

    numbers = np.array(sorted(places), np.int64)
    visit_windows(live, corpus, numbers, targets, settings.batch, keep, progress, "reading windows")
    return values
