"""Words that could stand in a token's place: from the subject itself, or from a masked language model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...schema import ModelError, fold
from ...schema.secrets import reason
from ..embedding.folder import fingerprint
from ..subject.live import LiveModel
from ..subject.vocabulary import Vocabulary, from_tokenizer
from .engine import Engine
from .laid import Ids, Past, Text

Slot = tuple[Ids, int]
"""A text, and the position whose token is to be replaced."""

CANDIDATES = 24
"""Tokens taken of each of the subject's two sources."""
RESCORED = 2
"""So many times the words wanted are rescored by what follows them."""
FOLLOWING = 4
"""Tokens behind a place by which its words are rescored."""
HEADS = 64
"""Positions whose logits over the vocabulary are held at once."""
LEAST = 1e-5
"""Probability below which a masked language model's word is not taken; the 2023 script's."""


@dataclass(frozen=True)
class Proposed:
    """What was found for some of the slots."""

    words: Mapping[Slot, list[int]]
    past: Past | None = None
    """the slots' texts but for their last tokens, where the subject ran them"""


class Proposer(ABC):
    """Finds substitutes."""

    @abstractmethod
    def parts(self, slots: Sequence[Slot], n: int) -> Iterator[Proposed]:
        """At most `n` other tokens for each slot, best first; the slots in parts."""

    def propose(self, slots: Sequence[Slot], n: int) -> list[list[int]]:
        """The same for all slots, in their order."""
        found = {slot: words for part in self.parts(slots, n) for slot, words in part.words.items()} if n else {}
        return [found.get(slot, []) for slot in slots]


