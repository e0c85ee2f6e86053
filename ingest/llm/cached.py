"""A language model whose answers are kept, whose tokens are priced, and that stops when the money is spent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ...schema import BudgetError, LanguageModelError
from ...schema.numbers import check_number
from .cache import AnswerCache, prompt_key
from .client import Ability, Answered, Client, Completion, Prompt, Scored, Scores, Slots, Usage

Answer = TypeVar("Answer", Completion, Scores)


@dataclass(frozen=True)
class Prices:
    """What a million tokens cost. They are the user's to give: none is known here."""

    prompt: float
    completion: float

    def __post_init__(self) -> None:
        for name, price in (("price of prompt tokens", self.prompt), ("price of completion tokens", self.completion)):
            check_number(name, price, LanguageModelError, least=0)

    def of(self, usage: Usage) -> float:
        """What the tokens cost."""
        return (usage.prompt_tokens * self.prompt + usage.completion_tokens * self.completion) / 1e6


class CachedClient:
    """Asks a client what the cache does not know, and keeps each answer the moment it comes.

    `budget` is the most that may be spent by this object, in the currency of the prices. When an answer passes it, no
    further prompt is asked; those under way are waited for and kept, and BudgetError is raised.
    """

    def __init__(
        self, client: Client, cache: AnswerCache, *, prices: Prices | None = None, budget: float | None = None
    ) -> None:
        check_number("budget", budget, LanguageModelError, least=0)
        if budget is not None and prices is None:
            raise LanguageModelError(f"a budget of {budget:g} needs the prices of prompt and completion tokens")
        self._client, self._cache, self._prices, self._budget = client, cache, prices, budget
        self._known = 0

    @property
    def id(self) -> str:
        """As Client's."""
        return self._client.id

    @property
    def fingerprint(self) -> str:
        """As Client's."""
        return self._client.fingerprint

    @property
    def abilities(self) -> Collection[Ability]:
        """As Client's."""
        return self._client.abilities

    @property
    def usage(self) -> Usage:
        """Of the client, with the prompts that the cache knew and the cost."""
        usage = self._client.usage
        usage.cached = self._known
        usage.cost = None if self._prices is None else self._prices.of(usage)
        return usage

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
        """As Client's."""
        how = {"max_tokens": max_tokens, "temperature": temperature, "stop": list(stop), "seed": seed}
        keys = [prompt_key("completion", self.fingerprint, prompt, **how) for prompt in prompts]

        def ask(missing: Sequence[int], told: Answered) -> object:
            return self._client.complete(
                [prompts[i] for i in missing],
                max_tokens=max_tokens,
                temperature=temperature,
                stop=stop,
                seed=seed,
                each=told,
            )

        return self._answers("completion", keys, self._cache.completion, ask, each)

    def continuation_logs(
        self, prompts: Sequence[Prompt], continuations: Sequence[str], *, each: Scored | None = None
    ) -> list[Scores]:
        """As Client's."""
        how = {"continuations": list(continuations)}
        keys = [prompt_key("continuations", self.fingerprint, prompt, **how) for prompt in prompts]

        def ask(missing: Sequence[int], told: Scored) -> object:
            return self._client.continuation_logs([prompts[i] for i in missing], continuations, each=told)

        return self._answers("continuations", keys, self._cache.scores, ask, each)

    def slot_logs(
        self, texts: Sequence[Slots], continuations: Sequence[str], *, each: Scored | None = None
    ) -> list[Scores]:
        """As Client's."""
        how = {"continuations": list(continuations)}
        keys = [prompt_key("slots", self.fingerprint, text, **how) for text in texts]

        def ask(missing: Sequence[int], told: Scored) -> object:
            return self._client.slot_logs([texts[i] for i in missing], continuations, each=told)

        return self._answers("slots", keys, self._cache.scores, ask, each)

    def close(self) -> None:
        """Close the client and the cache."""
        self._client.close()
        self._cache.close()

    def _answers(
        self,
        kind: str,
        keys: Sequence[str],
        kept: Callable[[str], Answer | None],
        ask: Callable[[Sequence[int], Callable[[int, Answer], None]], object],
        each: Callable[[int, Answer], None] | None,
    ) -> list[Answer]:
        """One answer a key: from the cache, else from the client, asked once however often the key comes."""
        found: dict[str, Answer] = {}
        places: dict[str, list[int]] = {}
        for i, key in enumerate(keys):
            places.setdefault(key, []).append(i)

        def tell(key: str) -> None:
            if each is not None:
                for i in places[key]:
                    each(i, found[key])

        missing = []
        for key, (first, *_) in places.items():
            if (known := kept(key)) is None:
                missing.append(first)
            else:
                found[key] = known
                self._known += 1
                tell(key)

        def told(number: int, answer: Answer) -> None:
            key = keys[missing[number]]
            found[key] = answer
            self._cache.put(key, kind, self.fingerprint, answer)
            tell(key)
            self._check_counted(answer)
            if len(found) < len(places):
                self._check()

        if missing:
            self._check()
            ask(missing, told)
        return [found[key] for key in keys]

    def _check_counted(self, answer: Completion | Scores) -> None:
        """Raise BudgetError where a budget is to be kept and nobody says what an answer took."""
        if self._budget is not None and answer.failure is None and not answer.prompt_tokens:
            raise BudgetError(
                f"{self.id} does not say how many tokens an answer took, so that no budget can be kept; ask without one"
            )

    def _check(self) -> None:
        if self._budget is None or self._prices is None:
            return
        spent = self._prices.of(self._client.usage)
        if spent >= self._budget:
            usage = self._client.usage
            raise BudgetError(
                f"the budget of {self._budget:g} is spent: {spent:.4g} for {usage.prompt_tokens:,} prompt and "
                f"{usage.completion_tokens:,} completion tokens; all answers are kept, a larger one goes on from here"
            )
