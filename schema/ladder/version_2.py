"""Version 2: evidence without wall times; runs named by their model too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..property import Property
from .step import Rewrite, Step

ON_TOKENS = ("activations", "probes", "n2g", "explanations", "clamp")
"""Jobs whose parameters name the tokenizer from now on."""
NODES = 3_000
"""Of branch and bound: version 1 searched for optimal probes up to a time, this limit stands in its place."""

TIMES = Rewrite("Probe", (Property("seconds", "float", "time of the search and fit"),))


def parameters(job: str, tokenizer: str | None, held: Mapping[str, Any]) -> dict[str, Any]:
    """A run's parameters with those that version 1 did not name."""
    found = dict(held)
    if job in ON_TOKENS:
        found.setdefault("tokenizer", tokenizer)
    if job == "probes" and "optimal" in found.get("methods", ()):
        found.setdefault("nodes", NODES)
    return found


STEP = Step(2, rewrites=(TIMES,), parameters=parameters)
