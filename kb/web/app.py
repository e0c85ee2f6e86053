"""The explorer: pages, the HTTP API and MCP of one store in one ASGI application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...schema import StoreError
from ..doors import offers
from ..limits import Limits
from ..session import Session
from .guards import LOOPBACK, Headers, OwnPages, Token
from .neuronpedia import feature_route
from .openapi import openapi_route
from .page import Desk
from .recorded import record_reads
from .routes import Routes

if TYPE_CHECKING:
    from starlette.applications import Starlette


def application(
    session: Session,
    *,
    allow_write: bool = False,
    limits: Limits | None = None,
    hosts: Sequence[str] = LOOPBACK,
    token: str | None = None,
    mcp: bool = True,
) -> Starlette:
    """A store's explorer as an ASGI application.

    `hosts` are the names under which it is asked; without a `token` they are this machine's own. MCP is at /mcp where
    the mcp extra is installed. Needs the `web` extra. Raises StoreError without it.
    """
    try:
        from starlette.applications import Starlette
        from starlette.middleware import Middleware
        from starlette.middleware.trustedhost import TrustedHostMiddleware
        from starlette.routing import Route
    except ImportError:
        raise StoreError("serving over HTTP needs starlette: pip install 'neuronkb[web]'") from None
    from .agents import PATH, Agents, installed
    from .pages import Pages

    session.waits, session.stores = False, allow_write
    record_reads(session)
    ceilings = limits or Limits()
    verbs = {offer.verb.path: offer for offer in offers(allow_write=allow_write).values()}
    desk = Desk(session, verbs, ceilings, allow_write)
    pages, data = Pages(desk), Routes(session, allow_write, ceilings)
    about = openapi_route(verbs, ceilings, token=token is not None)
    routes: list[Any] = [*pages.listed(), about, feature_route(desk), *data.listed(), pages.last()]
    agents = Agents(lambda: _agents(session, ceilings, allow_write, hosts[0])) if mcp and installed() else None
    if agents is not None:
        routes = [Route(PATH, agents), *routes]
    guards = [Middleware(Headers), Middleware(TrustedHostMiddleware, allowed_hosts=[*hosts])]
    guards.append(Middleware(OwnPages, hosts=hosts))
    if token is not None:
        guards.append(Middleware(Token, token=token))
    return Starlette(routes=routes, middleware=guards, lifespan=None if agents is None else lambda app: agents.life())


def _agents(session: Session, limits: Limits, allow_write: bool, host: str) -> Starlette:
    """The MCP server of the same store."""
    from ..knowledge_base import KnowledgeBase
    from ..mcp.server import server

    made = server(KnowledgeBase.of(session), limits=limits, allow_write=allow_write)
    return made.streamable_http_app(host=host.strip("[]"))
