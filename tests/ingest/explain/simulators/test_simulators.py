from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest.explain.simulators.all_at_once import AllAtOnce
from neuronkb.ingest.explain.simulators.choice import simulator
from neuronkb.ingest.explain.simulators.examples import EXAMPLES
from neuronkb.ingest.explain.simulators.expected import NO_NUMBER, expectation, expected
from neuronkb.ingest.explain.simulators.one_at_a_time import OneAtATime
from neuronkb.ingest.explain.simulators.prompts import conversation, document, question
from neuronkb.ingest.explain.simulators.written import MISSING, OUTSIDE, Written, read
from neuronkb.ingest.llm.client import Completion, Scores
from neuronkb.ingest.llm.local import LocalClient
from neuronkb.schema import LanguageModelError

ASKED: list[tuple[str, list[tuple[str, ...]]]] = [
    ("months of the year", [(" in", " May", "\n", "a\tb"), (" cold",)]),
    ("animals", [(" the", " dog")]),
]


def test_all_at_once_equals_one_at_a_time_on_the_same_text(client: LocalClient) -> None:
    at_once, singly = AllAtOnce(client), OneAtATime(client)
    found, wanted = at_once.simulate_many(ASKED), singly.simulate_many(ASKED)
    for ours, theirs, (_, windows) in zip(found, wanted, ASKED, strict=True):
        assert [len(values) for values in ours] == [len(window) for window in windows]
        for x, y in zip(ours, theirs, strict=True):
            assert ((x > 0) & (x < 10)).all()
            np.testing.assert_allclose(x, y, atol=1e-4)
    assert not at_once.failures
    assert not singly.failures


def test_windows_do_not_see_one_another(client: LocalClient) -> None:
    at_once = AllAtOnce(client)
    alone = at_once.simulate("animals", [(" the", " dog")])
    np.testing.assert_allclose(at_once.simulate_many(ASKED)[1][0], alone[0], atol=1e-4)


def test_a_window_too_long_for_the_model_is_a_failure_of_each_token(client: LocalClient) -> None:
    at_once = AllAtOnce(client)
    long, fine = at_once.simulate("animals", [[" word"] * 900, [" dog"]])
    assert np.isnan(long).all()
    assert np.isfinite(fine).all()
    assert at_once.failures == {"the prompt is longer than the model's 8192 tokens": 900}


def test_the_question_is_the_document_up_to_the_value() -> None:
    window = (" a", "\n", "tab\t")
    slots = document("anything", window)
    assert [slots.text[at] for at in slots.at] == ["?"] * 3
    assert slots.text.endswith(" fires on: anything\n a\t?\n\\n\t?\ntab\\t\t?\n")
    assert question("anything", window, 1) == slots.text[: slots.at[1]]


def test_examples_show_numbers_from_a_place_on_and_both_ends_of_the_scale() -> None:
    for example in EXAMPLES:
        assert 0 < example.known < len(example.tokens)
        assert any(example.values[example.known :])
        assert example.values.count(0) > len(example.values) / 2
    assert {0, 10} <= {value for example in EXAMPLES for value in example.values}
    assert len({example.known for example in EXAMPLES}) == len(EXAMPLES)


def test_each_example_of_the_conversation_is_answered_by_its_number() -> None:
    turns = conversation("anything", (" a", " b"), 1)
    assert [turn.role for turn in turns[:3]] == ["system", "user", "assistant"]
    assert turns[-1].text == "Fires on: anything\n a\t?\n b\t"
    assert all(0 <= int(turn.text) <= 10 for turn in turns if turn.role == "assistant")


def test_expectation_is_over_the_scale_alone() -> None:
    logs = np.full((3, 11), -np.inf)
    logs[0, [0, 10]] = np.log([0.03, 0.01])
    logs[1, 7] = -50.0
    np.testing.assert_allclose(expectation(logs)[:2], [2.5, 7.0])
    failures = Counter[str]()
    values = expected(Scores(logs), 3, failures)
    assert np.isnan(values[2])
    assert failures == {NO_NUMBER: 1}
    assert np.isnan(expected(Scores(None, "gone"), 2, failures)).all()
    assert failures == {NO_NUMBER: 1, "gone": 2}


WINDOW = (" in", " May", "\n", " it", " rained")


@pytest.mark.parametrize(
    ("reply", "wanted", "failed"),
    [
        (" in\t0\n May\t10\n\\n\t0\n it\t0\n rained\t2", [0, 10, 0, 0, 2], {}),
        ("in\t0\nMay\t9.5\n\\n\t0\nit\t0\nrained\t2\n", [0, 9.5, 0, 0, 2], {}),
        ("Sure!\n\n in\t0\n May\t10\n rained\t2", [0, 10, None, None, 2], {MISSING: 2}),
        (" in\t0\n May\t11\n\\n\t-1\n it\t?\n rained\t2", [0, None, None, None, 2], {OUTSIDE: 2, MISSING: 1}),
        ("I cannot do that.", [None] * 5, {MISSING: 5}),
        ("", [None] * 5, {MISSING: 5}),
    ],
)
def test_replies_are_read_line_by_line(reply: str, wanted: list[float | None], failed: dict[str, int]) -> None:
    failures = Counter[str]()
    found = read(reply, WINDOW, failures)
    np.testing.assert_array_equal(found, [np.nan if value is None else value for value in wanted])
    assert failures == failed


def test_the_last_line_counts() -> None:
    """The published code left the separator on the last value, which was then always 0."""
    assert read(" a\t0\n b\t7", (" a", " b"), Counter()).tolist() == [0, 7]


def test_a_model_that_answers_nonsense_gives_no_zeros(client: LocalClient) -> None:
    for style in ("chat", "text"):
        written = Written(client, "chat" if style == "chat" else "text")
        found = written.simulate("months", [WINDOW, WINDOW[:2]])
        missing = sum(int(np.isnan(values).sum()) for values in found)
        assert missing == sum(written.failures.values()) > 0


class Scripted:
    """A server without probabilities, by what it answers."""

    id, fingerprint, abilities = "scripted", "scripted", frozenset[str]()

    def __init__(self, replies: Sequence[Completion]) -> None:
        self.replies = replies

    def complete(self, prompts: Sequence[Any], **how: Any) -> list[Completion]:
        assert len(prompts) == len(self.replies)
        return list(self.replies)


def test_written_keeps_windows_and_failures_apart() -> None:
    scripted: Any = Scripted([Completion(" a\t3"), Completion(None, "refused"), Completion(" c\t1")])
    written = Written(scripted)
    (one, two), (three,) = written.simulate_many([("x", [(" a",), (" b",)]), ("y", [(" c",)])])
    assert (one.tolist(), three.tolist()) == ([3], [1])
    assert np.isnan(two).all()
    assert written.failures == {"refused": 1}


def test_the_fastest_way_that_the_model_can_go(client: LocalClient) -> None:
    plain: Any = Scripted(())
    assert isinstance(simulator(client), AllAtOnce)
    assert isinstance(simulator(client, "one-at-a-time"), OneAtATime)
    assert isinstance(simulator(plain), Written)
    for way in ("all-at-once", "one-at-a-time"):
        with pytest.raises(LanguageModelError, match="scripted gives no log-probabilities"):
            simulator(plain, "all-at-once" if way == "all-at-once" else "one-at-a-time")
    wrong: Any = "quickly"
    with pytest.raises(LanguageModelError, match="'quickly'; expected one of auto"):
        simulator(client, wrong)
