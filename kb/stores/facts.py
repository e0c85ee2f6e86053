"""What is believed where bundles tell of one node twice: checked weights of a model, the newest rating of a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ...ingest.bundle import UNVERIFIED
from ...schema import WeightsError
from ...schema.compute import pc


def keep_facts(models: pa.Table, known: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    """Model rows without what is known better: `known` has properties by id, of the store or of the bundles before.

    Raises WeightsError for a model of which both know different weights.
    """
    return pa.Table.from_pylist([_kept(row, known.get(row["id"], {})) for row in models.to_pylist()], models.schema)


def by_people(scores: pa.Table) -> pa.ChunkedArray:
    """A mask: the rows that people gave."""
    return pc.fill_null(pc.equal(scores.column("scorer"), "human"), False)


def newer(scores: pa.Table, known: Mapping[str, int]) -> pa.Table:
    """The rows that a person gave again after the revision that is known; a score that has none counts as the first."""
    revisions = pc.fill_null(scores.column("revision"), 1).to_pylist()
    ids = scores.column("id").to_pylist()
    return scores.filter(pa.array([n > known.get(name, n) for name, n in zip(ids, revisions, strict=True)], pa.bool_()))


def _kept(row: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    held, own = before.get("weights") or UNVERIFIED, row["weights"] or UNVERIFIED
    if _checked(held) and _checked(own) and held != own:
        raise WeightsError(
            f"{row['id']!r} is known with weights {str(held)[:12]}..., the bundle's were {str(own)[:12]}...; "
            "give the model another name with --name"
        )
    if _checked(own) and not _checked(held):
        return row
    return {name: value if before.get(name) is None or name == "id" else None for name, value in row.items()}


def _checked(weights: str) -> bool:
    return weights != UNVERIFIED
