"""A proxy before a real server: it counts what is asked, and now and then does what servers and networks do."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal

from tests.ingest.llm.listening import listening

Fault = Literal["429", "500", "401", "404", "quota", "filter", "drop", "half", "nonsense", "slow", "hang"]
Script = Callable[[int, Any], Fault | None]
"""The fault of the n-th request, told the number and the request's body."""

_STATUS: dict[str, tuple[int, dict[str, Any]]] = {
    "429": (429, {"error": {"message": "slow down"}}),
    "500": (500, {"error": {"message": "out of memory"}}),
    "401": (401, {"error": {"message": "Incorrect API key provided: sk-secret123."}}),
    "404": (404, {"error": {"message": "no such model"}}),
    "quota": (429, {"error": {"message": "you are broke", "code": "insufficient_quota"}}),
    "filter": (400, {"error": {"message": "the prompt is against the rules"}}),
}


class Proxy:
    """What was asked, and what is to go wrong."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.script: Script = lambda number, body: None
        self.asked: list[Any] = []
        """bodies of all requests, in order"""
        self.answered: list[Any] = []
        """bodies of those that got a whole answer"""
        self.keys: set[str] = set()
        self.most_at_once = 0
        self.hung = threading.Event()
        """set when a request is held until the client goes away"""
        self.url = ""
        self._inside: set[object] = set()
        self._lock = threading.Lock()

    def asked_prompts(self) -> list[str]:
        """Prompts of all requests, a conversation's last turn in its place."""
        return [prompt_of(body) for body in self.asked]

    def answered_prompts(self) -> list[str]:
        return [prompt_of(body) for body in self.answered]

    def reset(self) -> None:
        """As new."""
        self.script = lambda number, body: None
        self.asked.clear()
        self.answered.clear()
        self.keys.clear()
        self.most_at_once = 0
        self._inside.clear()  # a client that was killed may have left some on their way
        self.hung.clear()


def prompt_of(body: Any) -> str:
    return str(body["prompt"] if "prompt" in body else body["messages"][-1]["content"])


@contextmanager
def running(upstream: str) -> Iterator[Proxy]:
    """A proxy on a free port of this machine."""
    proxy = Proxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with proxy._lock:
                number = len(proxy.asked)
                proxy.asked.append(body)
                proxy.keys.add(self.headers.get("authorization", ""))
                proxy._inside.add(self)
                proxy.most_at_once = max(proxy.most_at_once, len(proxy._inside))
            try:
                self._answer(proxy.script(number, body), body)
            finally:
                self._leave()

        def _leave(self) -> None:
            """Before a whole answer is sent: who has it may ask again before this thread goes on."""
            with proxy._lock:
                proxy._inside.discard(self)

        def _answer(self, fault: Fault | None, body: Any) -> None:
            if fault in _STATUS:
                status, said = _STATUS[fault]
                self._send(status, json.dumps(said).encode(), {"retry-after": "7"} if fault == "429" else {})
            elif fault == "drop":
                self.close_connection = True
                self.connection.shutdown(2)
            elif fault == "nonsense":
                self._send(200, b'{"choices": []}')
            elif fault == "hang":
                proxy.hung.set()
                time.sleep(30)
            else:
                if fault == "slow":
                    time.sleep(1.5)
                self._forward(body, half=fault == "half")

        def _forward(self, body: Any, half: bool) -> None:
            request = urllib.request.Request(
                proxy.upstream + self.path.removeprefix("/v1"),
                json.dumps(body).encode(),
                {"content-type": "application/json"},
            )
            try:
                with urllib.request.urlopen(request, timeout=60) as reply:
                    status, found = reply.status, reply.read()
            except urllib.error.HTTPError as error:
                status, found = error.code, error.read()
            if half:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(found)))
                self.end_headers()
                self.wfile.write(found[: len(found) // 2])
                self.close_connection = True
                return
            with proxy._lock:
                if status == 200:
                    proxy.answered.append(body)
            self._send(status, found)

        def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self._leave()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with listening(Handler) as url:
        proxy.url = url
        yield proxy
