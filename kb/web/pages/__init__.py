"""The explorer's pages, each under an address of its own."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ....schema import NeuronKBError
from ....schema.secrets import hidden
from ....schema.visible import plain
from ..address import ServerAddresses
from ..drawn_pages import DrawnPages
from ..page import Desk, Moved, Page, Saved
from ..render import html
from ..routes import status_of
from ..vendor import own_files, vendor_file
from .cypher import cypher
from .findings import finding, findings
from .home import home
from .model import model
from .neuron import beside, neuron, random
from .search import search
from .tuned import tuned
from .verbs import verb, verbs

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

Shown = Callable[[Desk, Mapping[str, str]], Page | Moved | Saved]
PAGES: dict[str, Shown] = {
    "/": home,
    "/search": search,
    "/random": random,
    "/neuron/{neuron:path}": neuron,
    "/beside/{neuron:path}": beside,
    "/model/{model:path}": model,
    "/tuned": tuned,
    "/cypher": cypher,
    "/findings": findings,
    "/finding/{finding}": finding,
    "/verbs": verbs,
    "/api/docs": verbs,
    "/ask/{noun}/{verb}": verb,
    "/ask/{verb}": verb,
}
JSON = ("format", "json")
TYPES = {"js": "text/javascript", "css": "text/css"}


class Pages:
    """The pages of one server."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.drawn = DrawnPages()

    def listed(self) -> list[Any]:
        """A route a page, and those of the files that they use."""
        from starlette.routing import Route

        made = [Route(at, self._endpoint(shown), name=at) for at, shown in PAGES.items()]
        return [*made, Route("/static/{name}", static), Route("/vendor/{path:path}", vendor)]

    def last(self) -> Any:
        """What answers for addresses that are none."""
        from starlette.routing import Route

        return Route("/{rest:path}", self._none)

    def _endpoint(self, shown: Shown) -> Callable[[Request], Any]:
        async def asked(request: Request) -> Response:
            from starlette.concurrency import run_in_threadpool

            return await run_in_threadpool(self._answer, request, shown)

        return asked

    def _none(self, request: Request) -> Response:
        return self._error(request, f"nothing is at {request.url.path!r}", 404)

    def _answer(self, request: Request, shown: Shown) -> Response:
        from starlette.responses import JSONResponse, RedirectResponse

        began = perf_counter()
        given = {**request.query_params, **request.path_params}
        try:
            stamp = self._stamp()
            if given.get("format") is None and (known := self.drawn.get(str(request.url), stamp)) is not None:
                return _again(request, known, began)
            page = shown(self.desk, given)
            if isinstance(page, Moved):
                return RedirectResponse(page.to, 303)
            if isinstance(page, Saved):
                return _file(page)
            if given.get("format") == "json":
                return JSONResponse(page.twin, page.status)
            return self._drawn(request, page, began, stamp)
        except NeuronKBError as error:
            return self._error(request, str(error), status_of(error))
        except Exception as error:  # a defect is told as one, in a line
            return self._error(request, f"{type(error).__name__}: {hidden(str(error))} (a defect)", 500)

    def _drawn(self, request: Request, page: Page, began: float, stamp: str | None = None, **more: Any) -> Response:
        from starlette.responses import HTMLResponse

        text = html(page, ServerAddresses(), self._models(), **self._frame(request, page), **more)
        if page.of_store and not any(block.error for block in page.blocks):
            self.drawn.put(str(request.url), stamp, text)
        return HTMLResponse(text, page.status, _took(began))

    def _frame(self, request: Request, page: Page) -> dict[str, Any]:
        url = request.url
        asked = [*((name, text) for name, text in request.query_params.multi_items() if name != "format"), JSON]
        return {
            "base": f"{url.scheme}://{url.netloc}",
            "embed": request.query_params.get("embed") == "1",
            "files": "/static/",
            "q": page.more.get("q", ""),
            "section": page.more.get("section", page.template),
            "store": self.desk.session.place.where,
            "twin": f"{quote(str(request.scope['path']))}?{urlencode(asked)}",
        }

    def _stamp(self) -> str | None:
        try:
            return self.desk.session.store.stamp()
        except NeuronKBError:
            return None  # a page that needs the store says so; others do without

    def _models(self) -> frozenset[str]:
        try:
            return frozenset(row["model"] for row in self.desk.rows("models"))
        except NeuronKBError:
            return frozenset()  # the store went away: what is shown then names none

    def _error(self, request: Request, error: str, status: int) -> Response:
        from starlette.responses import JSONResponse

        if request.query_params.get("format") == "json" or request.url.path.startswith("/api"):
            return JSONResponse({"error": plain(error)}, status)
        titles = {404: "Not here", 503: "The store cannot be asked now", 500: "Something is wrong here"}
        mend = {404: "Search for it, or begin at home.", 503: "Reload when it is there again."}.get(status, "")
        page = Page("error", titles.get(status, "This was not understood"), status=status)
        return self._drawn(request, page, perf_counter(), error=error, mend=mend)


def _again(request: Request, page: bytes, began: float) -> Response:
    """A page that was drawn before, as gzip has it where the client takes that."""
    from starlette.responses import HTMLResponse

    if "gzip" in request.headers.get("accept-encoding", ""):
        return HTMLResponse(page, headers={**_took(began), "Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
    return HTMLResponse(gzip.decompress(page), headers={**_took(began), "Vary": "Accept-Encoding"})


def _took(began: float) -> dict[str, str]:
    return {"Server-Timing": f"total;dur={1000 * (perf_counter() - began):.1f}"}


def _file(page: Saved) -> Response:
    from starlette.responses import HTMLResponse

    name = f"attachment; filename*=UTF-8''{quote(page.name, safe='')}"
    return HTMLResponse(page.text, headers={"Content-Disposition": name})


def static(request: Request) -> Response:
    """A file of ours: the style of records, or one of the folder `static`."""
    from starlette.responses import Response

    name = request.path_params["name"]
    if (text := own_files().get(name)) is None:
        return Response("no such file", 404)
    return Response(text, media_type=TYPES[name.rpartition(".")[2]], headers={"Cache-Control": "no-cache"})


def vendor(request: Request) -> Response:
    """A file of a library that pages use, out of its installed package."""
    from starlette.responses import FileResponse, Response

    path = vendor_file(request.path_params["path"])
    if path is None:
        return Response("no such file", 404)
    kind = TYPES[path.suffix[1:]]
    return FileResponse(path, media_type=kind, headers={"Cache-Control": "max-age=86400"})
