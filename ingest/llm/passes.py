"""Forward passes over many texts at once: what they share is read once, and branches hang on any place of a text."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from ...schema import ModelError
from .candidates import shared_length
from .rows import Branch, Row

_ROOM = 2**30
"""Bytes of keys and values in one batch on a CPU; on a GPU, half of what is free."""
_LOGITS = 2**27
"""Logits of one batch at the wanted places."""
_HELD = 0.7
"""Share of a common beginning that must be held already, or it is read anew."""
_NEAR, _NEAR_HALF = 1e-3, 0.3
"""By how much log-probabilities may differ from those of plain passes: rounding, coarse in half precision."""
_REFUSALS = (TypeError, ValueError, RuntimeError, KeyError, IndexError, AttributeError, NotImplementedError)

KeysValues = list[tuple[torch.Tensor, torch.Tensor]]


class Passes:
    """A transformers causal language model, run with masks and positions of our own.

    `exact` says whether the model takes them, found by a comparison with plain passes; where not, rows are run one
    by one, and branches not at all.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.head: torch.nn.Module = model.get_output_embeddings()
        known = inspect.signature(model.forward).parameters
        self.cache_name = "cache" if "cache" in known else "past_key_values"
        self._kept: tuple[tuple[int, ...], KeysValues] = ((), [])
        self.token_bytes = 1
        self.exact = True
        self.exact = self._agrees()
        self.token_bytes = sum(t.nbytes for pair in self._kept[1] for t in pair) // max(1, len(self._kept[0])) or 1

    @property
    def device(self) -> torch.device:
        weight: torch.Tensor = self.model.get_input_embeddings().weight
        return weight.device

    def logits(self, shared: tuple[int, ...], rows: Sequence[Row]) -> Iterator[tuple[int, torch.Tensor]]:
        """Each row's number and its logits `[n_wanted, d_vocab]`; rows alike in length come together."""
        for batch in self.batches(rows, len(shared)):
            yield from zip(batch, Run(self, shared, [rows[i] for i in batch]).begin(), strict=True)

    def batches(self, rows: Sequence[Row], more: int) -> list[list[int]]:
        """Numbers of the rows that are run together, longest first; each holds `more` tokens beside its own."""
        width, room = int(self.model.get_input_embeddings().weight.shape[0]), self._room()
        found: list[list[int]] = []
        longest = wanted = 0
        for i in sorted(range(len(rows)), key=lambda i: -len(rows[i])):
            one = len(rows[i].wanted) * width
            cells = (len(found[-1]) + 1) * longest if found else 0
            if not found or not self.exact or cells * self.token_bytes > room or wanted + one > _LOGITS:
                found.append([])
                longest, wanted = len(rows[i]) + more, 0
            found[-1].append(i)
            wanted += one
        return found

    @torch.no_grad()
    def forward(self, ids: torch.Tensor, places: tuple[torch.Tensor, torch.Tensor], cache: Any, **how: Any) -> Any:
        """One pass of `[batch, n]` tokens: the model's output, its logits `[n_places, d_vocab]` at `places` alone."""
        with self._gathered(places):
            done = self.model(input_ids=ids, use_cache=True, **{self.cache_name: cache}, **how)
        return done, done.logits[0]

    def prefix(self, rows: Sequence[tuple[int, ...]], at_most: int) -> int:
        """Tokens to take as shared by all rows: what is held already where that is most of it, else all they share."""
        n = shared_length(rows, at_most)
        held = shared_length([rows[0][:n], self._kept[0]], n)
        return held if held >= _HELD * n else n

    def keys_values(self, shared: tuple[int, ...]) -> KeysValues:
        """Keys and values of shared tokens, a layer each; those of the last call are kept."""
        n = len(shared)
        if self._kept[0][:n] != shared:
            from transformers import DynamicCache

            cache: Any = DynamicCache()
            ids = torch.tensor([shared], device=self.device)
            last = (torch.tensor([0], device=self.device), torch.tensor([n - 1], device=self.device))
            self.forward(ids, last, cache)
            self._kept = (shared, [(layer.keys, layer.values) for layer in cache.layers])
        return [(keys[:, :, :n], values[:, :, :n]) for keys, values in self._kept[1]] if n else []

    def mask(self, sees: torch.Tensor, queries: torch.Tensor, keys: torch.Tensor) -> Any:
        """What `[batch, n, n_keys]` sees, as attention takes it; sliding layers see their window of positions."""
        config = self.model.config.get_text_config()
        window = getattr(config, "sliding_window", None)
        near = sees if window is None else sees & (queries[:, :, None] - keys[:, None, :] < window)
        kinds = getattr(config, "layer_types", None)
        if kinds is None:
            used = window is not None and getattr(config, "use_sliding_window", True)
            return self._additive(near if used else sees)
        by_kind = {"full_attention": sees, "sliding_attention": near}
        found = {kind: self._additive(by_kind[kind]) for kind in set(kinds)}
        # Families without sliding layers take one mask, whatever their config lists.
        return found if "sliding_attention" in found else next(iter(found.values()))

    def _room(self) -> int:
        return torch.cuda.mem_get_info(self.device)[0] // 2 if self.device.type == "cuda" else _ROOM

    def _additive(self, sees: torch.Tensor) -> torch.Tensor:
        dtype = self.model.dtype
        return torch.where(sees[:, None], 0.0, torch.finfo(dtype).min).to(dtype)

    @contextmanager
    def _gathered(self, places: tuple[torch.Tensor, torch.Tensor]) -> Iterator[None]:
        """The LM head reads only the wanted places: over a large vocabulary the others cost more than the model."""

        def gather(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
            return (inputs[0][places][None],)

        handle = self.head.register_forward_pre_hook(gather)
        try:
            yield
        finally:
            handle.remove()

    def _agrees(self) -> bool:
        shared, first, second = (1, 2, 3), (4, 5, 6, 7), (8, 9)
        tree = (Branch(10, 2), Branch(11, 2, 0))
        rows = [Row(first, tree, (1, 3, 4, 5)), Row(second, (), (1,))]
        plain = [(4, 5), first, (4, 5, 10), (4, 5, 10, 11), second]
        try:
            found = torch.cat([part for _, part in self.logits(shared, rows)]).log_softmax(-1)
            wanted = torch.cat([self._plain((*shared, *tokens)) for tokens in plain]).log_softmax(-1)
        except _REFUSALS:
            return False
        apart = float((found.float() - wanted.float()).abs().max())
        return apart < (_NEAR if self.model.dtype in (torch.float32, torch.float64) else _NEAR_HALF)

    @torch.no_grad()
    def _plain(self, tokens: tuple[int, ...]) -> torch.Tensor:
        logits: torch.Tensor = self.model(input_ids=torch.tensor([tokens], device=self.device), use_cache=False).logits
        return logits[:, -1]


class Run:
    """One batch: its rows are read, and can then each be gone on with, a token at a time."""

    def __init__(self, passes: Passes, shared: tuple[int, ...], rows: Sequence[Row]) -> None:
        if not passes.exact and (len(rows) > 1 or rows[0].branches):
            raise ModelError("this model takes no masks of our own: one row at a time, without branches")
        self._passes, self._shared, self._rows = passes, shared, rows
        self._cache: Any = None

    def begin(self) -> list[torch.Tensor]:
        """Logits `[n_wanted, d_vocab]` of each row."""
        if not self._passes.exact:
            return [self._plainly((*self._shared, *self._rows[0].tokens), len(self._shared), self._rows[0].wanted)]
        ids, queries, sees = self._padded()
        self._cache, before = self._filled(), len(self._shared)
        places = torch.tensor([(b, p) for b, row in enumerate(self._rows) for p in row.wanted], device=ids.device)
        behind = torch.ones((*sees.shape[:2], before), dtype=torch.bool, device=ids.device)
        first = torch.arange(before, device=ids.device).expand(len(ids), -1)
        self._keys = torch.cat([first, queries], 1)
        # What later tokens see: the row itself, never its branches nor the padding.
        own = torch.tensor([len(row.tokens) for row in self._rows], device=ids.device)
        line = torch.arange(ids.shape[1], device=ids.device) < own[:, None]
        self._seen = torch.cat([behind[:, 0], line], 1)
        self._next = before + own
        logits = self._read(ids, queries, torch.cat([behind, sees], 2), (places[:, 0], places[:, 1]))
        return list(torch.split(logits, [len(row.wanted) for row in self._rows]))

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits `[batch, d_vocab]` after one more token a row, int64 `[batch]`."""
        if not self._passes.exact:
            return self._plainly((int(tokens[0]),), 0, (0,))
        ids, queries = tokens[:, None], self._next[:, None]
        self._keys = torch.cat([self._keys, queries], 1)
        self._seen = torch.cat([self._seen, torch.ones_like(ids, dtype=torch.bool)], 1)
        self._next = self._next + 1
        rows = torch.arange(len(ids), device=ids.device)
        return self._read(ids, queries, self._seen[:, None], (rows, torch.zeros_like(rows)))

    def _read(
        self,
        ids: torch.Tensor,
        queries: torch.Tensor,
        sees: torch.Tensor,
        places: tuple[torch.Tensor, torch.Tensor],
    ) -> torch.Tensor:
        mask = self._passes.mask(sees, queries, self._keys)
        _, logits = self._passes.forward(ids, places, self._cache, attention_mask=mask, position_ids=queries)
        found: torch.Tensor = logits
        return found

    def _plainly(self, tokens: tuple[int, ...], start: int, wanted: tuple[int, ...]) -> torch.Tensor:
        ids = torch.tensor([tokens], device=self._passes.device)
        at = torch.tensor([start + p for p in wanted], device=ids.device)
        done, logits = self._passes.forward(ids, (torch.zeros_like(at), at), self._cache)
        self._cache = done[self._passes.cache_name]
        found: torch.Tensor = logits
        return found

    def _padded(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Tokens and positions `[batch, n]`; what each sees of its row `[batch, n, n]`, padding only itself."""
        longest = max(len(row) for row in self._rows)
        ids = torch.zeros((len(self._rows), longest), dtype=torch.int64)
        positions = torch.zeros_like(ids)
        sees = torch.eye(longest, dtype=torch.bool).repeat(len(self._rows), 1, 1)
        for b, row in enumerate(self._rows):
            where, what = row.layout()
            ids[b, : len(row)] = torch.tensor([*row.tokens, *(branch.token for branch in row.branches)])
            positions[b, : len(row)] = torch.from_numpy(where)
            sees[b, : len(row), : len(row)] = torch.from_numpy(what)
        device = self._passes.device
        return ids.to(device), (positions + len(self._shared)).to(device), sees.to(device)

    def _filled(self) -> Any:
        """A cache that holds the shared tokens, once a row."""
        from transformers import DynamicCache

        n = len(self._rows)
        held = self._passes.keys_values(self._shared)
        return DynamicCache([(k.expand(n, -1, -1, -1), v.expand(n, -1, -1, -1)) for k, v in held] or None)
