"""What neurons do on short texts that differ little from one another, in as few token-forwards as possible.

Only the last token of a text is read, so nothing after it is run. Equal texts are run once for all neurons that ask,
texts that begin alike share their beginning's keys and values, and a pass ends at the deepest layer that is read,
whose MLP is run on last tokens only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..subject.cache import given_cache
from ..subject.hooks import Shape, StopRun, Values, hooked, only_at
from ..subject.live import LiveModel

Ids = tuple[int, ...]


@dataclass(frozen=True)
class Target:
    """One side of one neuron."""

    layer: int
    index: int
    pole: int = 1


@dataclass(frozen=True)
class Text:
    """Token numbers, BOS included: `base` up to position `at`, then `tail`."""

    base: Ids
    at: int
    tail: Ids

    @classmethod
    def whole(cls, ids: Ids) -> Text:
        """A text as it is."""
        return cls(ids, len(ids), ())

    @cached_property
    def ids(self) -> Ids:
        """The whole text."""
        return self.base[: self.at] + self.tail

    def with_token(self, at: int, token: int) -> Text:
        """This text, which is whole, with another token at a position."""
        return Text(self.base, at, (token, *self.base[at + 1 :]))


PASS = 64
"""Positions that a forward pass costs beside its own: so many may be padded where that saves one."""

Question = tuple[Text, int]
"""A text, and the number of the target that is read at its end."""


@dataclass
class Engine:
    """Runs texts through a model and reads targets. Counts what it runs."""

    live: LiveModel
    targets: Sequence[Target]
    most: int = 4096
    """positions of one forward pass"""
    share: bool = True
    """whether equal texts and beginnings are run once; without it every text is run whole"""
    tokens: int = 0
    """token-forwards so far, padding included"""
    passes: int = 0
    asked: int = field(default=0)
    """questions so far"""

    def ask(self, questions: Sequence[Question], past: Past | None = None) -> npt.NDArray[np.float64]:
        """pole x hidden value of each question's target at the end of its text, float64 `[n]`. `past` has the keys and
        values of all the texts' bases, so that what begins alike is not run again."""
        self.asked += len(questions)
        found = np.zeros(len(questions))
        rows: dict[object, _Row] = {}
        for number, (text, target) in enumerate(questions):
            key: object = text.ids if self.share else number
            rows.setdefault(key, _Row(text)).wants.append((number, target))
        depth: dict[Ids, int] = defaultdict(int)
        for row in rows.values():
            deepest = max(self.targets[target].layer for _, target in row.wants)
            depth[row.key(past)] = max(depth[row.key(past)], deepest)
        for layer in sorted(set(depth.values())):
            self._run_rows([row for row in rows.values() if depth[row.key(past)] == layer], found, past)
        return found

    def _run_rows(self, rows: list[_Row], found: npt.NDArray[np.float64], past: Past | None) -> None:
        """Texts that are read equally deep, or begin like one that is."""
        layers = sorted({self.targets[target].layer for row in rows for _, target in row.wants})
        plain, shared = _sorted(rows, self.share)
        for part in _batches(plain, lambda row: len(row.text.ids), self.most):
            self._run_ends([row.text.ids for row in part], part, None, layers, found)
        by_base: dict[Ids, list[_Row]] = defaultdict(list)
        for row in shared:
            by_base[row.text.base].append(row)
        if past is not None:
            self._run_departing(past, shared, layers, found)
            return
        for bases in _batches(sorted(by_base, key=lambda base: (len(base), base)), len, self.most):
            self._run_shared(bases, [by_base[base] for base in bases], layers, found)

    def _run_shared(
        self, bases: list[Ids], rows: list[list[_Row]], layers: list[int], found: npt.NDArray[np.float64]
    ) -> None:
        """The bases once, then what departs from them."""
        read = [next((row for row in own if not row.text.tail), None) for own in rows]
        longest = [max(row.text.at for row in own) for own in rows]
        # Of a base that nobody reads only what others share is run.
        texts = [base if row else base[:most] for base, row, most in zip(bases, read, longest, strict=True)]
        past = Past(
            self._run_ends(texts, read, _new_cache(), layers, found), {base: row for row, base in enumerate(bases)}
        )
        self._run_departing(past, [row for own in rows for row in own if row.text.tail], layers, found)

    def _run_departing(self, past: Past, rows: list[_Row], layers: list[int], found: npt.NDArray[np.float64]) -> None:
        """Each text from where it departs from its base, which is past."""
        by_place: dict[int, list[_Row]] = defaultdict(list)
        for row in rows:
            by_place[row.text.at].append(row)
        for at, departing in sorted(by_place.items()):
            departing.sort(key=lambda row: len(row.text.tail))
            for part in _batches(departing, lambda row: len(row.text.tail), self.most):
                begun = past.beginning([row.text.base for row in part], at, layers[-1])
                self._run_ends([row.text.tail for row in part], part, begun.cache, layers, found)

    def _run_ends(
        self,
        texts: list[Ids],
        rows: Sequence[_Row | None],
        cache: Any,
        layers: list[int],
        found: npt.NDArray[np.float64],
    ) -> Any:
        """Puts the values at each text's end into `found`. The deepest MLP is run there only; the cache is returned."""
        ends = [len(text) - 1 for text in texts]
        places: dict[int, list[tuple[int, int, int, int, int]]] = defaultdict(list)
        for number, row in enumerate(rows):
            for question, target in row.wants if row is not None else ():
                one = self.targets[target]
                places[one.layer].append((number, ends[number], one.index, question, one.pole))

        def read(layer: int, values: Values) -> None:
            if layer in places:
                row, end, index, question, pole = (list(column) for column in zip(*places[layer], strict=True))
                at = end if layer != layers[-1] else 0
                found[question] = np.array(pole) * values[row, at, index].double().cpu().numpy()

        with only_at(self.live.blocks[layers[-1]], torch.tensor(ends)):
            return self._run(texts, cache, layers, read)

    def everywhere(self, texts: Sequence[Ids], target: int) -> list[npt.NDArray[np.float64]]:
        """pole x hidden value of one target at every token of each text; every text is run whole."""
        one = self.targets[target]
        held: list[npt.NDArray[np.float64]] = []

        def read(layer: int, values: Values) -> None:
            held.extend(one.pole * values[:, :, one.index].double().cpu().numpy())

        self._run(texts, None, [one.layer], read)
        return [values[: len(text)] for values, text in zip(held, texts, strict=True)]

    def masked(
        self, texts: Sequence[Ids], start: int, mask: int, target: int
    ) -> list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
        """pole x hidden value of one target at every token of each text, `[t]`, and with each token from `start` on
        masked in turn, `[t - start, t]`."""
        if self.share:
            parts = _batches(sorted(set(texts), key=lambda text: (len(text), text)), len, self.most)
            done = {text: values for part in parts for text, values in self._masked(part, start, mask, target)}
            return [done[text] for text in texts]
        found = []
        for text in texts:
            rows = [(*text[:at], mask, *text[at + 1 :]) for at in range(start, len(text))]
            whole, *others = self.everywhere([text, *rows], target)
            found.append((whole, np.stack(others)))
        return found

    def _masked(
        self, texts: Sequence[Ids], start: int, mask: int, target: int
    ) -> Iterator[tuple[Ids, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]]:
        """Texts of like length; what is before a masked token is run once."""
        cache, one = _new_cache(), self.targets[target]
        held: list[npt.NDArray[np.float64]] = []

        def read(layer: int, values: Values) -> None:
            held.append(one.pole * values[:, :, one.index].double().cpu().numpy())

        self._run(texts, cache, [one.layer], read)
        whole = held.pop()
        others = [np.tile(row[: len(text)], (len(text) - start, 1)) for row, text in zip(whole, texts, strict=True)]
        for at in range(start, len(texts[-1])):
            rows = [number for number, text in enumerate(texts) if len(text) > at]
            tails = [(mask, *texts[number][at + 1 :]) for number in rows]
            self._run(tails, _cropped(cache, rows, at), [one.layer], read)
            for number, tail, values in zip(rows, tails, held.pop(), strict=True):
                others[number][at - start, at:] = values[: len(tail)]
        for text, row, masked in zip(texts, whole, others, strict=True):
            yield text, (row[: len(text)], masked)

    @torch.no_grad()
    def hidden(self, texts: Sequence[Ids], past: Past | None = None) -> tuple[torch.Tensor, Past]:
        """What the LM head reads at every token, `[n, longest, d_model]`, meaningless behind a text's end; and what
        texts that begin alike can go on from. With `past` the texts go on from there."""
        ids = self._padded(texts)
        self._count(ids)
        held = _new_cache() if past is None else past.cache
        found = self.live.body(input_ids=ids, use_cache=True, **given_cache(self.live.body, held))
        return found.last_hidden_state, Past(held)

    @torch.no_grad()
    def _run(self, texts: Sequence[Ids], cache: Any, layers: Sequence[int], read: Callable[[int, Values], None]) -> Any:
        """One forward pass; the cache, filled as far as the pass went."""
        ids = self._padded(texts)
        self._count(ids)
        left = len(layers)

        def told(shape: Shape) -> Callable[[int, str, Values], None]:
            def each(layer: int, site: str, values: Values) -> None:
                nonlocal left
                read(layer, values)
                left -= 1
                if not left:
                    raise StopRun

            return each

        roots, wanted = (self.live.model, self.live.body), dict.fromkeys(layers, ("hidden",))
        with suppress(StopRun), hooked(roots, self.live.blocks, wanted, told):
            self.live.body(input_ids=ids, use_cache=cache is not None, **given_cache(self.live.body, cache))
        return cache

    def _padded(self, texts: Sequence[Ids]) -> torch.Tensor:
        """Behind its end a text repeats its last token: a causal model's values before it do not change."""
        longest = max(map(len, texts))
        rows = [text + text[-1:] * (longest - len(text)) for text in texts]
        return torch.from_numpy(np.array(rows, np.int64)).to(self.live.device)

    def _count(self, ids: torch.Tensor) -> None:
        self.tokens += ids.numel()
        self.passes += 1


