"""What neurons do on short texts that differ little from one another, in as few token-forwards as possible.

Only the last token of a text is read, so nothing after it is run. Equal texts are run once for all neurons that ask,
texts that begin alike share their beginning's keys and values, and a pass ends at the deepest layer that is read,
whose MLP is run on last tokens only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch

from ..subject.cache import given_cache
from ..subject.hooks import Shape, StopRun, Values, hooked, only_at
from ..subject.live import LiveModel
from .laid import Ids, Laid, Past, Text, packed


@dataclass(frozen=True)
class Target:
    """One side of one neuron."""

    layer: int
    index: int
    pole: int = 1


PASS = 64
"""Positions that a forward pass costs beside its own: so many may be padded where that saves one."""
POSITIONS = 1024
"""Of a forward pass on a CPU: what it makes of more does not stay in its caches."""
HELD = 2
"""Positions whose keys and values may be held for each that is run."""

Question = tuple[Text, int]
"""A text, and the number of the target that is read at its end."""


@dataclass
class Engine:
    """Runs texts through a model and reads targets. Counts what it runs."""

    live: LiveModel
    targets: Sequence[Target]
    most: int = 0
    """positions of one forward pass; 0: as many as suit the device"""
    share: bool = True
    """whether equal texts and beginnings are run once; without it every text is run whole"""
    tokens: int = 0
    """token-forwards so far, padding included"""
    passes: int = 0
    asked: int = field(default=0)
    """questions so far"""

    def __post_init__(self) -> None:
        self.most = self.most or (POSITIONS if self.live.device.type == "cpu" else 8 * POSITIONS)

    def ask(self, questions: Sequence[Question], past: Past | None = None) -> npt.NDArray[np.float64]:
        """pole x hidden value of each question's target at the end of its text, float64 `[n]`. `past` has the keys and
        values of all the texts' bases but for the last token of each, so that what begins alike is not run again."""
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
        plain, shared = self._sorted(rows, past)
        for part in _batches(plain, lambda row: len(row.text.ids), self.most):
            self._run_ends(Laid.whole([row.text.ids for row in part]), part, layers, found)
        by_base: dict[Ids, list[_Row]] = defaultdict(list)
        for row in shared:
            by_base[row.text.base].append(row)
        if past is not None:
            self._run_departing(past, shared, layers, found)
            return
        for bases in _batches(sorted(by_base, key=lambda base: (len(base), base)), len, self.most):
            self._run_shared(bases, [by_base[base] for base in bases], layers, found)

    def _sorted(self, rows: Iterable[_Row], past: Past | None) -> tuple[list[_Row], list[_Row]]:
        """Those that are run whole, by length, and those that share a beginning with others."""
        found = list(rows)
        departing = {row.text.base for row in found if row.text.tail and self._goes_on(row.text)}
        kinds: tuple[list[_Row], list[_Row]] = [], []
        for row in found:
            begun = row.text.base in departing and self._goes_on(row.text)
            kinds[begun and (past is None or bool(row.text.tail))].append(row)
        return sorted(kinds[0], key=lambda row: len(row.text.ids)), kinds[1]

    def _goes_on(self, text: Text) -> bool:
        """Whether a text may go on from its base."""
        return self.share and text.at > 0 and len(text.ids) <= self._longest

    @cached_property
    def _longest(self) -> int:
        """Longer texts are run whole: a layer of local attention does not see all that is before."""
        return goes_on(self.live)

    def _run_shared(
        self, bases: list[Ids], rows: list[list[_Row]], layers: list[int], found: npt.NDArray[np.float64]
    ) -> None:
        """The bases once, then what departs from them."""
        read = [next((row for row in own if not row.text.tail), None) for own in rows]
        longest = [max(row.text.before(layers[-1]) for row in own) for own in rows]
        # Of a base that nobody reads only what others share is run.
        texts = [base if row else base[:most] for base, row, most in zip(bases, read, longest, strict=True)]
        past = Past({base: row for row, base in enumerate(bases)})
        self._run_ends(Laid.whole(texts, past), read, layers, found)
        self._run_departing(past, [row for own in rows for row in own if row.text.tail], layers, found)

    def _run_departing(self, past: Past, rows: list[_Row], layers: list[int], found: npt.NDArray[np.float64]) -> None:
        """Each text from where it departs from its base, which is past."""
        for numbers, laid in self._after([row.text for row in rows], past, layers[-1]):
            self._run_ends(laid, [rows[number] for number in numbers], layers, found)

    def _after(self, texts: Sequence[Text], past: Past, deepest: int) -> Iterator[tuple[list[int], Laid]]:
        """Passes that begin where texts depart from their bases, and which texts each has."""
        groups = packed(texts, deepest)
        sizes = [sum(texts[number].new(deepest) for number in group) for group in groups]
        before = [max(texts[number].before(deepest) for number in group) for group in groups]
        order = sorted(range(len(groups)), key=sizes.__getitem__)
        for part in _batches(order, sizes.__getitem__, self.most, lambda i: sizes[i] + before[i]):
            rows = [[texts[number] for number in groups[i]] for i in part]
            yield [n for i in part for n in groups[i]], Laid.after(past, rows, deepest, self.live.model.dtype)

    def _run_ends(
        self, laid: Laid, rows: Sequence[_Row | None], layers: list[int], found: npt.NDArray[np.float64]
    ) -> None:
        """Puts the values at each text's end into `found`. The deepest MLP is run there only."""
        places: dict[int, list[tuple[int, int, int, int, int, int]]] = defaultdict(list)
        for number, (row, end) in enumerate(zip(rows, laid.ends, strict=True)):
            for question, target in row.wants if row is not None else ():
                one = self.targets[target]
                places[one.layer].append((number, *end, one.index, question, one.pole))

        def read(layer: int, values: Values) -> None:
            if layer in places:
                number, row, end, index, question, pole = map(list, zip(*places[layer], strict=True))
                here = values[row, end, index] if layer != layers[-1] else values[number, 0, index]
                found[question] = np.array(pole) * here.double().cpu().numpy()

        with only_at(self.live.blocks[layers[-1]], torch.tensor(laid.ends), len(laid.ids)):
            self._run(laid, layers, read)

    def everywhere(self, texts: Sequence[Ids], target: int) -> list[npt.NDArray[np.float64]]:
        """pole x hidden value of one target at every token of each text; every text is run whole."""
        one = self.targets[target]
        held: list[npt.NDArray[np.float64]] = []

        def read(layer: int, values: Values) -> None:
            held.extend(one.pole * values[:, :, one.index].double().cpu().numpy())

        self._run(Laid.whole(texts), [one.layer], read)
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
            found.append((whole, np.stack(others) if others else np.zeros((0, len(text)))))
        return found

    def _masked(
        self, texts: Sequence[Ids], start: int, mask: int, target: int
    ) -> Iterator[tuple[Ids, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]]:
        """Texts of like length; what is before a masked token is run once."""
        past, one = self._begun(texts), self.targets[target]
        held: list[npt.NDArray[np.float64]] = []

        def read(layer: int, values: Values) -> None:
            held.append(one.pole * values[:, :, one.index].double().cpu().numpy())

        self._run(Laid.whole(texts, past), [one.layer], read)
        whole = held.pop()
        others = {
            text: np.tile(row[: len(text)], (len(text) - start, 1)) for row, text in zip(whole, texts, strict=True)
        }
        masked = [Text.whole(text).with_token(at, mask) for text in texts for at in range(start, len(text))]
        for some, laid in self._each(masked, past):
            self._run(laid, [one.layer], read)
            (values,) = held
            held.clear()
            for one_masked, (row, end) in zip(some, laid.ends, strict=True):
                at, tail = one_masked.at, one_masked.tail
                others[one_masked.base][at - start, at:] = values[row, end + 1 - len(tail) : end + 1]
        for text, row in zip(texts, whole, strict=True):
            yield text, (row[: len(text)], others[text])

    def _begun(self, texts: Sequence[Ids]) -> Past | None:
        """What texts leave behind; nothing where no text may go on from it."""
        return Past({text: row for row, text in enumerate(texts)}) if self._longest else None

    def _each(self, texts: Sequence[Text], past: Past | None) -> Iterator[tuple[list[Text], Laid]]:
        """Passes in which every token of the texts' tails is run, in all layers."""
        shared = [text for text in texts if self._goes_on(text)]
        if past is not None:
            for numbers, laid in self._after(shared, past, len(self.live.blocks)):
                yield [shared[number] for number in numbers], laid
        plain = sorted((text for text in texts if not self._goes_on(text)), key=lambda text: len(text.ids))
        for part in _batches(plain, lambda text: len(text.ids), self.most):
            yield part, Laid.whole([text.ids for text in part])

    @torch.no_grad()
    def hidden(self, texts: Sequence[Ids]) -> tuple[torch.Tensor, Past | None]:
        """What the LM head reads at every token, `[n, longest, d_model]`, meaningless behind a text's end; and what
        texts that begin alike can go on from, where the model's can."""
        past = self._begun(texts)
        return self._forward(Laid.whole(texts, past)).last_hidden_state, past

    @torch.no_grad()
    def hidden_after(self, texts: Sequence[Text], past: Past | None) -> Iterator[tuple[Text, torch.Tensor]]:
        """The same for the tail of each text, `[tail, d_model]`, in any order. `past` has their bases."""
        for some, laid in self._each(texts, past):
            found = self._forward(laid).last_hidden_state
            for text, (row, end) in zip(some, laid.ends, strict=True):
                yield text, found[row, end + 1 - len(text.tail) : end + 1]

    @torch.no_grad()
    def _run(self, laid: Laid, layers: Sequence[int], read: Callable[[int, Values], None]) -> None:
        """One forward pass, which fills the past as far as it goes."""
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
            self._forward(laid)

    def _forward(self, laid: Laid) -> Any:
        self.tokens += laid.ids.numel()
        self.passes += 1
        cache, device = None if laid.past is None else laid.past.cache, self.live.device
        told = {name: values.to(device) for name, values in laid.told.items()} | given_cache(self.live.body, cache)
        return self.live.body(input_ids=laid.ids.to(device), use_cache=cache is not None, **told)


