"""Which graphs are alike: over all pairs of neurons, from a few sparse products instead of a loop over pairs.

Measures, for the sets A of tokens a neuron fires on and C of its context tokens:

- `n2g_overlap`: the smaller of |A & A'| / max(|A|, |A'|) and the same of C; from 0.9 on the 2023 script calls two
  neurons similar.
- `n2g_subset`: the smaller of |A & A'| / min(|A|, |A'|) and the same of C; from 0.9 on, where the first is below it,
  the script calls one a subset of the other.
- `deepdecipher`: (|A & A'| + |C & C'|) / (min(|A|, |A'|) + min(|C|, |C'|)), DeepDecipher's overlap coefficient.
- `graph_paths`: the cosine of the graphs' paths on which a match may end, each weighted with what it predicts.

An empty set has nothing in common with any other, so that by the script's rules a neuron without context is like none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...schema import LinkError
from .graph import Graph

GraphMeasure = Literal["n2g_overlap", "n2g_subset", "deepdecipher", "graph_paths"]
GRAPH_MEASURES: tuple[GraphMeasure, ...] = ("n2g_overlap", "n2g_subset", "deepdecipher", "graph_paths")
SIMILAR = 0.9
"""From which the script's two rules hold; DeepDecipher lists what is above 0.4."""
ROWS = 256
"""Neurons whose scores are held at once, each against all."""

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Alike:
    """A neuron and those most like it, best first; equal scores by number."""

    number: int
    others: Ints
    scores: Floats


@dataclass(frozen=True)
class GraphSets:
    """What the graphs of some neurons, numbered from 0, hold. scipy CSR matrices, float32 `[n, words or paths]`."""

    activating: Any
    """1 for each token that the neuron fires on"""
    context: Any
    """1 for each token of context"""
    paths: Any
    """what each path predicts"""

    @classmethod
    def of(
        cls,
        activating: Sequence[Iterable[str]],
        context: Sequence[Iterable[str]],
        paths: Sequence[Mapping[str, float]] | None = None,
    ) -> GraphSets:
        """One entry a neuron. Raises LinkError without scipy or for lists of different lengths."""
        paths = [{}] * len(activating) if paths is None else paths
        if not len(activating) == len(context) == len(paths):
            raise LinkError(f"{len(activating)}, {len(context)} and {len(paths)} neurons: expected as many of each")
        first, second = (_matrix([dict.fromkeys(each, 1.0) for each in some]) for some in (activating, context))
        return cls(first, second, _matrix(paths))

    @classmethod
    def of_graphs(cls, graphs: Sequence[Graph]) -> GraphSets:
        """One graph a neuron."""
        found = [graph_paths(graph) for graph in graphs]
        return cls.of([graph.activating for graph in graphs], [graph.context for graph in graphs], found)

    def __len__(self) -> int:
        return int(self.activating.shape[0])

    def scores(self, measure: GraphMeasure, rows: slice) -> Floats:
        """Of some of the neurons against all, `[rows, n]`. Raises LinkError for an unknown measure."""
        if measure == "graph_paths":
            return _product(self._unit, self._unit_turned, rows)
        shared = [_product(words, turned, rows) for words, turned in self._words]
        if measure == "deepdecipher":
            least = [np.minimum(sizes[rows, None], sizes[None]) for sizes in self._sizes]
            return _share(shared[0] + shared[1], least[0] + least[1])
        if measure not in GRAPH_MEASURES:
            raise LinkError(f"measure is {measure!r}, expected one of {', '.join(GRAPH_MEASURES)}")
        of = np.maximum if measure == "n2g_overlap" else np.minimum
        shares = [_share(n, of(s[rows, None], s[None])) for n, s in zip(shared, self._sizes, strict=True)]
        return np.minimum(*shares)

    @cached_property
    def _words(self) -> list[tuple[Any, Any]]:
        return [(words, words.T.tocsr()) for words in (self.activating, self.context)]

    @cached_property
    def _sizes(self) -> list[Floats]:
        return [np.diff(words.indptr).astype(np.float32) for words in (self.activating, self.context)]

    @cached_property
    def _unit(self) -> Any:
        found = self.paths.astype(np.float64)
        length = np.sqrt(np.asarray(found.multiply(found).sum(1)).ravel())
        found.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(found.indptr))
        return found.astype(np.float32)

    @cached_property
    def _unit_turned(self) -> Any:
        return self._unit.T.tocsr()


def most_alike(sets: GraphSets, measure: GraphMeasure, k: int = 10, least: float = 0.0) -> Iterator[Alike]:
    """For every neuron the `k` others with the highest scores, above 0 and not below `least`."""
    for start in range(0, len(sets), ROWS):
        scores = sets.scores(measure, slice(start, start + ROWS))
        np.fill_diagonal(scores[:, start:], 0.0)
        scores[scores < least] = 0.0
        kth = np.partition(scores, -k, axis=1)[:, -k] if k < scores.shape[1] else np.zeros(len(scores), np.float32)
        for line, (row, floor) in enumerate(zip(scores, kth, strict=True)):
            others = np.flatnonzero((row >= floor) & (row > 0))
            # By falling score, equal ones by number.
            others = others[np.argsort(-row[others], kind="stable")][:k]
            yield Alike(start + line, others, row[others])


def similar_pairs(sets: GraphSets, least: float = SIMILAR) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The script's pairs: similar ones, and pairs of which the second is a subset of the first, larger one."""
    similar: list[tuple[int, int]] = []
    subsets: list[tuple[int, int]] = []
    sizes = [int(one + other) for one, other in zip(*sets._sizes, strict=True)]
    for start in range(0, len(sets), ROWS):
        rows = slice(start, start + ROWS)
        alike = sets.scores("n2g_overlap", rows) >= least
        within = (sets.scores("n2g_subset", rows) >= least) & ~alike
        for found, pairs in ((alike, similar), (within, subsets)):
            for line, other in np.argwhere(found).tolist():
                if start + line < other:
                    pairs.append((start + line, other))
    return similar, [(a, b) if sizes[a] >= sizes[b] else (b, a) for a, b in subsets]


def graph_paths(graph: Graph) -> dict[str, float]:
    """Every path on which a match may end, in a writing of its own, and what it predicts."""
    return {
        path_name((node.match, node.key) for node in path): path[-1].end.value
        for path in graph.paths()
        if path[-1].end is not None
    }


def path_name(nodes: Iterable[tuple[str, str]]) -> str:
    """One name for each sequence of what nodes accept and their keys, the firing token first."""
    return "\x1e".join(f"{match}\x1f{key}" for match, key in nodes)


def _matrix(rows: Sequence[Mapping[str, float]]) -> Any:
    """CSR, columns in the order in which names come."""
    sparse = _sparse()
    columns: dict[str, int] = {}
    indices = [columns.setdefault(name, len(columns)) for row in rows for name in row]
    data = np.fromiter((value for row in rows for value in row.values()), np.float32)
    indptr = np.cumsum([0, *(len(row) for row in rows)])
    return sparse.csr_array((data, np.array(indices, np.int64), indptr), shape=(len(rows), max(1, len(columns))))


def _product(matrix: Any, turned: Any, rows: slice) -> Floats:
    found: Floats = (matrix[rows] @ turned).toarray()
    return found


def _share(shared: Floats, whole: Floats) -> Floats:
    return np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)


def _sparse() -> Any:
    try:
        import scipy.sparse
    except ImportError:
        raise LinkError("comparing graphs needs scipy; pip install 'neuronkb[similar]'") from None
    return scipy.sparse
