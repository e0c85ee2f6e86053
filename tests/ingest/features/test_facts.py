from __future__ import annotations

from neuronkb.ingest.features import Header
from neuronkb.ingest.features.facts import described, from_texts, mentions, occupation, people, sex

NEWS = [
    ("a", "It said actress Jane Brown had won. She thanked her crew. Mrs Brown, 40, is in London."),
    ("b", "Later Jane Brown spoke. England striker Tom Green scored and he was glad that his side won."),
    ("c", "The fans love Tom Green because he is fast. We saw Prime Minister Ann Smith and striker Ann Smith."),
    ("d", "They met Tom Green. Then he left, and it was late. The Manchester United side of West Ham lost."),
]
HEADER = Header("facts", aggregation="max", skip=0, length=64)


def test_names_inside_sentences() -> None:
    assert [match[0] for match in people(NEWS[0][1])] == ["Jane Brown"]
    assert [match[0] for match in people(NEWS[3][1])] == ["Tom Green"]


def test_the_word_before_a_name() -> None:
    text = NEWS[1][1]
    assert described(text, text.index("Tom Green")) == "athlete"
    assert described("the chief executive Al", 20) == "executive"
    assert described(text, text.index("Jane")) is None


def test_what_is_said_of_people() -> None:
    # One pronoun is not enough, two are; a surname with Mrs in the same article is.
    assert sex(NEWS) == {"Jane Brown": "is_female", "Tom Green": "is_male"}
    # Ann Smith is called two things.
    assert occupation(NEWS) == {"Jane Brown": "is_actor", "Tom Green": "is_athlete"}


def test_a_text_ends_with_the_name_and_does_not_say_the_fact() -> None:
    found = {record.text: record for record in mentions(NEWS, sex(NEWS), occupation(NEWS))}
    assert set(found) == {"Later Jane Brown", "The fans love Tom Green", "They met Tom Green"}
    record = found["The fans love Tom Green"]
    (span,) = record.spans
    assert (record.group, record.text[span.start : span.end]) == ("Tom Green", "Tom Green")
    assert span.names == ("is_male", "is_athlete")


def test_opposites_are_of_the_same_kind() -> None:
    against = {feature.name: feature.against for feature in from_texts(NEWS, HEADER).header.features}
    assert against == {
        "is_female": ("is_male",),
        "is_male": ("is_female",),
        "is_athlete": ("is_actor",),
        "is_actor": ("is_athlete",),
    }
