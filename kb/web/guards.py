"""Who is answered: this machine, or whoever has the token; never a page of another site."""

from __future__ import annotations

import json
from collections.abc import Collection
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
EVERY = "*"
"""Any name of this machine."""
COOKIE = "neuronkb"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {frames}"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


def said(scope: Scope) -> dict[str, str]:
    """A request's headers by small names."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", ())}


class OwnPages:
    """Refuses what a page of another site asks: a browser says whose page it is. A link may lead here from anywhere."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = LOOPBACK) -> None:
        self.app = app
        self.hosts = {host.strip("[]") for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or answer 403."""
        if scope["type"] == "http" and self._foreign(scope):
            await refused("asked by a page of another site", 403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _foreign(self, scope: Scope) -> bool:
        headers = said(scope)
        origin = headers.get("origin")
        if origin is not None and _host(origin) not in self._own(headers):
            return True
        if headers.get("sec-fetch-site") != "cross-site":
            return False
        followed = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
        framed = headers.get("sec-fetch-dest") != "document" and not embedded(scope)
        return not followed or framed or scope["path"].startswith(("/api", "/mcp"))

    def _own(self, headers: dict[str, str]) -> Collection[str | None]:
        """The names that a page of ours may come from; where any name is served, the one that is asked."""
        return {_host(f"//{headers.get('host', '')}")} - {None} if EVERY in self.hosts else self.hosts


class Token:
    """Answers only who gives the token: in `Authorization: Bearer`, or as the cookie that a login link sets."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, set the cookie, or answer 401."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] == "/login":
            given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
            await (self._welcome() if self._right(given) else _unknown())(scope, receive, send)
        elif any(map(self._right, _tokens(said(scope)))):
            await self.app(scope, receive, send)
        else:
            await _unknown()(scope, receive, send)

    def _right(self, given: str) -> bool:
        return compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    def _welcome(self) -> ASGIApp:
        from starlette.responses import RedirectResponse

        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            COOKIE, self.token, httponly=True, samesite="lax", path="/"
        )  # lax: a login link in a mail or chat leads in at once
        return answer


class Headers:
    """Says with every answer what a browser may do with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on and put the headers on its answer."""
        frames = "*" if scope["type"] == "http" and embedded(scope) else "'self'"
        extra = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
        extra.append((b"content-security-policy", POLICY.format(frames=frames).encode()))

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *extra]}
            await send(message)

        await self.app(scope, receive, sent)


def embedded(scope: Scope) -> bool:
    """Whether a page is asked for that may stand in a frame of another site: it only shows a neuron."""
    return scope["path"].startswith("/neuron/") and b"embed=1" in scope["query_string"].split(b"&")


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).hostname
    except ValueError:  # no address at all
        return None


def refused(error: str, status: int) -> ASGIApp:
    """An answer that says why, as JSON."""
    from starlette.responses import Response

    return Response(json.dumps({"error": error}), status, media_type="application/json")


def _unknown() -> ASGIApp:
    return refused("not logged in: open the link that neuronkb serve printed, or send its token as a bearer", 401)


def _tokens(headers: dict[str, str]) -> list[str]:
    """What a request gives as a token."""
    given = []
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        given.append(bearer.strip())
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        cookie = None
    return given if cookie is None else [*given, cookie.value]