@dataclass
class SubjectProposer(Proposer):
    """Next-token candidates and neighbours of the token's embedding, by the sum of their ranks; where text follows in
    the slot's text, the best are ranked again by how likely that is after them."""

    live: LiveModel
    vocabulary: Vocabulary
    engine: Engine
    """counts what is run"""

    def parts(self, slots: Sequence[Slot], n: int) -> Iterator[Proposed]:
        """See Proposer."""
        by_text: dict[Ids, list[int]] = defaultdict(list)
        for ids, at in dict.fromkeys(slots):
            by_text[ids].append(at)
        for part in _parts(sorted(by_text, key=len), self.engine.most):
            yield self._part({ids: by_text[ids] for ids in part}, n)

    @torch.no_grad()
    def _part(self, by_text: Mapping[Ids, list[int]], n: int) -> Proposed:
        """Texts of one forward pass and the places in them."""
        # What is at the last place is not looked at.
        hidden, past = self.engine.hidden([ids[: max(1, len(ids) - 1)] for ids in by_text])
        past = None if past is None else Past({ids: row for row, ids in enumerate(by_text)}, past.cache)
        told = [(ids, at, row) for row, ids in zip(hidden, by_text, strict=True) for at in by_text[ids]]
        ranked: dict[Slot, list[int]] = {}
        for start in range(0, len(told), HEADS):
            ranked |= self._ranked(told[start : start + HEADS], RESCORED * n)
        self._rescore(past, ranked)
        return Proposed({slot: words[:n] for slot, words in ranked.items()}, past)

    def _ranked(self, slots: Sequence[tuple[Ids, int, torch.Tensor]], n: int) -> dict[Slot, list[int]]:
        """The best of both sources for slots, each with what the LM head reads in its text, by the sum of two ranks."""
        before = torch.stack([hidden[max(at, 1) - 1] for _, at, hidden in slots])
        logits = self._head(before)[:, : len(self.vocabulary)].float()
        # Nothing is before a beginning.
        logits[[number for number, (_, at, _) in enumerate(slots) if not at]] = 0
        tokens = [ids[at] for ids, at, _ in slots]
        fits = self._fitting(tokens)
        likely, near = (scores.masked_fill(~fits, -torch.inf) for scores in (logits, self._rows[tokens] @ self._rows.T))
        k = min(max(CANDIDATES, n), fits.shape[1])
        best = torch.cat([scores.topk(k).indices for scores in (likely, near)], 1)
        one, other = (found.gather(1, best).float().cpu().numpy() for found in (likely, near))
        rows = _best(best.cpu().numpy(), one, other, n)
        return {(ids, at): row for (ids, at, _), row in zip(slots, rows, strict=True)}

    def _rescore(self, past: Past | None, ranked: dict[Slot, list[int]]) -> None:
        """Add the rank by the log-probability of what follows."""
        asked: dict[Text, list[tuple[Slot, int]]] = defaultdict(list)
        for (ids, at), words in ranked.items():
            for token in words if 0 < at < len(ids) - 1 else ():
                asked[_followed(ids, at, token)].append(((ids, at), token))
        scores: dict[Slot, list[tuple[float, int]]] = defaultdict(list)
        found = self.engine.hidden_after(list(asked), past)
        for part in iter(lambda: list(islice(found, HEADS)), []):
            following = [text.base[text.at + 1 : text.at + 1 + FOLLOWING] for text, _ in part]
            likely = self._following([hidden for _, hidden in part], following)
            for (text, _), score in zip(part, likely, strict=True):
                for slot, token in asked[text]:
                    scores[slot].append((score, token))
        for slot, each in scores.items():
            ranked[slot] = _by_both(ranked[slot], [token for _, token in sorted(each, reverse=True)])

    def _following(self, hidden: Sequence[torch.Tensor], tokens: Sequence[Ids]) -> list[float]:
        """Log-probability of the tokens after each text, `hidden` being what the LM head reads before each of them."""
        found = torch.zeros(len(tokens), dtype=torch.float64)
        if not len(found):
            return []
        every, text = torch.cat(list(hidden)), torch.tensor([i for i, some in enumerate(tokens) for _ in some])
        token = torch.tensor([token for some in tokens for token in some])
        for start in range(0, len(text), HEADS):
            some = slice(start, start + HEADS)
            logits = self._head(every[some]).float()
            logs = logits.gather(1, token[some, None].to(logits.device))[:, 0] - logits.logsumexp(1)
            found.index_add_(0, text[some], logs.double().cpu())
        values: list[float] = found.tolist()
        return values

    def _head(self, rows: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.live.model.get_output_embeddings()(rows)
        return found

    @cached_property
    def _rows(self) -> torch.Tensor:
        """Centred embedding rows of unit length."""
        weight = self.live.model.get_input_embeddings().weight
        rows = weight[: len(self.vocabulary)].to(torch.float32, copy=True)
        # In place: a vocabulary's rows are large.
        rows -= rows.mean(0)
        rows /= rows.norm(dim=1, keepdim=True).clamp(min=1e-12)
        found: torch.Tensor = rows.to(weight.dtype)
        return found

    def _fitting(self, tokens: Sequence[int]) -> torch.Tensor:
        """Bool `[n, d_vocab]`: other words, written like each token: after a space or not, with a letter or not."""
        space, letters, word, ordinary = self._written
        one = np.array(tokens)[:, None]
        fits = ordinary & (space == space[one]) & (letters == letters[one]) & (word != word[one])
        return torch.from_numpy(fits).to(self._rows.device)

    @cached_property
    def _written(self) -> tuple[Any, Any, Any, Any]:
        texts = self.vocabulary.texts
        numbers: dict[str, int] = {}
        words = np.array([numbers.setdefault(fold(text), len(numbers)) for text in texts])
        space, letters = (np.array([test(t) for t in texts]) for test in (_spaced, _lettered))
        return space, letters, words, self.vocabulary.ordinary


def _followed(ids: Ids, at: int, token: int) -> Text:
    """A text with another token, up to the last by which what follows is told."""
    return Text(ids, at, (token, *ids[at + 1 : at + 1 + FOLLOWING][:-1]))


def _best(tokens: npt.NDArray[Any], one: npt.NDArray[Any], other: npt.NDArray[Any], n: int) -> Iterator[list[int]]:
    """Of each row `[slots, candidates]` by the sum of their ranks in two scores; of equals the lower number. -inf is no
    score, and a token counts once."""
    order = tokens.argsort(1, kind="stable")
    tokens, one, other = (np.take_along_axis(part, order, 1) for part in (tokens, one, other))
    valid = one > -np.inf
    valid[:, 1:] &= tokens[:, 1:] != tokens[:, :-1]
    ranks = [np.where(valid, -score, np.inf).argsort(1, kind="stable").argsort(1) for score in (one, other)]
    best = np.where(valid, ranks[0] + ranks[1], 2 * valid.shape[1]).argsort(1, kind="stable")[:, :n]
    found = np.take_along_axis(tokens, best, 1).tolist()
    return (row[:many] for row, many in zip(found, valid.sum(1).tolist(), strict=True))


def _by_both(one: Sequence[int], other: Sequence[int]) -> list[int]:
    """Ordered by the sum of two ranks; the first order decides between equals."""
    places = {token: place for place, token in enumerate(other)}
    scored = sorted((place + places[token], place, token) for place, token in enumerate(one))
    return [token for *_, token in scored]


def _spaced(text: str) -> bool:
    return text.startswith(" ")


def _lettered(text: str) -> bool:
    return any(map(str.isalpha, text))


def proposer_name(source: str | None) -> str:
    """What a run calls a masked language model: its hub id, or a folder's name with the hash of the weights in it."""
    if not source:
        return "subject"
    folder = Path(source).expanduser()
    if not folder.is_dir():
        return source
    return f"{folder.resolve().name}@{fingerprint(folder)}"


@dataclass
class MaskedProposer(Proposer):
    """A masked language model's words for the slot, as long as each is one token of the subject."""

    name: str
    tokenizer: Any
    model: Any
    vocabulary: Vocabulary

    @classmethod
    def open(cls, source: str | Path, vocabulary: Vocabulary, device: str = "cpu") -> MaskedProposer:
        """Load one by hub id or folder, from safetensors, without running its code. Raises ModelError."""
        from transformers import AutoModelForMaskedLM, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
            model = AutoModelForMaskedLM.from_pretrained(source, trust_remote_code=False, use_safetensors=True)
        except Exception as error:
            raise ModelError(
                f"{str(source)!r} is no masked language model that transformers can load: {reason(error)}"
            ) from None
        if tokenizer.mask_token is None:
            raise ModelError(f"{str(source)!r}: its tokenizer has no mask token; name a masked language model")
        return cls(str(source), tokenizer, model.eval().to(device), vocabulary)

    def parts(self, slots: Sequence[Slot], n: int) -> Iterator[Proposed]:
        """See Proposer."""
        every = list(dict.fromkeys(slots))
        for start in range(0, len(every), HEADS):
            yield self._part(every[start : start + HEADS], n)

    @torch.no_grad()
    def _part(self, slots: Sequence[Slot], n: int) -> Proposed:
        batch = self.tokenizer(
            [self._masked(slot) for slot in slots], return_tensors="pt", padding=True, truncation=True
        )
        logits = self.model(**batch.to(self.model.device)).logits
        masks = batch.input_ids == self.tokenizer.mask_token_id
        found = {}
        for row, mask, slot in zip(logits, masks, slots, strict=True):
            found[slot] = self._words(row[mask.nonzero()[0, 0]].softmax(-1), slot, n) if mask.any() else []
        return Proposed(found)

    def _masked(self, slot: Slot) -> str:
        ids, at = slot
        texts = self.vocabulary.texts
        special = self.vocabulary.special
        before, after = ("".join(texts[i] for i in part if not special[i]) for part in (ids[:at], ids[at + 1 :]))
        space, behind = _spaces(texts[ids[at]])
        return f"{before}{space}{self.tokenizer.mask_token}{behind}{after}"

    def _words(self, probabilities: torch.Tensor, slot: Slot, n: int) -> list[int]:
        """Best first; in title case where the original is."""
        original = self.vocabulary.texts[slot[0][slot[1]]]
        space, behind = _spaces(original)
        found: list[int] = []
        for number in probabilities.argsort(descending=True).tolist():
            if probabilities[number] < LEAST or len(found) == n:
                break
            word = self._own[number].strip()
            if not _lettered(word) or fold(word) == fold(original):
                continue
            word = word.title() if original.strip().istitle() else word
            token = self._tokens.get(space + word + behind)
            if token is not None and token not in found:
                found.append(token)
        return found

    @cached_property
    def _own(self) -> tuple[str, ...]:
        """What the masked model's tokens write."""
        return from_tokenizer(self.tokenizer, self.model.config.vocab_size).texts

    @cached_property
    def _tokens(self) -> dict[str, int]:
        ordinary = self.vocabulary.ordinary
        return {text: i for i, text in reversed(list(enumerate(self.vocabulary.texts))) if ordinary[i]}


def _spaces(text: str) -> tuple[str, str]:
    """The space before a word and the one behind it, where its token has them."""
    return (" " if text.startswith(" ") else ""), (" " if text.endswith(" ") else "")


def _parts(items: Sequence[Any], most: int, length: Callable[[Any], float] = len) -> list[list[Any]]:
    """Items in parts of at most `most` positions."""
    found: list[list[Any]] = [[]] if items else []
    longest = 0.0
    for item in items:
        longest = max(longest, length(item))
        if found[-1] and (len(found[-1]) + 1) * longest > most:
            found.append([])
            longest = length(item)
        found[-1].append(item)
    return found
