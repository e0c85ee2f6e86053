"""Which score is an explanation's headline."""

from typing import Any

import pytest
from neuronkb.schema.headline import headline


def score(scorer: str, formula: str, split: str | None, value: float | None, **more: Any) -> dict[str, Any]:
    row = {"id": f"{scorer}/{formula}/{split}", "scorer": scorer, "formula": formula, "split": split, "value": value}
    return {**row, "null": 0.1, "n": 5, "simulator": None, **more}


CORRELATION = score("correlation", "ev-correlation", "top-and-random", 0.4)
FIRST = {"scorer": "correlation", "formula": "ev-correlation", "value": 0.4, "null": 0.1, "n": 5}
NOTHING = dict.fromkeys(FIRST)


@pytest.mark.parametrize(
    "others",
    [
        [],
        [score("correlation", "ev-correlation", "random-only", 0.9)],
        [score("correlation", "r2-uncentred", "top-and-random", 0.9)],
        [score("detection", "balanced-accuracy", "active-and-silent", 0.9)],
        [score("correlation", "ev-correlation", "choosing", 0.9), score("human", "rating", None, 1.0)],
        [score("correlation", "ev-correlation", "quantile 3", 0.9), score("surprisal", "x", None, 0.9)],
    ],
)
def test_the_correlation_on_strong_and_random_windows_comes_first(others: list[dict[str, Any]]) -> None:
    assert headline([*others, CORRELATION]) == headline([CORRELATION, *others]) == FIRST


def test_a_score_that_is_not_defined_keeps_its_place() -> None:
    undefined = {**CORRELATION, "value": None}
    assert headline([score("detection", "f1", None, 0.9), undefined]) == {**FIRST, "value": None}


def test_what_is_never_the_headline() -> None:
    chosen = score("correlation", "ev-correlation", "choosing", 0.9)
    assert headline([chosen, score("human", "rating", None, 1.0)]) == headline([]) == NOTHING


def test_scorers_formulas_and_windows_without_a_place_come_last_by_name() -> None:
    made = [score("surprisal", "b", None, 0.2), score("intruder", "a", None, 0.3), score("detection", "z", "b", 0.1)]
    assert headline(made)["value"] == 0.1
    assert headline([*made, score("detection", "z", "a", 0.7)])["value"] == 0.7
    assert headline(made[:2])["value"] == 0.3
