from __future__ import annotations

import numpy as np
from neuronkb.ingest.llm.listed import Listing, PromptTokens, split_off
from neuronkb.ingest.llm.replies import Tokens

VALUES = [str(value) for value in range(11)]


def log(**chances: float) -> dict[str, float]:
    return {name.strip("_"): float(np.log(chance)) for name, chance in chances.items()}


def test_a_server_whose_tokens_hold_the_whole_number_is_not_asked_again() -> None:
    listing, listed = Listing(), log(_1=0.5, _10=0.2, _3=0.1)
    listing.learn(VALUES, [listed])
    assert listing.unknown(VALUES, listed) == []
    found = np.exp(listing.score(VALUES, listed, {}))
    np.testing.assert_allclose(found, [0, 0.5, 0, 0.1, 0, 0, 0, 0, 0, 0, 0.2])


def test_a_server_that_splits_it_is_asked_where_it_matters() -> None:
    listing, listed, rare = Listing(), log(_1=0.5, _3=0.1), log(_1=1e-5, _3=0.1)
    listing.learn(VALUES, [listed, rare])
    assert listing.unknown(VALUES, listed) == [("1", "0")]
    assert listing.unknown(VALUES, rare) == []
    found = np.exp(listing.score(VALUES, listed, {"1": float(np.log(0.6))}))
    np.testing.assert_allclose(found, [0, 0.2, 0, 0.1, 0, 0, 0, 0, 0, 0, 0.3])
    np.testing.assert_allclose(np.exp(listing.score(VALUES, listed, {"1": -np.inf}))[1], 0.5)


def test_a_space_before_the_number_is_the_same_number() -> None:
    listed = {"3": float(np.log(0.1)), " 3": float(np.log(0.2))}
    np.testing.assert_allclose(np.exp(Listing().score(VALUES, listed, {}))[3], 0.3)


def test_tokens_are_laid_along_the_prompt_past_control_tokens() -> None:
    tokens = Tokens(("<s>", "a", "\t", "?", "\nb\t", "?"), ({}, {}, {}, {"5": -1.0}, {}, {"6": -2.0}), ())
    assert PromptTokens("a\t?\nb\t?", tokens).at((2, 6)) == [{"5": -1.0}, {"6": -2.0}]
    assert PromptTokens("a\t?\nb\t?", tokens).at((5,)) is None


def test_split_off() -> None:
    assert split_off(VALUES) == {"1": "10"}
