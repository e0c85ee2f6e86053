"""Detection and fuzzing: what is shown, how answers are read, and that none is made up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest.explain.judge import Example, Judge, Verdicts, examples, judged_scores, read_digits
from neuronkb.ingest.explain.material import Material, Passage
from neuronkb.ingest.explain.meaning import embedding_score
from neuronkb.ingest.explain.settings import Settings
from neuronkb.ingest.llm.client import Ability, Completion, Scores, Usage
from neuronkb.ingest.n2g.engine import Target

SETTINGS = Settings(together=2)


class Model:
    """A language model that says what it is told to, and remembers what it was asked."""

    id = fingerprint = "model"

    def __init__(self, answers: Sequence[str | None] = (), logs: Sequence[list[float] | None] = ()) -> None:
        self.answers, self.logs = list(answers), list(logs)
        self.abilities: Collection[Ability] = {"continuations"} if logs else set()
        self.asked: list[Any] = []
        self.usage = Usage()

    def complete(self, prompts: Sequence[Any], **how: Any) -> list[Completion]:
        self.asked += prompts
        return [Completion(self.answers.pop(0), None) for _ in prompts]

    def continuation_logs(self, prompts: Sequence[Any], continuations: Sequence[str], **how: Any) -> list[Scores]:
        self.asked += prompts
        found = [self.logs.pop(0) for _ in prompts]
        return [Scores(None, "no") if one is None else Scores(np.array(one)) for one in found]

    def slot_logs(self, texts: Sequence[Any], continuations: Sequence[str], **how: Any) -> list[Scores]:
        raise NotImplementedError

    def close(self) -> None:
        pass


def passage(*values: float) -> Passage:
    return Passage(tuple(f" w{i}" for i in range(len(values))), np.array(values))


def material() -> Material:
    windows: dict[Any, Any] = {("report", part): () for part in ("top", "random")}
    windows["report", "active"] = (passage(0, 4, 4, 0), passage(9, 0, 0, 0), passage(0, 0, 0, 9))
    windows["report", "silent"] = (passage(0, 0, 0, 0), passage(0, 0.1, 0, 0))
    return Material(Target(0, 1), 10.0, 1.0, (), windows)


def test_classes_are_of_one_size_and_shuffled_by_the_seed() -> None:
    found = examples("detection", material(), SETTINGS)
    assert [one.active for one in found].count(True) == 2
    assert len(found) == 4
    assert found == examples("detection", material(), SETTINGS)
    assert {one.text for one in found} == {"w0 w1 w2 w3"}


def test_fuzzing_marks_active_tokens_and_as_many_random_ones() -> None:
    found = examples("fuzzing", material(), SETTINGS)
    active = {one.text for one in found if one.active}
    assert active == {"w0<< w1 w2>> w3", "<< w0>> w1 w2 w3"}
    for one in found:
        if not one.active:
            # (2 + 1 + 1) / 3 active tokens a window.
            assert one.text.count("<<") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 0]", [1.0, 0.0]),
        ("The list is [0,1].", [0.0, 1.0]),
        ("1, 1", [1.0, 1.0]),
        ("[1, 0, 1]", None),
        ("[1]", None),
        ("[1, 2]", None),
        ("yes, no", None),
        (None, None),
    ],
)
def test_digits(text: str | None, said: list[float] | None) -> None:
    assert read_digits(text, 2) == said


def test_a_short_last_question_is_asked_and_a_bad_answer_counted() -> None:
    shown = [Example("a", True), Example("b", False), Example("c", True)]
    model = Model(["[1, 0]", "what?"])
    judge = Judge(model, SETTINGS, base=False)
    (found,) = judge.judge("detection", [("months", shown)])
    assert len(model.asked) == 2
    assert np.array_equal(found.rated, [1.0, 0.0, np.nan], equal_nan=True)
    assert dict(judge.failures) == {"not as many answers as texts": 1}
    scores = {one.formula: one for one in judged_scores("detection", found, None, judge.id, 0, 1)}
    assert (scores["balanced-accuracy"].value, scores["f1"].value, scores["auroc"].value) == (1.0, 1.0, 1.0)
    assert (scores["f1"].n, scores["f1"].failed, scores["f1"].positives) == (3, 1, 1)


def test_one_question_never_holds_two_explanations() -> None:
    model = Model(["[1]", "[0]"])
    judge = Judge(model, SETTINGS, base=False)
    found = judge.judge("fuzzing", [("months", [Example("a", True)]), ("days", [Example("a", True)])])
    assert [one.rated.tolist() for one in found] == [[1.0], [0.0]]
    assert ["months" in prompt[0].text for prompt in model.asked] == [True, False]


def test_a_base_model_gives_probabilities() -> None:
    model = Model(logs=[[0.0, np.log(3.0)], None, [-np.inf, -np.inf]])
    judge = Judge(model, SETTINGS, base=True)
    (found,) = judge.judge("detection", [("months", [Example(text, True) for text in "abc"])])
    assert found.rated[0] == pytest.approx(1 / 4)
    assert np.isnan(found.rated[1:]).all()
    assert sum(judge.failures.values()) == 2
    assert str(model.asked[0]).endswith("Topic: months\nText: a\nDoes the text have it?")


def test_the_null_stands_beside_every_formula() -> None:
    active = np.array([True, True, False, False])
    own, other = Verdicts(active, np.array([0.9, 0.8, 0.1, 0.2])), Verdicts(active, np.array([0.1, 0.2, 0.8, 0.9]))
    for score in judged_scores("fuzzing", own, other, "judge", 0, -1):
        assert (score.value, score.null, score.pole) == (1.0, 0.0, -1)


class Embeds:
    id = "embedder"

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[1.0, 0.0] if "month" in text else [0.0, 1.0] for text in texts], np.float32)


def test_the_embedding_score_is_the_auroc_of_the_cosine() -> None:
    shown = [Example("a month", True), Example("x", True), Example("y", False), Example("z", False)]
    score = embedding_score(Embeds(), "months", "days", shown, 0, 1)
    # The first active one is above both silent ones, the second ties with both.
    assert score.value == pytest.approx((2 + 1) / 4)
    assert score.null == pytest.approx(1 / 4)
    assert (score.n, score.positives, score.failed) == (4, 2, 0)
