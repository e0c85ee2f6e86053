"""What methods say of a model, as a hash: whether what was worked out of it is up to date."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...queries.answers.named import AGREE, Heard
from ...schema import digest
from ..stores.base import Store

METHOD = 1
"""Raised when the same evidence would give other agreement."""
QUIET = frozenset({AGREE, "carry", "clamp", "feeds", "link", "match"})
"""Jobs that name no words: what they find does not touch agreement. What clamps say is read with every answer."""
_RUNS = "MATCH (r:Run) WHERE r.id IN $runs RETURN r.id AS run, r.ended IS NOT NULL AS ended"
_FILES = "MATCH (s:Shard) WHERE s.run IN $runs RETURN s.id AS id, s.state AS state, s.sha256 AS sha256"


def evidence(store: Store, heard: Mapping[str, Heard]) -> str:
    """The hash of all that may name words, and of how far it is in the store."""
    speaking = {run: sorted(one.roots) for run, one in sorted(heard.items()) if one.job not in QUIET}
    return digest({"roots": speaking, **presence(store, list(speaking))})


def presence(store: Store, runs: Sequence[str]) -> dict[str, list[list[Any]]]:
    """How far some runs are in the store: which are ended, and their files."""
    asked = {"runs": list(runs)}
    ended = sorted(map(list, store.read(_RUNS, asked, timeout=None, limit=None).rows))
    files = sorted(map(list, store.read(_FILES, asked, timeout=None, limit=None).rows))
    return {"ended": ended, "files": files}


def is_of(parameters: str | None, present: str) -> bool:
    """Whether a run of neuronkb words agree with these parameters was made of the evidence with this hash."""
    held = json.loads(parameters or "{}")
    return (held.get("evidence"), held.get("method")) == (present, METHOD)
