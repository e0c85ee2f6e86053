"""Bounds of reading: whatever the bytes, the answer is values or a PublishedError that names file and line."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from neuronkb.ingest.explain.published import documents
from neuronkb.ingest.explain.published.documents import json_document, json_lines
from neuronkb.ingest.explain.published.evidence import Evidence
from neuronkb.ingest.explain.published.formats import READERS, guessed
from neuronkb.ingest.explain.published.items import Format
from neuronkb.ingest.explain.published.tally import Tally
from neuronkb.schema import PublishedError

from tests.ingest.explain.published.reading import read

NUMBER = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["nan", "0", "x", 10**400])
VALUES = st.recursive(
    NUMBER | st.text(max_size=3) | st.just("\ud83d"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
WINDOW = {"tokens": [" a", " b"], "activations": [0.5, 1.0]}
SEQUENCE = {"simulation": {"tokens": [" a"]}, "true_activations": [1.0]}
SIMULATION = {"scored_sequence_simulations": [SEQUENCE], "ev_correlation_score": 0.5, "rsquared_score": 0.25}
UNIT = {"modelId": "m", "layer": "6-res-jb", "index": "7"}
SHOWN = {"tokens": [" a"], "values": [1.0], "bin_min": -1, "bin_max": 1.0, "bin_contains": -1}
GOOD: dict[Format, list[Any]] = {
    "openai": [
        {"scored_explanations": [{"explanation": " dogs", "scored_simulation": SIMULATION}]},
        {
            "neuron_id": {"layer_index": 3, "neuron_index": 7},
            "most_positive_activation_records": [WINDOW],
            "random_sample": [WINDOW],
            "random_sample_by_quantile": [[WINDOW]] * 4,
            "quantile_boundaries": [None, 0.1, 0.2, 0.3, 0.4, None],
            "variance": 0.5,
        },
        {"tokens": [" a"], "average_activations": [1.0]},
        {"output_positive": {"tokens": [" a"], "strengths": [1.0]}, "output_negative": {"tokens": [], "strengths": []}},
        {"0": [3, 7, " dogs", 0.5]},
    ],
    "delphi": [
        "dogs",
        [{"str_tokens": [" a"], "activations": [1.0], "distance": 0, "activating": True, "prediction": True}],
        [{"distance": 0, "ev_correlation_score": 0.5, "scored_sequence_simulations": [SEQUENCE]}],
    ],
    "neuronpedia": [
        {**UNIT, "description": "dogs", "embedding": "[1]", "scores": [{"explanationScoreTypeName": "eleuther_fuzz"}]},
        {**UNIT, "tokens": [" a"], "values": [1.0], "binMin": 0.5, "binMax": 1.0},
        {**UNIT, "maxActApprox": 1.0, "pos_str": [" a"], "pos_values": [1.0], "explanations": [], "activations": []},
        {"model_id": "m", "layer": 0, "sae_set": "s", "features": [{"feature_index": 0, "activations": [SHOWN]}]},
        {"model_id": "m", "skipped_indexes": [1]},
    ],
}


def changed(data: st.DataObject, value: Any) -> Any:
    """A value in which one thing, at any depth, is another or gone."""
    inside = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if not inside or data.draw(st.integers(0, 4)) == 0:
        return data.draw(VALUES)
    place = data.draw(st.sampled_from(inside))
    copy = value.copy()
    if isinstance(copy, dict) and data.draw(st.integers(0, 9)) == 0:
        del copy[place]
    else:
        copy[place] = changed(data, copy[place])
    return copy


def test_a_line_that_is_cut_off_is_named(tmp_path: Path) -> None:
    path = tmp_path / "batch-0.jsonl"
    path.write_text('{"a": 1}\n\n{"a": [1, 2')
    with pytest.raises(PublishedError, match=r"batch-0\.jsonl:3: cut off"):
        list(json_lines(path))
    path.write_text('{"a":\n 1,\n "b" 2}')
    with pytest.raises(PublishedError, match=r"batch-0\.jsonl:3: not JSON"):
        json_document(path)


def test_a_half_download_of_gzip_is_told(tmp_path: Path) -> None:
    path = tmp_path / "batch-0.jsonl.gz"
    whole = gzip.compress(b'{"a": 1}\n' * 1000)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PublishedError, match="cut off: its gzip stream has no end"):
        list(json_lines(path))
    path.write_bytes(whole[:20] + b"\xff" * 20 + whole[40:])
    with pytest.raises(PublishedError, match="damaged gzip"):
        list(json_lines(path))


def test_gzip_is_told_by_its_bytes_whatever_the_name(tmp_path: Path) -> None:
    path = tmp_path / "batch-0.jsonl"
    path.write_bytes(gzip.compress(b'{"a": NaN}\n{"a": 2}'))
    (_, first), (line, second) = json_lines(path)
    assert first["a"] != first["a"]
    assert (line, second) == (2, {"a": 2})


def test_giant_lines_bombs_and_documents_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LINE", 1 << 10)
    monkeypatch.setattr(documents, "UNPACKED", 4 << 10)
    monkeypatch.setattr(documents, "DOCUMENT", 4 << 10)
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(b'"' + b"a" * 2000 + b'"\n'))
    with pytest.raises(PublishedError, match=r"x\.jsonl\.gz:1: a line of more than"):
        list(json_lines(path))
    path.write_bytes(gzip.compress(b'"aaaaaaa"\n' * 500))
    with pytest.raises(PublishedError, match=r"x\.jsonl\.gz:410: more than"):
        list(json_lines(path))
    path.write_bytes(gzip.compress(b" " * 5000))
    with pytest.raises(PublishedError, match="larger than"):
        json_document(path)


def test_deep_json_and_giant_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[" * 200_000)
    with pytest.raises(PublishedError, match=r"x\.json:1: nested deeper than 100 levels"):
        json_document(path)
    path.write_text("9" * 10_000)
    with pytest.raises(PublishedError, match=r"x\.json:1: not JSON"):
        json_document(path)


@pytest.mark.parametrize("format", sorted(READERS))
@given(data=st.binary(max_size=200))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_bytes_raise_anything_else(format: Format, data: bytes, tmp_path: Path) -> None:
    attempt(format, data, tmp_path)


@pytest.mark.parametrize("format", sorted(READERS))
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_good_value_with_one_thing_changed_raises_nothing_else(
    format: Format, data: st.DataObject, tmp_path: Path
) -> None:
    good = data.draw(st.sampled_from(GOOD[format]))
    attempt(format, json.dumps(changed(data, good)).encode(), tmp_path)


@pytest.mark.parametrize("format", sorted(READERS))
def test_the_good_values_are_read(format: Format, tmp_path: Path) -> None:
    for value in GOOD[format]:
        tally = attempt(format, json.dumps(value).encode(), tmp_path)
        assert tally.kept.total() > tally.kept["files"] or "skipped_indexes" in value


def attempt(format: Format, data: bytes, folder: Path) -> Tally:
    """Read the bytes as each kind of file of the format; what was read is in exactly one of the four counts."""
    for name in ("explanations/h_latent1.txt", "3/7.json", "3/7.jsonl"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "explanations" / "h_latent2.txt").write_text("dogs")
    for scorer in ("detection", "simulation"):
        path = folder / "scores" / scorer / "h_latent2.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with suppress(PublishedError):
        guessed([folder / "3"])
    tally = Tally()
    for paths in ([folder] if format == "delphi" else [folder / "3" / "7.json"], [folder / "3" / "7.jsonl"]):
        with suppress(PublishedError):
            found = read(format, paths, model="m")
            tally = found.tally
            Evidence("run", tally, found.reader.dictionaries).tables("m", found.items)
            assert tally.read.total() == sum(
                each.total() for each in (tally.kept, tally.merged, tally.failed, tally.skipped)
            )
    return tally
