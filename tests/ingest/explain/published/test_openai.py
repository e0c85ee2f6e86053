"""OpenAI's files: every shape by its fields, its traps, and the one real record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from neuronkb.ingest.explain.published.formats import guessed
from neuronkb.schema import NeuronId, PublishedError

from tests.ingest.explain.published.reading import read, write

PUBLISHED = Path(__file__).parents[5] / "shared" / "data" / "openai"
NEURON = {"dataclass_name": "NeuronId", "layer_index": 3, "neuron_index": 7}


def sequence(tokens: list[str], true: list[float | None]) -> dict[str, Any]:
    simulation = {"tokens": tokens, "expected_activations": [0.0] * len(tokens)}
    return {"simulation": simulation, "true_activations": true, "ev_correlation_score": 0.1}


def results(*explanations: Any) -> dict[str, Any]:
    return {"neuron_id": NEURON, "scored_explanations": list(explanations)}


def scored(text: str, **scores: Any) -> dict[str, Any]:
    return {"explanation": text, "scored_simulation": scores}


def test_explanations_with_and_without_class_names(tmp_path: Path) -> None:
    sequences = [sequence([" a", f" {i}"], [1.0, float(i)]) for i in range(6)]
    scores = {"ev_correlation_score": 0.5, "rsquared_score": -0.25, "absolute_dev_explained_score": None}
    named = results(scored(" months of the year.", scored_sequence_simulations=sequences, **scores))
    named["dataclass_name"] = "NeuronSimulationResults"
    bare = {"scored_explanations": [scored("dogs", ev_correlation_score=float("nan"))]}
    write(tmp_path / "3" / "7.jsonl", [named])
    write(tmp_path / "4" / "9.jsonl", [bare])
    found = read("openai", tmp_path, model="m", explainer="gpt-4")
    assert found.texts == [("m/L3/N7", "months of the year."), ("m/L4/N9", "dogs")]
    first, second = found.explanations
    assert (first.explainer, first.method, first.kind) == ("gpt-4", "token_activations", "text")
    told = [(score.formula, score.value, score.n, score.failed, score.split) for score in first.scores]
    assert [each[1:] for each in told] == [(value, 12, 0, "top-and-random") for value in (0.5, -0.25, None)]
    assert len({each[0] for each in told}) == 3
    assert [(score.value, score.n) for score in second.scores] == [(None, None)]
    assert [(w.tokens[1], w.values, w.band) for w in found.windows] == [
        (f" {i}", (1.0, float(i)), "top" if i < 5 else "random") for i in range(6)
    ]


def test_null_and_failed_explanations_are_counted(tmp_path: Path) -> None:
    good = {"explanation": "dogs", "scored_simulation": None}
    empty = {"explanation": " ", "scored_simulation": None}
    sorry = {"explanation": "I'm sorry, but I cannot do that", "scored_simulation": None}
    write(tmp_path / "7.jsonl", [results(good, empty, sorry, {"explanation": 3}, "dogs")])
    found = read("openai", tmp_path, model="m")
    assert found.texts == [("m/L3/N7", "dogs")]
    assert found.explanations[0].scores == ()
    assert found.tally.failed == {
        "no explanation: an empty text": 1,
        "no explanation: the explainer's failure message": 1,
    }
    assert found.tally.skipped == {"explanation is no text": 1, "scored explanation is no object": 1}


def test_a_record_has_windows_and_moments(tmp_path: Path) -> None:
    def windows(*values: float) -> list[dict[str, Any]]:
        return [{"tokens": ["x", f" {value}"], "activations": [0, value]} for value in values]

    record = {
        "neuron_id": NEURON,
        "most_positive_activation_records": windows(9, 8),
        "random_sample": windows(0.1, 8),
        "random_sample_by_quantile": [windows(0.2), windows(3), windows(5), windows(7)],
        "quantile_boundaries": [None, 0.3, 4.0, 6.0, 7.5, None],
        "mean": -0.05,
        "variance": 0.25,
        "skewness": float("nan"),
        "kurtosis": 195.0,
    }
    found = read("openai", write(tmp_path / "r.json", record), model="m")
    assert [(window.values[1], window.band) for window in found.windows] == [
        (9, "top"),
        (8, "top"),
        (0.2, "0-0.5"),
        (3, "0.5-0.9"),
        (5, "0.9-0.99"),
        (7, "0.99-0.999"),
        (0.1, "random"),
        (8, "random"),
    ]
    (stats,) = found.statistics
    assert stats.unit == NeuronId("m", 3, 7)
    assert stats.facts == {"mean": -0.05, "std": 0.5, "skewness": None, "quantiles": [0.3, 4.0, 6.0, 7.5]}


def test_damaged_windows_are_counted_and_characters_mended(tmp_path: Path) -> None:
    records = [
        {"tokens": ["\ud83d", "\ude00"], "activations": [1, 2]},
        {"tokens": ["a"], "activations": [1, 2]},
        {"tokens": ["a"], "activations": [None]},
        {"tokens": [], "activations": []},
        {"tokens": ["a", 3], "activations": [1, 2]},
    ]
    record = {"neuron_id": NEURON, "most_positive_activation_records": records}
    found = read("openai", write(tmp_path / "r.json", record), model="m")
    assert [window.tokens for window in found.windows] == [("\ufffd", "\ufffd")]
    assert found.tally.skipped.total() == 4
    assert found.tally.notes[0].endswith("r.json: top window 1: a window with more tokens than activations, or fewer")


def test_the_compressed_list_of_ids(tmp_path: Path) -> None:
    rows = {"0": [3, 7, " dogs", 0.25], "1": [3, "8", "cats", None], "2": [3, -1, "birds", 0.1], "3": ["x"]}
    found = read("openai", write(tmp_path / "c.json", rows), model="m")
    assert found.texts == [("m/L3/N7", "dogs"), ("m/L3/N8", "cats")]
    assert [score.value for score in found.explanations[0].scores] == [0.25]
    assert found.explanations[1].scores == ()
    assert found.tally.skipped == {
        "neuron is no whole number from 0": 1,
        "no [layer, neuron, explanation, score]": 1,
    }


def test_token_tables_and_weights(tmp_path: Path) -> None:
    table = {"tokens": [" cat", " Dog", "x"], "average_activations": [1.0, 3.0, None]}
    side = {"tokens": [" up"], "strengths": [0.5]}
    weights = {f"{end}_{sign}": side for end in ("input", "output") for sign in ("positive", "negative")}
    write(tmp_path / "tokens" / "3" / "7.json", table)
    write(tmp_path / "weights" / "3" / "7.json", weights)
    found = read("openai", tmp_path, model="m")
    assert [(each.kind, each.pole, each.text, each.mentions) for each in found.explanations] == [
        ("token_table", 1, '" Dog", " cat", "x"', ("dog", "cat", "x")),
        ("decoded", 1, '" up"', ("up",)),
        ("decoded", -1, '" up"', ("up",)),
    ]
    assert {str(each.unit) for each in found.explanations} == {"m/L3/N7"}
    assert found.tally.skipped == {"tokens of a neuron's input weights": 2}


def test_holes_are_counted_and_what_is_no_evidence_too(tmp_path: Path) -> None:
    write(tmp_path / "3" / "7.jsonl", [results(scored("dogs", ev_correlation_score=0.5))])
    (tmp_path / "3" / "8.jsonl").write_text('{"neuron_id": {"layer_ind')
    write(tmp_path / "3" / "related.json", {"c_fc": None, "c_proj": None})
    write(tmp_path / "puzzles.json", {"colors": {"name": "colors", "explanation": "x", "false_explanations": []}})
    found = read("openai", tmp_path, model="m")
    assert len(found.explanations) == 1
    assert found.tally.failed == {"a file that cannot be read": 1}
    assert "8.jsonl:1: cut off" in found.tally.notes[0]
    assert found.tally.skipped["a puzzle, which is of no neuron"] == 1


def test_the_model_must_be_said_and_must_have_the_neuron(tmp_path: Path) -> None:
    path = write(tmp_path / "3" / "7.jsonl", [results(scored("dogs"))])
    with pytest.raises(PublishedError, match="--model, such as gpt2-xl"):
        read("openai", path)
    with pytest.raises(PublishedError, match=r"7\.jsonl:1: layer 3, and m has layers 0 to 2"):
        read("openai", path, model="m", sizes={"m": (3, 8)})
    with pytest.raises(PublishedError, match=r"neuron 7, and m has neurons 0 to 6"):
        read("openai", path, model="m", sizes={"m": (4, 7)})
    with pytest.raises(PublishedError, match="is not there"):
        read("openai", tmp_path / "nowhere", model="m")


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="OpenAI's published files (shared/data) are not here")
def test_the_real_record() -> None:
    found = read("openai", PUBLISHED, model="gpt2-xl")
    bands = [window.band for window in found.windows]
    assert {band: bands.count(band) for band in bands} == {
        "top": 50,
        "0-0.5": 20,
        "0.5-0.9": 20,
        "0.9-0.99": 20,
        "0.99-0.999": 20,
        "0.999-1": 20,
        "random": 50,
    }
    assert found.tally.skipped == {"a puzzle, which is of no neuron": 19}
    assert found.statistics[0].facts["quantiles"] == [-0.0032, 0.5005, 1.5146, 2.3789]


@pytest.mark.parametrize("number", [5, 5.0, "5", "5.0", " 5 ", "5."])
def test_whole_numbers_are_read_however_they_are_written(tmp_path: Path, number: Any) -> None:
    result = {**results(scored("dogs")), "neuron_id": {"layer_index": number, "neuron_index": number}}
    assert read("openai", write(tmp_path / "r.jsonl", [result]), model="m").texts == [("m/L5/N5", "dogs")]


@pytest.mark.parametrize("number", [5.5, "5.5", -1, -1.0, True, float("nan"), float("inf"), "", "5e0", 1e12, [5], None])
def test_what_is_no_whole_number_is_counted(tmp_path: Path, number: Any) -> None:
    result = {**results(scored("dogs")), "neuron_id": {"layer_index": number, "neuron_index": 1}}
    found = read("openai", write(tmp_path / "r.jsonl", [result]), model="m")
    assert found.items == []
    assert found.tally.skipped == {"layer_index is no whole number from 0": 1}


def test_scores_out_of_range_are_refused_and_counted(tmp_path: Path) -> None:
    values = {"ev_correlation_score": 1.7, "rsquared_score": -3.5, "absolute_dev_explained_score": 1.5}
    found = read("openai", write(tmp_path / "3" / "7.jsonl", [results(scored("dogs", **values))]), model="m")
    assert [(score.formula, score.value) for score in found.explanations[0].scores] == [("r2-uncentred", -3.5)]
    assert found.tally.skipped == {
        "a score that its formula cannot give: ev-correlation is -1 to 1": 1,
        "a score that its formula cannot give: absolute-deviation-from-0 is at most 1": 1,
    }


def test_a_damaged_file_does_not_hide_the_format(tmp_path: Path) -> None:
    (tmp_path / "0.json").write_text("{")
    write(tmp_path / "explanations" / "3" / "7.jsonl", [results(scored("dogs"))])
    assert guessed([tmp_path]) == "openai"
    for number in range(30):
        write(tmp_path / "a" / f"{number}.json", {"notes": number})
    assert guessed([tmp_path]) == "openai"
