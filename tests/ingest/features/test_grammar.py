from __future__ import annotations

from neuronkb.ingest.features import Header, grammar
from neuronkb.ingest.features.tagged import analyse
from neuronkb.ingest.features.word import Analysed, Word


def test_opposites_of_morphology() -> None:
    words = (
        Word(0, 4, "NOUN", "nsubj", {"Number": "Plur"}),
        Word(5, 8, "VERB", "root", {"Tense": "Past"}, passive=True),
        Word(9, 12, "NOUN", "obj", {"Number": "Sing"}),
        Word(13, 17, "VERB", "conj", {"Tense": "Pres"}, ends=True),
    )
    texts = [Analysed("cats saw dog runs", f"d{i}", words) for i in range(6)]
    data = grammar.from_words(texts, Header("morphology"))
    against = {feature.name: feature.against for feature in data.header.features}
    assert against["Number_Plur"] == ("Number_Sing",)
    assert against["Tense_Past"] == ("Tense_Pres",)
    assert against["Voice_Pass"] == ("VERB",)
    assert set(against) == {"Number_Plur", "Tense_Past", "Voice_Pass", "eos_True", "first_eos_True"}
    assert data.header.counts["Number_Plur"].negatives == 6


def test_a_class_in_few_texts_is_no_feature() -> None:
    words = (Word(0, 1, "NOUN", "root"),)
    rare = Analysed("a", "rare", (Word(0, 1, "INTJ", "root"),))
    data = grammar.from_words(
        [*(Analysed("a", f"d{i}", words) for i in range(9)), rare], Header("part_of_speech", silver=True)
    )
    assert [feature.name for feature in data.header.features] == ["NOUN"]


def test_what_the_tagger_says() -> None:
    text = "The old dogs were chased by a cat, which nobody had seen in the quiet garden before. " * 3
    (one,) = analyse([("a", text)], 5)
    by_word = {one.text[word.start : word.end]: word for word in one.words}
    assert by_word["dogs"].upos == "NOUN"
    assert by_word["dogs"].feats["Number"] == "Plur"
    assert by_word["chased"].passive
    assert by_word["seen"].upos == "VERB"
    assert not by_word["seen"].passive
    assert by_word["."].ends
    assert by_word["dogs"].dep == "nsubjpass"
