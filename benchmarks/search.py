"""Search by meaning: 500,000 signatures made and searched exactly, beside the machine's memory bandwidth; the stores'
own vector indexes at a size that takes minutes."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from neuronkb.kb.search.entries import Worded, side_table
from neuronkb.kb.search.files import make_folder
from neuronkb.kb.search.meaning import Luck, Near, Scope, nearest
from neuronkb.kb.search.planes import HIGH, Vectors
from neuronkb.kb.search.segment import Segment, fill_words
from neuronkb.kb.search.terms import TermVectors
from neuronkb.kb.stores.base import Store
from neuronkb.schema import NODES, conform

from . import first_search
from .report import Row

ROWS, DIMENSIONS, K = 500_000, 384, 10
WORDS, TOPICS = 30_000, 500
"""Words of a made-up vocabulary, in topics as wide as single words of real ones are in MiniLM."""
QUERIES = 200
_NEAREST = (
    "CALL db.index.vector.queryNodes('Explanation_embedding', 10, $vector) YIELD node, score RETURN node.id, score"
)
INDEXED = 20_000
"""Vectors that the stores' own indexes take in."""


def rates() -> Iterator[Row]:
    """The first search and later ones, the matrix, then the indexes."""
    yield from first_search.rates()
    with tempfile.TemporaryDirectory() as folder:
        yield from _matrix(Path(folder))
    for kind in ("local", "neo4j"):
        yield from _index(kind)


