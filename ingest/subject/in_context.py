"""What tokens write, by what their tokenizer decodes them to between two others.

Marks of schemes (`##`, `</w>`, `▁`, `Ġ`) are not looked for: the decoder knows its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from ...schema import ModelError
from ...schema.secrets import reason
from .surface import is_byte_name

Decode = Callable[[Sequence[Sequence[int]]], list[str]]

_MARKED = re.compile(r"[^\w\s]*([^\W\d_]+)[^\w\s]*")
WORDS = 20
"""Words among the tokens that tell whether a space belongs to the token before or behind it."""
_BATCH = 2**15
"""Tokens decoded at once."""


@dataclass(frozen=True)
class Context:
    """Two tokens that others are decoded between."""

    before: int
    after: int
    head: str
    """what `before` writes there"""
    tail: str
    """what `after` writes there"""

    def inner(self, whole: str) -> str | None:
        """What a token between them writes, `whole` being the three together; None where it cannot be told."""
        for head in (self.head, self.head.rstrip()):
            for tail in (self.tail, self.tail.lstrip()):
                if len(whole) >= len(head) + len(tail) and whole.startswith(head) and whole.endswith(tail):
                    return whole[len(head) : len(whole) - len(tail)]
        return None


@dataclass(frozen=True)
class InContext:
    """A tokenizer with the contexts that its tokens are decoded in."""

    decode: Decode
    contexts: tuple[Context, ...]
    """Three, the first after a word: where they tell different texts, the first counts. None without two words."""

    @classmethod
    def of(cls, tokenizer: Any, sample: Mapping[int, str]) -> InContext:
        """`sample` has ids and names of some tokens in random order, none special or added: words among them are the
        contexts.

        Raises ModelError where the tokenizer cannot decode its own tokens.
        """
        decode = decoder(tokenizer)
        return cls(decode, _contexts(decode, [i for i in sample if not is_byte_name(sample[i])]))

    def texts(self, ids: Sequence[int]) -> list[str]:
        """What each token writes, the space before or behind it included; U+FFFD for a part of a character.

        `ids` are tokens that the tokenizer has. Raises ModelError.
        """
        found: list[str] = []
        for start in range(0, len(ids), _BATCH):
            found += self._part(ids[start : start + _BATCH])
        return found

    def _part(self, ids: Sequence[int]) -> list[str]:
        texts: dict[int, str] = {}
        for context in self.contexts:
            # Some decoders write a repeated token once.
            left = [i for i in ids if i not in texts and i not in (context.before, context.after)]
            wholes = self.decode([(context.before, i, context.after) for i in left])
            texts |= {
                i: text for i, whole in zip(left, wholes, strict=True) if (text := context.inner(whole)) is not None
            }
        left = [i for i in ids if i not in texts]
        texts |= zip(left, self.decode([(i,) for i in left]), strict=True)
        return [texts[i] for i in ids]


def decoder(tokenizer: Any) -> Decode:
    """What decodes rows of ids to texts: nothing left out, nothing tidied behind the decoder."""
    setup = getattr(tokenizer, "backend_tokenizer", None) or getattr(tokenizer, "setup", None)

    def decode(rows: Sequence[Sequence[int]]) -> list[str]:
        try:
            if setup is not None:
                return list(setup.decode_batch([list(row) for row in rows], skip_special_tokens=False))
            more = {"skip_special_tokens": False, "clean_up_tokenization_spaces": False}
            return [str(tokenizer.decode(list(row), **more)) for row in rows]
        except Exception as error:  # a tokenizer in Python raises what it likes
            raise ModelError(
                f"its tokenizer, {type(tokenizer).__name__}, cannot decode its own tokens: {reason(error)}; "
                "save it anew with the transformers release that made it"
            ) from None

    return decode


def _words(decode: Decode, ids: Sequence[int]) -> dict[int, str]:
    """Tokens that are letters, or else letters and digits, wherever they stand, with these."""
    alone = _alone(decode, ids)
    for test in (str.isalpha, str.isalnum):
        found = {i: text for i, text in alone.items() if test(text)}
        if len(found) > 1:
            return _first(found)
    return {}


def _marked(decode: Decode, ids: Sequence[int], word: tuple[int, str]) -> dict[int, str]:
    """Tokens that are letters beside another, but not alone (`##s`, `s@@`), with their letters."""
    alone = _alone(decode, ids)
    letters = {i: match[1] for i, text in alone.items() if (match := _MARKED.fullmatch(text)) and match[1] != text}
    found: dict[int, str] = {}
    for first in (True, False):
        pairs = [(i, word[0]) if first else (word[0], i) for i in letters]
        for (i, own), whole in zip(letters.items(), decode(pairs), strict=True):
            ends = (own, word[1]) if first else (word[1], own)
            if whole.strip() in ("".join(ends), " ".join(ends)):
                found[i] = own
    return _first(found)


def _alone(decode: Decode, ids: Iterable[int]) -> dict[int, str]:
    rows = [(i,) for i in ids]
    return {i: text.strip() for (i,), text in zip(rows, decode(rows), strict=True)}


def _first(found: Mapping[int, str]) -> dict[int, str]:
    return dict(islice(found.items(), WORDS))


def _contexts(decode: Decode, ids: Sequence[int]) -> tuple[Context, ...]:
    words = _words(decode, ids)
    if len(words) < 2:
        return ()
    every = _marked(decode, ids, next(iter(words.items()))) | words
    own, alone = list(words), dict(zip(words, decode([(i,) for i in words]), strict=True))
    spaced = _gaps(decode, every)
    before, behind = (dict(zip(every, spaced.mean(axis) > 0.5, strict=True)) for axis in (0, 1))
    # A space is the following token's where it depends on that one; of the one before where on this.
    rows, columns = np.array([*behind.values()]), np.array([*before.values()])
    trailing = bool(np.abs(spaced - rows[:, None]).sum() < np.abs(spaced - columns).sum())
    own.sort(key=lambda i: not (behind if trailing else before)[i])

    def context(a: int, b: int) -> Context:
        head = alone[a].rstrip() + (" " if trailing and behind[a] else "")
        return Context(a, b, head, (" " if before[b] and not trailing else "") + words[b])

    return context(own[0], own[1]), context(own[-1], own[0]), context(own[len(own) // 2], own[-1])


def _gaps(decode: Decode, words: Mapping[int, str]) -> npt.NDArray[np.float64]:
    """`[n, n]` 1 where there is a space between the first word and the second, decoded together; 0 where there is
    none, a half where they are not there as they are elsewhere."""
    alone = _alone(decode, words)
    pairs = [(a, b) for a in words for b in words]
    found = []
    for (a, b), whole in zip(pairs, decode(pairs), strict=True):
        ends = [(one, other) for one in (words[a], alone[a]) for other in (words[b], alone[b])]
        spaces = [gap for gap in ("", " ") if whole.strip() in [gap.join(pair) for pair in ends]]
        found.append(float(len(spaces[0])) if spaces else 0.5)
    return np.array(found).reshape(len(words), len(words))
