"""Texts that differ little from one another, laid out as forward passes: what begins alike is run once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch

Ids = tuple[int, ...]


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

    @cached_property
    def replaces(self) -> bool:
        """Whether it is the base with another token before the last."""
        return len(self.tail) > 1 and self.base[self.at + 1 :] == self.tail[1:]

    def new(self, deepest: int) -> int:
        """How many tokens are run when its last one is read in the layer `deepest` or before. In the first layer keys
        and values are of one token in its place, whatever the others are: only the new one and the last are run."""
        return 2 if deepest == 0 and self.replaces else len(self.tail)

    def before(self, deepest: int) -> int:
        """How much of the base it goes on from."""
        return len(self.ids) - 1 if deepest == 0 and self.replaces else self.at


def _new_cache() -> Any:
    from transformers import DynamicCache

    return DynamicCache()


@dataclass(frozen=True)
class Past:
    """Keys and values of texts that were run; of a new one, nothing yet."""

    rows: Mapping[Ids, int] = field(default_factory=dict)
    """which row of the cache is each text's"""
    cache: Any = field(default_factory=_new_cache)

    def beginning(self, texts: Sequence[Ids], length: int, deepest: int) -> Past:
        """The first `length` tokens of some of the texts, a row for each, up to the layer `deepest`."""
        found, rows = _new_cache(), torch.tensor([self.rows[ids] for ids in texts])
        for layer in self.cache.layers[: deepest + 1]:
            # Set as they are: to hand them to `update` is to copy them once more.
            own = copy(layer)
            rows = rows.to(layer.keys.device)
            own.keys, own.values = (held[:, :, :length].index_select(0, rows) for held in (layer.keys, layer.values))
            found.layers.append(own)
        return Past(cache=found)


@dataclass(frozen=True)
class Laid:
    """One forward pass."""

    ids: torch.Tensor
    """int64 `[rows, tokens]`; of no meaning where nothing stands"""
    ends: Sequence[tuple[int, int]]
    """row and place of each text's last token"""
    past: Past | None = None
    told: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """what else the model must know"""

    @classmethod
    def whole(cls, texts: Sequence[Ids], past: Past | None = None) -> Laid:
        """A text a row. Behind its end a text repeats its last token: a causal model's values before it do not
        change."""
        longest = max(map(len, texts))
        rows = [text + text[-1:] * (longest - len(text)) for text in texts]
        ends = [(row, len(text) - 1) for row, text in enumerate(texts)]
        return cls(torch.from_numpy(np.array(rows, np.int64)), ends, past)

    @classmethod
    def after(cls, past: Past, rows: Sequence[Sequence[Text]], deepest: int, dtype: torch.dtype) -> Laid:
        """Each row the tails of some texts of one base, none of which sees another; read as deep as `deepest`."""
        ids: list[int] = []
        place: list[int] = []
        seen: list[int] = []
        hole: list[int] = []
        texts = [text for row in rows for text in row]
        for text in texts:
            at, tail, end = text.at, text.tail, len(text.ids) - 1
            if text.new(deepest) < len(tail):
                ids += tail[0], tail[-1]
                place += at, end
                seen += at, end
                hole += -1, at
            else:
                ids += tail
                place += range(at, end + 1)
                seen += [at] * len(tail)
                hole += [-1] * len(tail)
        lengths = np.array([text.new(deepest) for text in texts])
        ends = np.cumsum(lengths)
        first = np.cumsum([0, *map(len, rows)])[:-1]
        row = np.repeat(np.arange(len(rows)), list(map(len, rows)))
        begins = ends - lengths - (ends - lengths)[first][row]
        where = np.repeat(row, lengths), np.arange(ends[-1]) - np.repeat((ends - lengths)[first][row], lengths)
        shape = len(rows), int(where[1].max()) + 1
        columns = [np.zeros(shape, np.int64) for _ in range(4)]
        begin = np.tile(np.arange(shape[1]), (shape[0], 1))
        for column, values in zip(columns, (ids, place, seen, hole), strict=True):
            column[where] = values
        begin[where] = np.repeat(begins, lengths)
        tokens, places, before, left_out, own = (torch.from_numpy(each) for each in (*columns, begin))
        held, new = torch.arange(max(text.before(deepest) for text in texts)), torch.arange(shape[1])
        sees_past = (held < before[..., None]) & (held != left_out[..., None])
        sees_new = (new <= new[:, None]) & (new >= own[..., None])
        sees = torch.cat([sees_past, sees_new], 2)[:, None]
        mask = torch.zeros(sees.shape, dtype=dtype).masked_fill(~sees, torch.finfo(dtype).min)
        return cls(
            tokens,
            list(zip(row.tolist(), (begins + lengths - 1).tolist(), strict=True)),
            past.beginning([some[0].base for some in rows], len(held), deepest),
            {"position_ids": places, "attention_mask": mask},
        )


ROW = 64
"""New tokens that stand in one row: more share what is before them, and each looks at more that it does not see."""


def packed(texts: Sequence[Text], deepest: int) -> list[list[int]]:
    """Rows for `Laid.after`, texts by number: each of one base and of at most ROW new tokens, or of one text."""
    by_base: dict[Ids, list[int]] = {}
    for number, text in enumerate(texts):
        by_base.setdefault(text.base, []).append(number)
    rows: list[list[int]] = []
    for own in by_base.values():
        begun: list[list[int]] = []
        left: list[int] = []
        for number in sorted(own, key=lambda number: -texts[number].new(deepest)):
            needs = texts[number].new(deepest)
            fits = next((i for i, room in enumerate(left) if room >= needs), None)
            if fits is None:
                begun.append([number])
                left.append(ROW - needs)
            else:
                begun[fits].append(number)
                left[fits] -= needs
        rows += begun
    return rows
