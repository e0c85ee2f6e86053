"""A neuron that is known: its graph says so. And the script's extraction beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from neuronkb.ingest.corpus import Corpus
from neuronkb.ingest.n2g.engine import Engine, Target
from neuronkb.ingest.n2g.evaluate import judge
from neuronkb.ingest.n2g.extract import Surroundings, extract, status_of
from neuronkb.ingest.n2g.graph import Graph
from neuronkb.ingest.n2g.paper import extract_paper
from neuronkb.ingest.n2g.passes import Passes
from neuronkb.ingest.n2g.pivots import find_pivots, loosen, prune, weigh
from neuronkb.ingest.n2g.predict import predictor
from neuronkb.ingest.n2g.propose import SubjectProposer
from neuronkb.ingest.n2g.settings import Settings
from neuronkb.ingest.n2g.windows import Material, read, select
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.tests.ingest.n2g import planted

TARGETS = [Target(0, planted.NEURON), Target(0, planted.ALWAYS), Target(0, planted.DEAD)]
SETTINGS = Settings(random=16, substitutes=3)


@pytest.fixture(scope="module")
def materials(live: LiveModel, corpus: Corpus) -> list[Material]:
    assert live.subject is not None
    passes = Passes(live, corpus, TARGETS)
    return read(passes, live.subject.vocabulary.texts, select(passes, SETTINGS))


def around(live: LiveModel, engine: Engine) -> Surroundings:
    assert live.subject is not None
    vocabulary = live.subject.vocabulary
    return Surroundings((1,), 0, vocabulary.texts, SubjectProposer(live, vocabulary, engine))


def built(live: LiveModel, materials: list[Material], settings: Settings = SETTINGS) -> list[Graph]:
    engine = Engine(live, TARGETS, share=settings.algorithm != "paper")
    return (extract_paper if settings.algorithm == "paper" else extract)(
        engine, materials, around(live, engine), settings
    )


def test_the_known_path_is_found_and_nothing_else_fires(live: LiveModel, materials: list[Material]) -> None:
    graph = built(live, materials, replace(SETTINGS, ngram=0))[0]
    firing = [path for path in graph.paths() if path[-1].end is not None and path[-1].end.value >= SETTINGS.cut]
    assert [[(node.match, node.key) for node in path] for path in firing] == [
        [("token", " version"), ("any", ""), ("token", " license")]
    ]
    assert firing[0][2].importance == pytest.approx(1.0, abs=0.01)
    assert set(graph.activating) == {" version"}
    assert graph.context[" license"].importance == pytest.approx(1.0, abs=0.01)


def test_it_predicts_texts_it_has_not_seen_and_lookups_do_not(live: LiveModel, materials: list[Material]) -> None:
    graph = built(live, materials)[0]
    found = judge(graph, materials[0], SETTINGS)
    assert found.graph.f1 == 1.0
    assert found.null is not None
    assert found.null < 0.9
    tokens = [" license", " word24", " version", " version", " comma", " word3", " version"]
    assert (predictor(graph).predict(tokens) >= SETTINGS.cut).tolist() == [False, False, True, *[False] * 4]


def test_a_word_that_needs_no_context_is_a_path_of_one(live: LiveModel, materials: list[Material]) -> None:
    graph = built(live, materials)[1]
    assert [(path[0].key, len(path)) for path in graph.paths()] == [(" license", 1)]
    assert judge(graph, materials[1], SETTINGS).graph.f1 == 1.0


def test_a_dead_neuron_is_told_so(live: LiveModel, materials: list[Material]) -> None:
    assert [status_of(material, SETTINGS) for material in materials] == ["ok", "ok", "dead"]
    assert len(built(live, materials)[2]) == 0
    scores = judge(Graph(()), materials[2], SETTINGS)
    assert (scores.graph.f1, scores.graph.support, scores.null) == (None, 0, None)


def test_dense_and_constant_neurons_are_told_so(materials: list[Material]) -> None:
    def with_values(value: float, other: float) -> Material:
        made = replace(materials[0], maximum=value, own=dict(materials[0].own), shared=dict(materials[0].shared))
        for windows in (made.own, made.shared):
            windows["build"] = [replace(w, values=np.full(len(w.values), value)) for w in windows["build"]]
        made.own["build"][0].values[0] = other
        return made

    assert status_of(with_values(2.0, 2.0), SETTINGS) == "constant"
    assert status_of(with_values(2.0, 0.0), SETTINGS) == "dense"


def test_pruning_keeps_what_the_neuron_needs(live: LiveModel, materials: list[Material]) -> None:
    engine = Engine(live, TARGETS)
    pivots = find_pivots(0, materials[0], SETTINGS)
    assert {planted.TOKENS[pivot.window.ids[pivot.at]] for pivot in pivots} == {"▁version"}
    assert len({pivot.window.ids[pivot.at - 1 : pivot.at + 1] for pivot in pivots}) == len(pivots) > 1
    prune(engine, pivots, (1,), SETTINGS)
    assert {len(pivot.prompt) for pivot in pivots} == {1 + 3}
    weigh(engine, pivots, (1,), 0, SETTINGS)
    for pivot in pivots:
        assert pivot.important(0.5) == [2]
        assert pivot.importance[0] == pytest.approx(1.0, abs=0.01)
        assert pivot.importance[1] == pytest.approx(0.0, abs=0.01)
    loosen(engine, pivots, (1,), 0, replace(SETTINGS, gaps=True))
    # The head looks two words back and nowhere else.
    assert not any(pivot.gaps for pivot in pivots)


def test_together_and_alone_are_the_same(live: LiveModel, materials: list[Material]) -> None:
    together = built(live, materials)
    for number in range(2):
        engine = Engine(live, TARGETS[number : number + 1])
        (alone,) = extract(engine, materials[number : number + 1], around(live, engine), SETTINGS)
        assert [(n.match, n.key) for n in alone.nodes] == [(n.match, n.key) for n in together[number].nodes]


def test_the_scripts_extraction_finds_the_path_too_and_runs_far_more(
    live: LiveModel, materials: list[Material]
) -> None:
    settings = replace(SETTINGS, algorithm="paper")
    engines = {name: Engine(live, TARGETS, share=name != "paper") for name in ("neuronkb", "paper")}
    graph = extract_paper(engines["paper"], materials, around(live, engines["paper"]), settings)[0]
    assert graph.algorithm == "paper"
    paths = {tuple((node.match, node.key) for node in path) for path in graph.paths()}
    assert (("token", "version"), ("any", ""), ("token", "license")) in paths
    score = judge(graph, materials[0], settings).graph
    assert score.recall == 1.0
    sharing = Engine(live, TARGETS)
    same = extract_paper(sharing, materials, around(live, sharing), settings)[0]
    assert [(n.parent, n.match, n.key) for n in same.nodes] == [(n.parent, n.match, n.key) for n in graph.nodes]
    assert sharing.tokens < engines["paper"].tokens
    extract(engines["neuronkb"], materials, around(live, engines["neuronkb"]), SETTINGS)
    assert engines["paper"].tokens > 5 * engines["neuronkb"].tokens
