"""Load rates and query latencies of both stores on a synthetic graph."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from neuronkb.kb.stores import open_store
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.import_files import write_import_files
from neuronkb.queries import query
from neuronkb.schema import Node, Table

from . import synthetic
from .report import Row

REPEATS = 50
HALF = synthetic.TOKENS // 2


def online(kind: str, edges: int) -> Iterator[Row]:
    """Load through the online bulk path, then ask."""
    layers = synthetic.layers_for(edges)
    with fresh(kind) as store:
        count, spent = load(store, synthetic.nodes(layers))
        yield Row("load", f"{kind}: nodes and structure, online", count / spent, "rows/s")
        count, spent = load(store, synthetic.decodings(layers))
        target = {"local": 150_000, "neo4j": 28_000}[kind]
        yield Row(
            "load",
            f"{kind}: {count:,} relationships, online",
            count / spent,
            "/s",
            f"{target:,}/s wanted",
            count / spent / target,
        )
        yield from latencies(kind, store, count)


def offline(edges: int) -> Iterator[Row]:
    """Write neo4j-admin's files, import them with the real tool, open the result and ask."""
    from tests.neo4j_server import neo4j_server

    layers = synthetic.layers_for(edges)
    with tempfile.TemporaryDirectory() as folder, neo4j_server(start=False) as server:
        start = time.perf_counter()
        plan = write_import_files(everything(layers), Path(folder) / "import")
        yield Row("load", f"neo4j: {plan.rows:,} rows written as import files", plan.rows / _since(start), "rows/s")
        start = time.perf_counter()
        server.import_files(plan)
        yield Row("load", "neo4j: the same, imported by neo4j-admin", plan.rows / _since(start), "rows/s")
        server.start()
        with opened(server.uri, server.password) as store:
            yield from latencies("neo4j", store, layers * synthetic.EDGES)


def latencies(kind: str, store: Store, edges: int) -> Iterator[Row]:
    """Median and 95th percentile of each query, different parameters each time."""
    for name, ask in QUERIES.items():
        for i in range(3):
            ask(store, 1000 + i)
        times = []
        for i in range(REPEATS):
            start = time.perf_counter()
            if not ask(store, i):
                raise RuntimeError(f"{name!r} found nothing: the benchmark measures something else")
            times.append(1000 * _since(start))
        p95 = statistics.quantiles(times, n=20)[-1]
        label = f"{kind}, {edges / 1e6:.0f} M edges: {name}"
        yield Row("query", label, statistics.median(times), f"ms median, {p95:.1f} ms p95")


def _ask_neuron(store: Store, i: int) -> int:
    return len(query("neuron_tokens").run(store, neuron=f"{synthetic.MODEL}/L0/N{i % synthetic.WIDTH}"))


def _ask_token(store: Store, number: int) -> int:
    return len(query("find_surface").run(store, text=f" word{number}", model=None, run=None, top=20))


def _ask_words(store: Store, i: int) -> int:
    words = [f"word{10 * i + j}" for j in range(5)]
    return len(query("find_words").run(store, words=words, least=1, model=None, run=None, top=20))


QUERIES: dict[str, Callable[[Store, int], int]] = {
    "a neuron's 60 tokens": _ask_neuron,
    "20 strongest neurons of an ordinary token": lambda store, i: _ask_token(store, HALF + 37 * (i % 300)),
    "20 strongest neurons of a hot token": lambda store, i: _ask_token(store, i % 3),
    "neurons that name some of five words": _ask_words,
}


@contextmanager
def fresh(kind: str) -> Iterator[Store]:
    """An empty store of its own, gone afterwards."""
    if kind == "local":
        folder = Path(tempfile.mkdtemp())
        try:
            with open_store(str(folder / "store"), heap="4g") as store:
                yield store
        finally:
            from neuronkb.kb.stores.local import stop

            stop(folder / "store")
            shutil.rmtree(folder, ignore_errors=True)
    else:
        from tests.neo4j_server import neo4j_server

        with neo4j_server() as server, opened(server.uri, server.password) as store:
            yield store


@contextmanager
def opened(uri: str, password: str) -> Iterator[Store]:
    """The store in a Neo4j server."""
    with open_store(uri, user="neo4j", password=password) as store:
        yield store


def load(store: Store, tables: Iterator[tuple[Table, pa.Table]]) -> tuple[int, float]:
    """Rows loaded and seconds spent loading; making the rows is not counted."""
    count, spent = 0, 0.0
    for table, rows in tables:
        start = time.perf_counter()
        if isinstance(table, Node):
            store.create_nodes(table, rows)
        else:
            store.create_relationships(table, rows)
        spent += _since(start)
        count += rows.num_rows
    return count, spent


def everything(layers: int) -> Iterator[tuple[Table, pa.Table]]:
    """All tables of the synthetic graph."""
    yield from synthetic.nodes(layers)
    yield from synthetic.decodings(layers)


def _since(start: float) -> float:
    return time.perf_counter() - start


def attach_seconds(folder: Path) -> float:
    """Seconds to open a running local store from a fresh process, the interpreter's own start left out."""
    code = (
        "import sys, time; start = time.perf_counter(); "
        "from neuronkb import KnowledgeBase; kb = KnowledgeBase.open(sys.argv[1]); "
        "kb.cypher('RETURN 1'); print(time.perf_counter() - start)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def opening() -> Iterator[Row]:
    """First open of a new local store, and attaching from another process."""
    folder = Path(tempfile.mkdtemp())
    try:
        start = time.perf_counter()
        with open_store(str(folder / "store")):
            first = _since(start)
            attach = statistics.median(attach_seconds(folder / "store") for _ in range(5))
        yield Row("open", "local: first open of a new store", first, "s", "4 s allowed", first / 4)
        yield Row(
            "open", "local: attach from another process, first answer", attach, "s", "0.3 s allowed", attach / 0.3
        )
    finally:
        from neuronkb.kb.stores.local import stop

        stop(folder / "store")
        shutil.rmtree(folder, ignore_errors=True)
