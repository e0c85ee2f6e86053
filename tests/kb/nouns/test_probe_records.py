"""Answers of probes, features, clamps and causal checks in every format, on a terminal of 80 columns; no store."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from neuronkb.ingest.probes.ablation import Ablation, Loss
from neuronkb.ingest.subject.continuation import Continuations, NextToken, Own, Watched
from neuronkb.kb.cli.emit import FORMATS, Sink, emit
from neuronkb.kb.cli.output import cell
from neuronkb.kb.inputs.features import FeatureRow, FeatureRows
from neuronkb.kb.jobs.causal import CausalLoad
from neuronkb.kb.jobs.clamp_report import ClampedNeuron, ClampReport, DecodedTokens, Usual
from neuronkb.kb.jobs.import_probes import ImportReport, TableReport
from neuronkb.kb.jobs.probes import AblationReport
from neuronkb.kb.load.report import LoadReport
from neuronkb.queries.answers.causal import CausalReport, CheckedClamp, Share
from neuronkb.queries.answers.features import FeatureInfo
from neuronkb.queries.answers.probe_report import Candidate, ProbeReport, Told
from neuronkb.queries.answers.probes import Detection, Detections, FeatureProbes, LayerBest, Sparsity
from neuronkb.queries.result.record import Record

MODEL = "EleutherAI/pythia-70m-v0"
NEURON = f"{MODEL}/L17/N1650"
NONE: dict[str, Any] = {"auc": None, "threshold": None, "split": None}


def detection(model: str = MODEL) -> Detection:
    scores: dict[str, Any] = {
        "f1": 0.95123456,
        "precision": 0.9,
        "recall": 0.98,
        "mcc": 0.94,
        "coef": -1.5,
        "base_f1": 0.34,
    }
    place: dict[str, Any] = {
        "neuron": f"{model}/L17/N1650",
        "model": model,
        "layer": 17,
        "feature": "t/is_french",
        "name": "is_french",
    }
    return Detection(**place, **scores, **NONE, method="logistic", rotated=0.51, imported=True, runs=("probes-1",))


def best(layer: int = 17) -> LayerBest:
    scores: dict[str, Any] = {"f1": 0.95, "mcc": 0.9, "base_f1": 0.34, "rotated": 0.51}
    named: dict[str, Any] = {"name": "is_french", "category": "programming_language"}
    return LayerBest("t/is_french", MODEL, layer, "probes-1", NEURON, "logistic", **scores, imported=True, **named)


def feature_probes() -> FeatureProbes:
    no: dict[str, Any] = dict.fromkeys(("base_rate", "groups", "split", "description", "source"))
    info = FeatureInfo(
        "t/is_french", "is_french", ("fr", "french"), "natural_lang_id.pyth.512.-1", "natural_language", "mean",
        n=200, positives=100, status=None, **no,
    )  # fmt: skip
    numbers = {"f1": (0.9, 0.95), "mcc": (0.8, 0.9), "rotated": (0.5, 0.6), "base_f1": (0.3, 0.3), "gap": (0.0, 0.001)}
    curve = Sparsity(
        "t/is_french", "is_french", MODEL, 17, "optimal", "probes-1", k=(1, 2), **numbers, status=("optimal", "gap")
    )
    return FeatureProbes((info,), (best(3), best(17)), (curve,))


def probe_report() -> ProbeReport:
    several = Candidate(NEURON, 17, (Told("is_french", "natural_language", 0.96, 0.34), Told("NOUN", "pos", 0.8, 0.5)))
    return ProbeReport(MODEL, (best(3), best(17)), (several,), (several,), 0.9, 0.5)


def ablation() -> AblationReport:
    loss = Loss(0.0012345, -0.001)
    return AblationReport(MODEL, Ablation("is_french", 10, 669, Loss(3.2, 3.1), loss, (loss, loss), 0.73, (1356, 1349)))


def imported() -> ImportReport:
    table = TableReport("tables/neurons.csv", (MODEL,), 12, 10, {"no score of a probe": 2}, ("seconds",))
    return ImportReport((table,), (LoadReport("probes-1", {"Neuron.DETECTS.Feature": 7}),))


def features(**more: Any) -> FeatureRows:
    row = FeatureRow(
        "has_prefix_trans", "programming_language", "tokens", 600, 2400, 213, 0.2, (1500, 601, 899), False,
        "positives in 10 groups, fewer than 30", True, 3, "wheel", "mean", 5, "texts of packages", "BSD", "f/x.jsonl",
    )  # fmt: skip
    return FeatureRows((replace(row, **more),), "f")


def clamp() -> ClampReport:
    own = Own((0.1234567, -0.2), -0.2, 0.1234567, 1, 0)
    watched = Watched(1e-05, 0.77, (1e-05, 2e-05))
    decoded = DecodedTokens("down", 1, (" April", " May"), (5, 6), watched)
    usual = Usual("activations-1", 0.0, 1.0, -2.345678, 5.0, "texts.jsonl")
    neuron = ClampedNeuron(NEURON, "set", -8.0, "hidden", own, usual, "lm-head-1", (decoded,))
    following = (NextToken(5, " April", 1e-05, 0.7), NextToken(9, " the", 0.4, 0.01))
    result = Continuations(
        (" My", " animal"), following, 3.2, (0.1, 0.2), " the dog", " April April", (own,), (watched,)
    )
    return ClampReport(MODEL, "gpt2", (neuron,), result)


def causal() -> CausalReport:
    def clamped(projection: str, site: str, effect: float) -> CheckedClamp:
        return CheckedClamp(
            NEURON, 17, projection, -1, site, -38.123456, 1.0, effect, 0.5, 0.1, 0.0, 0.4, 0.001, 0.0, 0.6, 0.00123456,
            0.86, 12, 0, 11, 1, 1.23456e-05, 1.23456e-05, (" April", " May"),
        )  # fmt: skip

    clamps = (clamped("down", "hidden", 8.2), clamped("up", "up", -0.1234567))
    share = Share("up at hidden", 83, 40, 20, 19, 13, 13, 12, -0.1234567, 0.4812345, 0.8612345)
    by_layer = ((replace(share, name="L17 up at hidden"),),)
    return CausalReport(MODEL, "clamp-1", "prompts", ("a", "b"), "What?", clamps, share, (share,), by_layer)


RECORDS: dict[str, Callable[[], Record]] = {
    "find": lambda: Detections("fr", (detection(), detection())),
    "find in several models": lambda: Detections("fr", (detection(), detection("gpt2"))),
    "find none": lambda: Detections("fr", ()),
    "show": feature_probes,
    "show nothing": lambda: replace(feature_probes(), layers=(), curves=()),
    "report": probe_report,
    "report nothing": lambda: ProbeReport(MODEL, (), (), (), 0.9, 0.5),
    "ablate": ablation,
    "import": imported,
    "features": features,
    "features without a model": lambda: features(parts=None, unit=""),
    "no features": lambda: FeatureRows((), "f"),
    "clamp": clamp,
    "causal": causal,
    "causal sides": lambda: replace(causal(), only_sides=True),
    "causal ingest": lambda: CausalLoad(LoadReport("clamp-1", {"Intervention": 2}), causal()),
}


@pytest.mark.parametrize("name", RECORDS)
def test_every_answer_in_every_format(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer, said = RECORDS[name](), {}
    for form in FORMATS:
        emit(answer, Sink(form))
        said[form] = capsys.readouterr().out
    assert max(map(len, said["table"].splitlines())) <= 80
    cells = [cell(value) for section in answer.sections() for row in section.rows for value in row]
    assert [word for text in cells for word in text.split() if len(word) <= 14 and word not in said["table"]] == []
    for text in (said["table"], said["md"], said["html"]):
        assert answer.title.split("/")[-1].split()[0] in text
    assert "warnings" in json.loads(said["json"])
    assert len([json.loads(line) for line in said["jsonl"].splitlines()]) == len(answer.table()[1])


@pytest.mark.parametrize("name", ["find", "show", "report", "features", "clamp", "causal"])
def test_what_fits_beside_each_other_is_a_table(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer = RECORDS[name]()
    emit(answer, Sink())
    shown = capsys.readouterr().out.splitlines()
    for section in answer.sections():
        if len(section.columns) > 2 and section.caption != "The feature":
            heads = [name.split()[0] for name in section.columns[:3]]
            assert any({*heads} <= {*line.split()} for line in shown), section.caption


def test_tables_have_every_field() -> None:
    columns, rows = Detections("fr", (detection(),)).table()
    assert dict(zip(columns, rows[0], strict=True))["f1"] == 0.95123456
    assert dict(zip(*map(tuple, (causal().table()[0], causal().table()[1][0])), strict=True))["neuron"] == NEURON


def test_sides_are_a_list_of_neurons(capsys: pytest.CaptureFixture[str]) -> None:
    emit(replace(causal(), only_sides=True), Sink("csv"))
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [
        ["# side"],
        ["L17/N1650:down-"],
        ["L17/N1650:up-"],
    ]


def test_probes_are_drawn(tmp_path: Path) -> None:
    emit(feature_probes(), Sink.of(tmp_path / "probes.svg", "table", False))
    assert "<svg" in (tmp_path / "probes.svg").read_text()


def test_what_a_clamp_lacks_is_a_warning() -> None:
    whole = clamp()
    assert whole.warnings == ()
    bare = replace(whole, neurons=(replace(whole.neurons[0], usual=None, decoded=()),))
    assert ["activation statistics" in bare.warnings[0], "lm-head ingest gpt2" in bare.warnings[1]] == [True, True]
