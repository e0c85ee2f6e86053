"""The script's trie on lines worked by hand."""

from __future__ import annotations

import numpy as np
from neuronkb.ingest.n2g.graph import Graph
from neuronkb.ingest.n2g.normal import normalise
from neuronkb.ingest.n2g.paper_trie import Element, Line, PaperTrie, make_lines
from neuronkb.ingest.n2g.predict import PaperMatcher


def line(*words: str, value: float = 0.9, activators: tuple[str, ...] = ()) -> Line:
    """Nearest first; `_` is a wildcard."""
    elements = [
        Element(w, 0.9, value if i == 0 else 0.1, w.startswith("_"), i == 0 or w in activators)
        for i, w in enumerate(words)
    ]
    return Line(tuple(elements), value)


def graph(*lines: Line) -> Graph:
    trie = PaperTrie()
    for one in lines:
        trie.add(one)
    return trie.graph()


def shape(found: Graph) -> set[tuple[tuple[str, ...], float]]:
    """Paths with their ends."""
    rows = set()
    for path in found.paths():
        end = path[-1].end
        assert end is not None
        rows.add((tuple(node.key or "_" for node in path), end.value))
    return rows


def test_normalised_as_the_script_does() -> None:
    pairs = {" The": "the", "The": "the", "A": "A", " LICENSE": "LICENSE", " 4": " 4", "iPhone": "iPhone", " a": "a"}
    assert {token: normalise(token) for token in pairs} == pairs


def test_lines_skip_the_end_of_text_and_end_on_the_last_important_token() -> None:
    tokens = ["<|endoftext|>", "GNU", " general", " PUBLIC", " license", " Version"]
    activations = np.array([9.0, 0.0, 0.0, 0.1, 0.2, 0.8])
    importance = np.zeros((6, 6))
    importance[:, 5] = [0.99, 0.3, 0.2, 0.8, 0.7, 0.6]
    found, known = make_lines(tokens, activations, importance)
    # The end-of-text token fires too: it has no line of its own, and is no part of another's.
    assert len(found) == 1
    assert [(e.key, e.importance, e.activator) for e in found[0].elements] == [
        ("version", 0.6, True),
        ("**IGNORE**", 0.7, False),
        ("PUBLIC", 0.8, False),
    ]
    assert found[0].value == 0.8
    assert known[5] == {3}


def test_positions_known_to_matter_in_the_original_matter_in_its_variations() -> None:
    tokens, activations = ["a", "b", "c"], np.array([0.0, 0.0, 0.6])
    weak = np.zeros((3, 3))
    with_known, _ = make_lines(tokens, activations, weak, known=[set(), set(), {0}])
    assert [e.key for e in with_known[0].elements] == ["c", "**IGNORE**", "a"]
    without, _ = make_lines(tokens, activations, weak)
    assert [e.key for e in without[0].elements] == ["c"]


def test_the_first_insertion_wins() -> None:
    found = graph(line("b", "a", value=0.6), line("b", "a", value=1.0), line("b", value=0.7))
    assert shape(found) == {(("b", "a"), 0.6), (("b",), 0.7)}
    assert found.nodes[0].activation == 0.6


def test_what_follows_a_wildcards_siblings_is_laid_under_it() -> None:
    found = graph(line("v", "x", "y", value=0.6), line("v", "_p", "z", value=0.8))
    # x ends nowhere, so it goes, and y is under the wildcard.
    assert shape(found) == {(("v", "_", "y"), 0.6), (("v", "_", "z"), 0.8)}


def test_a_sibling_on_which_a_match_ends_stays_with_all_below_it() -> None:
    found = graph(line("v", "x", value=0.5), line("v", "x", "y", value=0.6), line("v", "_p", "z", value=0.8))
    assert shape(found) == {
        (("v", "x"), 0.5),
        (("v", "x", "y"), 0.6),
        (("v", "_", "y"), 0.6),
        (("v", "_", "z"), 0.8),
    }


def test_the_walk_takes_the_longest_end_and_never_goes_back() -> None:
    found = PaperMatcher(
        graph(line("v", "x", value=0.5), line("v", "x", "y", value=0.6), line("v", "_p", "z", value=0.8))
    )
    assert found.predict(["y", "x", "v"]).tolist() == [0, 0, 0.6]
    assert found.predict(["z", "q", "V"]).tolist() == [0, 0, 0]
    assert found.predict(["z", "q", " V"]).tolist() == [0, 0, 0.8]
    # The word x has its own node, which hides the wildcard that would have led to z.
    assert found.predict(["z", "x", "v"]).tolist() == [0, 0, 0.5]
    assert found.predict([]).tolist() == []


def test_a_published_path_predicts_its_end() -> None:
    """One of the paths that the authors' notebook prints for a neuron of solu-6l-pile."""
    found = graph(line("Version", "_,", "_\n\t\t", " LICENSE", " PUBLIC", value=0.92))
    tokens = [" PUBLIC", " LICENSE", "\n\t\t", ",", " version"]
    assert PaperMatcher(found).predict(tokens).tolist() == [0, 0, 0, 0, 0.92]
    assert set(found.activating) == {"version"}
    assert set(found.context) == {"LICENSE", "PUBLIC"}
