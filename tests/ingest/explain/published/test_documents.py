"""Bounds of reading: whatever the bytes, the answer is values or a PublishedError that names file and line."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from neuronkb.ingest.explain.published import documents
from neuronkb.ingest.explain.published.documents import json_document, json_lines
from neuronkb.ingest.explain.published.evidence import Evidence
from neuronkb.ingest.explain.published.formats import READERS, guessed
from neuronkb.ingest.explain.published.items import Format
from neuronkb.schema import PublishedError

from tests.ingest.explain.published.reading import read

NAMES = """
    modelId layer index description tokens values embedding features feature_index model_id sae_set activations
    neuron_id layer_index neuron_index scored_explanations explanation scored_simulation scores pos_str
    most_positive_activation_records random_sample_by_quantile average_activations output_positive output_negative
    scored_sequence_simulations ev_correlation_score str_tokens activating prediction distance skipped_indexes
"""
KEYS = st.sampled_from(NAMES.split())
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("\ud83d") | st.just("0"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=6),
    max_leaves=30,
)


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
    with pytest.raises(PublishedError, match=r"x\.json:1: not JSON"):
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
@given(value=VALUES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_json_raises_anything_else(format: Format, value: object, tmp_path: Path) -> None:
    attempt(format, json.dumps(value).encode(), tmp_path)


def attempt(format: Format, data: bytes, folder: Path) -> None:
    """Read the bytes as each kind of file of the format; what was read is in exactly one of the four counts."""
    for name in ("explanations/h_latent1.txt", "scores/detection/h_latent1.txt", "3/7.json", "3/7.jsonl"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with suppress(PublishedError):
        guessed([folder / "3"])
    for paths in ([folder], [folder / "3" / "7.json"], [folder / "3" / "7.jsonl"]):
        try:
            found = read(format, paths, model="m")
        except PublishedError:
            continue
        tally = found.tally
        Evidence("run", tally, found.reader.dictionaries).tables("m", found.items)
        assert tally.read.total() == sum(
            each.total() for each in (tally.kept, tally.merged, tally.failed, tally.skipped)
        )
