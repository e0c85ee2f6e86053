"""The verdict on a finding, as a table over records of numbers."""

from __future__ import annotations

import pytest
from neuronkb.ingest.findings.measure import Kind, Measure, Outcome
from neuronkb.ingest.findings.verdict import Match, Verdict, combined, verdict

KEPT, WEAK, GONE = 1.0, 0.5, 0.1
NULL = 0.2


def rows(gate: float, up: float, down: float, kind: Kind = "rows") -> tuple[Measure, ...]:
    named = zip(("gate", "up", "down"), (gate, up, down), strict=True)
    return tuple(Measure(kind, name, value, null=NULL) for name, value in named)


def tokens(gate: float, up: float, down: float) -> tuple[Measure, ...]:
    return rows(gate, up, down, "tokens")


def acts(value: float, kind: Kind = "probe", low: float | None = None) -> tuple[Measure, ...]:
    return (Measure(kind, "x", value, 1.0, NULL, low, None if low is None else 1.0),)


ELSEWHERE, TOO_FAR, HERE = Match(7, 0.9, 0.3), Match(7, 0.3, 0.3), Match(3, 0.9, 0.3)
RELATIVE, SUCCESSOR = Match(7, 0.6, 0.3, own=0.99), Match(7, 0.9, 0.3, own=0.1)
ALL_GONE = (*rows(GONE, GONE, GONE), *tokens(GONE, GONE, GONE))
ALL_KEPT = (*rows(KEPT, KEPT, KEPT), *tokens(KEPT, KEPT, KEPT))

CASES: list[tuple[str, tuple[Measure, ...], Match | None, Verdict]] = [
    ("nothing known", (), None, "untested"),
    ("all of it is there", ALL_KEPT, None, "holds"),
    ("rows alone", rows(KEPT, KEPT, KEPT), None, "holds"),
    ("no gate", ALL_KEPT[1:3], None, "holds"),
    ("all of it is gone", ALL_GONE, None, "lost"),
    ("gone, and found elsewhere", ALL_GONE, ELSEWHERE, "moved"),
    ("gone, and the nearest is no nearer than chance", ALL_GONE, TOO_FAR, "lost"),
    ("gone, and the nearest is a relative that was there before", ALL_GONE, RELATIVE, "lost"),
    ("gone, and the nearest was another before", ALL_GONE, SUCCESSOR, "moved"),
    ("gone, and the nearest is the one at the same index", ALL_GONE, HERE, "lost"),
    ("there, whatever is near", ALL_KEPT, ELSEWHERE, "holds"),
    ("it writes something else", (*rows(KEPT, KEPT, GONE), *tokens(KEPT, KEPT, GONE)), ELSEWHERE, "weakened"),
    ("it turned", rows(WEAK, WEAK, WEAK), None, "weakened"),
    ("rows stay, some tokens go", (*rows(KEPT, KEPT, KEPT), *tokens(KEPT, KEPT, WEAK)), None, "weakened"),
    ("rows gone, some tokens shared by luck", (*rows(GONE, GONE, GONE), *tokens(WEAK, GONE, GONE)), None, "lost"),
    ("rows gone, tokens shared by luck", (*rows(GONE, GONE, GONE), *tokens(KEPT, KEPT, KEPT)), ELSEWHERE, "moved"),
    ("behaviour kept, rows gone", (*ALL_GONE, *acts(KEPT)), ELSEWHERE, "holds"),
    ("behaviour gone, rows kept", (*ALL_KEPT, *acts(GONE)), None, "lost"),
    ("behaviour gone and found elsewhere", (*ALL_GONE, *acts(GONE)), ELSEWHERE, "moved"),
    ("behaviour less", (*ALL_KEPT, *acts(WEAK)), None, "weakened"),
    ("two kinds of behaviour disagree", (*ALL_KEPT, *acts(KEPT), *acts(GONE, "clamp")), None, "weakened"),
    ("two kinds of behaviour agree", (*acts(KEPT), *acts(KEPT, "graph")), None, "holds"),
    ("behaviour too uncertain: what it is made of decides", (*ALL_KEPT, *acts(0.5, low=0.1)), None, "holds"),
    ("behaviour too uncertain, and nothing else", acts(0.5, low=0.1), None, "untested"),
]


@pytest.mark.parametrize(("measures", "match", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_verdicts(measures: tuple[Measure, ...], match: Match | None, said: Verdict) -> None:
    assert verdict(measures, 3, match) == said


@pytest.mark.parametrize(
    ("outcomes", "together"),
    [
        ([], "unclear"),
        (["unclear", "unclear"], "unclear"),
        (["kept", "unclear"], "kept"),
        (["gone", "gone"], "gone"),
        (["kept", "gone"], "weakened"),
        (["weakened", "kept"], "weakened"),
    ],
)
def test_outcomes_together(outcomes: list[Outcome], together: Outcome) -> None:
    assert combined(outcomes) == together
