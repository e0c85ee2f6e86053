from __future__ import annotations

import numpy as np
import pytest
from neuronkb.ingest.corpus import Tokenizer
from neuronkb.ingest.features import Feature, FeatureSet, Header, Labelled, Record, Span
from neuronkb.schema import FeatureError, ModelError

from .conftest import WORDS

ID = {word: 3 + number for number, word in enumerate(WORDS)}


def spans(text: str, **names: str) -> tuple[Span, ...]:
    """Words of a text, each once, by the name it has."""
    return tuple(Span(text.index(word), text.index(word) + len(word), (name,)) for word, name in names.items())


def test_labels_of_words(words: Tokenizer) -> None:
    text = "the cat sat on the mat"
    records = [Record(text, f"d{i}", spans=spans(text, cat="noun", sat="verb", mat="noun")) for i in range(40)]
    data = FeatureSet.make(Header("pos", skip=1, length=16, share=0.5), records)
    found = Labelled.of(data, words, {"groups": 40})
    row = [1, *(ID[word] for word in text.split())]
    assert found.windows.tolist() == [row + [0] * (16 - len(row))] * 40
    assert found.lengths.tolist() == [7] * 40
    assert found.tokens == 280
    noun, verb = found.features
    assert [feature.name for feature in found.features] == ["noun", "verb"]
    # Two of three words are nouns: one half, of 40 negatives.
    assert (noun.positives, noun.negatives, noun.base_rate, noun.testable) == (40, 40, 0.5, False)
    assert (verb.positives, verb.negatives, verb.groups_positive, verb.testable) == (40, 40, 40, True)
    assert noun.why.startswith("positives in ")
    for (window, first, end), labels in zip(found.points, found.labels, strict=True):
        word = WORDS[found.windows[window, first] - 3]
        assert end == first + 1
        assert {label for label in labels if label >= 0} <= {0, 1}
        assert labels[0] in (-1, int(word in ("cat", "mat")))
        assert labels[1] in (-1, int(word == "sat"))


def test_the_first_positions_are_never_labelled(words: Tokenizer) -> None:
    text = "the cat sat on the mat"
    records = [Record(text, f"d{i}", spans=spans(text, cat="noun", sat="verb", mat="noun")) for i in range(4)]
    found = Labelled.of(FeatureSet.make(Header("pos", skip=2, length=16, share=None), records), words)
    # BOS is position 0 and `cat` the second word.
    assert sorted(set(found.points[:, 1].tolist())) == [3, 6]
    with pytest.raises(FeatureError, match="no label lies behind the first 7 positions"):
        Labelled.of(FeatureSet.make(Header("pos", skip=7, length=16), records), words)


def test_labels_of_whole_texts(words: Tokenizer) -> None:
    records = [Record("cat " * 30, "a", {"cats": True}), Record("dog dog dog dog", "b", {"cats": False})]
    records += [Record("w1 w2", "c", {"cats": False}), Record("w1 w2 w3 w4", "c", {"other": True})]
    header = Header("animals", aggregation="mean", share=None, skip=2, length=10, least=3)
    found = Labelled.of(FeatureSet.make(header, records), words, features=["cats"])
    assert found.skipped == 1
    assert found.aggregation == "mean"
    order = np.argsort(-found.lengths)
    assert found.lengths[order].tolist() == [10, 5]
    assert found.points[order].tolist() == [[order[0], 3, 10], [order[1], 3, 5]]
    assert found.labels[order].tolist() == [[1], [0]]
    assert found.groups[order].tolist() == [0, 1]


def test_stretches_that_are_aggregated(words: Tokenizer) -> None:
    text = "the cat sat on the mat"
    records = [Record(text, "a", spans=(Span(4, 11, ("x",)), Span(12, 22, ("y",))))]
    found = Labelled.of(FeatureSet.make(Header("c", aggregation="max", share=None, skip=0, length=16), records), words)
    assert sorted(found.points.tolist()) == [[0, 2, 4], [0, 4, 7]]
    # The window ends before the second stretch does.
    short = Labelled.of(
        FeatureSet.make(
            Header("c", aggregation="max", share=None, skip=0, length=8, least=1),
            [Record("w1 w2 w3 " + text, "a", spans=(Span(13, 20, ("x",)), Span(21, 31, ("y",))))],
        ),
        words,
    )
    assert sorted(short.points.tolist()) == [[0, 5, 7], [0, 7, 8]]


