"""The pictures of docs/explorer.md: `python -m examples.pictures FOLDER` takes them of the demo's store with Chromium.

It asks the server that `neuronkb serve --no-browser` began beside the store, or the one at NEURONKB_PAGES.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import quote

from .demo.finetune import NAME as TUNED
from .demo.gemma import NAME as BASE

PAGES = os.environ.get("NEURONKB_PAGES", "http://127.0.0.1:8765")
WIDTH = 1280
QUESTION = (
    f"MATCH (w:Term)<-[:SPELLS]-(t:Token)<-[d:DECODES_TO {{rank: 1}}]-(n:Neuron {{model: '{BASE}'}}) "
    "WHERE w.id IN ['january', 'august', 'december'] RETURN n, d, t, w LIMIT 30"
)
TAKEN = {
    "home": ("/", 1000),
    "neuron": (f"/neuron/{BASE}/L11/N2020", 1500),
    "tuned": (f"/tuned?base={BASE}&tuned={TUNED}", 1200),
    "cypher": (f"/cypher?text={quote(QUESTION)}&show=graph", 1000),
}
"""By name: the page, and how much of it is seen, in pixels."""


def main(folder: str) -> None:
    """Write a PNG a page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (address, height) in TAKEN.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": height})
            page.goto(PAGES + address)
            page.wait_for_timeout(3000)  # a graph comes to rest
            page.screenshot(path=Path(folder) / f"explorer-{name}.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
