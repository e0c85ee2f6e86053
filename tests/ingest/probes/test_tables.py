"""Evidence tables of probes: ids, floors, ranks and words, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from neuronkb.ingest.probes.tables import (
    FeatureRecord,
    ProbeRecord,
    base_f1,
    detects_tables,
    feature_tables,
    feature_words,
    probe_tables,
    score_matrix,
)
from neuronkb.schema import SchemaError

F1 = np.array([[0.9, 0.2, 0.9, np.nan], [0.1, 0.3, np.nan, 0.2]])


def detects(floor: float, best: int = 1) -> list[dict[str, object]]:
    tables = detects_tables(
        "m",
        3,
        "r",
        "mean_diff",
        ["d/a", "d/b"],
        {"f1": F1, "mcc": F1 / 2, "coef": -F1},
        {"base_f1": base_f1([0.5, 0.2]), "n": [10, 20], "null": [0.4, None], "split": ["grouped", "grouped"]},
        floor=floor,
        best=best,
    )
    assert [row["id"] for row in tables["Neuron"].to_pylist()] == sorted(
        {row["start"] for row in tables["Neuron.DETECTS.Feature"].to_pylist()}
    )
    assert tables["Neuron.IN_MODEL.Model"].column("end").unique().to_pylist() == ["m"]
    rows: list[dict[str, object]] = tables["Neuron.DETECTS.Feature"].to_pylist()
    return rows


def test_pairs_above_the_floor_and_the_best_of_each_feature_below_it() -> None:
    rows = detects(0.5)
    assert [(r["start"], r["end"], r["f1"], r["rank"]) for r in rows] == [
        ("m/L3/N0", "d/a", 0.9, 1),
        ("m/L3/N2", "d/a", 0.9, 2),
        ("m/L3/N1", "d/b", 0.3, 1),
    ]
    first, last = rows[0], rows[-1]
    assert (first["mcc"], first["coef"], first["n"], first["null"]) == (0.45, -0.9, 10, 0.4)
    assert (last["n"], last["null"], last["base_f1"]) == (20, None, pytest.approx(0.4 / 1.2))
    assert {(r["method"], r["run"], r["imported"], r["split"]) for r in rows} == {("mean_diff", "r", False, "grouped")}


def test_a_floor_of_zero_keeps_all_that_were_fitted() -> None:
    assert len(detects(0.0)) == 6
    assert len(detects(0.5, best=0)) == 2
    assert len(detects(0.5, best=2)) == 4


def test_the_whole_matrix_keeps_every_pair() -> None:
    same = dict.fromkeys(("f1", "mcc", "auc", "mean_difference"), F1)
    matrix = score_matrix(3, "logistic", ["d/a", "d/b"], same)["ProbeScores"]
    assert matrix.column("feature").to_pylist() == ["d/a", "d/b"]
    assert set(matrix.column("layer").to_pylist()) == {3}
    np.testing.assert_array_equal(np.array(matrix.column("f1").to_pylist()), F1.astype(np.float32))
    with pytest.raises(SchemaError, match="required column"):
        score_matrix(3, "logistic", ["d/a", "d/b"], {"f1": F1})


def test_base_f1_is_that_of_always_yes() -> None:
    truth = np.array([1, 0, 0, 0, 1, 0, 0, 0])
    precision, recall = truth.mean(), 1.0
    assert base_f1(truth.mean()) == pytest.approx(2 * precision * recall / (precision + recall))


def test_features_with_their_names_and_words() -> None:
    tables = feature_tables(
        [
            FeatureRecord("europarl", "fr", "is_french", aliases=("french",), n=10, positives=1, base_rate=0.1),
            FeatureRecord("compound_words", "prime-factors"),
        ]
    )
    french, prime = tables["Feature"].to_pylist()
    assert (french["id"], french["name"], french["aliases"]) == ("europarl/fr", "is_french", ["french", "fr"])
    assert (french["n"], french["positives"], french["base_rate"], french["seed"]) == (10, 1, 0.1, None)
    assert (prime["id"], prime["name"], prime["aliases"]) == ("compound_words/prime-factors", "prime-factors", [])
    assert tables["Term"].column("id").to_pylist() == ["french", "prime", "factors"]
    assert tables["Feature.NAMED.Term"].to_pylist() == [
        {"start": "europarl/fr", "end": "french"},
        {"start": "compound_words/prime-factors", "end": "prime"},
        {"start": "compound_words/prime-factors", "end": "factors"},
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("is_french", ["french"]),
        ("has_leading_space", ["leading", "space"]),
        ("upos_NOUN", ["noun"]),
        ("is", ["is"]),
        ("Person_1", ["person"]),
        ("C++", []),
        ("Gender_Fem", ["gender", "fem"]),
        ("living-room living", ["living", "room"]),
    ],
)
def test_words_of_a_name(name: str, words: list[str]) -> None:
    assert feature_words(name) == words


def test_probes_with_their_neurons_largest_coefficient_first() -> None:
    values = {"f1": np.float64(0.75), "gap": 0.0, "cuts": np.int64(3), "status": "optimal", "auc": float("nan")}
    tables = probe_tables([ProbeRecord("d/a", "m", 2, "optimal", [7, 1], [0.5, -2.0], values)], "r")
    (probe,) = tables["Probe"].to_pylist()
    assert probe["id"] == "d/a/optimal/2/L2/r"
    assert (probe["k"], probe["layer"], probe["model"], probe["f1"], probe["cuts"]) == (2, 2, "m", 0.75, 3)
    assert (probe["status"], probe["gap"], probe["auc"], probe["imported"]) == ("optimal", 0.0, None, False)
    assert tables["Probe.FOR.Feature"].to_pylist() == [{"start": probe["id"], "end": "d/a", "run": "r"}]
    uses = tables["Probe.USES.Neuron"].to_pylist()
    assert [(u["end"], u["coef"], u["rank"]) for u in uses] == [("m/L2/N1", -2.0, 1), ("m/L2/N7", 0.5, 2)]
    assert set(tables["Neuron"].column("id").to_pylist()) == {"m/L2/N1", "m/L2/N7"}


def test_nothing_found_is_empty_tables_and_an_unknown_property_is_refused() -> None:
    assert {name: rows.num_rows for name, rows in probe_tables([], "r").items()} == dict.fromkeys(
        ("Neuron", "Neuron.IN_MODEL.Model", "Probe", "Probe.FOR.Feature", "Probe.USES.Neuron"), 0
    )
    assert all(not rows.num_rows for rows in feature_tables([]).values())
    assert not detects_tables("m", 0, "r", "f", [], {"f1": np.empty((0, 4))})["Neuron"].num_rows
    with pytest.raises(SchemaError, match="unknown column 'score'"):
        probe_tables([ProbeRecord("d/a", "m", 2, "optimal", [7], [0.5], {"score": 1.0})], "r")
