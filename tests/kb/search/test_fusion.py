"""Reciprocal rank fusion by hand."""

from __future__ import annotations

import pytest
from neuronkb.kb.search.fusion import fused


def test_ranks_are_summed_as_reciprocals() -> None:
    found = fused({"decoded": ["a", "b", "c"], "word": ["c", "a"], "graph": []})
    assert [name for name, _ in found] == ["a", "c", "b"]
    assert dict(found)["a"] == pytest.approx(1 / 61 + 1 / 62)
    assert dict(found)["c"] == pytest.approx(1 / 63 + 1 / 61)


def test_equal_scores_go_by_name() -> None:
    assert [name for name, _ in fused({"x": ["b"], "y": ["a"]})] == ["a", "b"]


def test_a_share_scales_what_a_ranking_gives() -> None:
    found = dict(fused({"x": ["a", "b"], "word": ["b", "a"]}, {"word": {"b": 0.5}}))
    assert found["b"] == pytest.approx(1 / 62 + 0.5 / 61)
    assert found["a"] == pytest.approx(1 / 61 + 1 / 62)
