"""A relay in front of a Bolt server that can cut the line just after a COMMIT has gone through."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

COMMIT = bytes.fromhex("0002b0120000")
"""The COMMIT message, as one chunk."""


class Proxy:
    """Listens on a port of its own; `cuts` counts the commits still to be left without an answer."""

    def __init__(self, target: int, cuts: int) -> None:
        self.cuts = cuts
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += [client, server]
            threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
            threading.Thread(target=self._relay, args=(server, client), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := client.recv(1 << 16):
                if self.cuts and data.endswith(COMMIT):
                    self.cuts -= 1
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(data)
                    return
                server.sendall(data)
        except OSError:
            return

    def _relay(self, server: socket.socket, client: socket.socket) -> None:
        try:
            while data := server.recv(1 << 16):
                client.sendall(data)
        except OSError:
            return

    def cut(self) -> None:
        """Drop every connection and go on listening, as a server does that was started again."""
        for each in self._sockets[1:]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        del self._sockets[1:]

    def close(self) -> None:
        """Drop every connection."""
        for each in self._sockets:
            each.close()


@contextmanager
def proxy(target: int, cuts: int) -> Iterator[Proxy]:
    """A relay to the port `target` of this machine."""
    relay = Proxy(target, cuts)
    try:
        yield relay
    finally:
        relay.close()
