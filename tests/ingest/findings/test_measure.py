"""What one number says, by every rule and in their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.findings.measure import SHARES, STRUCTURE, Kind, Measure, Outcome

CASES: list[tuple[str, Measure, Outcome]] = [
    ("an equal row", Measure("rows", "up", 1.0, null=0.2), "kept"),
    ("at the line", Measure("rows", "up", 0.9, null=0.2), "kept"),
    ("a row that turned", Measure("rows", "up", 0.89, null=0.2), "weakened"),
    ("no nearer than strangers", Measure("rows", "up", 0.2, null=0.2), "gone"),
    ("turned round", Measure("rows", "up", -1.0, null=0.2), "gone"),
    ("eight of ten tokens", Measure("tokens", "up", 8 / 12, null=0.05), "kept"),
    ("seven of ten tokens", Measure("tokens", "up", 7 / 13, null=0.05), "weakened"),
    ("as many as noise leaves", Measure("tokens", "up", 0.3, null=0.05, noise=0.3), "kept"),
    ("fewer than noise leaves", Measure("tokens", "up", 0.29, null=0.05, noise=0.3), "weakened"),
    ("noise that leaves no more than strangers share", Measure("tokens", "up", 0.3, null=0.1, noise=0.1), "weakened"),
    ("no token of strangers' above none", Measure("tokens", "up", 0.0, null=0.0), "gone"),
    ("a twin in the layer, so tokens tell nothing", Measure("tokens", "up", 0.5, null=1.0), "unclear"),
    ("as good as the base", Measure("probe", "f", 0.9, 0.9, 0.5, 0.85, 0.95), "kept"),
    ("four fifths of what is above the null", Measure("probe", "f", 0.83, 0.9, 0.5, 0.8, 0.84), "kept"),
    ("shown to be less", Measure("probe", "f", 0.7, 0.9, 0.5, 0.6, 0.81), "weakened"),
    ("less, but too few examples to say", Measure("probe", "f", 0.7, 0.9, 0.5, 0.6, 0.83), "unclear"),
    ("good, but not shown to beat the null", Measure("probe", "f", 0.85, 0.9, 0.5, 0.45, 0.99), "unclear"),
    ("at the null", Measure("probe", "f", 0.5, 0.9, 0.5, 0.4, 0.9), "gone"),
    ("the base did not beat the null either", Measure("probe", "f", 0.9, 0.5, 0.5, 0.8, 0.95), "unclear"),
    ("an exact effect", Measure("clamp", "down+", 0.5, 1.0, 0.1), "weakened"),
    ("a null below zero counts as zero", Measure("explanation", "x", 0.41, 0.5, -0.2, 0.3, 0.5), "kept"),
]


@pytest.mark.parametrize(("measure", "outcome"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_outcomes(measure: Measure, outcome: Outcome) -> None:
    assert measure.outcome == outcome


def test_said_in_a_line() -> None:
    measure = Measure("probe", "is_french", 0.88, 0.93, 0.61, 0.85, 0.91)
    assert str(measure) == "probe is_french 0.88 [0.85, 0.91] of 0.93, null 0.61: kept"
    assert str(Measure("tokens", "up", 0.5, null=0.25, noise=0.3)) == "tokens up 0.5, null 0.25, noise 0.3: kept"


ORDER = ["gone", "weakened", "kept"]
scores = st.floats(-1, 1, allow_nan=False)


@given(st.sampled_from(list(SHARES)), scores, scores, st.floats(-0.5, 0.5), st.floats(0.01, 1))
def test_a_higher_exact_score_never_says_less(kind: Kind, one: float, two: float, null: float, above: float) -> None:
    low, high = sorted((one, two))
    base = 1.0 if kind in STRUCTURE else null + above
    outcomes = [Measure(kind, "x", value, base, null).outcome for value in (low, high)]
    assert ORDER.index(outcomes[0]) <= ORDER.index(outcomes[1])
