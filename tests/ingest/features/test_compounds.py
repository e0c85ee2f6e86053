from __future__ import annotations

import pytest
from neuronkb.ingest.features.compounds import BEFORE, LEAST, POSITIVES, choose, from_texts, pairs, records
from neuronkb.schema import FeatureError

LEAD = "Nobody in this town had ever heard of such a thing before: "


def texts(n: int) -> list[tuple[str, str]]:
    """In each text the bigram, its second word alone and its first word alone."""
    return [
        (f"t{i}", f"{LEAD} social security. {LEAD} airport security. {LEAD} social reform. {LEAD} old security")
        for i in range(n)
    ]


def test_words_side_by_side() -> None:
    assert [(one, two) for one, two, _, _ in pairs("High-school, the SCHOOL day")] == [
        ("high", "school"),
        ("the", "school"),
        ("school", "day"),
    ]


def test_bigrams_with_enough_of_both_words_alone() -> None:
    assert choose(texts(LEAST - 1)) == []
    # `airport security` and `social reform` do not have their first or second word elsewhere.
    assert choose([*texts(LEAST), *((f"u{i}", f"{LEAD} social class") for i in range(LEAST))]) == [
        ("social", "security")
    ]


def test_the_label_is_on_the_last_word() -> None:
    found = list(records(texts(2), [("social", "security")]))
    assert len(found) == 6
    names = {}
    for record in found:
        (span,) = record.spans
        assert span.end == len(record.text) <= BEFORE + 20
        names[record.text.split()[-2] + " " + record.text[span.start :]] = span.names
    assert names == {
        "social security": ("social-security",),
        "airport security": ("social-security:second",),
        "social reform": ("social-security:first",),
    }


def test_twice_as_many_of_each_kind_of_negative() -> None:
    held = [*texts(300), *((f"u{i}", f"{LEAD} social class") for i in range(LEAST))]
    data = from_texts(held, 0, "mine")
    (feature,) = data.header.features
    assert feature.mirror == "social-security:first"
    count = data.header.counts["social-security"]
    assert (count.positives, count.negatives) == (POSITIVES, 4 * POSITIVES)
    with pytest.raises(FeatureError, match=r"no bigram occurs in 30 of 3 texts"):
        from_texts(texts(3), 0, "mine")