@dataclass
class _Row:
    """One text and who reads it: numbers of the question and of the target."""

    text: Text
    wants: list[tuple[int, int]] = field(default_factory=list)

    def key(self, past: Past | None) -> Ids:
        """Those of one key are run together: where beginnings are still to be run, those that share one."""
        return self.text.base if past is None else self.text.ids


_GOES_ON: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


def goes_on(live: LiveModel) -> int:
    """How long texts of a model may be that go on from the keys and values of their bases: as long as its local
    attention reaches; 0 where a text that is tried so, once for each model, does not give what it gives when run whole,
    and for GPT-Neo, which masks by places in the cache (`window_size`), where other texts stand between.
    """
    if live.model not in _GOES_ON:
        config = live.model.config.get_text_config()
        reach = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
        _GOES_ON[live.model] = min([2**31, *(one for one in reach if isinstance(one, int) and one > 0)])
        if getattr(config, "window_size", None) or not _same(Engine(live, ())):
            _GOES_ON[live.model] = 0
    return _GOES_ON[live.model]


def _same(engine: Engine) -> bool:
    """Whether tails of one base, laid in one row, give what the whole texts give."""
    words = int(engine.live.model.config.get_text_config().vocab_size)
    base = tuple(token % words for token in range(2, 9))
    texts = [Text.whole(base).with_token(at, 9 % words) for at in (2, 5)]
    try:
        tails = dict(engine.hidden_after(texts, engine.hidden([base])[1]))
        wholes = {text: engine.hidden([text.ids])[0][0, -len(text.tail) :] for text in texts}
    except Exception:  # whatever a model raises that keeps its past in another way
        return False
    for text, whole in wholes.items():
        apart, size = float((tails[text] - whole).abs().max()), float(whole.abs().max())
        if not apart <= size * max(1e-4, 8 * torch.finfo(whole.dtype).eps):
            return False
    return True


def _batches(
    items: Sequence[Any], length: Callable[[Any], int], most: int, whole: Callable[[Any], int] = lambda _: 0
) -> Iterator[list[Any]]:
    """Runs of items, sorted by length, whose padded size is at most `most` positions, and HELD times so many with what
    is before them, `whole` the length of both."""
    part: list[Any] = []
    padded = longest = 0
    for item in items:
        long = length(item)
        more = len(part) * (long - length(part[-1])) if part else 0
        longest = max(longest, whole(item))
        if part and ((len(part) + 1) * max(long, longest / HELD) > most or padded + more > PASS):
            yield part
            part, padded, more, longest = [], 0, 0, whole(item)
        part.append(item)
        padded += more
    if part:
        yield part
