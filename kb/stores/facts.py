"""What is believed of a model that several bundles tell of: checked weights and what came with them stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ...ingest.bundle import UNVERIFIED
from ...schema import WeightsError


def keep_facts(models: pa.Table, known: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    """Model rows without what is known better: `known` has properties by id, of the store or of the bundles before.

    Raises WeightsError for a model of which both know different weights.
    """
    return pa.Table.from_pylist([_kept(row, known.get(row["id"], {})) for row in models.to_pylist()], models.schema)


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
