"""Scores of predictions on captured activations: a perfect simulator 1, a shuffled one about 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from neuronkb.ingest.corpus import Corpus
from neuronkb.ingest.explain.correlate import Predictions, choosing_score, correlation_scores
from neuronkb.ingest.explain.explainer import Candidate
from neuronkb.ingest.explain.gather import gather
from neuronkb.ingest.explain.material import Material
from neuronkb.ingest.explain.records import Score
from neuronkb.ingest.explain.scoring import partners, rank, simulate
from neuronkb.ingest.explain.settings import Settings
from neuronkb.ingest.explain.simulators.simulator import Expected, Window
from neuronkb.ingest.n2g.engine import Target
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.tests.ingest.n2g import planted

SETTINGS = Settings(choose=3, top=5, random=5, examples=3)


@pytest.fixture(scope="module")
def material(live: LiveModel, corpus: Corpus) -> Material:
    target = Target(0, planted.NEURON)
    found = gather(live, corpus, [target], np.array([5.0]), SETTINGS)
    assert live.subject is not None
    windows = found.passages(0, corpus, live.subject.vocabulary.texts, SETTINGS)
    high = max(float(p.values.max()) for some in windows.values() for p in some)
    return Material(target, high, float(found.means[0]), windows["choose", "top"], windows)


class Oracle:
    """Knows the truth of windows; for one explanation it is perfect, for another it shuffles, else it says nothing."""

    id = "oracle"
    failures: Mapping[str, int] = {}

    def __init__(self, material: Material) -> None:
        passages = [p for some in material.windows.values() for p in some]
        self.known = {p.tokens: 10 * p.values / material.maximum for p in passages}

    def simulate(self, explanation: str, windows: Sequence[Window]) -> list[Expected]:
        return self.simulate_many([(explanation, windows)])[0]

    def simulate_many(self, asked: Sequence[tuple[str, Sequence[Window]]]) -> list[list[Expected]]:
        random = np.random.default_rng(0)
        how: dict[str, Callable[[Expected], Expected]] = {
            "perfect": lambda values: values,
            "shuffled": random.permutation,
            "constant": np.zeros_like,
            "silent": lambda values: np.full_like(values, np.nan),
        }
        return [[how[text](self.known[tuple(window)]) for window in windows] for text, windows in asked]


def scores(material: Material, text: str, null: str | None = None) -> dict[tuple[str, str | None], Score]:
    oracle = Oracle(material)
    (own,) = simulate(oracle, [material], [text], choosing=True)
    (other,) = simulate(oracle, [material], [null], choosing=True)
    assert own is not None
    found = correlation_scores(material, own, other, "oracle", 0)
    return {(score.formula, score.split): score for score in found}


def test_a_perfect_simulator_scores_1_and_a_shuffled_one_about_0(material: Material) -> None:
    found = scores(material, "perfect", "shuffled")
    assert len(found) == 14
    for score in found.values():
        assert score.value == pytest.approx(1.0), score.formula
        assert score.failed == 0
        assert score.null is not None
        assert score.null < 0.5, score.formula
    random = material.windows["report", "random"]
    for protocol, windows in (
        ("top-and-random", (*material.windows["report", "top"], *random)),
        ("random-only", random),
    ):
        assert found["ev-correlation", protocol].null == pytest.approx(0.0, abs=0.15)
        assert found["ev-correlation", protocol].n == sum(len(window.tokens) for window in windows)


def test_a_constant_prediction_is_a_failure_and_no_score(material: Material) -> None:
    score = scores(material, "constant")["ev-correlation", "top-and-random"]
    assert (score.value, score.null) == (None, None)
    assert score.failed == score.n


def test_tokens_without_an_answer_are_left_out_and_counted(material: Material) -> None:
    oracle = Oracle(material)
    (own,) = simulate(oracle, [material], ["perfect"], choosing=True)
    assert own is not None
    holes = [np.where(np.arange(len(values)) % 4 == 0, np.nan, values) for values in own.report]
    found = correlation_scores(material, replace(own, report=holes), None, "oracle", 0)
    first = found[0]
    assert first.value == pytest.approx(1.0)
    assert first.failed == sum(int(np.isnan(values).sum()) for values in holes) > 0
    none = scores(material, "silent")["ev-correlation", "top-and-random"]
    assert (none.value, none.failed) == (None, none.n)


def test_raw_scores_feel_a_wrong_scale_and_calibrated_ones_do_not(material: Material) -> None:
    oracle = Oracle(material)
    (own,) = simulate(oracle, [material], ["perfect"], choosing=True)
    assert own is not None
    wrong = Predictions([3 * v + 1 for v in own.choose], [3 * v + 1 for v in own.report])
    found = {(s.formula, s.split): s.value for s in correlation_scores(material, wrong, None, "oracle", 0)}
    assert found["ev-correlation", "top-and-random"] == pytest.approx(1.0)
    assert (found["r2-uncentred", "top-and-random"] or 0.0) < 0
    assert found["r2-uncentred/linear", "top-and-random"] == pytest.approx(1.0)
    assert found["absolute-deviation-from-0/linear", "random-only"] == pytest.approx(1.0)


def test_candidates_are_ranked_on_choosing_windows_alone(material: Material) -> None:
    candidates = [Candidate(text, "both") for text in ("constant", "shuffled", "perfect")]
    (ranked,) = rank(Oracle(material), [material], [candidates])
    assert [one.candidate.text for one in ranked] == ["perfect", "shuffled", "constant"]
    assert ranked[0].value == pytest.approx(1.0)
    assert ranked[2].value is None
    blind = {key: () if key[0] == "report" else found for key, found in material.windows.items()}
    assert choosing_score(replace(material, windows=blind), ranked[0].predicted) == pytest.approx(1.0)


def test_a_null_is_of_another_neuron_never_of_the_other_side() -> None:
    sides = [(0, 1), (0, 1), (0, 2), (0, 2), (0, 3), (0, 3)]
    found = partners(sides)
    for place, other in enumerate(found):
        assert other is not None
        assert sides[other] != sides[place]
    assert partners([(0, 1), (0, 1)]) == [None, None]
    assert partners([]) == []


def test_a_side_that_never_fires_is_dead(material: Material) -> None:
    assert not material.dead
    assert replace(material, maximum=0.0).dead
    assert replace(material, shown=()).dead
    assert replace(material, windows={**material.windows, ("report", "top"): ()}).dead
