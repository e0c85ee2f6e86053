"""A real browser over a real server, for tests of pages: what it says in its console, and whom it asks."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request
    from starlette.applications import Starlette

HOST = "127.0.0.1"


class BrowserUnavailable(Exception):
    """There is no browser here."""


@dataclass
class Watched:
    """A page, and what went wrong in it: errors, warnings, and requests to anybody but its own server."""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: self.problems.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", self._asked)
        self.page.on("response", lambda answer: self._answered(answer.status, answer.url))

    def go(self, address: str) -> Page:
        """Open an address of the server."""
        self.page.goto(self.base + address)
        return self.page

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base}/", "data:", "blob:")):
            self.problems.append(f"asked {request.url}")

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self.problems.append(f"{status} for {url}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium. Raises BrowserUnavailable."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise BrowserUnavailable("chromium is not installed")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise BrowserUnavailable("playwright is not installed") from None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Browser, base: str, **options: Any) -> Iterator[Watched]:
    """A page of its own cookies and settings; `options` are those of a browser's context."""
    context = browser.new_context(**options)
    try:
        yield Watched(context.new_page(), base)
    finally:
        context.close()


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """An application on a free port, and its address."""
    import uvicorn

    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        thread = Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.02)
            yield f"http://{HOST}:{taken.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