def test_rules_on_tokens(words: Tokenizer) -> None:
    header = Header("t", features=(Feature("at", suffix="at"),), skip=1, length=16, share=None)
    found = Labelled.of(FeatureSet.make(header, [Record("the cat sat on the mat", "a")]), words)
    by_position = {int(first): int(label) for (_, first, _), (label,) in zip(found.points, found.labels, strict=True)}
    assert by_position == {2: 1, 3: 1, 4: 0, 5: 0, 6: 1}


def test_one_class_and_few_groups_are_reported(words: Tokenizer) -> None:
    text = "w1 w2 w3 cat dog"
    records = [Record(text, f"d{i}", spans=spans(text, cat="noun", dog="noun")) for i in range(40)]
    found = Labelled.of(FeatureSet.make(Header("pos", skip=0, length=16, share=None), records), words)
    (only,) = found.features
    assert (only.testable, only.why) == (False, "has no negatives")


def test_labels_that_no_token_has(words: Tokenizer) -> None:
    text = "cat  dog"
    records = [Record(text, "a", spans=(Span(4, 5, ("gap",)), Span(0, 3, ("noun",)), Span(0, 3, ("twice",))))]
    with pytest.raises(FeatureError, match="feature 'gap': none of its 1 spans has a token of its own"):
        Labelled.of(FeatureSet.make(Header("c", skip=0, length=16), records), words)
    found = Labelled.of(
        FeatureSet.make(
            Header("c", skip=0, length=16, share=None),
            [*records, Record("the cat", "b", spans=(Span(4, 7, ("twice",)), Span(0, 3, ("gap",))))],
        ),
        words,
    )
    assert {feature.name: feature.unaligned for feature in found.features} == {"gap": 1, "noun": 0, "twice": 1}


def test_the_same_again_and_another_seed(words: Tokenizer) -> None:
    rng = np.random.default_rng(0)
    records = []
    for number in range(80):
        chosen = rng.choice(WORDS, 40)
        starts = np.cumsum([0, *(len(word) + 1 for word in chosen)])[:-1]
        named = [
            Span(int(s), int(s) + len(w), ("w" if w[0] == "w" else "other",))
            for s, w in zip(starts, chosen, strict=True)
        ]
        records.append(Record(" ".join(chosen), f"d{number}", spans=tuple(named)))
    data = FeatureSet.make(Header("c", length=24), records)
    one, two, other = (Labelled.of(data, words, {"points": 100, "tokens": 1000, "seed": s}) for s in (1, 1, 2))
    for name in ("windows", "lengths", "points", "labels", "groups"):
        assert (getattr(one, name) == getattr(two, name)).all()
    assert one.tokens <= 1000
    assert all(feature.positives + feature.negatives <= 100 for feature in one.features)
    assert one.windows.shape != other.windows.shape or (one.windows != other.windows).any()
    # No window is read in vain.
    assert sorted(set(one.points[:, 0].tolist())) == list(range(len(one.windows)))


def test_more_than_is_read_is_counted(words: Tokenizer) -> None:
    records = [Record("cat sat", f"d{i}", {"f": i % 2 == 0}) for i in range(200)]
    found = Labelled.of(FeatureSet.make(Header("c", skip=0, share=None, length=8), records), words, {"read": 100})
    assert (len(found.points), found.unread) == (50, 150)


def test_an_unknown_feature_is_answered_with_near_names(words: Tokenizer) -> None:
    data = FeatureSet.make(Header("c"), [Record("cat", "a", {"is_french": True, "is_german": False})])
    with pytest.raises(FeatureError, match="no feature of category 'c' 'is_frensh'; did you mean is_french"):
        Labelled.of(data, words, features=["is_frensh"])


def test_texts_that_the_model_cannot_read(words: Tokenizer) -> None:
    small = Tokenizer(words.tokenizer, words.hash, 4, None)
    with pytest.raises(FeatureError, match="none of 1 texts can be used"):
        Labelled.of(FeatureSet.make(Header("c"), [Record("cat dog", "a", {"f": True})]), small)


def test_a_tokenizer_that_tells_no_characters(words: Tokenizer) -> None:
    slow = Tokenizer(object(), "", 10, None)
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        Labelled.of(FeatureSet.make(Header("c"), [Record("cat dog", "a", {"f": True})]), slow)
