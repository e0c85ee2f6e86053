from __future__ import annotations

from typing import Any

import pytest
from neuronkb.ingest.corpus import Settings
from neuronkb.schema import CorpusError


def test_defaults_and_mappings() -> None:
    assert Settings.of(None) == Settings(64, None, 0.8)
    assert Settings.of({"length": 32, "bos": "none"}) == Settings(32, "none")
    assert Settings.of(Settings(16)) == Settings(16)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"length": 7}, "length is 7, expected 8 or more"),
        ({"bos": "first"}, "bos is 'first', expected one of window, none"),
        ({"similarity": 0.5}, "similarity is 0.5, expected 0.7 to 1, or None"),
        ({"stride": 1}, "unknown setting 'stride' of a corpus; known: length, bos, similarity"),
    ],
)
def test_wrong_ones_are_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        Settings.of(given)
