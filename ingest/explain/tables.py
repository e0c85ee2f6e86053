"""Explanations and scores as evidence tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ...schema import LatentId
from ..n2g.tables import Tables, neuron_rows, rows_tables
from .records import Explanation, Score, Unit

Rows = dict[str, list[dict[str, Any]]]


def record_tables(records: Iterable[Explanation], run: str) -> Tables:
    """Neuron or Latent, Explanation, Score, Term and what joins them."""
    rows: Rows = defaultdict(list)
    for record in records:
        unit_rows(record.unit, rows)
        _explanation_rows(record, run, rows)
        _score_rows(record.id(run), record.unit, record.scores, run, rows)
    return rows_tables(_once(rows))


def score_tables(scores: Iterable[tuple[str, Unit, Score]], run: str) -> Tables:
    """More scores of explanations that are stored already: (explanation id, unit, score)."""
    rows: Rows = defaultdict(list)
    for explanation, unit, score in scores:
        _score_rows(explanation, unit, (score,), run, rows)
    return rows_tables(_once(rows))


def unit_rows(unit: Unit, rows: Rows) -> None:
    """The neuron, or the latent and its dictionary, and its place in the model."""
    if not isinstance(unit, LatentId):
        neuron_rows(unit, rows)
        return
    rows["Source"].append({"id": unit.source_id})
    rows["Source.OF.Model"].append({"start": unit.source_id, "end": unit.model})
    rows["Latent"].append({"id": str(unit), "source": unit.source_id, "index": unit.index})
    rows["Latent.IN_SOURCE.Source"].append({"start": str(unit), "end": unit.source_id})


def _explanation_rows(record: Explanation, run: str, rows: Rows) -> None:
    name = record.id(run)
    rows["Explanation"].append(
        {
            "id": name,
            "kind": record.kind,
            "text": record.text,
            "explainer": record.explainer,
            "method": record.method,
            "length": record.description_length,
            "embedding": None if record.embedding is None else list(record.embedding),
            "embedder": record.embedder,
            "run": run,
        }
    )
    explained = {"start": str(record.unit), "end": name, "pole": record.pole, "rank": record.rank, "run": run}
    explained |= record.headline
    rows[f"{_label(record.unit)}.EXPLAINED_BY.Explanation"].append(explained)
    for term in record.mentions:
        rows["Term"].append({"id": term})
        rows["Explanation.MENTIONS.Term"].append({"start": name, "end": term})


def _score_rows(explanation: str, unit: Unit, scores: Iterable[Score], run: str, rows: Rows) -> None:
    for score in scores:
        on = score.on or unit
        name = score.id(explanation, unit, run)
        rows["Score"].append(
            {
                "id": name,
                "scorer": score.scorer,
                "formula": score.formula,
                "value": score.value,
                "null": score.null,
                "n": score.n,
                "failed": score.failed,
                "positives": score.positives,
                "split": score.split,
                "simulator": score.simulator,
                "seed": score.seed,
                "rater": score.rater,
                "revision": score.revision,
                "pole": score.pole,
                "run": run,
            }
        )
        rows["Explanation.SCORED.Score"].append({"start": explanation, "end": name, "run": run})
        rows[f"Score.OF.{_label(on)}"].append({"start": name, "end": str(on), "run": run})


def _label(unit: Unit) -> str:
    return "Latent" if isinstance(unit, LatentId) else "Neuron"


def _once(rows: Rows) -> Rows:
    """Relationships that come twice stand once; of an explained pole the best rank counts."""
    for name, found in rows.items():
        if found and "start" in found[0]:
            kept: dict[tuple[Any, ...], dict[str, Any]] = {}
            for row in found:
                key = (row["start"], row["end"], row.get("pole"))
                if key not in kept or row.get("rank", 1) < kept[key].get("rank", 1):
                    kept[key] = row
            rows[name] = list(kept.values())
    return rows
