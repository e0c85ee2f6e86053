from __future__ import annotations

from neuronkb.ingest.features import FeatureSet, Header
from neuronkb.ingest.features.text_features import SIZE, from_texts, records, rules


def test_a_piece_of_each_text() -> None:
    texts = [(f"doc {i}", f"Sentence {i}. " * 200) for i in range(10)]
    found = list(records([texts, texts[:2]], 10))
    assert [record.group for record in found] == ["doc 0", "doc 1", "doc 2", "doc 3", "doc 4", "doc 0", "doc 1"]
    assert all(SIZE / 2 < len(record.text) <= 2 * SIZE for record in found)


def test_features_are_rules() -> None:
    found = from_texts([("a", "Some text. More text.")], Header("text_features", features=rules()))
    assert isinstance(found, FeatureSet)
    assert len({feature.name for feature in found.header.features}) == len(rules()) == 33
    assert all(feature.is_rule for feature in found.header.features)