@dataclass
class _Row:
    """One text and who reads it: numbers of the question and of the target."""

    text: Text
    wants: list[tuple[int, int]] = field(default_factory=list)

    def key(self, past: Past | None) -> Ids:
        """Those of one key are run together: where beginnings are still to be run, those that share one."""
        return self.text.base if past is None else self.text.ids


def _sorted(rows: Iterable[_Row], share: bool) -> tuple[list[_Row], list[_Row]]:
    """Those that are run whole, by length, and those that share a beginning with others."""
    found = list(rows)
    departing = {row.text.base for row in found if row.text.tail and row.text.at} if share else set[Ids]()
    shared = [row for row in found if row.text.at and row.text.base in departing]
    plain = [row for row in found if not (row.text.at and row.text.base in departing)]
    return sorted(plain, key=lambda row: len(row.text.ids)), shared


def _batches(items: Sequence[Any], length: Callable[[Any], int], most: int) -> Iterator[list[Any]]:
    """Runs of items, sorted by length, whose padded size is at most `most` positions."""
    part: list[Any] = []
    padded = 0
    for item in items:
        long = length(item)
        more = len(part) * (long - length(part[-1])) if part else 0
        if part and ((len(part) + 1) * long > most or padded + more > PASS):
            yield part
            part, padded, more = [], 0, 0
        part.append(item)
        padded += more
    if part:
        yield part


@dataclass(frozen=True)
class Past:
    """Keys and values of texts that were run."""

    cache: Any
    rows: Mapping[Ids, int] = field(default_factory=dict)
    """which row of the cache is each text's"""

    def beginning(self, texts: Sequence[Ids], length: int, deepest: int | None = None) -> Past:
        """The first `length` tokens of some of the texts, up to the layer `deepest`."""
        return Past(_cropped(self.cache, [self.rows[ids] for ids in texts], length, deepest))


def _new_cache() -> Any:
    from transformers import DynamicCache

    return DynamicCache()


def _cropped(cache: Any, rows: Sequence[int], length: int, deepest: int | None = None) -> Any:
    """A cache with the first `length` positions of some of the rows, up to the layer `deepest`."""
    found, some = _new_cache(), torch.tensor(rows)
    for layer in cache.layers[: None if deepest is None else deepest + 1]:
        # Set as they are: to hand them to `update` is to copy them once more.
        some = some.to(layer.keys.device)
        own = copy(layer)
        own.keys, own.values = (held[:, :, :length].index_select(0, some) for held in (layer.keys, layer.values))
        found.layers.append(own)
    return found
