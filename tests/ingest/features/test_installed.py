from __future__ import annotations

import pytest
from neuronkb.ingest.features.installed import clean, english, manual, mixed, news, package, paragraphs, version
from neuronkb.schema import FeatureError


def test_clean_by_hand() -> None:
    assert clean(
        "'''Anarchism''' is a ''political'' philosophy , with a long\n\n  Egyptian\n"
        "==Etymology==\n* a point of a list that is long enough to be read\n"
        "=== A heading that is long enough to be kept ===\n"
    ) == (
        "Anarchism is a political philosophy, with a long\n"
        "a point of a list that is long enough to be read\n"
        "A heading that is long enough to be kept"
    )


def test_paragraphs_lose_nothing_but_white_space() -> None:
    text = "One. Two is longer! Three?\n\nFour, and five.\nSix"
    found = list(paragraphs(text, 20))
    assert found == ["One. Two is longer!", "Three?", "Four, and five. Six"]
    assert list(paragraphs("", 10)) == []


def test_texts_that_are_there() -> None:
    sections = [section for section, _, _ in news()]
    assert (len(sections), len(set(sections))) == (2225, 5)
    names = [name for name, _ in english()]
    assert len(names) == len(set(names)) > 2300
    assert any("wikipedia" in name for name in names[:100])
    assert dict(manual())["lambda"].startswith("Lambdas")


def test_an_order_that_is_always_the_same() -> None:
    assert mixed("abc") == mixed("cab") != ["a", "b", "c"]
    assert version("numpy").startswith("numpy ")


def test_a_package_that_is_not_there() -> None:
    with pytest.raises(FeatureError, match=r"need the package 'no_such': pip install 'neuronkb\[probes\]'"):
        package("no_such")
