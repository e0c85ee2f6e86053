"""Servers that mean no good, or do none: they tell keys, send prompts on, drip, and never come to an end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.ingest.llm.listening import listening

Answer = Callable[["Asked"], None]


@dataclass
class Asked:
    """A request, and the ways to answer it."""

    handler: BaseHTTPRequestHandler
    body: str

    @property
    def key(self) -> str:
        return self.handler.headers.get("authorization", "")

    def head(self, status: int = 200, **headers: str) -> None:
        self.handler.send_response(status)
        # As it does: a client that believed in a second request on the line would find it cut.
        for name, value in {"content_type": "application/json", "connection": "close", **headers}.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()

    def json(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.head(status, content_length=str(len(body)))
        self.handler.wfile.write(body)

    def drip(self, data: bytes, pause: float = 0.05) -> None:
        """A byte at a time, for as long as somebody reads."""
        for at in range(len(data)):
            self.handler.wfile.write(data[at : at + 1])
            time.sleep(pause)


@dataclass
class Hostile:
    """What was asked of it."""

    url: str = ""
    asked: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    """path, headers and body of each request"""


def completion(text: str, chat: bool = False, **more: Any) -> dict[str, Any]:
    """A reply of the protocol."""
    said = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    choice = {"index": 0, "finish_reason": "stop", **said}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return {"id": "1", "object": "x", "created": 1, "model": "m", "choices": [choice], "usage": usage} | more


@contextmanager
def hostile(answer: Answer) -> Iterator[Hostile]:
    """A server that answers every request so, on a free port."""
    told = Hostile()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            told.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            with suppress(OSError):  # the client has enough
                answer(Asked(self, body))
            self.close_connection = True

        do_GET = do_POST

        def log_message(self, *args: object) -> None:
            pass

    with listening(Handler) as url:
        told.url = url
        yield told
