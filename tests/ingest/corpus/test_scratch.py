from __future__ import annotations

import hashlib

from neuronkb.ingest.corpus.scratch import is_held


def test_one_document_in_eight_is_held_out_by_its_id_alone() -> None:
    held = [is_held(f"document {i}") for i in range(8000)]
    # Four standard errors.
    assert abs(sum(held) - 1000) < 120
    for name in ("a", "é"):
        assert is_held(name) == (hashlib.sha256(name.encode()).digest()[0] % 8 == 0)