def matrix() -> Iterator[Row]:
    """The matrix alone."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _matrix(Path(folder))


def _matrix(folder: Path) -> Iterator[Row]:
    words = vocabulary()
    terms = TermVectors(folder, DIMENSIONS, [])

    def embed(texts: Sequence[str]) -> Vectors:
        return words[[int(text[4:]) for text in texts]]

    start, spent = time.perf_counter(), time.process_time()
    facts = make_folder(folder / "made", lambda partial: _filled(partial, terms, embed))
    seconds, cpu = time.perf_counter() - start, time.process_time() - spent
    what = f"{ROWS:,} signatures of {K} words made and written"
    yield Row("search", what, seconds, f"s ({cpu:.1f} s of processor time)", "120 s allowed", seconds / 120)
    segment = Segment(folder / "made", facts)
    yield from _latencies(segment, terms, words)


def _filled(partial: Path, terms: TermVectors, embed: Any) -> dict[str, Any]:
    named = {"kind": "decoded", "run": "synthetic", "model": "synthetic", "dimensions": DIMENSIONS}
    return {**named, **fill_words(partial, evidence(), terms, embed)}


def vocabulary(seed: int = 0) -> Vectors:
    """Unit vectors `[WORDS, DIMENSIONS]` around a common direction, in topics."""
    random = np.random.default_rng(seed)
    common = random.normal(size=DIMENSIONS)
    topics = 0.8 * common + random.normal(size=(TOPICS, DIMENSIONS))
    found = topics[np.arange(WORDS) % TOPICS] + random.normal(size=(WORDS, DIMENSIONS))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def evidence(seed: int = 1) -> Worded:
    """Sides of which a tenth hold words of one topic, the others any."""
    random = np.random.default_rng(seed)
    numbers = random.integers(0, WORDS, (ROWS, K))
    clear = np.arange(ROWS) % 10 == 0
    numbers[clear] = numbers[clear] // TOPICS * TOPICS + random.integers(0, TOPICS, (clear.sum(), 1))
    numbers %= WORDS
    units = pa.array([f"synthetic/L{i // 60_000}/N{i // 6 % 10_000}" for i in range(ROWS)])
    sides = side_table(units, np.tile(["gate", "gate", "up", "up", "down", "down"], ROWS)[:ROWS], _poles(), None, None)
    names = pa.array([f"word{i}" for i in range(WORDS)]).take(pa.array(numbers.ravel()))
    weights = np.tile(np.linspace(6, 4, K, dtype=np.float32), ROWS)
    return Worded(sides, np.repeat(np.arange(ROWS), K), names, weights)


def _poles() -> npt.NDArray[np.int8]:
    return np.where(np.arange(ROWS) % 2, -1, 1).astype(np.int8)


def _latencies(segment: Segment, terms: TermVectors, words: Vectors) -> Iterator[Row]:
    asked = _queries(words)
    size = (segment.folder / HIGH).stat().st_size
    times, cpu, found = [], [], []
    for vector in asked:
        start, spent = time.perf_counter(), time.process_time()
        found.append(segment.planes.nearest(vector, 10)[0])
        times.append(1000 * (time.perf_counter() - start))
        cpu.append(1000 * (time.process_time() - spent))
    rate, sum_cpu = bandwidth(segment)
    p95 = statistics.quantiles(times, n=20)[-1]
    label = f"10 nearest of {len(segment):,} x {DIMENSIONS}"
    yield Row("search", f"{label}, p95", p95, "ms", "60 ms allowed", p95 / 60)
    median, effort = statistics.median(times), statistics.median(cpu)
    yield Row("search", f"{label}, median", median, f"ms ({effort:.1f} ms of processor time)")
    read = size / median / 1e6
    yield Row(
        "search", "bytes of the first halves a second", read, "GB/s", f"{rate:.1f} GB/s of a plain sum", read / rate
    )
    ideal = size / 1e6 / sum_cpu
    yield Row(
        "search",
        "the same by processor time",
        size / 1e6 / effort,
        "GB/s",
        f"{ideal:.1f} GB/s of a sum",
        sum_cpu / effort,
    )
    whole = segment.planes.rows(np.arange(len(segment)))
    recalls = [
        len({*rows.tolist()} & {*_brute(whole, vector)}) / 10 for rows, vector in zip(found, asked[:50], strict=False)
    ]
    yield Row(
        "search",
        "recall@10 against every float32 row",
        statistics.mean(recalls),
        "",
        "0.99 wanted",
        statistics.mean(recalls) / 0.99,
    )
    full = [_timed(lambda v=v: _whole(segment, terms, v)) for v in asked[:50]]
    yield Row("search", "20 neurons with null and expected number by chance", statistics.median(full), "ms median")


def _whole(
    segment: Segment, terms: TermVectors, vector: Vectors
) -> list[tuple[Near, tuple[float | None, float | None]]]:
    luck = Luck(vector, terms)
    return [(near, luck.of(near)) for near in nearest([segment], vector, 100, Scope())[:20]]


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def bandwidth(segment: Segment) -> tuple[float, float]:
    """GB/s at which the same bytes are read and summed, by all cores: the best of ten; and its processor time, ms."""
    import torch

    high = np.memmap(segment.folder / HIGH, np.int64, "c")
    values = torch.from_numpy(high)
    times, cpu = [], []
    for _ in range(10):
        start, spent = time.perf_counter(), time.process_time()
        values.sum()
        times.append(time.perf_counter() - start)
        cpu.append(1000 * (time.process_time() - spent))
    return high.nbytes / min(times) / 1e9, min(cpu)


def _queries(words: Vectors, seed: int = 2) -> list[Vectors]:
    """Two words of a topic and some noise, so that no query is a row."""
    random = np.random.default_rng(seed)
    made = []
    for first in random.integers(0, WORDS - TOPICS, QUERIES):
        vector = words[first] + words[first + TOPICS] + 0.03 * random.normal(size=DIMENSIONS)
        made.append(np.asarray(vector / np.linalg.norm(vector), np.float32))
    return made


def _brute(vectors: Vectors, vector: Vectors, k: int = 10) -> list[int]:
    scores = vectors @ vector
    near = np.argpartition(-scores, 20 * k)[: 20 * k]
    exact = vectors[near].astype(np.float64) @ vector.astype(np.float64)
    return [int(i) for i in near[np.lexsort((near, -exact))[:k]]]


def _index(kind: str) -> Iterator[Row]:
    """The store's own vector index over explanations."""
    from .stores import fresh

    vectors = _signatures()
    with fresh(kind) as store:
        start = time.perf_counter()
        _explain(store, vectors)
        yield Row("search", f"{kind}: {INDEXED:,} explanations loaded", INDEXED / (time.perf_counter() - start), "/s")
        prop = next(p for p in NODES["Explanation"].properties if p.index == "vector")
        start = time.perf_counter()
        store.vector_index(NODES["Explanation"], prop, DIMENSIONS)
        asked = _queries(vocabulary())[:50]
        _near(store, asked[0])
        yield Row("search", f"{kind}: its vector index over them", INDEXED / (time.perf_counter() - start), "vectors/s")
        times, recalls = [], []
        for vector in asked:
            start = time.perf_counter()
            found = _near(store, vector)
            times.append(1000 * (time.perf_counter() - start))
            recalls.append(len({*found} & {f"x{i}" for i in _brute(vectors, vector)}) / 10)
        p95 = statistics.quantiles(times, n=20)[-1]
        yield Row(
            "search", f"{kind}: 10 nearest by its index", statistics.median(times), f"ms median, {p95:.1f} ms p95"
        )
        yield Row("search", f"{kind}: recall@10 of its index", statistics.mean(recalls), "")


def _signatures() -> Vectors:
    words, random = vocabulary(), np.random.default_rng(5)
    found = words[random.integers(0, WORDS, (INDEXED, 3))].sum(1)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def _explain(store: Store, vectors: Vectors) -> None:
    node = NODES["Explanation"]
    for start in range(0, INDEXED, 5_000):
        part = vectors[start : start + 5_000]
        rows = {
            "id": [f"x{start + i}" for i in range(len(part))],
            "kind": ["text"] * len(part),
            "text": [f"text {start + i}" for i in range(len(part))],
            "embedding": [[float(x) for x in row] for row in part],
            "embedder": ["synthetic"] * len(part),
            "run": ["synthetic"] * len(part),
        }
        store.create_nodes(node, conform(node, pa.table(rows)))


def _near(store: Store, vector: Vectors) -> list[str]:
    rows = store.read(_NEAREST, {"vector": vector.tolist()})
    return [row[0] for row in rows]
