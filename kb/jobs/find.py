"""Neurons by several criteria, a search by meaning among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...queries.answers.criteria import Criteria, FoundNeurons, find
from ...queries.answers.criterion import Reason
from ...queries.answers.criterion_links import Own
from ..session import Session

if TYPE_CHECKING:
    from ..search.records import Hit

MEANT = 1_000
"""Neurons that a search by meaning hands on: other criteria are looked for among these."""


def find_neurons(
    session: Session, criteria: Mapping[str, Any], meaning: str | None, own: Sequence[str], timeout: float | None
) -> FoundNeurons:
    """The work of `kb.find`: `criteria` by their names, `own` as texts such as `selectivity > 0.5`."""
    numbers = tuple(map(Own.read, own))
    if meaning is None:
        return find(session.store, Criteria(**criteria, own=numbers), timeout=timeout)
    meant = session.search.answer(
        meaning,
        waits=session.waits,
        model=criteria["model"],
        layers=criteria["layers"],
        top=MEANT,
        progress=session.progress,
    )
    near = {hit.unit: _reason(hit) for hit in meant.hits}
    found = find(session.store, Criteria(**criteria, own=numbers, meaning=meaning, near=near), timeout=timeout)
    cut = (f"of what means {meaning!r} the {MEANT:,} nearest were looked at",) if len(near) == MEANT else ()
    return replace(found, warnings=(*meant.warnings, *cut, *found.warnings))


def _reason(hit: Hit) -> Reason:
    """The evidence that comes first in its ranking, in words."""
    best = hit.reasons[0]
    says = best.text if best.text is not None else ", ".join(best.words[:4])
    cosine = "" if best.cosine is None else f", cosine {best.cosine:.2f}"
    return Reason("meaning", f"{best.evidence}: {says}{cosine}", hit.score, best.null)
