"""Graphs that share words are near, beside words dealt out anew."""

from __future__ import annotations

import numpy as np
from neuronkb.ingest.similar.graphs import nearest_graphs


def test_graphs_that_share_words_are_near() -> None:
    own = [(["june", "july"], ["in"])]
    others = [(["june", "july", "may"], ["in"]), (["june"], []), (["dog"], ["in"]), (["cat"], [])]
    found, control = nearest_graphs(own, others, np.array([0, 1, 2, 3]), 5)
    # 3 of 3; 1 of min(2, 1) + 0; 0 + 1 of 1 + 1; nothing in common is left out.
    assert [(each.owner, each.score) for each in found] == [(0, 1), (1, 1), (2, 0.5)]
    assert 0 <= control <= 1
