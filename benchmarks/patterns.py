"""What people write in Cypher first, over an 8B model's decodings: 458,752 neurons, 27.5 M DECODES_TO, made up."""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import neo4j
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.import_files import write_import_files

from . import stores, synthetic
from .report import Row

LAYERS, REPEATS = 224, 5
INDEX = "CREATE INDEX tried IF NOT EXISTS FOR ()-[d:DECODES_TO]-() ON (d.run, d.rank)"
"""What could make the patterns by run quicker; not in the schema."""
NAMES: Mapping[str, Any] = {
    "t": " word20000",
    "neuron": f"{synthetic.MODEL}/L7/N9",
    "run": synthetic.RUN,
    "model": synthetic.MODEL,
}


def readme() -> dict[str, str]:
    """The patterns that stand in README.md."""
    text = (Path(__file__).parents[1] / "README.md").read_text()
    found = re.findall(r"""["'](MATCH [^"']+? LIMIT \d+)["']""", text)
    return {f"README {number}": re.sub(r"\s+", " ", pattern) for number, pattern in enumerate(found, 1)}


OTHERS = {
    "a neuron, one run": "MATCH (:Neuron {id: $neuron})-[d:DECODES_TO {run: $run}]->(t) RETURN t.text, d.rank",
    "a token's first ranks": "MATCH (n)-[d:DECODES_TO {rank: 1}]->(:Token {text: $t}) RETURN n.id, d.run LIMIT 20",
    "first ranks of a run": "MATCH (n:Neuron)-[d:DECODES_TO {run: $run, rank: 1}]->(t) RETURN n.id, t.text LIMIT 20",
    "neurons of a model": "MATCH (n:Neuron {model: $model}) RETURN count(n)",
    "all decodings": "MATCH ()-[d:DECODES_TO]->() RETURN count(d)",
    "a layer's first ranks": (
        "MATCH (n:Neuron {model: $model, layer: 5})-[d:DECODES_TO {rank: 1}]->(t) "
        "RETURN t.text, count(*) AS n ORDER BY n DESC LIMIT 10"
    ),
    "all of a run": "MATCH ()-[d:DECODES_TO {run: $run}]->() RETURN count(d)",
}


def local() -> Iterator[Row]:
    """The local store, loaded online."""
    with stores.fresh("local") as store:
        count, spent = stores.load(store, stores.everything(LAYERS))
        yield Row("patterns", f"local: {count:,} rows, online", count / spent, "rows/s")
        yield from _asked("local", store)


def by_neo4j() -> Iterator[Row]:
    """Neo4j, filled by neo4j-admin; then with an index on run and rank."""
    from tests.neo4j_server import neo4j_server

    with tempfile.TemporaryDirectory() as folder, neo4j_server(start=False) as server:
        server.import_files(write_import_files(stores.everything(LAYERS), Path(folder) / "import"))
        server.start()
        with stores.opened(server.uri, server.password) as store:
            yield from _asked("neo4j", store)
            with neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver:
                profile(driver)
                before = _bytes(server.home)
                start = time.perf_counter()
                driver.execute_query(INDEX)
                driver.execute_query("CALL db.awaitIndexes(3600)")
                yield Row("patterns", "neo4j: an index on run and rank, made", time.perf_counter() - start, "s")
                yield Row("patterns", "neo4j: that index", (_bytes(server.home) - before) / 1e6, "MB")
                profile(driver)
            yield from _asked("neo4j, that index", store)


def profile(driver: neo4j.Driver) -> None:
    """Print what each pattern's plan does, and the rows of the store that it reads."""
    for name, text in (readme() | OTHERS).items():
        plan = driver.execute_query(f"PROFILE {text}", dict(NAMES)).summary.profile
        print(f"         {name}: {' < '.join(_steps(plan or {}))}", flush=True)


def _steps(plan: Mapping[str, Any]) -> Iterator[str]:
    yield f"{str(plan.get('operatorType', '?')).partition('@')[0]} {plan.get('dbHits', 0):,}"
    for child in plan.get("children", ()):
        yield from _steps(child)


def _asked(kind: str, store: Store) -> Iterator[Row]:
    for name, text in (readme() | OTHERS).items():
        times = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            if not store.read(text, dict(NAMES), timeout=None, limit=None):
                raise RuntimeError(f"{name!r} found nothing: the benchmark measures something else")
            times.append(1000 * (time.perf_counter() - start))
        what = f"first {times[0]:,.0f}"
        yield Row("patterns", f"{kind}: {name}", statistics.median(times[1:]), f"ms median, {what}")


def _bytes(home: Path) -> int:
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
