"""A published table's rows of one model, as evidence: flagged as imported, on weights that nobody has checked."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from ...schema import conform, table
from ..bundle import UNVERIFIED, RunInfo
from ..progress import Progress, silent
from .publications import collection, ewt_category, shape
from .published import PublishedTable, Row
from .tables import FeatureRecord, Tables, feature_tables, neuron_tables, rows_table

JOB = "import-probes"
METHOD = 1
"""Raised when the same table would give other evidence."""
PROBE = "logistic"
"""What the paper fits on one neuron: a logistic regression, L2, balanced classes."""
SPLIT = "ungrouped 70/30, seed 42"
"""The paper's: examples are drawn one by one, so a document may lie on both sides."""
SHARD = "table"


@dataclass
class PublishedJob:
    """The rows of one model in one table."""

    table: PublishedTable
    model: str

    @classmethod
    def each(cls, table: PublishedTable) -> list[PublishedJob]:
        """A job for each model that the table has rows of, by name."""
        return [cls(table, model) for model in sorted({row.neuron.model for row in table.rows})]

    @cached_property
    def rows(self) -> list[Row]:
        """Its rows, in the file's order."""
        return [row for row in self.table.rows if row.neuron.model == self.model]

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        features = sorted({(row.dataset, row.feature) for row in self.rows})
        parameters = {
            "table": self.table.path.name,
            "sha256": self.table.sha256,
            "features": features if len(features) == 1 else len(features),
            "method": METHOD,
        }
        return RunInfo.named(JOB, self.model, UNVERIFIED, None, parameters)

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """All of it in one shard."""
        if SHARD not in done:
            yield (
                SHARD,
                {"Model": self._model()}
                | neuron_tables(row.neuron for row in self.rows)
                | feature_tables(self._features())
                | {"Neuron.DETECTS.Feature": rows_table("Neuron.DETECTS.Feature", list(map(self._detects, self.rows)))},
            )

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """Every row of the file accounted for."""
        return {
            "imported": True,
            "rows": self.table.total,
            "imported_rows": len(self.rows),
            "skipped": dict(self.table.skipped),
            "ignored_columns": list(self.table.ignored),
        }

    def _model(self) -> pa.Table:
        size = shape(self.model)
        row = {
            "id": self.model,
            "weights": UNVERIFIED,
            "architecture": size.architecture,
            "n_layers": size.n_layers,
            "d_model": size.d_model,
            "d_mlp": size.d_mlp,
            "gated": size.gated,
        }
        return conform(table("Model"), pa.Table.from_pylist([row]))

    def _features(self) -> list[FeatureRecord]:
        first: dict[tuple[str, str], Row] = {}
        for row in self.rows:
            first.setdefault((row.dataset, row.feature), row)
        return [feature_record(row.dataset, row.feature, row.aggregation) for row in first.values()]

    def _detects(self, row: Row) -> dict[str, Any]:
        found = collection(row.dataset)
        return {
            "start": str(row.neuron),
            "end": f"{row.dataset}/{row.feature}",
            "method": PROBE,
            **row.scores,
            "split": SPLIT if found else None,
            "aggregation": row.aggregation or (found.aggregation if found else None),
            "imported": True,
            "run": self.run.id,
        }


def feature_record(dataset: str, own_name: str, aggregation: str | None = None) -> FeatureRecord:
    """The Feature that a table means by its own names: `fr` of `natural_lang_id...` is is_french."""
    found = collection(dataset)
    if found is None:
        return FeatureRecord(dataset, own_name, aggregation=aggregation)
    name, *others = found.names(own_name)
    return FeatureRecord(
        dataset,
        own_name,
        name,
        tuple(others),
        category=found.category or ewt_category(own_name),
        aggregation=aggregation or found.aggregation,
        source="Gurnee et al. 2023 (arXiv 2305.01610), table 1",
        split=SPLIT,
    )
