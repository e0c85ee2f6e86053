"""Lookup tables on windows worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from neuronkb.ingest.n2g.baselines import BackOff, NGramLookup, Seen, TokenLookup

TEXTS = Seen.of(
    [
        (["a", "b", "a"], np.array([0.1, 0.6, 0.9])),
        (["b", "b"], np.array([0.2, 0.4])),
    ]
)


def test_a_token_has_its_largest_activation() -> None:
    assert TokenLookup.of(TEXTS).predict(["b", "a", "c"]).tolist() == [0.6, 0.9, 0.0]


def test_an_n_gram_is_learned_from_raw_activations() -> None:
    found = NGramLookup.of(TEXTS, maximum=1.0, prior=1)
    assert found.predict(["a", "b", "b", "a"]).tolist() == [0.0, 0.6, 0.0, 0.9]
    # A neuron whose activations are small in raw units learns nothing.
    assert not NGramLookup.of(TEXTS, maximum=0.5, prior=1).predict(["a", "b", "a"]).any()
    assert NGramLookup.of(TEXTS, maximum=2.0, prior=1).predict(["b", "b"]).tolist() == [0.0, 0.4]


def test_a_text_s_beginning_is_no_unknown_word() -> None:
    found = NGramLookup.of(Seen.of([(["a", "b"], np.array([0.8, 0.9]))]), maximum=1.0, prior=2)
    assert found.predict(["a", "b"]).tolist() == [0.8, 0.9]
    assert found.predict(["x", "a", "b", "x", "b"]).tolist() == [0.0] * 5


def test_back_off_uses_the_longest_context_that_was_seen() -> None:
    found = BackOff.of(TEXTS, longest=2)
    b, a = (0.6 + 0.2 + 0.4) / 4, (0.1 + 0.9) / 3
    assert found.predict(["b", "b", "a", "a", "c"]).tolist() == pytest.approx([b, (0.4 + b) / 2, (0.9 + a) / 2, a, 0.0])
    assert BackOff.of(Seen.of([]), longest=2, base=0.25).predict(["x"]).tolist() == [0.25]
