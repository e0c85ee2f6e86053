"""One OpenAI-compatible server: a request, sent again while the server is busy or stumbles."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ...schema import LanguageModelError
from .client import Usage

T = TypeVar("T")
KEY, BASE = "OPENAI_API_KEY", "OPENAI_BASE_URL"
OPENAI = "https://api.openai.com/v1"
_AGAIN = {408, 409, 425, 429}
_HOPELESS = {401, 402, 403, 404}
_LONGEST_WAIT, _FIRST_WAIT = 60.0, 0.5
_LONGEST_ASKED_WAIT = 120.0
_GONE = 3
"""Prompts in a row that the server did not answer, after all retries: it is given up."""


class NoAnswer(Exception):
    """A prompt without an answer, in one line; others may have theirs."""


class Malformed(Exception):
    """A reply that is no reply: half a body, other JSON than the protocol's. It is asked for again."""


class Server:
    """Sends requests by the `openai` library. Its own retries are off: here they are counted, and told apart."""

    def __init__(
        self,
        base_url: str | None,
        *,
        environ: Mapping[str, str],
        usage: Usage,
        retries: int,
        timeout: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        try:
            import openai
        except ImportError:
            raise LanguageModelError("asking a server needs the openai library; pip install 'neuronkb[llm]'") from None
        self.url = (base_url or environ.get(BASE) or OPENAI).rstrip("/")
        if urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).hostname:
            raise LanguageModelError(f"base url is {self.url!r}, expected such as http://localhost:8000/v1")
        key = environ.get(KEY)
        if key is None and self.url == OPENAI:
            raise LanguageModelError(f"{KEY} is not set; set it to your key, or name another server by its base url")
        self._openai = openai
        # A server of one's own takes any key, and the library wants one.
        self.library = openai.OpenAI(api_key=key or "none", base_url=self.url, max_retries=0, timeout=timeout)
        self._usage, self._retries, self._sleep, self._timeout = usage, retries, sleep, timeout
        self._lock, self._unanswered = threading.Lock(), 0

    @property
    def host(self) -> str:
        """Name of the machine, and its port where one is given."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def ask(self, send: Callable[[], Any], read: Callable[[Any], T]) -> T:
        """What `read` makes of the reply to `send`. Raises NoAnswer, or LanguageModelError where asking on is vain."""
        problem = ""
        for attempt in range(self._retries + 1):
            try:
                found = read(send())
            except self._openai.APIStatusError as error:
                problem = self._status(error)
                pause = self._pause(attempt, error.response.headers.get("retry-after"))
            except self._openai.APITimeoutError:
                problem, pause = f"no answer within {self._timeout:g} s", self._pause(attempt)
            except self._openai.APIConnectionError as error:
                problem, pause = f"the connection broke: {_line(error.__cause__ or error)}", self._pause(attempt)
            except (Malformed, self._openai.APIResponseValidationError, ValueError, RecursionError) as error:
                problem, pause = f"the reply cannot be read: {_line(error)}", self._pause(attempt)
            else:
                self._answered()
                return found
            if attempt < self._retries:
                with self._lock:
                    self._usage.retries += 1
                self._sleep(pause)
        self._missed(problem)
        raise NoAnswer(problem)

    def close(self) -> None:
        """Close its connections."""
        self.library.close()

    def _status(self, error: Any) -> str:
        """The problem in one line, when it may pass; raises otherwise."""
        status, said = int(error.status_code), _said(error)
        if status in (401, 403):
            raise LanguageModelError(f"{self.host} refuses the key ({status}): {said}; check {KEY}") from None
        if status in _HOPELESS:
            raise LanguageModelError(
                f"{self.host} answers {status}: {said}; check the model's name, the base url and the account"
            ) from None
        if getattr(error, "code", None) == "insufficient_quota":
            raise LanguageModelError(f"{self.host}: the account's quota is used up: {said}") from None
        if status not in _AGAIN and status < 500:
            self._answered()
            raise NoAnswer(f"the server refuses the prompt ({status}): {said}") from None
        return f"the server answers {status}: {said}"

    def _pause(self, attempt: int, asked: str | None = None) -> float:
        """Seconds until the next try: as the server asks, else doubling, up to a quarter shorter by chance."""
        try:
            wanted = float(asked or 0)
        except ValueError:
            wanted = 0.0
        if 0 < wanted <= _LONGEST_ASKED_WAIT:
            return wanted
        return float(min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt) * random.uniform(0.75, 1))

    def _answered(self) -> None:
        with self._lock:
            self._unanswered = 0

    def _missed(self, problem: str) -> None:
        with self._lock:
            self._unanswered += 1
            gone = self._unanswered >= _GONE
        if gone:
            raise LanguageModelError(
                f"{self.host} did not answer {_GONE} prompts in a row, each asked {self._retries + 1} times; "
                f"the last time {problem}"
            )


def _said(error: Any) -> str:
    """What the server says of an error, in one short line without anything that looks like a key."""
    body = getattr(error, "body", None)
    words = body.get("message") or body.get("detail") if isinstance(body, dict) else None
    return _line(words or getattr(error, "message", "") or "no reason given")


def _line(words: object) -> str:
    text = " ".join(str(words).split())
    hidden = " ".join("…" if word.strip("\"'.,()").startswith(("sk-", "Bearer")) else word for word in text.split(" "))
    return hidden[:200] + ("…" if len(hidden) > 200 else "")
