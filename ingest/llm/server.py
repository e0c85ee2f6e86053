"""One OpenAI-compatible server: a request, sent again while the server is busy or stumbles."""

from __future__ import annotations

import base64
import random
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar
from urllib.parse import urljoin

from ...schema import LanguageModelError
from ...schema.numbers import check_number
from ...schema.secrets import bare_url, hidden, hide_in_logs, remember, without
from .address import OPENAI, Address
from .client import Usage
from .deadline import Deadlines, TooLong, bounded

T = TypeVar("T")
KEY, BASE = "OPENAI_API_KEY", "OPENAI_BASE_URL"
_AGAIN = {408, 409, 425, 429}
_HOPELESS = {401, 402, 403, 404}
_LONGEST_WAIT, _FIRST_WAIT = 60.0, 0.5
_LONGEST_ASKED_WAIT = 120.0
_GONE = 3
"""Prompts in a row that the server did not answer, after all retries: it is given up."""
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)
"""What a reply that is not the protocol's does to its reader."""
_LOGGERS = (
    *("httpx", "httpx2", "openai", "openai._base_client", "openai._response", "openai._legacy_response"),
    *(f"{core}.{part}" for core in ("httpcore", "httpcore2") for part in ("connection", "http11", "http2", "proxy")),
)


class NoAnswer(Exception):
    """A prompt without an answer, in one line; others may have theirs."""


class Malformed(Exception):
    """A reply that is no reply: half a body, other JSON than the protocol's. It is asked for again."""


class Server:
    """Sends requests by the `openai` library. Its own retries are off: here they are counted, and told apart.

    `timeout` is that of one try, from connecting to the last byte. The key, and what the base url holds beside the
    address, go to the server and into nothing that is said, logged or stored.
    """

    def __init__(
        self,
        base_url: str | None,
        *,
        environ: Mapping[str, str],
        usage: Usage,
        retries: int,
        timeout: float,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        try:
            import openai
        except ImportError:
            raise LanguageModelError("asking a server needs the openai library; pip install 'neuronkb[llm]'") from None
        check_number("timeout", timeout, LanguageModelError, above=0, most=86_400)
        check_number("retries", retries, LanguageModelError, least=0, most=100)
        address = Address.read(base_url or environ.get(BASE) or OPENAI)
        self.url, self.host = address.url, address.host
        key = _key(environ, address)
        self._secrets = tuple(one for one in (key, *address.secrets) if one)
        remember(*self._secrets)
        hide_in_logs(*_LOGGERS)
        self._openai = openai
        self.library = _library(openai, key, address, timeout)
        self._usage, self._retries, self._timeout = usage, retries, timeout
        self._lock, self._unanswered = threading.Lock(), 0
        self._ending = threading.Event()
        self._sleep: Callable[[float], object] = sleep or self._ending.wait
        self._requests: Deadlines | None = None

    def __repr__(self) -> str:
        return f"Server({self.url!r})"

    def ask(self, send: Callable[[], Coroutine[Any, Any, Any]], read: Callable[[Any], T]) -> T:
        """What `read` makes of the reply to `send`. Raises NoAnswer, or LanguageModelError where asking on is vain."""
        problem = ""
        for attempt in range(self._retries + 1):
            try:
                found = read(self._run(send()))
            except self._openai.APIStatusError as error:
                problem = self._status(error)
                pause = self._pause(attempt, error.response.headers.get("retry-after"))
            except (self._openai.APITimeoutError, TimeoutError):
                problem, pause = f"no answer within {self._timeout:g} s", self._pause(attempt)
            except UnicodeEncodeError:
                raise NoAnswer("the prompt holds half a character, which cannot be sent") from None
            except TooLong as error:
                self._missed(str(error))
                raise NoAnswer(str(error)) from None
            except self._openai.APIConnectionError as error:
                cause = self._line(error.__cause__ or error)
                problem, pause = f"the connection broke: {cause}", self._pause(attempt)
            except (Malformed, self._openai.APIResponseValidationError, *_UNREADABLE) as error:
                problem, pause = f"the reply cannot be read: {self._line(error)}", self._pause(attempt)
            else:
                self._answered()
                return found
            if attempt == self._retries or self._ending.is_set():
                break
            with self._lock:
                self._usage.retries += 1
            self._sleep(pause)
        self._missed(problem)
        raise NoAnswer(problem)

    def without_key(self, text: str) -> str:
        """An answer's text without the key, should the server have put it there."""
        return without(text, self._secrets)

    def begin(self) -> None:
        """Try again what fails, from now on."""
        self._ending.clear()

    def end(self) -> None:
        """Try nothing again that fails: what is under way is the last."""
        self._ending.set()

    def close(self) -> None:
        """Close its connections. Nothing can be asked any more."""
        if self._requests is not None:
            requests, self._requests = self._requests, None
            try:
                requests.run(self.library.close(), self._timeout)
            except TimeoutError:
                pass  # a server that does not let go: the thread ends all the same
            finally:
                requests.close()

    def _run(self, request: Coroutine[Any, Any, Any]) -> Any:
        with self._lock:
            if self._requests is None:
                self._requests = Deadlines()
        return self._requests.run(request, self._timeout)

    def _status(self, error: Any) -> str:
        """The problem in one line, when it may pass; raises otherwise."""
        status, said = int(error.status_code), self._said(error)
        if 300 <= status < 400:
            raise LanguageModelError(self._elsewhere(error)) from None
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

    def _elsewhere(self, error: Any) -> str:
        place = urljoin(self.url + "/", error.response.headers.get("location", ""))
        return (
            f"{self.host} sends the prompt on to {self._line(bare_url(place))} ({error.status_code}), where neither "
            "prompt nor key was sent; if that server is meant, name it by its base url"
        )

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

    def _said(self, error: Any) -> str:
        """What the server says of an error, in one short line without the key and what looks like one."""
        body = getattr(error, "body", None)
        words = body.get("message") or body.get("detail") if isinstance(body, dict) else None
        return self._line(words or getattr(error, "message", "") or "no reason given")

    def _line(self, words: object) -> str:
        # First hidden, then joined and cut: half a key is no longer found.
        text = " ".join(hidden(str(words), self._secrets, foreign=True).split())
        text = hidden(text, self._secrets, foreign=True)
        return text[:200] + ("…" if len(text) > 200 else "")


def _key(environ: Mapping[str, str], address: Address) -> str | None:
    """The key, from the environment alone. Raises LanguageModelError where one is missing or can be none."""
    key = environ.get(KEY)
    if key is None:
        if address.url == OPENAI:
            raise LanguageModelError(f"{KEY} is not set; set it to your key, or name another server by its base url")
        return None
    if not (key.isascii() and key.isprintable()) or " " in key.strip():
        raise LanguageModelError(f"{KEY} holds spaces, line ends or letters that no key has; set it to the key alone")
    return key.strip()


def _library(openai: Any, key: str | None, address: Address, timeout: float) -> Any:
    """The client of the `openai` library."""
    headers = {"Accept-Encoding": "identity"}
    if address.login is not None:
        headers["Authorization"] = f"Basic {base64.b64encode(address.login.encode()).decode('ascii')}"
    return openai.AsyncOpenAI(
        # A server of one's own takes any key, and the library wants one.
        api_key=key or "none",
        base_url=address.url,
        max_retries=0,
        timeout=timeout,
        default_headers=headers,
        default_query=dict(address.query),
        # A redirect would take prompt and key to whatever server the first one names.
        http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False, event_hooks={"response": [bounded]}),
    )
