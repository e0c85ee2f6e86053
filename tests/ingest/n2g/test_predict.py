"""Matching with back-tracking against a brute force over all paths."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.n2g.calibrate import Observation, calibrate, simplify
from neuronkb.ingest.n2g.graph import GAP, End, Graph, Node
from neuronkb.ingest.n2g.predict import Matcher, PaperMatcher
from neuronkb.ingest.n2g.trie import Step, Trie
from neuronkb.ingest.n2g.walk import EXACT, FOLDED, Walker
from neuronkb.schema import fold

WORDS = ["a", "A", " a", "b", "c", "\n", ""]
steps = st.one_of(
    st.sampled_from(WORDS).map(lambda w: Step("token", w, w)),
    st.sampled_from(["a", "b"]).map(lambda w: Step("fold", w, w)),
    st.just(Step("any")),
    st.just(Step("gap")),
    st.just(Step("start")),
)
paths = st.lists(st.lists(steps, min_size=1, max_size=4), min_size=1, max_size=8)
texts = st.lists(st.sampled_from([*WORDS, "d"]), max_size=12)


def with_ends(found: list[list[Step]]) -> Graph:
    trie = Trie()
    for path in found:
        trie.add(path)
    graph = trie.tree().graph()
    nodes = [n if n.wild else n._replace(end=End(i + 1.0, i % 3)) for i, n in enumerate(graph.nodes)]
    return Graph(tuple(nodes))


def ways(path: Sequence[Node], tokens: Sequence[str], j: int) -> bool:
    """Whether a path matches from position j on, by trying everything."""
    if not path:
        return True
    first, rest = path[0], path[1:]
    if first.match == "start":
        return j < 0 and ways(rest, tokens, j)
    if first.match == "gap":
        return j >= 0 and any(ways(rest, tokens, j - k) for k in range(min(GAP, j + 1) + 1))
    if j < 0:
        return False
    fits = {"token": tokens[j] == first.key, "fold": fold(tokens[j]) == first.key, "any": True}[first.match]
    return fits and ways(rest, tokens, j - 1)


def matches(graph: Graph, tokens: list[str]) -> list[set[int]]:
    """Every node that matches, by position."""
    walker = Walker(*graph.columns[:4])
    texts = walker.lay([tokens])
    found: list[set[int]] = [set() for _ in tokens]
    for which, node, _ in walker.walk(texts, texts.tokens):
        for at, number in zip(which.tolist(), node.tolist(), strict=True):
            found[at].add(number)
    return found


WORTH = {"token": EXACT, "start": EXACT, "fold": FOLDED}


@given(paths, texts)
@settings(max_examples=300, deadline=None)
def test_the_most_specific_of_all_matching_paths_decides(found: list[list[Step]], tokens: list[str]) -> None:
    graph = with_ends(found)
    expected, matched = [], matches(graph, tokens)
    for at in range(len(tokens)):
        assert matched[at] == {i for i in range(len(graph)) if ways(graph.path(i), tokens, at)}
        best = (-1.0, 0, 0.0)
        for path in graph.paths():
            end = path[-1].end
            if end is not None and ways(path, tokens, at):
                best = max(best, (sum(WORTH.get(n.match, 0.0) for n in path), end.n, end.value))
        expected.append(best[2])
    assert Matcher(graph).predict(tokens).tolist() == expected


@given(paths, st.lists(st.tuples(texts.filter(bool), st.floats(0, 1)), max_size=10), st.randoms(), texts)
@settings(max_examples=200, deadline=None)
def test_the_order_of_paths_and_observations_does_not_matter(
    found: list[list[Step]], seen: list[tuple[list[str], float]], random: Random, tokens: list[str]
) -> None:
    observations = [Observation(text, np.array([value])) for text, value in seen]

    def made(some: list[list[Step]], all_seen: list[Observation]) -> Graph:
        trie = Trie()
        for path in some:
            trie.add(path)
        return calibrate(trie.tree(), all_seen).graph()

    one = made(found, observations)
    random.shuffle(found)
    random.shuffle(observations)
    assert made(found, observations) == one
    Matcher(one).predict(tokens)


@given(st.lists(st.text(max_size=3), max_size=8), paths)
@settings(deadline=None)
def test_no_text_makes_prediction_raise(tokens: list[str], found: list[list[Step]]) -> None:
    graph = with_ends(found)
    for matcher in (Matcher(graph), PaperMatcher(graph)):
        assert matcher.predict(tokens).shape == (len(tokens),)


def test_it_goes_back_where_the_script_does_not() -> None:
    trie = Trie()
    trie.add([Step("token", "v"), Step("token", "x"), Step("token", "y")])
    trie.add([Step("token", "v"), Step("any"), Step("token", "z")])
    seen = [
        Observation(["z", "x", "v"], np.array([0.9])),
        Observation(["z", "q", "v"], np.array([0.9])),
        Observation(["q", "q", "v"], np.array([0.0])),
        Observation(["q", "x", "v"], np.array([0.0])),
    ]
    found = Matcher(calibrate(trie.tree(), seen, weight=0.0).graph())
    assert found.predict(["z", "x", "v"])[2] == 0.9
    assert found.predict(["q", "p", "v"])[2] == 0.45


def test_an_end_is_the_mean_drawn_towards_its_parents() -> None:
    trie = Trie()
    trie.add([Step("token", "v", "v"), Step("token", "x", "x", 0.7)])
    seen = [
        Observation(["x", "v"], np.array([1.0])),
        Observation(["q", "v"], np.array([0.0])),
        Observation(["q"], np.array([1.0])),
    ]
    graph = calibrate(trie.tree(), seen, weight=1.0, base=0.1).graph()
    first, second = graph.nodes
    assert first.end == End((1.0 + 0.1) / 3, 2, 0.5, 1.0, 1)
    assert second.end == End((1.0 + 1.1 / 3) / 2, 1, 1.0, 1.0, 1)
    assert (first.activates, second.activates, second.importance) == (True, False, 0.7)
    assert (set(graph.activating), set(graph.context)) == ({"v"}, {"x"})


def test_nodes_that_change_nothing_go() -> None:
    trie = Trie()
    trie.add([Step("token", "v"), Step("token", "x")])
    trie.add([Step("token", "v"), Step("any"), Step("token", "y")])
    seen = [
        Observation(["y", "q", "v"], np.array([1.0])),
        Observation(["q", "x", "v"], np.array([0.5])),
        Observation(["q", "v"], np.array([0.0])),
    ]
    tree = calibrate(trie.tree(), seen, weight=0.0)
    graph, small = tree.graph(), simplify(tree, 0.05).graph()
    assert len(graph) == 4
    assert [(n.match, n.key) for n in small.nodes] == [("token", "v"), ("any", ""), ("token", "y")]
    for tokens in (["y", "q", "v"], ["q", "x", "v"], ["v"]):
        assert Matcher(small).predict(tokens).tolist() == Matcher(graph).predict(tokens).tolist()
    assert np.all(Matcher(simplify(tree, 2.0).graph()).predict(["y", "q", "v"]) == 0)


def test_of_nothing_comes_an_empty_graph() -> None:
    tree = simplify(calibrate(Trie().tree(), [Observation(["a"], np.array([0.5]))]), 0.0)
    assert len(tree.graph()) == 0
    assert Matcher(tree.graph(), 0.25).predict(["a", "b"]).tolist() == [0.25, 0.25]
    assert Matcher(tree.graph()).predict([]).tolist() == []
