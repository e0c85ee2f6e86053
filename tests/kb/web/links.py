"""Every link of a folder of pages: a file that is there, and the place in it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Links(HTMLParser):
    """What a page leads to and loads, and the names of its places."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.to: list[str] = []
        self.places: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.to += [str(held[name]) for name in ("href", "src") if held.get(name)]
        if held.get("id"):
            self.places.append(str(held["id"]))


def broken(folder: Path) -> list[str]:
    """What leads nowhere, or out of the folder, by page; and places that have one name."""
    pages = {path: Links(path.read_text("utf-8")) for path in folder.rglob("*.html")}
    problems = []
    for path, page in pages.items():
        where = path.relative_to(folder)
        if len(set(page.places)) < len(page.places):
            problems.append(f"{where}: two places of one name")
        for link in page.to:
            split = urlsplit(link)
            if split.scheme == "data":
                continue
            there = (path.parent / unquote(split.path)).resolve() if split.path else path
            if split.scheme or split.netloc or not there.is_relative_to(folder.resolve()) or not there.is_file():
                problems.append(f"{where}: {link}")
            elif split.fragment and there in pages and unquote(split.fragment) not in pages[there].places:
                problems.append(f"{where}: {link} has no such place")
    return problems
