"""A transformers model on this machine, asked in batches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from ...schema import LanguageModelError
from ..subject.checkpoint import Checkpoint
from ..subject.live import choose_dtype, load_causal
from ..subject.names import CONTEXTS
from ..subject.source import locate, model_name
from ..subject.vocabulary import load_tokenizer
from .candidates import Candidates, Path
from .client import Ability, Answered, Completion, Prompt, Scored, Scores, Slots, Usage
from .passes import Passes
from .reading import Reader
from .scoring import Place, score
from .writing import Asked, write


class LocalClient:
    """A causal language model that runs here. Its answers are its own, whatever else is asked at the same time."""

    abilities: Collection[Ability]

    def __init__(self, model: Any, tokenizer: Any, *, id: str, weights: str) -> None:
        self.id = id
        self.fingerprint = f"{id}@{weights}/{str(model.dtype).removeprefix('torch.')}"
        self.usage = Usage()
        self._passes = Passes(model)
        self._reader = Reader(tokenizer)
        self.abilities = frozenset({"continuations", "slots"} if self._passes.exact else {"continuations"})

    @classmethod
    def open(
        cls, model: str | FilePath, *, name: str | None = None, dtype: str = "auto", device: str = "auto"
    ) -> LocalClient:
        """Load a model by folder or hub id, from safetensors only and without running its code. Raises ModelError."""
        from ..lm_head.unembedding import torch_device

        folder, where = locate(model), torch_device(device)
        found = load_causal(folder, choose_dtype(dtype, where), None).to(where)
        found.eval()
        weights = Checkpoint.open(folder).weights_hash()
        return cls(found, load_tokenizer(folder), id=name or model_name(model), weights=weights)

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        max_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        seed: int = 0,
        each: Answered | None = None,
    ) -> list[Completion]:
        """As Client's. The same prompt with the same seed gets the same draws, whatever is asked beside it."""
        found: dict[int, Completion] = {}
        asked: dict[int, Path] = {}
        for i, prompt in enumerate(prompts):
            ids = self._reader.encode(*self._reader.render(prompt))
            reason = self._too_long(len(ids) + max_tokens) or (None if ids else "the prompt has no tokens")
            if reason:
                found[i] = self._told(i, Completion(None, reason), each)
            else:
                asked[i] = ids
        how = Asked(max_tokens, temperature, tuple(stop), seed)
        numbers = list(asked)
        for place, answer in write(self._passes, self._reader, list(asked.values()), how):
            found[numbers[place]] = self._told(numbers[place], answer, each)
        return [found[i] for i in range(len(prompts))]

    def continuation_logs(
        self, prompts: Sequence[Prompt], continuations: Sequence[str], *, each: Scored | None = None
    ) -> list[Scores]:
        """As Client's; exact, over the whole vocabulary."""
        read = [self._reader.continuations(prompt, continuations) for prompt in prompts]
        return self._score([Place(ids, (len(ids),), candidates, True) for ids, candidates in read], each)

    def slot_logs(
        self, texts: Sequence[Slots], continuations: Sequence[str], *, each: Scored | None = None
    ) -> list[Scores]:
        """As Client's; exact, over the whole vocabulary. The same character stands before every slot of a text."""
        if "slots" not in self.abilities:
            raise LanguageModelError(f"{self.id}: this architecture takes no masks of our own; ask token by token")
        places: list[Place] = []
        known: dict[str, Candidates | None] = {}
        for slots in texts:
            before = {slots.text[at - 1 : at] for at in slots.at}
            if len(before) != 1:
                raise LanguageModelError(f"slots follow {sorted(before)!r}, expected the same character before each")
            (character,) = before
            if character not in known:
                known[character] = self._reader.after(character, continuations)
            places.append(Place(*self._reader.slots(slots), known[character]))
        return self._score(places, each)

    def close(self) -> None:
        """Nothing is held beyond the object's life."""

    def _score(self, places: Sequence[Place], each: Scored | None) -> list[Scores]:
        found: dict[int, Scores] = {}
        groups: dict[Candidates, list[int]] = {}
        for i, place in enumerate(places):
            reason = self._too_long(len(place.ids) + 1) or place.problem
            if reason is not None or place.candidates is None:
                found[i] = self._counted(i, Scores(None, reason), each)
            else:
                groups.setdefault(place.candidates, []).append(i)
        for candidates, members in groups.items():
            for j, logs in score(self._passes, [places[i] for i in members], candidates):
                i = members[j]
                failure = None if logs.max(-1).min() > -np.inf else "the model's logits are no numbers"
                shaped = logs[0] if places[i].flat else logs
                answer = Scores(None if failure else shaped, failure, len(places[i].ids))
                found[i] = self._counted(i, answer, each)
        return [found[i] for i in range(len(places))]

    def _told(self, i: int, answer: Completion, each: Answered | None) -> Completion:
        self.usage.count(answer)
        if each is not None:
            each(i, answer)
        return answer

    def _counted(self, i: int, answer: Scores, each: Scored | None) -> Scores:
        self.usage.count(answer)
        if each is not None:
            each(i, answer)
        return answer

    def _too_long(self, tokens: int) -> str | None:
        config = self._passes.model.config
        most = next((getattr(config, name) for name in CONTEXTS if getattr(config, name, None)), None)
        return f"the prompt is longer than the model's {most} tokens" if most is not None and tokens > most else None
