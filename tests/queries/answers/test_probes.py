"""What probes say, on each store, of a small model whose probes are known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from neuronkb.ingest.progress import silent
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.write import write_and_load
from neuronkb.kb.stores.base import Store
from neuronkb.queries import by_feature, card, feature_probes, probe_report, query
from neuronkb.schema import NeuronId, QueryError

from tests.filled import Filling
from tests.probed import BASE, K_F1, MODEL, ProbedJob


@pytest.fixture
def reader(filling: Filling) -> Store:

    def probed(kb: KnowledgeBase) -> None:
        write_and_load(ProbedJob(), kb.db, kb.place.folder / "probes", clash="refuse", progress=silent)

    return filling.of(probed).db


@pytest.mark.parametrize("name", ["is_french", "fr", "IS_FRENCH", "french", "texts/is_french"])
def test_a_feature_goes_by_all_its_names(reader: Store, name: str) -> None:
    found = by_feature(reader, name, least=0.6).detections
    assert [(d.neuron, d.f1) for d in found] == [("m/L1/N0", 0.95), ("m/L1/N2", 0.85), ("m/L0/N1", 0.7)]
    first = found[0]
    assert first.mcc == pytest.approx(0.85)
    assert (first.base_f1, first.rotated, first.imported) == (0.4, 0.45, False)
    assert (first.method, first.runs, first.name) == ("logistic", ("probes-hand",), "is_french")


def test_floor_model_run_and_number_of_rows(reader: Store) -> None:
    assert [d.neuron for d in by_feature(reader, "fr", least=0.85).detections] == ["m/L1/N0", "m/L1/N2"]
    assert [d.neuron for d in by_feature(reader, "fr", top=1).detections] == ["m/L1/N0"]
    assert by_feature(reader, "fr", run="another").detections == ()
    assert len(by_feature(reader, "fr", model=MODEL).detections) == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("is_frensh", r"no feature 'is_frensh' in the store; did you mean is_french"),
        ("nouns", r"did you mean noun\?"),
        ("zzzz", r"known: de, fr, is_french, is_german, noun$"),
    ],
)
def test_an_unknown_feature_is_answered_with_near_names(reader: Store, name: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        by_feature(reader, name)


def test_unknown_models_and_a_store_without_features(reader: Store) -> None:
    with pytest.raises(QueryError, match="no model 'n' in the store; known: m"):
        by_feature(reader, "fr", model="n")
    with pytest.raises(QueryError, match="no model 'n'"):
        probe_report(reader, "n")
    reader.write("MATCH (f:Feature) DETACH DELETE f")
    with pytest.raises(QueryError, match="the store has none; neuronkb probes ingest"):
        by_feature(reader, "fr")


def test_the_best_neuron_of_each_layer_and_f1_against_k(reader: Store) -> None:
    found = feature_probes(reader, "fr")
    assert [feature.positives for feature in found.features] == [20]
    assert [(b.layer, b.neuron, b.f1) for b in found.layers] == [(0, "m/L0/N1", 0.7), (1, "m/L1/N0", 0.95)]
    assert [(c.layer, c.k, c.f1) for c in found.curves] == [(layer, (1, 2, 3), f1) for layer, f1 in K_F1.items()]
    assert {(c.method, c.rotated, c.gap, c.status) for c in found.curves} == {
        ("optimal", (0.5,) * 3, (0.0,) * 3, ("optimal",) * 3)
    }


def test_a_layer_where_nothing_reaches_the_floor_still_shows_its_best(reader: Store) -> None:
    found = feature_probes(reader, "is_german")
    assert [(b.layer, b.neuron, b.f1) for b in found.layers] == [(0, "m/L0/N2", 0.3), (1, "m/L1/N2", 0.8)]
    assert found.curves == ()


def test_superposition_of_all_features_and_models(reader: Store) -> None:
    rows = query("superposition").run(reader, features=None, model=None, run=None).dicts()
    assert [(row["name"], row["model"], row["layer"], row["k"]) for row in rows] == [
        ("is_french", "m", 0, [1, 2, 3]),
        ("is_french", "m", 1, [1, 2, 3]),
    ]


def test_a_report_tells_neurons_of_one_feature_from_those_of_several(reader: Store) -> None:
    found = probe_report(reader, MODEL)
    assert [(b.name, b.neuron, b.f1) for b in found.best_of_features] == [
        ("is_french", "m/L1/N0", 0.95),
        ("noun", "m/L0/N2", 0.95),
        ("is_german", "m/L1/N2", 0.8),
    ]
    assert len(found.best) == 6
    assert [(c.neuron, c.told[0].name) for c in found.monosemantic] == [("m/L0/N2", "noun"), ("m/L1/N0", "is_french")]
    (several,) = found.polysemantic
    assert several.neuron == "m/L1/N2"
    assert [(one.name, one.f1) for one in several.told] == [("is_french", 0.85), ("is_german", 0.8), ("noun", 0.92)]
    assert several.told[2].share == pytest.approx((0.92 - BASE[2]) / (1 - BASE[2]))


def test_the_report_takes_its_thresholds(reader: Store) -> None:
    strict = probe_report(reader, MODEL, high=0.96)
    assert strict.monosemantic == ()
    # At 0.04 the French neuron's noun (0.81 of 0.8) counts too.
    fine = probe_report(reader, MODEL, low=0.04)
    assert "m/L1/N0" not in [c.neuron for c in fine.monosemantic]
    assert "m/L1/N0" in [c.neuron for c in fine.polysemantic]
    assert len(probe_report(reader, MODEL, top=1).monosemantic) == 1


def test_a_card_has_what_the_neuron_detects(reader: Store) -> None:
    found = card(reader, NeuronId("m", 1, 2)).detects
    assert [(d.name, d.f1) for d in found] == [("noun", 0.92), ("is_french", 0.85), ("is_german", 0.8)]
    assert card(reader, NeuronId("m", 0, 1)).place == "layer 0 of 2, neuron 1 of 4"


def test_neurons_by_a_word_of_the_feature(reader: Store) -> None:
    rows = query("detectors_of_word").run(reader, word="french", least=0.8).dicts()
    assert [(row["neuron"], row["feature"], row["f1"]) for row in rows] == [
        ("m/L1/N0", "is_french", 0.95),
        ("m/L1/N2", "is_french", 0.85),
    ]


def test_the_pages_own_cypher(reader: Store) -> None:
    page = (Path(__file__).parents[3] / "docs" / "probes.md").read_text("utf-8")
    french, superposition, both = (
        reader.read(text).rows for text in re.findall(r"```cypher\n(.*?)```", page, re.DOTALL)
    )
    assert french == [("m", 1, "m/L1/N0", 0.95)]
    assert superposition == [
        ("is_french", "m", layer, "optimal", [1, 2, 3], list(f1)) for layer, f1 in sorted(K_F1.items())
    ]
    assert both == []
    reader.write(
        "MATCH (n:Neuron {id: 'm/L1/N2'}), (w:Term {id: 'french'}) CREATE (t:Token {id: 't/T1', text: ' French'}) "
        "CREATE (n)-[:DECODES_TO {z: 4.5}]->(t) CREATE (t)-[:SPELLS]->(w)"
    )
    third = re.findall(r"```cypher\n(.*?)```", page, re.DOTALL)[2]
    assert reader.read(third).rows == [("m/L1/N2", 0.85, 4.5)]
