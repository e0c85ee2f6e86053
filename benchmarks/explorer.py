"""The explorer's pages: seconds that the server takes to draw them and to show them again, with one client and with
many; its memory over many requests; the first page after a start; the first paint in a browser.

The demo's store is asked where there is one. `python -m benchmarks explorer-8b` makes a store of an 8B model's shape
first, which takes 10 minutes and 15 GB of disk.
"""

from __future__ import annotations

import http.client
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, cycle, islice
from pathlib import Path
from urllib.parse import quote

import psutil
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.place import LOCAL
from neuronkb.kb.stores.local import LocalStore, stop

from . import stores, synthetic
from .report import Row

DEMO = Path(LOCAL)
LAYERS_8B = 224
"""Of the made-up model's width: 458,752 neurons, 27.5 M relationships."""
CLIENTS = (1, 16)
EACH, MANY = 200, 10_000
NEURON, SEARCH, HOME, TUNED = "neuron page", "search by words", "home", "fine-tune"
WANTED = {NEURON: 150, SEARCH: 100, HOME: 200, TUNED: 500}
WANTED_8B = {NEURON: 300, SEARCH: 100, HOME: 500, TUNED: 500}
"""Milliseconds of the server's own time, of 95 requests in 100."""
PAINTS = "performance.getEntriesByName('first-contentful-paint')"


def rates() -> Iterator[Row]:
    """Over the demo's store."""
    if not DEMO.is_dir():
        print(f"explorer left out: there is no {DEMO}; make demo makes it")
        return
    yield from _asked(DEMO, WANTED)


def rates_8b() -> Iterator[Row]:
    """Over a made-up store of an 8B model's shape, with a fine-tune of it: random tokens, no claim about any neuron."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "store"
        with LocalStore.open(where, heap="6g") as store:
            store.setup()
            count, spent = stores.load(store, chain(stores.everything(LAYERS_8B), synthetic.fine_tune(LAYERS_8B)))
            yield Row("explorer", f"a store of an 8B model's shape: {count:,} rows", count / spent, "rows/s")
        yield from _asked(where, WANTED_8B)
        stop(where)


@dataclass(frozen=True)
class Answer:
    """One page: milliseconds of the server's time, seconds until it was here, and its bytes."""

    server: float
    seconds: float
    size: int


def _asked(where: Path, wanted: dict[str, int]) -> Iterator[Row]:
    with KnowledgeBase.open(where) as kb:  # its server stays
        pages = dict(_pages(kb))
    start = time.perf_counter()
    with _served(where) as (port, process):
        _get(port, "/")
        yield _wanted("start of the server to its first page", time.perf_counter() - start, "s", 3.0)
        for addresses in pages.values():
            _ask(port, islice(cycle(addresses), 20), 4)
        for clients in CLIENTS:
            for name, addresses in pages.items():
                for how in ("drawn", "shown again"):
                    if how == "drawn":
                        _write(where)
                    found = _ask(port, iter(addresses[:EACH]), clients)
                    yield _row(f"{name}, {clients} clients, {how}, p95 of the server's time", found, wanted[name])
        yield from _many(port, process, [address for addresses in pages.values() for address in addresses])
        yield from _painted(port, pages)


def _many(port: int, process: psutil.Process, addresses: Sequence[str]) -> Iterator[Row]:
    held, start = [], time.perf_counter()
    for _ in range(4):
        _ask(port, islice(cycle(addresses), MANY // 4), 16)
        held.append(process.memory_info().rss / 2**20)
    rate = MANY / (time.perf_counter() - start)
    yield Row("explorer", f"{MANY:,} requests at 16 clients, none of them an error", rate, "/s")
    yield Row("explorer", "memory after a quarter of them", held[0], "MiB")
    yield Row("explorer", "memory after all", held[-1], "MiB", f"{held[0]:.0f} MiB", held[-1] / held[0])


def _painted(port: int, pages: dict[str, list[str]]) -> Iterator[Row]:
    found = shutil.which("chromium")
    if found is None:
        print("explorer first paint left out: there is no chromium")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for name, addresses in pages.items():
            times = []
            for address in addresses[:5]:
                page = browser.new_page(bypass_csp=True)  # which would refuse to be asked by a script of ours
                page.goto(f"http://127.0.0.1:{port}{address}")
                page.wait_for_function(f"{PAINTS}.length")
                times.append(page.evaluate(f"{PAINTS}[0].startTime"))
                page.close()
            yield _wanted(f"{name}, first paint in a browser", statistics.median(times) / 1000, "s", 1.0)
        browser.close()


def _pages(kb: KnowledgeBase) -> Iterator[tuple[str, list[str]]]:
    """Addresses of each page, of what the store has."""
    (model, *_) = [row["model"] for row in kb.models.list().dicts()]
    known = [row[0] for row in kb.cypher("MATCH (n:Neuron {model: $m}) RETURN n.id LIMIT 5000", m=model, limit=0).rows]
    said = [row.neuron for row in kb.queries.run("lined_neurons", model=model, top=100)]
    yield NEURON, [f"/neuron/{quote(name)}" for name in (*said, *known[:: max(1, len(known) // 100)])]
    words = [row[0] for row in kb.cypher("MATCH (t:Term) RETURN t.id LIMIT 2000", limit=0).rows if row[0].isalpha()]
    yield SEARCH, [f"/search?way=words&q={quote(word)}" for word in words[:: max(1, len(words) // 100)]]
    # A parameter that nobody reads: one page under many addresses, each drawn for itself.
    yield HOME, [f"/?n={n}" for n in range(EACH)]
    pairs = [(base, row["model"]) for row in kb.models.list().dicts() for base in row["bases"] or ()]
    if pairs:
        asked = [f"/tuned?base={quote(base)}&tuned={quote(tuned)}" for base, tuned in pairs]
        yield TUNED, [f"{address}&n={n}" for address, n in zip(cycle(asked), range(EACH))]


@contextmanager
def _served(where: Path) -> Iterator[tuple[int, psutil.Process]]:
    """`neuronkb serve`, a process of its own, as people start it."""
    command = [sys.executable, "-m", "neuronkb", "serve", "--port", "0", "--no-browser", "--store", str(where)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        port = re.search(r":(\d+)/", line)
        assert port is not None, line
        try:
            yield int(port[1]), psutil.Process(process.pid)
        finally:
            process.terminate()


def _ask(port: int, addresses: Iterator[str], clients: int) -> list[Answer]:
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(lambda address: _get(port, address), addresses))


def _get(port: int, address: str) -> Answer:
    """Raises AssertionError for anything but a page."""
    start = time.perf_counter()
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    link.request("GET", address)
    answer = link.getresponse()
    text = answer.read()
    link.close()
    assert answer.status == 200, (address, answer.status, text[:300])
    took = re.search(r"dur=([\d.]+)", answer.headers.get("server-timing", ""))
    assert took is not None, address
    return Answer(float(took[1]), time.perf_counter() - start, len(text))


def _row(what: str, found: Sequence[Answer], wanted: float) -> Row:
    times = sorted(answer.server for answer in found)
    return _wanted(what, times[int(0.95 * (len(times) - 1))], "ms", wanted)


def _write(where: Path) -> None:
    """Something into the store, so that every page is drawn anew."""
    with LocalStore.open(where) as store:
        store.write("CREATE (n:Note {id: 'written by a benchmark'}) DETACH DELETE n")
    time.sleep(1.0)


def _wanted(what: str, value: float, unit: str, wanted: float) -> Row:
    return Row("explorer", what, value, unit, f"{wanted:g} {unit} wanted", value / wanted)
