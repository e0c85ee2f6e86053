"""Any OpenAI-compatible server: OpenAI's own, vLLM, llama.cpp, transformers serve and others."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, Self, TypeVar

import numpy as np

from ...schema import LanguageModelError
from ...schema.numbers import check_number
from .address import OPENAI
from .client import Ability, Answered, Completion, Message, Prompt, Scored, Scores, Slots, Usage
from .crowd import ask_all
from .listed import Listing, PromptTokens, joined, split_off
from .replies import Tokens, read_completion, read_tokens
from .server import NoAnswer, Server

T = TypeVar("T")
Api = Literal["auto", "chat", "completions"]
"""auto: a text goes to /completions and a conversation to /chat/completions. chat: a text is a user's turn.
completions: a conversation's turns stand one below the other."""
APIS: tuple[Api, ...] = ("auto", "chat", "completions")
_STOPS = 4
"""Most stop texts that the protocol takes; the others are cut here."""
_TOP_CHAT, _TOP = 20, (20, 5)
"""Likeliest tokens asked for; servers differ in how many /completions lists."""


class RemoteClient:
    """A language model behind the OpenAI protocol. The key comes from OPENAI_API_KEY alone."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api: Api = "auto",
        concurrency: int = 8,
        retries: int = 6,
        timeout: float = 120.0,
        environ: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        if api not in APIS:
            raise LanguageModelError(f"api is {api!r}, expected one of {', '.join(APIS)}")
        check_number("concurrency", concurrency, LanguageModelError, least=1, most=1000)
        self.usage = Usage()
        environ = os.environ if environ is None else environ
        self._server = Server(
            base_url, environ=environ, usage=self.usage, retries=retries, timeout=timeout, sleep=sleep
        )
        self._model, self._api, self._at_once = model, api, concurrency
        self._top = _TOP[0]
        self._listing = Listing()

    def __repr__(self) -> str:
        return f"RemoteClient({self.id!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def id(self) -> str:
        """The model's name, and the server's where that is not OpenAI's."""
        return self._model if self._server.url == OPENAI else f"{self._model}@{self._server.host}"

    @property
    def fingerprint(self) -> str:
        """As Client's. What a server answers under a model's name is taken as always the same."""
        return f"{self._server.url}#{self._model}#{self._api}"

    @cached_property
    def abilities(self) -> frozenset[Ability]:
        """As Client's, found out by asking for one token with probabilities, and for those of a prompt."""
        found: set[Ability] = set()
        if self._able(lambda: self._listed("One, two,", 1)):
            found.add("continuations")
        for top in _TOP:
            self._top = top
            if self._api != "chat" and self._able(lambda: self._echoes("One\ttwo\n")):
                found |= {"slots", "continuations"}
                break
        return frozenset(found)

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
        """As Client's. The seed is sent where answers are drawn; whether it is obeyed is the server's business."""
        how: dict[str, Any] = {"temperature": temperature, **self._length(max_tokens)}
        if stop:
            how["stop"] = list(stop)[:_STOPS]
        if temperature > 0:
            how["seed"] = seed

        def ask(i: int) -> Completion:
            try:
                answer = self._server.ask(
                    lambda: self._send(prompts[i], how), lambda reply: read_completion(reply, stop)
                )
                return answer if answer.text is None else replace(answer, text=self._server.without_key(answer.text))
            except NoAnswer as problem:
                return Completion(None, str(problem))

        def told(i: int, answer: Completion) -> None:
            self.usage.count(answer)
            if each is not None:
                each(i, answer)

        return self._all(len(prompts), ask, told)

    def continuation_logs(
        self, prompts: Sequence[Prompt], continuations: Sequence[str], *, each: Scored | None = None
    ) -> list[Scores]:
        """As Client's, among the likeliest tokens that the server lists (20 or 5).

        A continuation of two tokens is scored jointly: from the second place of the answer where the model itself
        began with the first, else, for a text, by asking on behind the first.
        """
        asked = [self._flat(prompt) for prompt in prompts]

        def ask(i: int) -> Scores:
            return self._scored(lambda: self._next(asked[i], continuations))

        return self._all(len(prompts), ask, self._counted(each))

    def slot_logs(
        self, texts: Sequence[Slots], continuations: Sequence[str], *, each: Scored | None = None
    ) -> list[Scores]:
        """As Client's, from the prompt's log-probabilities: one request a text, which writes one token.

        Where the server's tokens split a continuation ("10" as "1", "0"), its rest is asked for behind each slot
        where it matters, in requests of its own.
        """

        def ask(i: int) -> Scores:
            return self._scored(lambda: self._inside(texts[i], continuations))

        return self._all(len(texts), ask, self._counted(each))

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def _all(self, count: int, ask: Callable[[int], T], each: Callable[[int, T], None]) -> list[T]:
        """`ask_all`; when it ends early, what fails is tried no more."""
        self._server.begin()
        return ask_all(count, ask, self._at_once, each, self._server.end)

    def _inside(self, slots: Slots, continuations: Sequence[str]) -> Scores:
        tokens = self._echoed(slots.text)
        places = PromptTokens(slots.text, tokens).at(slots.at)
        if places is None:
            return Scores(None, "the server's tokens do not begin where the values do", tokens.prompt_tokens)
        self._listing.learn(continuations, places)
        rows, spent = [], [tokens.prompt_tokens, tokens.completion_tokens]
        for at, listed in zip(slots.at, places, strict=True):
            rests = {}
            for first, rest in self._listing.unknown(continuations, listed):
                asked = self._listed(slots.text[:at] + first, 1)
                spent = [spent[0] + asked.prompt_tokens, spent[1] + asked.completion_tokens]
                rests[first] = joined(asked.listed[0], rest)
            rows.append(self._listing.score(continuations, listed, rests))
        return Scores(np.array(rows), None, *spent)

    def _next(self, prompt: Prompt, continuations: Sequence[str]) -> Scores:
        tokens = self._listed(prompt, 2 if split_off(continuations) else 1)
        listed, spent = tokens.listed[0], [tokens.prompt_tokens, tokens.completion_tokens]
        self._listing.learn(continuations, [listed])
        rests = {}
        for first, rest in self._listing.unknown(continuations, listed):
            if len(tokens.texts) > 1 and tokens.texts[0].strip() == first:
                rests[first] = joined(tokens.listed[1], rest)
            elif isinstance(prompt, str) and self._api != "chat":
                asked = self._listed(prompt + first, 1)
                spent = [spent[0] + asked.prompt_tokens, spent[1] + asked.completion_tokens]
                rests[first] = joined(asked.listed[0], rest)
        return Scores(self._listing.score(continuations, listed, rests), None, *spent)

    def _listed(self, prompt: Prompt, tokens: int) -> Tokens:
        """The likeliest tokens behind a prompt, at one place or two."""
        how: dict[str, Any] = {"temperature": 0.0, **self._length(tokens)}
        chat = self._is_chat(prompt)
        how |= {"logprobs": True, "top_logprobs": _TOP_CHAT} if chat else {"logprobs": self._top}
        return self._server.ask(lambda: self._send(prompt, how), lambda reply: _some(read_tokens(reply)))

    def _echoed(self, text: str) -> Tokens:
        how = {"temperature": 0.0, "max_tokens": 1, "echo": True, "logprobs": self._top}
        return self._server.ask(lambda: self._send(text, how), lambda reply: _some(read_tokens(reply)))

    def _echoes(self, text: str) -> None:
        if text not in "".join(self._echoed(text).texts):
            raise NoAnswer("the server does not give the prompt back")

    def _send(self, prompt: Prompt, how: Mapping[str, Any]) -> Any:
        library, prompt = self._server.library, self._flat(prompt)
        if isinstance(prompt, str):
            return library.completions.create(model=self._model, prompt=prompt, **how)
        turns: Any = [{"role": message.role, "content": message.text} for message in prompt]
        return library.chat.completions.create(model=self._model, messages=turns, **how)

    def _flat(self, prompt: Prompt) -> Prompt:
        """The prompt as the chosen side of the protocol takes it."""
        if isinstance(prompt, str):
            return (Message("user", prompt),) if self._api == "chat" else prompt
        return "\n\n".join(message.text for message in prompt) if self._api == "completions" else prompt

    def _is_chat(self, prompt: Prompt) -> bool:
        return not isinstance(self._flat(prompt), str)

    def _length(self, tokens: int) -> dict[str, int]:
        # OpenAI's newer models take the one name alone, other servers the other.
        new = self._server.url == OPENAI and self._api == "chat"
        return {"max_completion_tokens" if new else "max_tokens": tokens}

    def _able(self, ask: Callable[[], Any]) -> bool:
        try:
            ask()
        except NoAnswer:
            return False
        return True

    def _scored(self, ask: Callable[[], Scores]) -> Scores:
        try:
            return ask()
        except NoAnswer as problem:
            return Scores(None, str(problem))

    def _counted(self, each: Scored | None) -> Scored:
        def told(i: int, answer: Scores) -> None:
            self.usage.count(answer)
            if each is not None:
                each(i, answer)

        return told


def _some(tokens: Tokens | None) -> Tokens:
    if tokens is None or not tokens.listed:
        raise NoAnswer("the server gives no log-probabilities")
    return tokens
