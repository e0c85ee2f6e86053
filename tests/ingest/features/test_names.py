from __future__ import annotations

import pytest
from neuronkb.ingest.features.names import known_name, near
from neuronkb.schema import FeatureError


def test_near_names_or_the_known_ones() -> None:
    assert near("is_frnech", ["is_french", "is_german"]) == "; did you mean is_french?"
    assert near("FRENCH", ["is_french", "NOUN"]) == "; did you mean is_french?"
    assert near("zzz", [f"name{i}" for i in range(15)]).endswith("name11 and 3 more")
    assert known_name("a", ["a"], "feature") == "a"
    with pytest.raises(FeatureError, match="no feature 'q'; known: a"):
        known_name("q", ["a"], "feature")
