"""Ways to write the values of a window on FIRES_ON: rows/s, processor time and bytes of a row in both stores.

The rows are made up: a neuron's 56 windows of 64 tokens, of values that are written in as many characters as those of
Gemma 3 270M.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil
import pyarrow as pa
from neuronkb.ingest.significant import significant
from neuronkb.kb.stores import open_store
from neuronkb.kb.stores.base import Store
from neuronkb.schema import NODES, RELATIONSHIPS, Kind, Property, Relationship, conform
from neuronkb.schema.compute import pc
from neuronkb.schema.levels import STEPS, levels

from .report import Row

NEURONS, WINDOWS, LENGTH, EXCERPTS = 2048, 56, 64, 4096
FIRES = RELATIONSHIPS["Neuron.FIRES_ON.Excerpt"]
PLAIN = ("pole", "activation", "band", "run")
WANTED = {"local": 60_000, "neo4j": 30_000}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

Floats = npt.NDArray[np.float64]
Columns = dict[str, pa.Array]


def rates() -> Iterator[Row]:
    """Every way into an empty store of its own, without the values first."""
    values = _values()
    for kind, wanted in WANTED.items():
        plain = 0.0
        for name, (kinds, made) in WAYS.items():
            rel = _relationship(kinds)
            rows = conform(rel, _rows(values, made(values)))
            with _fresh(kind) as (store, pid, size):
                seconds, processor = _loaded(store, pid, rel, rows)
                held = size() / rows.num_rows
            plain = plain or held
            told = f"rows/s, {1e6 * processor / rows.num_rows:.0f} us of processors, {held - plain:.0f} bytes a row"
            rate = rows.num_rows / seconds
            yield Row("windows", f"{kind}: {name}", rate, told, f"{wanted:,}/s wanted", rate / wanted)


def _loaded(store: Store, pid: int, rel: Relationship, rows: pa.Table) -> tuple[float, float]:
    """Seconds by the clock, and of the server's and our own processors."""
    neurons = {"id": _neurons(), "model": ["m"] * NEURONS, "layer": [9] * NEURONS, "index": range(NEURONS)}
    store.create_nodes(NODES["Neuron"], conform(NODES["Neuron"], pa.table(neurons)))
    store.create_nodes(NODES["Excerpt"], conform(NODES["Excerpt"], pa.table({"id": _excerpts()})))
    server, own, start = psutil.Process(pid), time.process_time(), time.perf_counter()
    before = sum(server.cpu_times()[:2])
    store.create_relationships(rel, rows)
    spent = time.perf_counter() - start
    return spent, sum(server.cpu_times()[:2]) - before + time.process_time() - own


@contextmanager
def _fresh(kind: str) -> Iterator[tuple[Store, int, Callable[[], int]]]:
    """An empty store, its server's process, and what stops it and tells the bytes of its data."""
    if kind == "neo4j":
        from tests.neo4j_server import neo4j_server

        with neo4j_server() as server, open_store(server.uri, user="neo4j", password=server.password) as store:
            assert server.pid is not None
            yield store, server.pid, lambda: _stopped(server.stop, server.home / "data" / "databases")
        return
    from neuronkb.kb.stores.local import stop

    folder = Path(tempfile.mkdtemp())
    try:
        with open_store(str(folder / "store"), heap="4g") as store:
            pid = store.status().pid
            assert pid is not None
            yield store, pid, lambda: _stopped(lambda: stop(folder / "store"), folder / "store" / "databases")
    finally:
        stop(folder / "store")
        shutil.rmtree(folder, ignore_errors=True)


def _stopped(stop: Callable[[], object], data: Path) -> int:
    stop()
    return sum(path.stat().st_size for path in data.rglob("*") if path.is_file() and path.suffix != ".wal")


def _relationship(kinds: dict[str, Kind]) -> Relationship:
    kept = tuple(p for p in FIRES.properties if p.name in PLAIN)
    return replace(FIRES, properties=(*kept, *(Property(name, kind, "") for name, kind in kinds.items())))


def _rows(values: Floats, columns: Columns) -> pa.Table:
    random, n = np.random.default_rng(1), NEURONS * WINDOWS
    ends = np.concatenate([random.choice(EXCERPTS, WINDOWS, replace=False) for _ in range(NEURONS)])
    bands = np.array(["top"] * 20 + ["0-0.5", "0.5-0.9", "0.9-0.99", "0.99-0.999"] * 2)
    return pa.table(
        {
            "start": np.repeat(np.array(_neurons(), object), WINDOWS),
            "end": np.array(_excerpts(), object)[ends],
            "pole": np.tile(np.repeat([1, -1], WINDOWS // 2), NEURONS),
            "activation": values.max(1),
            "band": np.tile(bands, 2 * NEURONS),
            "run": ["activations-0123456789ab"] * n,
            **columns,
        }
    )


def _values() -> Floats:
    values = 0.3 * np.random.default_rng(0).standard_t(1.6, (NEURONS * WINDOWS, LENGTH))
    values[:, 0] = 0.0
    return values


def _neurons() -> list[str]:
    return [f"gemma-3-270m/L9/N{i}" for i in range(NEURONS)]


def _excerpts() -> list[str]:
    return [f"{i:032x}" for i in range(EXCERPTS)]


def _lists(flat: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.arange(0, len(flat) + 1, LENGTH), pa.int32()), flat)


def _steps(values: Floats) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = np.rint(STEPS * values / values.max(1, keepdims=True)).astype(np.int64)
    return found


def floats(values: Floats) -> Columns:
    """Three digits of each."""
    return {"activations": _lists(pa.array(significant(values.ravel(), 3)))}


def ints(values: Floats) -> Columns:
    """Whole steps."""
    return {"levels": _lists(pa.array(_steps(values).ravel()))}


def text(values: Floats) -> Columns:
    """Whole steps with blanks between them."""
    return dict(zip(("levels", "unit"), levels(_lists(pa.array(values.ravel())), pa.array(values.max(1))), strict=True))


def signed(values: Floats) -> Columns:
    """With a letter a token for the signs of gate and up."""
    drawn = np.random.default_rng(2).integers(0, 4, values.shape)
    letters = np.frombuffer(b"PpNn", np.uint8)[drawn]
    return {**text(values), "signs": pa.array([row.tobytes().decode() for row in letters])}


def letters(values: Floats) -> Columns:
    """Two letters a token: 4,096 steps from -2 to 2 times the strongest."""
    steps = np.clip(_steps(values) + 2048, 0, 4095)
    alphabet = np.frombuffer(LETTERS.encode(), np.uint8)
    made = np.stack([alphabet[steps // 64], alphabet[steps % 64]], 2).reshape(len(values), -1)
    return {"levels": pc.binary_join_element_wise("_", pa.array([row.tobytes().decode() for row in made]), "")}


WAYS: dict[str, tuple[dict[str, Kind], Callable[[Floats], Columns]]] = {
    "without values": ({}, lambda values: {}),
    "list of floats": ({"activations": "floats"}, floats),
    "list of whole numbers": ({"levels": "ints"}, ints),
    "text of whole numbers": ({"levels": "string", "unit": "float"}, text),
    "the same, and signs": ({"levels": "string", "unit": "float", "signs": "string"}, signed),
    "two letters a token": ({"levels": "string"}, letters),
}
