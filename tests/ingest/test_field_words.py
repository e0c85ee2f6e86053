from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from neuronkb.ingest.field_words import field_words
from neuronkb.tests.every_settings import SETTINGS


@dataclass(frozen=True)
class Sample:
    """Of words."""

    first: int = 1
    """words
    on two lines"""
    bare: int = 2
    last: str = "x"
    """the last"""

    def method(self) -> None:
        """Is no field."""


def test_words_stand_under_their_field() -> None:
    assert field_words(Sample) == {"first": "words on two lines", "last": "the last"}


@pytest.mark.parametrize("cls", SETTINGS, ids=str)
def test_every_setting_has_words_that_fit_a_line_of_help(cls: Any) -> None:
    words = field_words(cls)
    assert list(words) == list(cls.__dataclass_fields__)
    for name, text in words.items():
        assert 8 <= len(text) <= 200, name
        assert not text.endswith("."), name
        assert "`" not in text, name
