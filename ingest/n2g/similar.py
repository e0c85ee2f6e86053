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

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ...schema import LinkError
from .graph import Graph

GraphMeasure = Literal["n2g_overlap", "n2g_subset", "deepdecipher", "graph_paths"]
GRAPH_MEASURES: tuple[GraphMeasure, ...] = ("n2g_overlap", "n2g_subset", "deepdecipher", "graph_paths")
SIMILAR = 0.9
"""From which the script's two rules hold; DeepDecipher lists what is above 0.4."""
ROWS = 256
"""Graphs whose scores are held at once, each against all."""
DENSE = 10
"""A column that more than one in so many graphs hold is multiplied dense, which is faster from there on."""

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Entries = tuple[Ints, npt.NDArray[np.uint64], Floats]
"""Number of a graph, name of what it holds, and its weight: each pair of graph and name once."""


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

    @classmethod
    def of_entries(cls, graphs: int, *kinds: Entries) -> GraphSets:
        """The words of activation, those of context, and the paths of so many graphs, each as its entries."""
        activating, context, paths = (_entered(graphs, *entries) for entries in kinds)
        return cls(activating, context, paths)

    def dealt(self, generator: np.random.Generator) -> GraphSets:
        """What is held, dealt out anew: each graph has as many words and paths, and each of these is in as many."""
        activating, context, paths = (
            _shuffled(each, generator) for each in (self.activating, self.context, self.paths)
        )
        return GraphSets(activating.sign(), context.sign(), paths)

    def scores(self, measure: GraphMeasure, rows: slice, others: GraphSets | None = None) -> Floats:
        """Of some of the neurons against all, or all `others` of the same columns, `[rows, n]`. Raises LinkError for an
        unknown measure."""
        ((_, found),) = self.each((measure,), rows, self if others is None else others)
        return found

    def each(
        self, measures: Iterable[GraphMeasure], rows: slice, others: GraphSets
    ) -> Iterator[tuple[GraphMeasure, Floats]]:
        """The scores by each measure, from products that are made once."""
        shared: list[Floats] = []
        sizes = [(mine[rows, None], theirs[None]) for mine, theirs in zip(self._sizes, others._sizes, strict=True)]
        for measure in measures:
            if measure not in GRAPH_MEASURES:
                raise LinkError(f"measure is {measure!r}, expected one of {', '.join(GRAPH_MEASURES)}")
            if measure == "graph_paths":
                yield measure, others._paths.product(self._unit[rows])
                continue
            shared = shared or [
                words.product(each[rows]) for words, each in zip(others._words, self._sets, strict=True)
            ]
            yield measure, _score(measure, shared, sizes)

    @property
    def _sets(self) -> tuple[Any, Any]:
        return self.activating, self.context

    @cached_property
    def _words(self) -> list[_Turned]:
        return [_Turned.of(words) for words in self._sets]

    @cached_property
    def _sizes(self) -> list[Floats]:
        return [np.diff(words.indptr).astype(np.float32) for words in self._sets]

    @cached_property
    def _unit(self) -> Any:
        found = self.paths.astype(np.float64)
        length = np.sqrt(np.asarray(found.multiply(found).sum(1)).ravel())
        found.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(found.indptr))
        return found.astype(np.float32)

    @cached_property
    def _paths(self) -> _Turned:
        return _Turned.of(self._unit)


class _Turned(NamedTuple):
    """A matrix of graphs to multiply others with: columns that few graphs hold sparse, the rest dense."""

    frequent: Ints
    dense: Floats
    rest: Any

    @classmethod
    def of(cls, matrix: Any) -> _Turned:
        held = np.bincount(matrix.indices, minlength=matrix.shape[1])
        frequent, rest = np.flatnonzero(held * DENSE > matrix.shape[0]), matrix.T.tocsr()
        dense = rest[frequent].toarray()
        rest.data[np.repeat(held * DENSE > matrix.shape[0], np.diff(rest.indptr))] = 0.0
        rest.eliminate_zeros()
        return cls(frequent, dense, rest)

    def product(self, rows: Any) -> Floats:
        """Of some graphs with all of these."""
        found: Floats = (rows @ self.rest).toarray()
        found += rows[:, self.frequent].toarray() @ self.dense
        return found


