"""Delphi's folders: scores made again from the examples, failures told from texts, and dictionaries kept apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.explain.published.delphi import CUT, latent_of, results_folders
from neuronkb.ingest.explain.published.delphi_scores import answers
from neuronkb.ingest.explain.published.formats import guessed
from neuronkb.ingest.explain.published.tally import REASONED
from neuronkb.schema import LatentId, PublishedError
from sklearn.metrics import balanced_accuracy_score, f1_score

from tests.ingest.explain.published.reading import read, write

PUBLISHED = Path(__file__).parents[5] / "shared" / "data" / "delphi_base_vs_finetune"


def example(active: Any, said: Any, distance: float = 0, key: str = "activating") -> dict[str, Any]:
    values = [0.0, 2.0 + distance] if active else [0.0, 0.0]
    return {"str_tokens": [" a", f" {distance}"], "activations": values, "distance": distance, key: active} | {
        "prediction": said,
        "correct": said == active if said is not None else None,
    }


def results(folder: Path, texts: dict[str, Any], **scores: dict[str, Any]) -> Path:
    """A results folder: texts by latent, and rows by scorer and latent."""
    for latent, text in texts.items():
        write(folder / "explanations" / f"{latent}.txt", text)
    for scorer, files in scores.items():
        for latent, rows in files.items():
            write(folder / "scores" / scorer / f"{latent}.txt", json.dumps(rows))
    return folder


def test_balanced_accuracy_and_f1_by_hand_with_the_unanswered_counted(tmp_path: Path) -> None:
    # TP 3 of 4 answered positives, TN 1 of 2 answered negatives: (3/4 + 1/2) / 2, and 2*3 / (2*3 + 1 + 1).
    rows = [example(True, said, i) for i, said in enumerate([True, True, True, False, None])]
    rows += [example(False, said, -1) for said in (False, True, None)]
    found = read(
        "delphi",
        results(tmp_path / "run", {"layers.4_latent17": '"dogs"'}, detection={"layers.4_latent17": rows}),
        model="m",
    )
    accuracy, f1 = found.score("balanced-accuracy"), found.score("f1")
    assert (accuracy.value, accuracy.n, accuracy.failed, accuracy.positives) == (0.625, 6, 2, 4)
    assert (f1.value, f1.n, f1.failed, f1.positives) == (0.75, 6, 2, 4)
    assert (accuracy.scorer, f1.scorer) == ("detection", "detection")
    assert [(window.band, window.values[1]) for window in found.windows] == [
        (f"quantile {i}", 2.0 + i) for i in range(5)
    ]
    assert found.tally.skipped == {"an example on which the latent is not active": 3}


def test_what_is_not_defined_is_null_and_not_zero(tmp_path: Path) -> None:
    scores = {
        "h_latent1": [example(True, True), example(True, False)],
        "h_latent2": [example(True, None), example(False, None)],
    }
    found = read("delphi", results(tmp_path / "run", {"h_latent1": '"a"', "h_latent2": '"b"'}, fuzz=scores), model="m")
    assert found.score("balanced-accuracy").value is None
    assert found.score("f1").value == pytest.approx(2 / 3)
    assert found.score("f1").scorer == "fuzzing"
    second = found.explanations[1].scores
    assert [(score.value, score.n, score.failed) for score in second] == [(None, 0, 2)] * 2


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
@settings(max_examples=30, deadline=None)
def test_scores_are_scikit_learns(pairs: list[tuple[bool, bool]]) -> None:
    found = answers([example(active, said) for active, said in pairs])
    truth, said = zip(*pairs, strict=True)
    if len(set(truth)) == 2:
        assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, said))
    else:
        assert found.balanced_accuracy is None
    if any(truth):
        assert found.f1 == pytest.approx(f1_score(truth, said))
    else:
        assert found.f1 is None


def test_old_keys_numbers_for_answers_and_texts_for_nan(tmp_path: Path) -> None:
    old = [example(1, 0.75, key="ground_truth"), example(0, 0.25, key="ground_truth"), example(1, "nan")]
    groups = [
        {"distance": 0, "ev_correlation_score": 0.5, "rsquared_score": 0, "scored_sequence_simulations": []},
        {"distance": 3, "ev_correlation_score": "nan", "rsquared_score": 0},
    ]
    folder = results(
        tmp_path / "run", {"h_latent1": "a bare text"}, detection={"h_latent1": old}, simulation={"h_latent1": groups}
    )
    found = read("delphi", folder, model="m")
    assert found.texts == [("m/run/h/1", "a bare text")]
    assert (found.score("f1").value, found.score("f1").failed) == (1.0, 1)
    simulated = [score for score in found.explanations[0].scores if score.scorer == "correlation"]
    assert [(score.value, score.split) for score in simulated] == [(0.5, "all"), (None, "quantile 2")]


def test_failures_are_failures_and_never_texts(tmp_path: Path) -> None:
    texts = {
        "h_latent1": '"Explanation could not be parsed."',
        "h_latent2": '""',
        "h_latent3": "3",
        "h_latent4": '["a", "b"]',
        "h_latent5": '"Error: the server is gone"',
        "h_latent6": '"Errors that programs print."',
        "h_latent7": '"cut o',
    }
    found = read("delphi", results(tmp_path / "run", texts, detection={"h_latent1": [example(True, True)]}), model="m")
    assert found.texts == [("m/run/h/3", "3"), ("m/run/h/6", "Errors that programs print.")]
    assert found.tally.failed == {
        "no explanation: the explainer's failure message": 2,
        "no explanation: an empty text": 1,
        "a file that cannot be read": 1,
    }
    assert found.tally.skipped == {"the explanation is no text": 1, "scores of a latent whose explanation failed": 2}
    assert any("h_latent7.txt:1: cut off" in note for note in found.tally.notes)


def test_a_text_that_runs_on_is_cut_and_remarked(tmp_path: Path) -> None:
    text = "Dividends.\n\nExample 2: to <<Capitalize>>\n[EXPLANATION]: Copper."
    found = read("delphi", results(tmp_path / "run", {"h_latent1": json.dumps(text)}), model="m")
    (explanation,) = found.explanations
    assert (explanation.text, explanation.mentions) == ("Dividends.", ("dividends",))
    assert explanation.description_length == len(text)
    assert found.tally.remarks == {CUT: 1}


def test_names_of_latents_and_hookpoints() -> None:
    assert latent_of(Path("layers.10.mlp_latent131.txt")) == ("layers.10.mlp", 131)
    assert latent_of(Path("model--layers.3_latent0.txt")) == ("model/layers.3", 0)
    assert latent_of(Path("notes.txt")) == (None, 0)


def test_scores_of_nobody_and_files_of_no_latent_are_counted(tmp_path: Path) -> None:
    folder = results(
        tmp_path / "run", {"h_latent1": '"a"', "notes": "x"}, detection={"h_latent2": []}, surprisal={"h_latent1": []}
    )
    found = read("delphi", folder, model="m")
    assert found.tally.skipped == {
        "scores of a latent without an explanation": 1,
        "a file that is no {hookpoint}_latent{number}.txt": 1,
        "scores of a kind that is not read: surprisal": 1,
    }


def test_a_run_says_its_model_dictionary_and_explainer(tmp_path: Path) -> None:
    folder = results(tmp_path / "run", {"h_latent1": '"a"'}, detection={"h_latent1": [example(True, True)]})
    write(folder / "run_config.json", {"model": "org/m", "sparse_model": "org/transcoder", "explainer_model": "llama"})
    found = read("delphi", folder)
    (explanation,) = found.explanations
    assert (str(explanation.unit), explanation.explainer) == ("org/m/org/transcoder/h/1", "llama")
    assert explanation.scores[0].simulator == "llama"
    assert found.reader.dictionaries["org/transcoder/h"].kind == "transcoder"
    assert found.reader.dictionaries["org/transcoder/h"].hook == "h"
    (renamed,) = read("delphi", folder, model="mine", source="sae").explanations
    assert renamed.unit == LatentId("mine", "sae", 1)


def test_two_dictionaries_never_become_one(tmp_path: Path) -> None:
    for name in ("base", "tuned"):
        results(tmp_path / name, {"h_latent1": json.dumps(name)})
    assert [folder.name for folder in results_folders(tmp_path)] == ["base", "tuned"]
    with pytest.raises(PublishedError, match="each results folder, with its own --model"):
        read("delphi", tmp_path, model="m")
    with pytest.raises(PublishedError, match="say which is meant with --model"):
        read("delphi", tmp_path / "base")
    with pytest.raises(PublishedError, match="--source names one dictionary, and there are 2 results folders"):
        read("delphi", [tmp_path / "base", tmp_path / "tuned"], model="m", source="sae")
    both = read("delphi", [tmp_path / "base", tmp_path / "tuned"], model="m")
    assert both.texts == [("m/base/h/1", "base"), ("m/tuned/h/1", "tuned")]
    with pytest.raises(PublishedError, match="no folder 'explanations'"):
        read("delphi", tmp_path / "base" / "explanations" / "h_latent1.txt", model="m")


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="Delphi's published results (shared/data) are not here")
@pytest.mark.parametrize("name", ["base_model_layer4", "finetuned_model_layer10"])
def test_the_real_results_against_scikit_learn(name: str) -> None:
    found = read("delphi", PUBLISHED / name, model="m")
    assert len(found.explanations) == 10
    for explanation in found.explanations:
        assert isinstance(explanation.unit, LatentId)
        file = (
            PUBLISHED
            / name
            / "scores"
            / "detection"
            / f"layers.{name[-2:].strip('r')}_latent{explanation.unit.index}.txt"
        )
        rows = [row for row in json.loads(file.read_text()) if row["prediction"] is not None]
        truth, said = [row["activating"] for row in rows], [row["prediction"] for row in rows]
        accuracy, f1 = explanation.scores
        assert (accuracy.formula, f1.formula) == ("balanced-accuracy", "f1")
        assert accuracy.n == f1.n == len(rows)
        if len(set(truth)) == 2:
            assert accuracy.value == pytest.approx(balanced_accuracy_score(truth, said))
        else:
            assert accuracy.value is None
        if rows:
            assert f1.value == pytest.approx(f1_score(truth, said))


def test_a_config_with_half_a_character_is_named(tmp_path: Path) -> None:
    folder = results(tmp_path / "run", {"layers.4_latent17": '"dogs"'})
    write(folder / "run_config.json", json.dumps({"model": "m\ud800"}))
    with pytest.raises(PublishedError, match=r"run_config\.json:1: holds half a character"):
        read("delphi", folder)


def test_a_folder_of_today_has_its_failures_counted_and_its_reasoning_taken_off(tmp_path: Path) -> None:
    texts = {
        "h_latent0": "months of the year",
        "h_latent1": "Explanation generation failed (Timeout): no answer",
        "h_latent2": "I need more examples to determine the pattern.",
        "h_latent3": "Unable to determine a consistent pattern.",
        "h_latent4": "<think>\nIt is always a month.\n</think>\n\nmonths",
        "h_latent5": "As an AI language model, I cannot determine what this latent does.",
        "h_latent6": "<think>\nIt is always",
        "h_latent7": "error messages of compilers",
    }
    folder = results(tmp_path / "run", {name: json.dumps(text) for name, text in texts.items()})
    found = read("delphi", folder, model="m")
    assert found.texts == [
        ("m/run/h/0", "months of the year"),
        ("m/run/h/4", "months"),
        ("m/run/h/7", "error messages of compilers"),
    ]
    assert found.tally.failed == {
        "no explanation: the explainer's failure message": 4,
        "no explanation: reasoning without an answer": 1,
    }
    assert found.tally.remarks == {REASONED: 1}


def test_what_lies_beside_the_texts_is_passed_over(tmp_path: Path) -> None:
    folder = results(tmp_path / "run", {"h_latent1": '"a"', "._h_latent1": "\x00"})
    write(folder / "run_config.json", {"model": "m", "sparse_model": "sae"})
    write(folder / "latents" / "h" / "config.json", {})
    (folder / "log").mkdir()
    (folder / "visualize" / "explanations").mkdir(parents=True)
    write(folder / ".ipynb_checkpoints" / "explanations" / "h_latent1.txt", "old")
    for paths in ([folder], sorted(folder.iterdir())):
        assert guessed(paths) == "delphi"
        assert read("delphi", paths).texts == [("m/sae/h/1", "a")]
    assert read("delphi", folder, model="other").texts == [("other/sae/h/1", "a")]


def test_files_of_the_older_name_are_read(tmp_path: Path) -> None:
    folder = results(tmp_path / "run", {"h_feature3": '"a"'}, detection={"h_feature3": [example(True, True)]})
    assert guessed([folder]) == "delphi"
    found = read("delphi", folder, model="m")
    assert (found.texts, found.score("f1").value) == ([("m/run/h/3", "a")], 1.0)


def test_a_correlation_that_none_can_be_is_refused_and_counted(tmp_path: Path) -> None:
    groups = [{"distance": i, "ev_correlation_score": value} for i, value in enumerate(["0.5", 1.7, -1.0000001])]
    found = read("delphi", results(tmp_path / "run", {"h_latent1": "a"}, simulation={"h_latent1": groups}), model="m")
    assert [score.value for score in found.explanations[0].scores] == [0.5, -1.0]
    assert found.tally.skipped == {"a score that its formula cannot give: ev-correlation is -1 to 1": 1}
    assert found.tally.notes[0].endswith("h_latent1.txt: ev-correlation is 1.7, expected -1 to 1")
