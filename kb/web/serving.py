"""A store's explorer on a port."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from secrets import token_urlsafe
from threading import Thread
from typing import TYPE_CHECKING

from ...schema import NeuronKBError, StoreError
from ..limits import Limits
from .app import application
from .guards import EVERY, LOOPBACK
from .recorded import record_reads

if TYPE_CHECKING:
    from ..session import Session

ANY = ("0.0.0.0", "::", "[::]")
"""Hosts that mean every address of this machine."""


def serve_pages(
    session: Session,
    port: int,
    host: str,
    ready: Callable[[str], None],
    *,
    allow_write: bool = False,
    limits: Limits | None = None,
) -> None:
    """Answer until interrupted; `ready` is told the address.

    On another address than this machine's own, everybody but who has the token is refused; the address that `ready` is
    told logs in. Raises StoreError for a port that cannot be had, and for a store that cannot be opened.
    """
    try:
        import uvicorn
    except ImportError:
        raise StoreError("serving pages needs uvicorn: pip install 'neuronkb[web]'") from None
    named = f"[{host}]" if ":" in host and not host.startswith("[") else host
    own = named in LOOPBACK
    hosts = LOOPBACK if own else (EVERY,) if host in ANY else (named,)
    token = None if own else token_urlsafe(24)
    record_reads(session)
    # A local store's server takes a second or two, which the application is made in: pages may be asked for meanwhile.
    Thread(target=_open, args=(session,), daemon=True).start()
    app = application(session, allow_write=allow_write, limits=limits, hosts=hosts, token=token)
    with _taken(host.strip("[]"), port) as taken:
        address = f"http://{socket.gethostname() if host in ANY else named}:{taken.getsockname()[1]}/"
        ready(address if token is None else f"{address}login?token={token}")
        config = uvicorn.Config(app, log_level="warning", use_colors=False, server_header=False)
        uvicorn.Server(config).run(sockets=[taken])


def _open(session: Session) -> None:
    with suppress(NeuronKBError):  # a page says so
        session.store  # noqa: B018  (opened before the first page asks)


def _taken(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises StoreError."""
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen()
    except (OSError, ValueError, TypeError) as error:  # the latter two for a name that no host can have
        taken.close()
        why = getattr(error, "strerror", None) or "no name of a host"
        raise StoreError(f"port {port} of {host!r}: {why}; give another with --port or --host") from None
    return taken
