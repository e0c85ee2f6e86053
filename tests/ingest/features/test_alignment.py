from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.features import Feature, Span
from neuronkb.ingest.features.alignment import Names, token_labels, touch
from neuronkb.ingest.features.header import At
from neuronkb.ingest.features.tokens import Encoded

TEXT = "don't stop now"


def encoded(*ranges: tuple[int, int]) -> Encoded:
    starts, ends = np.array(ranges, np.int64).reshape(-1, 2).T
    return Encoded(np.zeros(len(ranges), np.int32), starts, ends)


# don't | st | op | now
TOKENS = encoded((0, 5), (6, 8), (8, 10), (11, 14))
SPANS = (Span(0, 2, ("AUX",)), Span(2, 5, ("PART",)), Span(6, 10, ("VERB",)), Span(10, 14, ("ADV",)))
NAMES = Names.of([Feature("AUX"), Feature("PART"), Feature("VERB"), Feature("ADV")], SPANS)


def test_a_word_labels_its_last_token_and_the_first_of_two_words_keeps_a_token() -> None:
    found = touch(TOKENS, TEXT, SPANS, "last", NAMES)
    assert found.has.astype(int).tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert found.partly.astype(int).tolist() == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert found.lost.tolist() == [0, 1, 0, 0]
    assert found.total.tolist() == [1, 1, 1, 1]
    assert touch(TOKENS, TEXT, SPANS, "first", NAMES).has[:, 2].tolist() == [False, True, False, False]


def test_every_token_that_lies_inside() -> None:
    spans = (Span(0, 8, ("outer",)), Span(6, 8, ("inner",)))
    names = Names.of([Feature("outer"), Feature("inner")], spans)
    found = touch(TOKENS, TEXT, spans, "every", names)
    assert found.has.astype(int).tolist() == [[1, 0], [1, 1], [0, 0], [0, 0]]
    half = touch(TOKENS, TEXT, (Span(0, 7, ("outer",)),), "every", names)
    assert half.has[:, 0].tolist() == [True, False, False, False]
    assert half.partly[:, 0].tolist() == [False, True, False, False]


def test_a_span_of_white_space_between_words_has_no_token() -> None:
    found = touch(TOKENS, TEXT, (Span(5, 6, ("VERB",)),), "last", NAMES)
    assert not found.has.any()
    assert found.lost.tolist() == [0, 0, 1, 0]


def test_negatives_by_rule() -> None:
    features = [
        Feature("VERB"),
        Feature("VERB", against=("ADV",)),
        Feature("VERB", negatives="rest"),
        Feature("AUX", negatives="rest"),
    ]
    found = token_labels(touch(TOKENS, TEXT, SPANS, "last", NAMES), features, NAMES)
    # Token 1 is the first half of the verb: never a negative of it.
    assert found.T.tolist() == [[0, -1, 1, 0], [-1, -1, 1, 0], [0, -1, 1, 0], [1, 0, 0, 0]]


pieces = st.lists(st.integers(1, 4), min_size=1, max_size=10)


@given(
    pieces,
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=8),
    st.sampled_from(["last", "first", "every"]),
)
def test_alignment_against_looking_at_every_character(sizes: list[int], wanted: list[tuple[int, int]], at: At) -> None:
    ends = np.cumsum(sizes)
    size = int(ends[-1])
    spans = [Span(a % size, min(size, a % size + n), (f"n{i % 3}",)) for i, (a, n) in enumerate(wanted)]
    names = Names.of([Feature(f"n{i}") for i in range(3)], spans)
    found = touch(
        encoded(*((int(e) - n, int(e)) for e, n in zip(ends, sizes, strict=True))), "x" * size, spans, at, names
    )
    token_of = [number for number, n in enumerate(sizes) for _ in range(n)]
    expected = np.zeros((len(sizes), 3), bool)
    taken: set[int] = set()
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        inside = set(range(span.start, span.end))
        touched = sorted({token_of[character] for character in inside})
        column = int(span.names[0][1])
        if at == "every":
            for token in touched:
                own = {character for character in range(size) if token_of[character] == token}
                expected[token, column] |= own <= inside
        else:
            token = touched[-1] if at == "last" else touched[0]
            if token not in taken:
                expected[token, column] = True
                taken.add(token)
    assert (found.has == expected).all()


def test_names_hold_what_negatives_are_told_by() -> None:
    names = Names.of([Feature("a", against=("b",), mirror="c")], [Span(0, 1, ("d", "a"))])
    assert names.names == {"a": 0, "b": 1, "c": 2, "d": 3}


@pytest.mark.parametrize("at", ["last", "first", "every"])
def test_a_text_without_spans(at: At) -> None:
    assert not touch(TOKENS, TEXT, (), at, NAMES).has.any()
