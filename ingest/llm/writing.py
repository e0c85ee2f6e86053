"""Texts written by a local model, many at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from .candidates import Path
from .client import Completion
from .passes import Passes, Run
from .reading import Reader
from .rows import Row


@dataclass(frozen=True)
class Asked:
    """How to write: at temperature 0 the likeliest token each time, else drawn."""

    max_tokens: int
    temperature: float
    stop: tuple[str, ...]
    seed: int


def write(passes: Passes, reader: Reader, prompts: Sequence[Path], how: Asked) -> Iterator[tuple[int, Completion]]:
    """Each prompt's number and what the model writes after it, as it is done."""
    if not prompts:
        return
    shared = passes.prefix(prompts, min(map(len, prompts)) - 1)
    rows = [Row(ids[shared:], (), (len(ids) - shared - 1,)) for ids in prompts]
    for batch in passes.batches(rows, shared + how.max_tokens):
        run = Run(passes, prompts[0][:shared], [rows[i] for i in batch])
        texts = [_Text(reader, prompts[i], how, _ends(passes, reader)) for i in batch]
        logits = torch.cat(run.begin())
        while True:
            for i, text, row in zip(batch, texts, logits, strict=True):
                if not text.done:
                    text.take(row)
                    if text.done:
                        yield i, text.answer
            if all(text.done for text in texts):
                break
            logits = run.step(torch.tensor([text.last for text in texts], device=logits.device))


class _Text:
    """One answer as it grows."""

    def __init__(self, reader: Reader, prompt: Path, how: Asked, ends: set[int]) -> None:
        self._reader, self._prompt, self._how, self._ends = reader, prompt, how, ends
        self._written: list[int] = []
        # Draws depend on the prompt and the seed alone, never on what else is in the batch.
        mixed = hashlib.sha256(repr((how.seed, prompt)).encode()).digest()
        self._draw = torch.Generator().manual_seed(int.from_bytes(mixed[:8], "big") >> 1)
        self.done, self.answer = False, Completion(None)

    @property
    def last(self) -> int:
        """The token to read next; anything once it is done."""
        return self._written[-1] if self._written else 0

    def take(self, logits: torch.Tensor) -> None:
        """Choose the next token by logits `[d_vocab]`."""
        scaled = logits.detach().double().cpu()
        if scaled.isnan().any():
            self._end(None, False, "the model's logits are no numbers")
            return
        if self._how.temperature <= 0:
            token = int(scaled.argmax())
        else:
            chances = (scaled / self._how.temperature).softmax(-1)
            token = int(torch.multinomial(chances, 1, generator=self._draw))
        if token in self._ends:
            self._end(self._text(), False)
            return
        self._written.append(token)
        text = self._text()
        if len(self._written) >= self._how.max_tokens or _cut(text, self._how.stop) != text:
            self._end(text, _cut(text, self._how.stop) == text)

    def _text(self) -> str:
        return self._reader.text(self._prompt, self._written)

    def _end(self, text: str | None, cut: bool, failure: str | None = None) -> None:
        self.done = True
        said = None if text is None else _cut(text, self._how.stop)
        self.answer = Completion(said, failure, len(self._prompt), len(self._written), cut)


def _cut(text: str, stop: Sequence[str]) -> str:
    """The text before the first of `stop`."""
    return text[: min([len(text), *(text.find(one) for one in stop if one in text)])]


def _ends(passes: Passes, reader: Reader) -> set[int]:
    """Tokens that end a text."""
    known = getattr(getattr(passes.model, "generation_config", None), "eos_token_id", None)
    listed = known if isinstance(known, list) else [known]
    return {int(token) for token in [*listed, reader.tokenizer.eos_token_id] if token is not None}
