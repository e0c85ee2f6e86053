"""Routes from verbs: a question is a GET with its answer as JSON, work a POST that is answered with its address."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...queries.result.near import near
from ...schema import IdError, NeuronKBError, NotFoundError, QueryError, StoreError
from ...schema.outside import Unreadable, parse_json
from ...schema.secrets import hidden
from ...schema.visible import escaped, plain
from ..doors import Offer, offers
from ..limits import Limits
from ..session import Session
from .work import Work

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

MOST = 2**20
"""Bytes of a request's body."""


class Routes:
    """The routes of one server."""

    def __init__(self, session: Session, allow_write: bool, limits: Limits) -> None:
        self.session = session
        self.limits = limits
        self.work = Work(session)
        self.offers = {path(offer): offer for offer in offers(allow_write=allow_write).values()}

    def listed(self) -> list[Any]:
        """A route a verb, and those that list the verbs and answer for work."""
        from starlette.routing import Route

        made = [Route("/api", self._index), Route("/api/work/{piece}", self._piece)]
        for at, offer in self.offers.items():
            made.append(Route(at, self._endpoint(offer), methods=["POST" if offer.waits else "GET"]))
        return [*made, Route("/api/{rest:path}", self._unknown, methods=["GET", "POST"])]

    def _endpoint(self, offer: Offer) -> Callable[[Request], Any]:
        async def asked(request: Request) -> Response:
            return await answered(lambda: offer.ask(self.session, _asked(offer, request), self.limits).json())

        async def begun(request: Request) -> Response:
            try:
                return self._begun(offer, await _body(request))
            except Exception as error:
                return _refused(error)

        return begun if offer.waits else asked

    def _begun(self, offer: Offer, values: dict[str, Any]) -> Response:
        piece = self.work.begin(offer, values)
        address = f"/api/work/{piece.id}"
        return as_json({"work": address}, 202, {"Location": address})

    def _index(self, request: Request) -> Response:
        """Each verb with its parameters."""
        return as_json({"verbs": [described(at, offer) for at, offer in self.offers.items()]})

    def _piece(self, request: Request) -> Response:
        piece = self.work.piece(request.path_params["piece"])
        if piece is None:
            return as_json({"error": f"no work {request.path_params['piece']!r}; it was long ago, or never begun"}, 404)
        return as_json(piece.json())

    def _unknown(self, request: Request) -> Response:
        known = [at.removeprefix("/api/") for at in self.offers]
        name = request.path_params["rest"]
        if name in known:
            method = "POST" if self.offers[f"/api/{name}"].waits else "GET"
            return as_json({"error": f"{name} is asked by {method}"}, 405, {"Allow": method})
        return as_json({"error": f"no verb {plain(name)!r}{near(name, known)}"}, 404)


async def answered(question: Callable[[], dict[str, Any]]) -> Response:
    """A question's answer, which a thread waits for; or why there is none, in a line."""
    from starlette.concurrency import run_in_threadpool

    try:
        return as_json(await run_in_threadpool(question))
    except Exception as error:
        return _refused(error)


def path(offer: Offer) -> str:
    """`/api/n2g/show`"""
    return "/api/" + offer.verb.path.replace(" ", "/")


def described(at: str, offer: Offer) -> dict[str, Any]:
    """A verb as the list of verbs has it."""
    parameters = [
        {
            "name": one.name,
            "type": one.type,
            "many": one.many,
            "required": one.required,
            "default": None if one.required else one.default,
            "choices": list(one.choices),
            "range": one.range.words if one.range is not None else None,
            "words": one.words,
        }
        for one in offer.parameters
    ]
    return {
        "path": at,
        "method": "POST" if offer.waits else "GET",
        "verb": offer.verb.path,
        "words": offer.verb.words,
        "parameters": parameters,
    }


def _asked(offer: Offer, request: Request) -> dict[str, Any]:
    """Values of a query string; a parameter of which there are many may come again, one of pairs is JSON."""
    given: dict[str, Any] = {}
    kinds = {one.name: one for one in offer.parameters}
    for name in request.query_params:
        values = request.query_params.getlist(name)
        known = kinds.get(name)
        if known is not None and known.type == "pairs":
            given[name] = _object(values[-1])
        elif known is not None and known.many and not known.listed:
            given[name] = values
        else:
            given[name] = ",".join(values) if known is not None and known.listed else values[-1]
    return given


async def _body(request: Request) -> dict[str, Any]:
    """The values of a request that begins work. JSON alone: a page of another site cannot send it unasked."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise QueryError("work is asked for with a JSON object (Content-Type: application/json)")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST:
            raise QueryError(f"the request is longer than {MOST >> 20} MiB")
    return _object(body)


def _object(text: bytes | str) -> dict[str, Any]:
    try:
        value = parse_json(text or b"{}")
    except Unreadable as error:
        raise QueryError(str(error)) from None
    if not isinstance(value, dict):
        raise QueryError("the request is no JSON object with a value a parameter")
    return value


def _refused(error: Exception) -> Response:
    """Why there is no answer; a defect is told as one."""
    if isinstance(error, NeuronKBError):
        return as_json({"error": plain(" ".join(str(error).split()))}, status_of(error))
    return as_json({"error": f"{type(error).__name__}: {plain(hidden(str(error)))} (a defect)"}, 500)


def status_of(error: NeuronKBError) -> int:
    """404 for what is not in the store, 503 for a store that cannot be asked now, 400 for a wrong question."""
    if isinstance(error, NotFoundError | IdError):
        return 404
    return 503 if isinstance(error, StoreError) and not isinstance(error, QueryError) else 400


def as_json(value: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An object as the answer to a request: ASCII, without characters that steer a terminal."""
    from starlette.responses import Response

    text = escaped(json.dumps(value, ensure_ascii=True, default=str))
    return Response(text, status, headers, media_type="application/json")
