"""A causal check through the API, on both stores: the planted months neuron passes, random ones do not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from neuronkb.ingest.causal.prompts import shipped
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.queries import CheckedClamp
from neuronkb.schema import IdError, ModelError, QueryError, WeightsError
from neuronkb.tests import planted
from neuronkb.tests.kb.jobs.test_activations import SETTINGS as PASS
from neuronkb.tests.kb.jobs.test_activations import WINDOWS, texts

from tests.filled import Filling

MONTHS = "base/L1/N3"
PROMPTS = ("filler9 filler12", "filler3 filler5 filler7", "filler30 filler31")
SETTINGS = {"null_neurons": 39, "pool": 46, "null_tokens": 199, "band": 60, "device": "cpu", "multiples": (0.5, 1.0)}
COHERENCE = """
MATCH (n:Neuron {layer: $layer})-[:HAS_STATS]->(s:Stats {kind: 'weights', projection: $projection})
WHERE s.distinct >= 8 AND s.pole IN $poles
RETURN n.id, s.pole ORDER BY s.coherence DESC, n.id, s.pole DESC
"""


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return texts(tmp_path_factory.mktemp("texts"))


@pytest.fixture
def kb(filling: Filling, planted_models: tuple[Path, Path], text: Path, tmp_path: Path) -> KnowledgeBase:
    """The planted base, decoded and run over a corpus."""

    def made(kb: KnowledgeBase) -> None:
        kb.lm_head.ingest(planted_models[0])
        kb.activations.ingest(planted_models[0], text, windows=WINDOWS, settings=PASS)

    return filling.copied(made, tmp_path / "store")


def test_the_planted_neuron_passes_and_others_do_not(kb: KnowledgeBase) -> None:
    names = [f"L1/N{i}:down+" for i in range(12)]
    loaded = kb.causal.ingest("base", neurons=names, prompts=PROMPTS, settings=SETTINGS)
    assert loaded.causal == kb.causal.report("base")
    assert loaded.load.created["Intervention"] == loaded.load.created["Intervention.ON.Neuron"] == 24
    found = kb.causal.report("base")
    by_neuron = {one.neuron: one for one in found.clamps}
    assert len(by_neuron) == 12
    months = by_neuron[MONTHS]
    assert set(months.tokens) == {f" {word}" for word in planted.MONTHS}
    assert (months.p_tokens, months.p_neurons) == (1 / 200, 1 / 40)
    assert months.beats_tokens
    assert months.beats_neurons
    assert months.direct == pytest.approx(months.effect, rel=1e-3)
    assert max(found.clamps, key=lambda one: one.effect) == months
    activity = next(each for each in kb.card(MONTHS).activity if each.pole > 0)
    assert months.value == pytest.approx(activity.max)
    # The planted neuron alone: what the others decode to, other neurons write by chance as well.
    assert sum(one.p_neurons == 1 / 40 for one in found.clamps) < 12


def test_the_clearest_sides_are_spread_and_the_card_shows_their_doses(kb: KnowledgeBase) -> None:
    kb.causal.ingest("base", top=12, prompts=PROMPTS, settings=SETTINGS)
    found = kb.causal.report("base")
    assert found.prompts == PROMPTS
    sides = {(one.neuron, one.projection, one.pole) for one in found.clamps}
    assert len(sides) == 12
    assert {(one.layer, one.projection) for one in found.clamps} == {
        (i, p) for i in (0, 1) for p in ("gate", "up", "down")
    }
    for layer in (0, 1):
        for projection, poles in (("down", (1, -1)), ("up", (1, -1)), ("gate", (1,))):
            rows = kb.cypher(COHERENCE, layer=layer, projection=projection, poles=poles).rows
            mine = {(n, pole) for n, p, pole in sides if p == projection and n.startswith(f"base/L{layer}/")}
            assert mine == {(neuron, pole) for neuron, pole in rows[:2]}
    assert [share.name for share in found.by_projection] == ["down", "up at up", "up at hidden", "gate"]
    assert sum(share.tested for share in found.by_projection) == found.total.tested == len(found.clamps) == 16
    assert all(one.pole == 1 for one in found.clamps if one.projection == "gate")
    one = next(one for one in found.clamps if one.projection == "down")
    (curve,) = [c for c in kb.card(one.neuron).clamps if (c.projection, c.pole) == ("down", one.pole)]
    assert [dose.multiple for dose in curve.doses] == [0.5, 1.0]
    assert [dose.p_neurons is None for dose in curve.doses] == [True, False]
    assert curve.doses[1].effect == one.effect


def test_the_same_check_again_changes_nothing_and_another_is_refused(kb: KnowledgeBase) -> None:
    kb.causal.ingest("base", neurons=[MONTHS], prompts=PROMPTS, settings=SETTINGS)
    before = kb.store.status()
    assert kb.causal.ingest("base", neurons=["L1/N3"], prompts=PROMPTS, settings=SETTINGS).load.total == 0
    assert kb.store.status().nodes == before.nodes
    with pytest.raises(Exception, match=r"--replace takes its [\d,]+ rows away"):
        kb.causal.ingest("base", neurons=["L1/N4"], prompts=PROMPTS, settings=SETTINGS)
    kb.causal.ingest("base", neurons=["L1/N4"], prompts=PROMPTS, settings=SETTINGS, replace=True)
    assert {one.neuron for one in kb.causal.report("base").clamps} == {"base/L1/N4"}


def test_maxima_on_the_prompts_need_no_corpus_pass(
    store: Store, planted_models: tuple[Path, Path], tmp_path: Path
) -> None:
    kb = KnowledgeBase(store, str(tmp_path / "store"))
    with pytest.raises(QueryError, match="is not decoded; run neuronkb lm-head ingest"):
        kb.causal.ingest(planted_models[0], prompts=PROMPTS)
    kb.lm_head.ingest(planted_models[0])
    with pytest.raises(QueryError, match=r"activations ingest .* or measure them on the prompts with --maxima prompts"):
        kb.causal.ingest("base", prompts=PROMPTS)
    kb.causal.ingest("base", neurons=[MONTHS], prompts=PROMPTS, maxima="prompts", settings=SETTINGS)
    assert kb.causal.report("base").maxima == "prompts"
    (down,) = [one for one in kb.causal.report("base").clamps if (one.projection, one.pole) == ("down", 1)]
    assert down.effect > 0


def test_a_fine_tune_is_clamped_to_what_its_base_reaches(kb: KnowledgeBase, planted_models: tuple[Path, Path]) -> None:
    kb.lm_head.ingest(planted_models[1])
    kb.causal.ingest("base", neurons=["L1/N3:down+"], prompts=PROMPTS, settings=SETTINGS)
    kb.causal.ingest("tuned", neurons=["L1/N3:down+"], prompts=PROMPTS, maxima="base", settings=SETTINGS)
    (one,), (two,) = kb.causal.report("base").clamps, kb.causal.report("tuned").clamps
    assert one.value == two.value
    # The fine-tune's column writes weekdays.
    assert set(one.tokens).isdisjoint(two.tokens)
    with pytest.raises(QueryError, match="maxima are 'other'; expected corpus, prompts, or one of base, tuned"):
        kb.causal.ingest("tuned", maxima="other")


def test_answers_name_the_planted_concept(kb: KnowledgeBase) -> None:
    more = {"answers": 12, "answer_tokens": 4, "question": "filler9 filler12", "multiples": (1.0,)}
    kb.causal.ingest("base", neurons=["L1/N3:down+"], prompts=PROMPTS, settings=SETTINGS | more | {"reference": 40.0})
    (one,) = kb.causal.report("base").clamps
    assert one.answers == one.named_on == 12
    assert one.named_off is not None
    assert one.named_other is not None
    assert max(one.named_off, one.named_other) < 12


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("L1/N99", ModelError, "no neuron 'base/L1/N99'"),
        ("L9/N1:down+", ModelError, "no neuron 'base/L9/N1'"),
        ("other/L1/N3", IdError, "is of the model 'other'"),
        ("L1/N3:sideways", IdError, "does not end in a side"),
        ("L1/N3:gate-", IdError, "no clamp can show what gate- decodes to"),
    ],
)
def test_what_is_no_side(kb: KnowledgeBase, name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        kb.causal.ingest("base", neurons=[name], prompts=PROMPTS, settings=SETTINGS)


def test_bad_input(kb: KnowledgeBase, planted_models: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"multiples has -1\.0, expected a number above 0"):
        kb.causal.ingest("base", settings={"multiples": (-1.0,)})
    with pytest.raises(ModelError, match=r"none\.txt: the prompts cannot be read"):
        kb.causal.ingest("base", prompts=tmp_path / "none.txt")
    other = tmp_path / "other" / "base"
    shutil.copytree(planted_models[1], other)
    with pytest.raises(WeightsError, match="are not those that the store knows as 'base'"):
        kb.causal.ingest(other, prompts=PROMPTS)
    with pytest.raises(QueryError, match="no run of clamps on base"):
        kb.causal.report("base")


def test_the_shipped_prompts() -> None:
    assert len(shipped()) == len(set(shipped())) == 20


def test_beats_is_more_than_the_95th_percentile() -> None:
    numbers: dict[str, Any] = {
        "effect": 0.5,
        "direct": 0.25,
        "kl": 0.1,
        "null_tokens": 0.0,
        "null_tokens_95": 0.4,
        "p_tokens": 0.01,
    }
    numbers |= {
        "null_neurons": 0.0,
        "null_neurons_95": 0.6,
        "p_neurons": 0.2,
        "size_ratio": 1.0,
        "q": 0.05,
        "q_kind": 0.06,
    }
    place: dict[str, Any] = {"neuron": "m/L0/N1", "layer": 0, "projection": "down", "pole": 1, "site": "hidden"}
    said: dict[str, Any] = dict.fromkeys(("answers", "named_off", "named_on", "named_other"))
    one = CheckedClamp(**place, value=2.0, multiple=1.0, **numbers, **said)
    assert not one.against
    opposite = CheckedClamp(**place, value=2.0, multiple=1.0, **numbers | {"p_tokens": 0.99, "p_neurons": 0.96}, **said)
    assert opposite.against
    assert (one.beats_tokens, one.beats_neurons, one.passed, one.passed_kind) == (True, False, True, False)
    both = CheckedClamp(**place, value=2.0, multiple=1.0, **numbers | {"null_neurons_95": 0.3}, **said)
    assert (both.beats_both, both.direct_share) == (True, 0.5)
