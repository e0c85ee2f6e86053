"""What is said of explanations, as records: the headline first, every door draws them, and no number is lost."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from neuronkb.kb.cli.emit import FORMATS, Sink, emit, written
from neuronkb.kb.jobs.embed import EmbeddingReport
from neuronkb.kb.jobs.explanations import ExplanationLoad
from neuronkb.kb.jobs.import_explanations import NOTES, ExplanationsReport, ModelImport
from neuronkb.kb.load.report import LoadReport
from neuronkb.kb.search.matrix import Built
from neuronkb.kb.search.records import Behind, Found, Hit, Reason
from neuronkb.queries.answers.explanation_report import ExplanationReport, LayerScore
from neuronkb.queries.answers.explanations import Explained, ExplanationView, ScoreView
from neuronkb.queries.answers.ratings import PairAgreement, RaterAgreement, RatingReport
from neuronkb.queries.result.record import Record
from neuronkb.queries.statistics.ranks import correlate, preferences

MODEL = "google/gemma-3-270m"


def score(scorer: str, formula: str, value: float | None, split: str | None = "top-and-random") -> ScoreView:
    return ScoreView("x-1", scorer, formula, split, value, 0.0312345, 640, 1, None, "gpt", None, 0)


def view(
    rank: int | None = 1, *scores: ScoreView, kind: str = "text", text: str = "names of months"
) -> ExplanationView:
    unit = f"{MODEL}/L9/N188"
    return ExplanationView(
        f"{'e' * 20}{rank}", unit, "x-1", 1, rank, kind, text, "gpt-4o-mini", "both", 15, None, scores
    )


EXPLAINED = Explained(
    f"{MODEL}/L9/N188",
    (
        view(1, score("correlation", "ev-correlation", 0.71234), score("detection", "balanced-accuracy", 0.8)),
        view(2, score("detection", "f1", None, None)),
        view(None, kind="token_table", text="token " * 90),
    ),
)


def layer_score(layer: int, explainer: str, split: str, mean: float, formula: str = "ev-correlation") -> LayerScore:
    kind = "token_table" if explainer == "token table" else "text"
    numbers = (9, 8, mean, 0.0212345, 0.9, 1024.4)
    return LayerScore("x-1", layer, kind, explainer, "correlation", formula, split, None, *numbers, 640, 64)


LAYERS = [
    layer_score(layer, explainer, split, 0.1 * layer + 0.123456)
    for layer in (0, 9, 17)
    for explainer in ("gemma-3-270m", "token table")
    for split in ("top-and-random", "random-only")
]
REPORT = ExplanationReport(
    MODEL,
    (*LAYERS, layer_score(0, "gemma-3-270m", "top-and-random", -31214.2, "r2-uncentred")),
    {"x-1": {"sides": 27, "dead": 3, "unexplained": 1, "failures": {"refused": 2}}},
)


def hit(unit: str, model: str | None) -> Hit:
    near = Reason("decoded", 1, 0.71234, 0.41234, 0.000123456, "down", 1, "lm-1", ("dog", "hound"))
    typed = Reason("word", 12, by_chance=1234.56, words=("dog",))
    said = Reason("explanation", 3, 0.5, 0.4, None, None, -1, "x-1", (), "names of dogs and other animals " * 3)
    return Hit(unit, model, 9, 0.03279, (near, said, typed, replace(near, rank=99, text="the fourth")))


FOUND = Found("dogs", (hit(f"{MODEL}/L17/N2047", MODEL), hit(f"{MODEL}/L0/N3", MODEL)), "MiniLM", {"word": "as typed"})
SEVERAL = replace(FOUND, hits=(*FOUND.hits, hit("gpt2-small/6-res-jb/7", "gpt2-small")))
LOAD = LoadReport("x-1", {"Explanation": 9}, left_out={"Finding": 2})
IMPORT = ModelImport(
    "gpt2-small",
    {"explanations": 1200, "files": 2},
    {"explanations": 1100, "files": 2},
    {"explanations": 50},
    {"no explanation: the explainer's failure message": 40},
    {"index is no whole number from 0": 10},
    {"windows cut": 3},
    tuple(f"batch-0.jsonl:{i}: why" for i in range(NOTES + 2)),
    LOAD,
)
IMPORTED = ExplanationsReport("neuronpedia", True, (IMPORT, replace(IMPORT, model="", load=None)))
ANN = RaterAgreement(
    "ann",
    "rating-1-5",
    4,
    3.5,
    1.25,
    correlate([0.1, 0.2, 0.9], [1, 2, 5]),
    tuple(preferences([([0.1, 0.2, 0.9], [1, 1, 5])])),
)
RATINGS = RatingReport(
    "base",
    "ev-correlation",
    "top-and-random",
    (ANN, replace(ANN, rater=None)),
    (PairAgreement("ann", "bob", "rating-1-5", correlate([1, 2, 3], [3, 2, 1])),),
)
RECORDS: dict[str, Record] = {
    "explained": EXPLAINED,
    "every": replace(EXPLAINED, every=True),
    "report": REPORT,
    "report every": replace(REPORT, every=True),
    "report of nothing": ExplanationReport(MODEL, (), {}),
    "load": ExplanationLoad(LOAD, REPORT),
    "import": replace(IMPORTED, embedding=EmbeddingReport("MiniLM", 384, 12)),
    "not embedded": replace(IMPORTED, not_embedded="no package"),
    "embedded": EmbeddingReport("MiniLM", 384, 12),
    "ratings": RATINGS,
    "no ratings": replace(RATINGS, raters=(), pairs=()),
    "found": FOUND,
    "found of several": SEVERAL,
    "nothing found": replace(FOUND, hits=()),
    "built": Built("/tmp/search", ("decoded of lm-1",), 1, 0, 360, 44, 9_000),
    "behind": Behind(150_000, 9_000),
    "not behind": Behind(0, 0),
}


@pytest.mark.parametrize("name", RECORDS)
def test_every_door_draws_it(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    answer = RECORDS[name]
    monkeypatch.setenv("COLUMNS", "80")
    emit(answer, Sink())
    drawn = capsys.readouterr()
    assert max(map(len, drawn.out.splitlines())) <= 80
    assert all(warning in drawn.err for warning in answer.warnings)
    texts = {form: written(answer, Sink(form)) for form in FORMATS[1:]}
    assert json.loads(texts["json"], parse_constant=pytest.fail)["warnings"] == list(answer.warnings)
    assert texts["md"] == answer.markdown()
    assert texts["html"].startswith("<!DOCTYPE html>")
    assert answer._repr_html_()


def test_the_headline_and_its_null_come_first_and_every_score_when_asked() -> None:
    (section,) = EXPLAINED.sections()
    rows = [dict(zip(section.columns, row, strict=True)) for row in section.rows]
    assert [(row["explanation"], row["r"], row["null"], row["formula"]) for row in rows] == [
        ("+ text", 0.71234, 0.0312345, None),
        ("+ text, candidate 2", None, 0.0312345, "f1"),
        ("+ token_table", None, None, None),
    ]
    assert EXPLAINED.lead == ""
    assert replace(EXPLAINED, explanations=EXPLAINED.explanations[:1]).lead == "`every` shows all 2 scores and ids"
    every = replace(EXPLAINED, every=True).sections()
    assert every[0] == section
    assert len(every) == 4
    assert every[1].rows == (
        ("correlation: ev-correlation", "top-and-random", 0.71234, 0.0312345, 640, 1),
        ("detection: balanced-accuracy", "top-and-random", 0.8, 0.0312345, 640, 1),
    )
    assert every[3].rows[1] == ("no scores",)
    assert "gpt-4o-mini from both, 15 bytes, id eeeeeeeeeeee: names of months; scored by gpt" in every[1].caption


def test_a_report_begins_with_all_layers_and_keeps_other_scores_back() -> None:
    pooled, layers, asked = REPORT.sections()
    assert [row[:2] for row in pooled.rows] == [
        ("text by gemma-3-270m", "random-only"),
        ("token table", "random-only"),
        ("text by gemma-3-270m", "top-and-random"),
        ("token table", "top-and-random"),
    ]
    assert pooled.rows[0][2:] == (24, 0.99, 0.021, 0.9, 1024, "10%")
    assert layers.rows[0] == (0, "text by gemma-3-270m", 9, 0.123, 0.021, 0.123, 0.021, 1024, "10%")
    assert [row[1:] for row in asked.rows][-1] == ("failed, refused", 2)
    assert REPORT.lead == "`every` shows 1 rows of other scores"
    _, _, others, _ = replace(REPORT, every=True).sections()
    assert others.rows == (
        ("correlation: r2-uncentred", "top-and-random", "text by gemma-3-270m", 8, -31214, 0.021, "10%"),
    )
    # CSV has the rows as they are.
    columns, rows = REPORT.table()
    assert len(rows) == 13
    assert dict(zip(columns, rows[0], strict=True))["mean"] == 0.123456


def test_other_scores_stand_alone_where_there_is_no_headline() -> None:
    rows = tuple(replace(row, scorer="detection", formula="f1") for row in REPORT.rows[:1])
    (section,) = replace(REPORT, rows=rows, runs={}).sections()
    assert section.rows[0][0] == "detection: f1"


def test_a_report_is_drawn_as_a_picture(tmp_path: Path) -> None:
    emit(REPORT, Sink.of(tmp_path / "scores.svg", "table", False))
    drawn = (tmp_path / "scores.svg").read_text()
    assert "explanations of google/gemma-3-270m" in drawn
    assert "correlation, random-only" in drawn


def test_what_an_import_left_out_is_told() -> None:
    read, remarks, of_none = IMPORTED.sections()
    assert read.rows == (("explanations", "1,200", "1,100", "50"), ("files", "2", "2", "0"))
    lines = [line for (line,) in remarks.rows]
    assert lines[:3] == [
        "failed 40: no explanation: the explainer's failure message",
        "skipped 10: index is no whole number from 0",
        "3 windows cut",
    ]
    assert lines[-1] == "... and 2 more; --json shows them"
    assert of_none.caption == "Remarks on files of no model"
    assert (IMPORTED.title, IMPORTED.lead) == ("format neuronpedia, told by the files", "")
    warnings = replace(IMPORTED, not_embedded="no package").warnings
    assert [line.partition(":")[0] for line in warnings] == ["left out", "texts not embedded"]


def test_a_gap_without_an_upper_bound_is_json() -> None:
    gaps = RATINGS.json()["raters"][0]["preferences"]
    assert (gaps[-1]["low"], gaps[-1]["high"], gaps[-1]["pairs"]) == (0.5, None, 2)
    raters, by_gap, pairs = RATINGS.sections()
    assert raters.rows[1][:5] == ("all", "rating-1-5", 4, 3.5, 1.25)
    assert [row[2:] for row in by_gap.rows[:2]] == [("0.1 to 0.2", 0, "", 1), ("above 0.5", 2, "100%", 0)]
    assert pairs.rows == (("ann, bob", "rating-1-5", 3, -1.0, -1.0),)


def test_hits_of_one_model_are_one_table_and_of_several_stand_apart() -> None:
    hits, ways = FOUND.sections()
    assert hits.caption == f"Of {MODEL}"
    assert [row[0] for row in hits.rows] == ["L17/N2047", None, None, "L0/N3", None, None]
    assert hits.rows[0][1:7] == (0.0328, "decoded down+", 1, 0.71, 0.41, 0.000123)
    assert ways.rows == (("word", "as typed"),)
    *apart, _ = SEVERAL.sections()
    assert [section.caption for section in apart] == [
        f"{MODEL}/L17/N2047, score 0.0328",
        f"{MODEL}/L0/N3, score 0.0328",
        "gpt2-small/6-res-jb/7, score 0.0328",
    ]
    # CSV has every reason, as it is.
    columns, rows = FOUND.table()
    assert len(rows) == 8
    assert dict(zip(columns, rows[0], strict=True))["by_chance"] == 0.000123456
    assert math.isclose(Behind(150_000, 9_000).json()["seconds"], 10)
