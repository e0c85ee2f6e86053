"""Neuronpedia's exports and SAEDashboard's batches: rows by their own index, neurons told from latents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from neuronkb.ingest.explain.published.evidence import Evidence
from neuronkb.ingest.explain.published.neuronpedia_rows import DRAWN, REMARK
from neuronkb.schema import LatentId, NeuronId, PublishedError

from tests.ingest.explain.published.reading import read, write

PUBLISHED = Path(__file__).parents[5] / "shared" / "data" / "saedashboard"


def row(index: Any, layer: str = "6-res-jb", **more: Any) -> dict[str, Any]:
    return {"modelId": "gpt2-small", "layer": layer, "index": index, **more}


def described(index: Any, text: str, layer: str = "6-res-jb", **more: Any) -> dict[str, Any]:
    names = {"typeName": "oai_token-act-pair", "explanationModelName": "gpt-4o-mini"}
    return row(index, layer, description=text, **names, **more)


def fired(index: Any, *values: float, layer: str = "6-res-jb", **more: Any) -> dict[str, Any]:
    return row(index, layer, tokens=[f" {v}" for v in values], values=list(values), dataSource="pile", **more)


def test_batches_of_different_orders_meet_by_index(tmp_path: Path) -> None:
    write(tmp_path / "explanations" / "batch-0.jsonl.gz", [described(i, f"text {i}") for i in ("0", "1", "10", "2")])
    write(
        tmp_path / "activations" / "batch-0.jsonl.gz", [fired(i, 0.5, i, binMin=-1, binContains=-1) for i in (0, 1, 2)]
    )
    write(
        tmp_path / "features" / "batch-0.jsonl.gz",
        [row("10", maxActApprox=2.5, frac_nonzero=0.01, hookName="blocks.6")],
    )
    write(tmp_path / "source.jsonl", [{"modelId": "gpt2-small", "id": "6-res-jb"}])
    found = read("neuronpedia", tmp_path)
    assert found.texts == [(f"gpt2-small/6-res-jb/{i}", f"text {i}") for i in (0, 1, 10, 2)]
    assert [(str(window.unit), window.band, window.corpus) for window in found.windows] == [
        (f"gpt2-small/6-res-jb/{i}", "top", "pile") for i in (0, 1, 2)
    ]
    assert {each.unit for each in found.items} == {LatentId("gpt2-small", "6-res-jb", i) for i in (0, 1, 2, 10)}
    assert found.statistics[0].facts == {"max": 2.5, "nonzero": 0.01}
    assert found.reader.dictionaries["6-res-jb"].hook == "blocks.6"
    assert found.tally.skipped == {"a file of no evidence: source": 1}
    first = found.explanations[0]
    assert (first.explainer, first.method) == ("gpt-4o-mini", "oai_token-act-pair")


def test_only_a_bare_layer_or_mlp_source_has_neurons(tmp_path: Path) -> None:
    rows = [
        described(17, "a", layer) for layer in ("3", "3-mlp", "3-mlp-oai5-32k", "3-att-kk", "x-mlp", "5-transcoder-hp")
    ]
    found = read("neuronpedia", write(tmp_path / "batch-0.jsonl", rows))
    assert [each.unit for each in found.explanations] == [
        NeuronId("gpt2-small", 3, 17),
        NeuronId("gpt2-small", 3, 17),
        LatentId("gpt2-small", "3-mlp-oai5-32k", 17),
        LatentId("gpt2-small", "3-att-kk", 17),
        LatentId("gpt2-small", "x-mlp", 17),
        LatentId("gpt2-small", "5-transcoder-hp", 17),
    ]
    assert found.reader.dictionaries["5-transcoder-hp"].kind == "transcoder"


def test_several_explanations_of_a_unit_stay_and_the_same_again_is_merged(tmp_path: Path) -> None:
    rows = [described("7", "dogs"), described(7, "dogs"), described(7, "cats"), described(8, "dogs")]
    path = write(tmp_path / "batch-0.jsonl", [*rows, fired(7, 1.0, binMin=0, binMax=2.5), fired(7, 1.0)])
    found = read("neuronpedia", path)
    tables = Evidence("run", found.tally, found.reader.dictionaries).tables("gpt2-small", found.items)
    assert sorted(tables["Explanation"].column("text").to_pylist()) == ["cats", "dogs"]
    assert tables["Latent.EXPLAINED_BY.Explanation"].num_rows == 3
    assert tables["Latent.FIRES_ON.Excerpt"].column("band").to_pylist() == ["interval 0-2.5"]
    assert found.tally.kept == {"explanations": 3, "windows": 1, "files": 1}
    assert found.tally.merged == {"explanations": 1, "windows": 1}


def test_embeddings_of_an_unknown_model_are_left_out_and_counted(tmp_path: Path) -> None:
    vector = "[" + ",".join(["0.0625"] * 256) + "]"
    found = read("neuronpedia", write(tmp_path / "b.jsonl", [described(1, "dogs", embedding=vector)]))
    assert found.explanations[0].embedding is None
    assert found.tally.remarks == {REMARK: 1}


def test_bare_nan_null_rows_and_strangers_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "batch-0.jsonl"
    rows = [
        fired(1, 1.0, float("nan")),
        described("1.5", "x"),
        described(None, "x"),
        described(1, "Error: timeout"),
        {"modelId": "gpt2-small", "id": "x"},
        [1],
        row(2, description=None),
        row(3, maxActApprox=float("nan"), frac_nonzero=None),
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert "NaN" in path.read_text()
    found = read("neuronpedia", path)
    assert found.items == []
    assert found.tally.failed == {
        "no explanation: the explainer's failure message": 1,
        "no explanation: an empty text": 1,
    }
    assert found.tally.skipped == {
        "a window with an activation that is no finite number": 1,
        "index is no whole number from 0": 2,
        "a row of no known table": 1,
        "no JSON object": 1,
        "a feature without statistics": 1,
    }


def test_a_feature_from_the_site_has_everything_in_one(tmp_path: Path) -> None:
    scores = [
        {"value": 0.8, "explanationScoreTypeName": "eleuther_fuzz", "explanationScoreModelName": "gpt-4o"},
        {"value": 0.1, "explanationScoreTypeName": "unheard_of"},
    ]
    explanation = {
        "description": " dogs",
        "explanationModelName": "gpt-4o-mini",
        "typeName": "np_max-act",
        "scores": scores,
    }
    feature = row("7", "3-mlp", maxActApprox=4.0, pos_str=[" dog", "!"], pos_values=[1, 2], neg_str=["", " "])
    feature |= {"explanations": [explanation], "activations": [{"tokens": ["a"], "values": [4.0]}]}
    found = read("neuronpedia", write(tmp_path / "f.json", feature))
    assert [(each.kind, each.pole, each.text) for each in found.explanations] == [
        ("decoded", 1, '"!", " dog"'),
        ("text", 1, "dogs"),
    ]
    score = found.score("balanced-accuracy", 1)
    assert (score.scorer, score.value, score.simulator) == ("fuzzing", 0.8, "gpt-4o")
    assert found.tally.skipped == {"a score of a kind that is not read": 1}
    assert {str(each.unit) for each in found.items} == {"gpt2-small/L3/N7"}


def test_old_exports_are_one_list(tmp_path: Path) -> None:
    found = read("neuronpedia", write(tmp_path / "export.json", [described("1", "a"), described("2", "b")]))
    assert [text for _, text in found.texts] == ["a", "b"]


def test_models_are_not_mixed(tmp_path: Path) -> None:
    path = write(tmp_path / "b.jsonl", [described(1, "a"), {**described(1, "b"), "modelId": "gemma"}])
    with pytest.raises(PublishedError, match=r"b\.jsonl:2: of model 'gemma', and the file began with 'gpt2-small'"):
        read("neuronpedia", path)
    other = write(tmp_path / "c.jsonl", [{**described(1, "b"), "modelId": "gemma"}])
    path = write(tmp_path / "b.jsonl", [described(1, "a")])
    with pytest.raises(PublishedError, match="--model names one model, and the files have gemma, gpt2-small"):
        read("neuronpedia", [path, other], model="mine")
    assert {str(each.unit) for each in read("neuronpedia", [path, other]).items} == {
        "gpt2-small/6-res-jb/1",
        "gemma/6-res-jb/1",
    }
    assert read("neuronpedia", path, model="mine").texts == [("mine/6-res-jb/1", "a")]


def test_a_batch_cut_off_is_an_error_and_a_neuron_too_far_too(tmp_path: Path) -> None:
    path = write(tmp_path / "b.jsonl", [described(1, "a"), described(9, "b", "3-mlp")])
    with pytest.raises(PublishedError, match=r"b\.jsonl:2: neuron 9, and gpt2-small has neurons 0 to 7"):
        read("neuronpedia", path, sizes={"gpt2-small": (4, 8)})
    path.write_text(path.read_text()[:-20])
    with pytest.raises(PublishedError, match=r"b\.jsonl:2: cut off"):
        read("neuronpedia", path)


def test_a_dashboard_batch_by_hand(tmp_path: Path) -> None:
    window = {"bin_min": -1, "bin_max": 2.0, "bin_contains": -1, "tokens": [" a"], "values": [2.0]}
    feature = {"feature_index": 3, "frac_nonzero": 0.5, "dataset": "pile", "pos_str": [" up"], "pos_values": [1.0]}
    feature["activations"] = [window, {**window, "bin_min": 0.5, "bin_contains": 0.1, "tokens": [" b"]}]
    batch = {
        "model_id": "gpt2-small",
        "layer": "4",
        "sae_set": "res-jb",
        "sae_id_suffix": "v2",
        "features": [feature, 3],
    }
    write(tmp_path / "batch-0.json", batch)
    write(tmp_path / "skipped_indexes.json", {"model_id": "gpt2-small", "skipped_indexes": [8, 9]})
    found = read("neuronpedia", tmp_path)
    assert {str(each.unit) for each in found.items} == {"gpt2-small/4-res-jb__v2/3"}
    assert [each.band for each in found.windows] == ["top", "interval 0.5-2"]
    assert found.statistics[0].facts == {"max": 2.0, "nonzero": 0.5}
    assert found.tally.skipped == {"feature is no object": 1, "units that the dashboard left out": 2}


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="SAEDashboard's batch (shared/data) is not here")
def test_the_real_batch() -> None:
    found = read("neuronpedia", PUBLISHED)
    Evidence("run", found.tally, found.reader.dictionaries).tables("gpt2-small", found.items)
    assert found.tally.read == {"explanations": 4, "statistics": 2, "windows": 73, "files": 2}
    assert found.tally.merged == {"windows": 38}
    assert {str(each.unit) for each in found.items} == {"gpt2-small/0-res-jb/0", "gpt2-small/0-res-jb/1"}


def test_half_a_character_in_a_models_name_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text(json.dumps({**described(1, "dogs"), "modelId": "m\ud800"}))
    assert read("neuronpedia", tmp_path).texts == [("m\ufffd/6-res-jb/1", "dogs")]


@pytest.mark.parametrize("layer", ["6", 6, 6.0])
def test_a_source_that_is_a_whole_number_is_a_layer_of_neurons(tmp_path: Path, layer: Any) -> None:
    path = write(tmp_path / "b.jsonl", [described("200", "dogs", layer), described(201.0, "cats", layer)])
    assert read("neuronpedia", path).texts == [("gpt2-small/L6/N200", "dogs"), ("gpt2-small/L6/N201", "cats")]


def test_channels_of_the_residual_stream_are_neither_neurons_nor_latents(tmp_path: Path) -> None:
    rows = [described(1, "a", "3-resid"), fired(1, 1.0, layer="3-resid"), described(1, "b", "-1"), described(1, "c")]
    found = read("neuronpedia", write(tmp_path / "b.jsonl", rows))
    assert found.texts == [("gpt2-small/6-res-jb/1", "c")]
    assert found.tally.skipped == {
        "a channel of the residual stream, which is neither neuron nor latent": 2,
        "layer -1, which no neuron has": 1,
    }


def test_sparse_windows_are_read(tmp_path: Path) -> None:
    tokens = [" a", " b", " c", " d"]
    sparse: dict[str, Any] = {"tokens": tokens, "zIndices": [1, 3.0], "zValues": [0.5, 2.0]}
    rows = [
        row(1, **sparse),
        row(2, **sparse, values=[]),
        row(3, **sparse, values=None, dataSource="pile"),
        row(4, tokens=tokens, values=[0, 1, 0, 0], zIndices=[[0, 1], [1, 1]], zValues=[0.25, 0.75]),
        row(5, tokens=tokens, zIndices=[[0, 1], [1, 1]], zValues=[0.25, 0.75]),
        row(6, tokens=tokens, zIndices=[4], zValues=[1.0]),
        row(7, tokens=tokens, zIndices=[1, 1], zValues=[1.0, 2.0]),
        row(8, tokens=tokens, zIndices=[1], zValues=[1.0, 2.0]),
    ]
    found = read("neuronpedia", write(tmp_path / "b.jsonl", rows))
    assert [window.values for window in found.windows] == [(0.0, 0.5, 0.0, 2.0)] * 3 + [(0.0, 1.0, 0.0, 0.0)]
    assert found.tally.remarks == {DRAWN: 1}
    assert found.tally.skipped == {
        "a window with a pattern of attention (zIndices in pairs) and without activations": 1,
        "a sparse window whose zIndices do not fit its tokens or its zValues": 3,
    }


def test_scores_and_shares_out_of_range_are_refused_and_counted(tmp_path: Path) -> None:
    scores = [{"value": value, "explanationScoreTypeName": "eleuther_fuzz"} for value in (83, "0.75")]
    explained = {"description": "I don't see a clear pattern."}
    feature = row(1, maxActApprox="4.5", frac_nonzero=1.7)
    feature["explanations"] = [{"description": "dogs", "scores": scores}, explained]
    found = read("neuronpedia", write(tmp_path / "f.json", feature))
    assert found.texts == [("gpt2-small/6-res-jb/1", "dogs")]
    assert [score.value for score in found.explanations[0].scores] == [0.75]
    assert found.statistics[0].facts == {"max": 4.5, "nonzero": None}
    assert found.tally.failed == {"no explanation: the explainer's failure message": 1}
    assert found.tally.skipped == {
        "frac_nonzero is no share from 0 to 1": 1,
        "a score that its formula cannot give: balanced-accuracy is 0 to 1": 1,
    }
