"""A model at a glance: means by hand, kept until the evidence changes, and a neuron at random."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from neuronkb.kb.jobs.surprise import surprise
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.queries.answers.model_report import LayerGlance, ModelReport
from neuronkb.queries.result.picture import HeatMap
from neuronkb.schema import QueryError

from tests import everything, lined
from tests.everything import BASE, MONTHS, NEURONS, TUNED
from tests.filled import Filling


@pytest.fixture
def kb(filling: Filling, tmp_path: Path) -> KnowledgeBase:
    """The evidence of tests/everything.py."""
    return KnowledgeBase(filling.holding(everything.load), str(tmp_path / "store"))


@pytest.fixture
def told(local_filling: Filling, tmp_path: Path) -> KnowledgeBase:
    """A local store with the runs of tests/lined.py."""

    def loaded(kb: KnowledgeBase) -> None:
        for bundle in lined.bundles(tmp_path).values():
            kb.bundles.load(bundle)

    return KnowledgeBase(local_filling.of(loaded).db, str(tmp_path / "store"))


def layer(shown: ModelReport, number: int) -> LayerGlance:
    (row,) = [row for row in shown.layers if row.layer == number]
    return row


def test_layers_by_hand(kb: KnowledgeBase) -> None:
    nine = layer(kb.models.show(BASE), 9)
    assert (nine.neurons, nine.lined) == (3, 0)
    # down: June of N188 and dog of N189; up: June of N188 and June of N189.
    assert (nine.kurtosis_gate, nine.kurtosis_down, nine.coherence_gate) == (None, 4.0, None)
    assert nine.coherence_down == pytest.approx((0.8 + 0.1) / 2)
    assert nine.coherence_up == pytest.approx((0.1 + 0.7) / 2)
    assert (nine.graphs, nine.graph_f1, nine.lookup_f1, nine.random_f1) == (1, 0.85, 0.6, None)
    assert (nine.probe_f1, nine.probe_feature, nine.probe_neuron) == (0.9, "is_month", MONTHS)
    assert (nine.probe_base_f1, nine.probe_null) == (0.3, 0.4)
    assert (nine.explained, nine.explanation_score, nine.explanation_null) == (1, 0.7, 0.1)
    assert nine.explanation_formula == "correlation r"
    # The median of 8, 6 and .001 is 6; no mean reaches its standard deviation, no kurtosis 10.
    assert (nine.dead, nine.dense, nine.sparse) == (1, 0, 0)
    eight = layer(kb.models.show(BASE), 8)
    assert (eight.graph_f1, eight.lookup_f1, eight.probe_f1, eight.dead) == (0.7, 0.5, None, None)


@pytest.mark.parametrize(("share", "density", "kurtosis"), [(0.01, 1.0, 10.0), (0.9, 0.5, 1.0), (2.0, 0.0, 3.0)])
def test_counts_are_those_of_the_lists(kb: KnowledgeBase, share: float, density: float, kurtosis: float) -> None:
    wanted = [
        len({row.neuron for row in kb.queries.run(name, {"model": BASE, "top": 99, **asked})})
        for name, asked in (
            ("dead_neurons", {"share": share}),
            ("dense_neurons", {"least": density}),
            ("sparse_neurons", {"least": kurtosis}),
        )
    ]
    (row,) = kb.queries.run("activity_layers", model=BASE, share=share, density=density, kurtosis=kurtosis)
    assert [row.dead, row.dense, row.sparse] == wanted


def test_relatives_concepts_reports_and_runs(kb: KnowledgeBase) -> None:
    shown = kb.models.show(BASE)
    (tuned,) = shown.relatives
    assert (tuned.model, tuned.relation, tuned.mean_cosine) == (TUNED, "fine-tune", 0.9)
    assert tuned.command == f"neuronkb links diff {BASE} {TUNED}"
    assert [one.relation for one in kb.models.show(TUNED).relatives] == ["base"]
    assert [run.run for run in shown.runs][:2] == ["clamp-1", "explain-1"]
    assert {link.report for link in shown.reports if link.there} == {
        "n2g report",
        "probes report",
        "explanations report",
        "causal report",
    }
    lacking = {link.report: link.command for link in kb.models.show(TUNED).reports if not link.there}
    assert lacking["causal report"] == f"neuronkb causal ingest {TUNED}"
    assert "probes report" not in lacking
    assert shown.facts["layers"] == 18


def test_of_several_runs_the_newest_that_has_the_layer_counts(kb: KnowledgeBase) -> None:
    newer = {"id": f"{MONTHS}/graph/1/n2g-2", "pole": 1, "run": "n2g-2", "status": "ok", "f1": 0.2, "null": 0.1}
    run = {"id": "n2g-2", "job": "n2g", "model": BASE, "parameters": "{}", "started": "2026-02-01T00:00:00Z"}
    edge = {"start": MONTHS, "end": newer["id"], "pole": 1, "run": "n2g-2"}
    everything.load(kb.db, {"Run": [run], "Graph": [newer], "Neuron.HAS_GRAPH.Graph": [edge]})
    shown = kb.models.show(BASE)
    assert (layer(shown, 9).graph_f1, layer(shown, 8).graph_f1) == (0.2, 0.7)


def test_it_is_worked_out_once_until_a_run_goes(told: KnowledgeBase) -> None:
    first = told.models.show("m")
    assert layer(first, 0).graphs
    told.db.write("MATCH (g:Graph) SET g.f1 = 0.0")  # no evidence comes or goes in this way
    assert told.models.show("m") == first
    told.runs.remove("n2g-1")
    assert layer(told.models.show("m"), 0).graphs is None


def test_a_concept_that_a_neuron_names_is_kept_whole(told: KnowledgeBase) -> None:
    first = told.models.show("m").concepts
    assert [(one.name, one.ends[0].neuron in lined.NEURONS) for one in first] == [("months", True)]
    assert told.models.show("m").concepts == first == told.words.concepts(["months"], model="m").concepts


def test_it_shows_itself(kb: KnowledgeBase) -> None:
    captions = [section.caption for section in kb.models.show(BASE).sections()]
    picture = kb.models.show(BASE).sections()[1].picture
    assert isinstance(picture, HeatMap)
    assert "coherence gate" not in picture.columns
    assert picture.values[1][picture.columns.index("graph F1")] == 0.85
    assert captions == ["Model", "Layers", "Base and fine-tunes", "Reports", "Runs"]
    with pytest.raises(QueryError, match="no model 'gemma-3-270' in the store; did you mean"):
        kb.models.show("gemma-3-270")


def test_a_neuron_at_random_has_a_line_above_chance(told: KnowledgeBase) -> None:
    said = {name for name, line in lined.LINES.items() if line.source not in (None, "nothing")}
    assert told.neurons.random().neuron in said
    seeded = Random(7)
    drawn = [surprise(told.session, None, True, seeded) for _ in range(30)]
    assert {one.neuron for one in drawn} == said
    assert all(one.line == lined.LINES[one.neuron] for one in drawn)
    assert {surprise(told.session, "m", False, seeded).neuron for _ in range(40)} == set(lined.NEURONS)


def test_where_no_line_is_above_chance_any_neuron_is_to_be_asked_for(kb: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match=r"no neuron has a line above chance; .*--no-explained"):
        kb.neurons.random()
    assert kb.neurons.random(explained=False, model=BASE).neuron in NEURONS
    with pytest.raises(QueryError, match="no model 'x' in the store"):
        kb.neurons.random(model="x")
