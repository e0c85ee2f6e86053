"""What an explainer is shown, and which of its answers are explanations."""

from __future__ import annotations

import numpy as np
import pytest
from neuronkb.ingest.explain.answers import read_explanation
from neuronkb.ingest.explain.known import Known, KnownGraph, Weighted
from neuronkb.ingest.explain.material import Passage, levels
from neuronkb.ingest.explain.pairs import pairs, peak_words
from neuronkb.ingest.explain.prompts import question
from neuronkb.ingest.explain.settings import METHODS
from neuronkb.ingest.llm.client import Message
from neuronkb.ingest.n2g.engine import Target
from neuronkb.ingest.n2g.graph import Graph, Node


def passage(*tokens: tuple[str, float]) -> Passage:
    return Passage(tuple(text for text, _ in tokens), np.array([value for _, value in tokens]))


def test_levels_are_floored_shares_of_the_maximum() -> None:
    values = np.array([-3.0, 0.0, 0.19, 0.2, 1.99, 2.0, 5.0])
    assert levels(values, 2.0).tolist() == [0, 0, 0, 1, 9, 10, 10]
    assert levels(values, 0.0).tolist() == [0] * 7


def test_a_sparse_neuron_is_listed_once_more_without_the_zeros() -> None:
    sparse = passage((" a", 0.0), (" b", 2.0), (" c", 0.0), (" d", 0.0), (" e", 0.0), ("\n", 0.0))
    text = pairs([sparse], 2.0)
    whole, _, rest = text.partition("without the zeros")
    assert whole.count("\t0\n") == 5
    assert " b\t10\n" in whole
    assert "\\n\t0" in whole
    assert rest.endswith(":\n<start>\n b\t10\n<end>")


@pytest.mark.parametrize("values", [(2.0, 0.0, 0.0, 0.0, 0.0), (0.0,) * 5, (1.0,) * 5])
def test_a_fifth_is_not_under_a_fifth_and_nothing_is_not_repeated(values: tuple[float, ...]) -> None:
    assert "without" not in pairs([passage(*((f" {i}", v) for i, v in enumerate(values)))], 2.0)


def test_peaks_are_whole_words_strongest_first_each_once() -> None:
    first = passage((" after", 0.1), (" mid", 0.0), ("night", 4.0), (",", 3.9), (" noon", 3.0))
    second = passage((" NOON", 3.5), (" was", 1.9), (" dawn", 2.5))
    assert peak_words([first, second], 5) == ["midnight", "NOON", "dawn"]
    assert peak_words([first, second], 1) == ["midnight"]
    assert peak_words([], 5) == []
    assert peak_words([passage(("(", 3.0), (" he", 0.0), (")", 2.0))], 5) == ["(", ")"]


def known(decoded: dict[str, Weighted] | None = None, graph: KnownGraph | None = None) -> Known:
    shown = (passage((" at", 0.0), (" noon", 2.0)),)
    return Known(Target(0, 1), 2.0, shown, decoded or {}, graph)


def test_a_base_model_gets_one_list_behind_many_shots() -> None:
    node = Node(-1, "token", " dusk", " dusk", 1.0, 0.9, True)
    side = known(decoded={"up": ((" evening", 5.0),)}, graph=KnownGraph(Graph((node,)), 2.0))
    prompts = {method: question(side, method, base=True) for method in METHODS}
    ends = {method: str(prompt).rsplit("\n\n", 1)[1] for method, prompt in prompts.items()}
    assert ends["token_activations"] == "List: noon\nCategory:"
    assert ends["graph_tokens"] == "List: dusk\nCategory:"
    assert ends["both"] == "List: noon, dusk\nCategory:"
    assert str(prompts["both"]).count("Category:") > 15


def test_a_conversation_shows_pairs_lists_or_both() -> None:
    side = known(decoded={"gate": ((" evening", 5.0),), "up": ((" dusk", 4.0),)})
    asked = {}
    for method in METHODS:
        prompt = question(side, method, base=False)
        assert isinstance(prompt, tuple)
        assert isinstance(prompt[0], Message)
        assert [turn.role for turn in prompt[1:]] == ["user", "assistant"] * (len(prompt[1:]) // 2) + ["user"]
        asked[method] = prompt[-1].text
    assert " noon\t10" in asked["token_activations"]
    assert asked["graph_tokens"] == "Its weights point to: evening · dusk"
    assert " noon\t10" in asked["both"]
    assert "evening · dusk" in asked["both"]


def test_nothing_known_beside_the_windows_leaves_one_method() -> None:
    assert question(known(), "graph_tokens", base=True) is None
    assert question(known(), "both", base=False) is None
    assert question(known(), "token_activations", base=False) is not None


@pytest.mark.parametrize(
    ("said", "base", "text"),
    [
        (" days of the week", True, "days of the week"),
        ("This neuron reacts to names of days.", False, "names of days"),
        ("The main thing this neuron does is find: dates", False, "dates"),
        ('"Words for bad weather."\nNeuron 5', False, "Words for bad weather"),
        (None, False, None),
        ("  \n", True, None),
        ("...", True, None),
        ("I'm sorry, I cannot help with that.", False, None),
        ("<start>\n the\t0", False, None),
        (" ".join(["and"] * 13), True, None),
        ("x" * 700, False, None),
    ],
)
def test_an_answer_is_an_explanation_or_a_failure_with_a_reason(said: str | None, base: bool, text: str | None) -> None:
    found, reason = read_explanation(said, base)
    assert found == text
    assert bool(reason) is (text is None)


@pytest.mark.parametrize(
    ("said", "text", "why"),
    [
        ("<think>\nThey are all days.\n</think>\n\nnames of days", "names of days", ""),
        ("They are all days.\n</think>\nnames of days", "names of days", ""),
        ("<think>\nThey are all", None, "no explanation: reasoning without an answer"),
        ("I don't see a clear pattern.", None, "a refusal"),
        ("I need more examples.", None, "a refusal"),
    ],
)
def test_reasoning_is_no_answer_and_no_pattern_no_explanation(said: str, text: str | None, why: str) -> None:
    assert read_explanation(said, base=False) == (text, why)