def most_alike(
    sets: GraphSets, measure: GraphMeasure, k: int = 10, least: float = 0.0, starts: Ints | None = None
) -> Iterator[Alike]:
    """For every neuron the `k` others with the highest scores, above 0 and not below `least`.

    A neuron has one graph, or all from its number in `starts` to the next; its score is then that of any two graphs.
    """
    return (one for _, one in most_alike_by(sets, {measure: least}, k, starts))


def most_alike_by(
    sets: GraphSets, least: Mapping[GraphMeasure, float], k: int = 10, starts: Ints | None = None
) -> Iterator[tuple[GraphMeasure, Alike]]:
    """`most_alike` by each measure of `least`, from this score on: neuron by neuron, not measure by measure."""
    for measure, start, scores in _blocks(sets, least, starts, sets):
        np.fill_diagonal(scores[:, start:], 0.0)
        scores[scores < least[measure]] = 0.0
        kth = np.partition(scores, -k, axis=1)[:, -k] if k < scores.shape[1] else np.zeros(len(scores), np.float32)
        for line, (row, floor) in enumerate(zip(scores, kth, strict=True)):
            others = np.flatnonzero((row >= floor) & (row > 0))
            # By falling score, equal ones by number.
            others = others[np.argsort(-row[others], kind="stable")][:k]
            yield measure, Alike(start + line, others, row[others])


def best_by_chance(
    sets: GraphSets, measures: Collection[GraphMeasure], dealt: GraphSets, starts: Ints | None = None
) -> dict[GraphMeasure, Floats]:
    """float32 `[neurons]` by measure: the control, the best score of each neuron with what was `dealt` out anew."""
    found: dict[GraphMeasure, list[Floats]] = {measure: [np.zeros(0, np.float32)] for measure in measures}
    for measure, _, scores in _blocks(sets, measures, starts, dealt):
        found[measure].append(scores.max(1))
    return {measure: np.concatenate(parts) for measure, parts in found.items()}


def _blocks(
    sets: GraphSets, measures: Iterable[GraphMeasure], starts: Ints | None, others: GraphSets
) -> Iterator[tuple[GraphMeasure, int, Floats]]:
    """A measure, the number of a first neuron, and the scores `[some, neurons]` of those from it on: the best of their
    graphs'."""
    starts = np.arange(len(sets)) if starts is None else starts
    ends = np.append(starts[1:], len(sets))
    at = 0
    while at < len(starts):
        stop = max(at + 1, int(np.searchsorted(ends, starts[at] + ROWS, "right")))
        for measure, scores in sets.each(measures, slice(starts[at], ends[stop - 1]), others):
            if len(starts) < len(sets):
                best = np.maximum.reduceat(scores, starts[at:stop] - starts[at], axis=0)
                scores = np.maximum.reduceat(best, starts, axis=1)
            yield measure, at, scores
        at = stop


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


def _entered(graphs: int, rows: Ints, names: npt.NDArray[np.uint64], values: Floats) -> Any:
    """CSR, columns in the order of the names."""
    known, columns = np.unique(names, return_inverse=True)
    found = _sparse().coo_array((values, (rows, columns)), shape=(graphs, max(1, len(known))))
    return found.tocsr()


def _shuffled(matrix: Any, generator: np.random.Generator) -> Any:
    """CSR with its columns in random places; what comes twice into one row stands once."""
    held = matrix.data, generator.permutation(matrix.indices), matrix.indptr
    found = _sparse().csr_array(held, shape=matrix.shape, copy=True)
    found.sum_duplicates()
    return found


def _score(measure: GraphMeasure, shared: Sequence[Floats], sizes: Sequence[tuple[Floats, Floats]]) -> Floats:
    of = np.maximum if measure == "n2g_overlap" else np.minimum
    whole = [of(mine, theirs) for mine, theirs in sizes]
    if measure == "deepdecipher":
        return _share(shared[0] + shared[1], whole[0] + whole[1])
    return np.minimum(*(_share(n, size) for n, size in zip(shared, whole, strict=True)))


def _share(shared: Floats, whole: Floats) -> Floats:
    return np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)


def _sparse() -> Any:
    try:
        import scipy.sparse
    except ImportError:
        raise LinkError("comparing graphs needs scipy; pip install 'neuronkb[similar]'") from None
    return scipy.sparse
