"""The local server's HTTP side: commands in its SQL, server commands, and the bulk endpoint."""

from __future__ import annotations

import base64
import json
import threading
import time
from typing import TYPE_CHECKING, Any

from .access import DATABASE, WRITER

if TYPE_CHECKING:
    from http.client import HTTPConnection

FRESH_SECONDS = 5.0
"""A connection that lay longer is opened anew: the server closes idle ones, and a load decodes between two requests."""
BATCH_PATH = f"/api/v1/batch/{DATABASE}"
_JSON = "application/json"
NDJSON = "application/x-ndjson"


class ServerError(Exception):
    """The server's refusal: its message, and the name of its exception."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class Http:
    """One kept-alive connection to the server, as the writer; threads take turns."""

    def __init__(self, port: int, password: str, timeout: float | None = None) -> None:
        token = base64.b64encode(f"{WRITER}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"}
        self._port = port
        self._timeout = timeout
        self._connection: HTTPConnection | None = None
        self._used = 0.0
        self._turn = threading.Lock()

    def ready(self) -> bool:
        """Whether the server takes requests."""
        try:
            return self._request("GET", "/api/v1/ready", b"", _JSON)[0] == 204
        except OSError:
            return False

    def exists(self) -> bool:
        """Whether our database is there."""
        return bool(self._json("GET", f"/api/v1/exists/{DATABASE}", b"", _JSON)["result"])

    def server(self, command: str) -> Any:
        """Run a server command such as `create database kb`; its result. Raises ServerError or OSError."""
        return self._json("POST", "/api/v1/server", json.dumps({"command": command}).encode(), _JSON)["result"]

    def command(self, text: str, language: str = "sql", **params: Any) -> list[dict[str, Any]]:
        """Run a statement on our database; its rows. Raises ServerError or OSError."""
        body = {"language": language, "command": text, "params": params, "limit": -1}
        answer = self._json("POST", f"/api/v1/command/{DATABASE}", json.dumps(body).encode(), _JSON)
        return list(answer["result"])

    def batch(self, body: bytes | memoryview, kind: str, options: str) -> dict[str, Any]:
        """Send one bulk request, NDJSON or text/csv. Raises ServerError or OSError."""
        return dict(self._json("POST", f"{BATCH_PATH}?{options}", body, kind))

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()

    def _json(self, method: str, path: str, body: bytes | memoryview, kind: str) -> Any:
        status, answer = self._request(method, path, body, kind)
        try:
            found = json.loads(answer) if answer else {}
        except ValueError:
            found = {"error": answer[:200].decode("utf-8", "replace")}
        if status >= 400:
            message = str(found.get("detail") or found.get("error") or f"HTTP status {status}")
            raise ServerError(" ".join(message.split()), str(found.get("exception", "")))
        return found

    def _request(self, method: str, path: str, body: bytes | memoryview, kind: str) -> tuple[int, bytes]:
        # Imported late: a process that only reads never needs it.
        from http.client import HTTPConnection, HTTPException

        with self._turn:
            if self._connection is None:
                self._connection = HTTPConnection("127.0.0.1", self._port, timeout=self._timeout)
            elif time.monotonic() - self._used > FRESH_SECONDS:
                self._connection.close()
            try:
                self._connection.request(method, path, body, {**self._headers, "Content-Type": kind})
                answer = self._connection.getresponse()
                body_read = answer.read()
                self._used = time.monotonic()
                return answer.status, body_read
            except HTTPException as error:
                self._connection.close()
                raise ConnectionError(f"the server broke off: {error!r}") from error
            except BaseException:
                self._connection.close()
                raise
