"""kill -9 at random moments of a load, then resume: the graph must be that of an undisturbed load.

    python -m benchmarks.kill [local|neo4j] [--times 20] [--layers 1] [--seed 0] [--server]

With --server the store's server is killed too (local only). Exits with 1 when any graph differs.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neuronkb.ingest.bundle import BundleWriter, RunInfo
from neuronkb.kb.stores import open_store
from neuronkb.kb.stores.local import status, stop
from neuronkb.tests.graph import checksum

from . import synthetic


def main() -> int:
    """Load undisturbed, then disturbed so many times; print each."""
    asked = _arguments()
    random.seed(asked.seed)
    with tempfile.TemporaryDirectory() as folder, _target(asked.store, Path(folder)) as (where, empty):
        bundle = write_bundle(Path(folder) / "bundle", asked.layers)
        start = time.monotonic()
        subprocess.run(_load(bundle, where), check=True)
        whole = time.monotonic() - start
        with open_store(where) as store:
            expected = checksum(store)
        print(f"undisturbed: {whole:.1f} s, {sum(expected[0].values()):,} rows, {expected[1][:16]}", flush=True)
        failures = 0
        for number in range(asked.times):
            empty()
            moment = random.uniform(0.3, whole)
            done = _kill(bundle, where, moment, asked.server)
            subprocess.run(_load(bundle, where), check=True)
            with open_store(where) as store:
                found = checksum(store)
            failures += found != expected
            verdict = "equal" if found == expected else f"DIFFERENT: {found[0]}"
            print(f"{number + 1:3}: killed after {moment:5.2f} s{' (too late)' if done else ''}: {verdict}", flush=True)
    print(f"{asked.times - failures} of {asked.times} equal")
    return 1 if failures else 0


def write_bundle(folder: Path, layers: int) -> Path:
    """A synthetic bundle: a vocabulary shard, then layers of 122,880 relationships."""
    run = RunInfo(synthetic.RUN, "lm-head", synthetic.MODEL, "unverified", synthetic.TOKENIZER, {})
    writer = BundleWriter.open(folder, run)
    tables = [(table, rows) for table, rows in synthetic.nodes(layers) if table.name != "Run"]
    shared = {table.name: rows for table, rows in tables if not table.name.startswith("Neuron")}
    writer.write("vocabulary", shared)
    own = [rows for table, rows in tables if table.name == "Neuron"]
    member = [rows for table, rows in tables if table.name == "Neuron.IN_MODEL.Model"]
    for layer, (table, rows) in enumerate(synthetic.decodings(layers)):
        shard = {"Neuron": own[layer], "Neuron.IN_MODEL.Model": member[layer], table.name: rows}
        writer.write(f"L{layer:03d}", shard)
    writer.finish()
    return folder


def _kill(bundle: Path, where: str, moment: float, server: bool) -> bool:
    """Start a load and kill -9 it after `moment` seconds; whether it was done before."""
    process = subprocess.Popen(_load(bundle, where))
    try:
        process.wait(moment)
        return True
    except subprocess.TimeoutExpired:
        if server and (pid := status(Path(where)).pid):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()
        return False


def _load(bundle: Path, where: str) -> list[str]:
    code = "import sys; from neuronkb import KnowledgeBase; KnowledgeBase.open(sys.argv[2]).bundles.load(sys.argv[1])"
    return [sys.executable, "-c", code, str(bundle), where]


@contextmanager
def _target(kind: str, folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Where to load to, and what empties it."""
    if kind == "local":
        store = folder / "store"

        def empty() -> None:
            stop(store)
            shutil.rmtree(store, ignore_errors=True)

        try:
            yield str(store), empty
        finally:
            stop(store)
        return
    from tests.conftest import empty as wipe
    from tests.neo4j_server import neo4j_server

    with neo4j_server() as server:
        os.environ["NEURONKB_NEO4J_USER"], os.environ["NEURONKB_NEO4J_PASSWORD"] = server.user, server.password
        yield server.uri, lambda: wipe(server)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", choices=["local", "neo4j"], nargs="?", default="local")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--server", action="store_true", help="kill the local store's server as well")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
