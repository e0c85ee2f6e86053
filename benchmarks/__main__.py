"""`make bench`: decoding, matches and feeds beside the matrix product, a corpus pass beside the forward pass, probes
beside scikit-learn, load rates, query latencies, the verbs that read over the demo's store.

    python -m benchmarks [decode] [similar] [activations] [n2g] [probes] [explain] [search] [open] [local] [neo4j]
                         [import] [windows] [verbs] [explorer] [explorer-8b] [patterns]

Without names all but `patterns` and `explorer-8b`, which take up to half an hour and 15 GB of disk each.
Prints a line a figure and writes build/bench.json.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from .report import Row, machine, save, show

MILLION = 1_000_000


def decode() -> Iterator[Row]:
    """Decoding beside the fp32 matrix product."""
    from .decode import rates

    return rates()


def similar() -> Iterator[Row]:
    """Matches and feeds beside the fp32 matrix product."""
    from .similar import rates

    return rates()


def activations() -> Iterator[Row]:
    """The corpus pass beside the forward pass."""
    from .activations import rates

    return rates()


def probes() -> Iterator[Row]:
    """Probes beside the scikit-learn loop; the exact solver."""
    from .probes import rates

    return rates()


def n2g() -> Iterator[Row]:
    """Neuron to Graph beside the published way."""
    from .n2g import rates

    return rates()


def explain() -> Iterator[Row]:
    """The simulator that reads a window once beside one question a token."""
    from .explain import rates

    return rates()


def search() -> Iterator[Row]:
    """Exact search by meaning beside memory bandwidth; the stores' own vector indexes."""
    from .search import rates

    return rates()


def opening() -> Iterator[Row]:
    """Opening the local store."""
    from . import stores

    return stores.opening()


def local() -> Iterator[Row]:
    """The local store at 1 M and 10 M relationships."""
    from . import stores

    yield from stores.online("local", MILLION)
    yield from stores.online("local", 10 * MILLION)


def neo4j() -> Iterator[Row]:
    """Neo4j loaded online at 1 M relationships."""
    from . import stores

    return stores.online("neo4j", MILLION)


def windows() -> Iterator[Row]:
    """Ways to write the values of FIRES_ON, into both stores."""
    from .windows import rates

    return rates()


def verbs() -> Iterator[Row]:
    """The verbs that read, and each query, over the demo's store."""
    from .verbs import rates

    return rates()


def patterns() -> Iterator[Row]:
    """What people write in Cypher first, at 27.5 M relationships, in both stores."""
    from . import patterns as asked

    yield from asked.local()
    yield from asked.by_neo4j()


def explorer() -> Iterator[Row]:
    """The explorer's pages over the demo's store."""
    from .explorer import rates

    return rates()


def explorer_8b() -> Iterator[Row]:
    """The same over a store of an 8B model's shape."""
    from .explorer import rates_8b

    return rates_8b()


def import_files() -> Iterator[Row]:
    """Neo4j loaded by neo4j-admin at 10 M relationships."""
    from . import stores

    return stores.offline(10 * MILLION)


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "decode": decode,
    "similar": similar,
    "activations": activations,
    "n2g": n2g,
    "probes": probes,
    "explain": explain,
    "search": search,
    "open": opening,
    "local": local,
    "neo4j": neo4j,
    "import": import_files,
    "windows": windows,
    "verbs": verbs,
    "explorer": explorer,
    "explorer-8b": explorer_8b,
    "patterns": patterns,
}
LONG = {"patterns", "explorer-8b"}
"""Parts that run only where they are named."""


def main() -> None:
    """Run the parts named, or all."""
    names = sys.argv[1:] or [name for name in PARTS if name not in LONG]
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise SystemExit(f"unknown part {unknown[0]!r}; known: {', '.join(PARTS)}")
    print(*(f"{name}: {value}" for name, value in machine().items()), sep="\n")
    rows: list[Row] = []
    for name in names:
        for row in PARTS[name]():
            show(row)
            rows.append(row)
    save(rows, Path("build/bench.json"))
    print("written: build/bench.json")


if __name__ == "__main__":
    main()
