"""What a fine-tune kept of its base, by layer, beside what noise of the same size would keep."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ...schema import POLES, PROJECTIONS, LinkError
from ..catalogue.corpora import corpora
from ..catalogue.query import Reader, query
from ..catalogue.scope import check_models


@dataclass(frozen=True)
class LayerShare:
    """One projection of one layer. Shares are of neurons, over both poles."""

    layer: int
    projection: str
    neurons: int
    changed: int
    """Rows that differ at all; 0 means the layer is untouched."""
    cosine: float
    """Mean cosine of base and fine-tuned rows."""
    same_top: float
    """Share of sides with the same top token, each model through its own unembedding."""
    same_top_rows: float
    """The same, both through the base's unembedding: the rows alone."""
    null: float
    """Share that keeps it when each base row gets random noise as long as its change."""
    jaccard: float
    """Mean Jaccard index of the top-k tokens."""


@dataclass(frozen=True)
class LayerDrift:
    """What the neurons of one layer do in base and fine-tune on the same text, where the link read one."""

    layer: int
    neurons: int
    """that do not stand still in either"""
    r: float
    """mean correlation of their hidden values"""
    r_pos: float | None
    """of what is above 0"""
    r_neg: float | None
    """of what is below 0; None where nothing is, as without a gate"""
    null_r: float | None
    """mean correlation with another neuron of the fine-tune's layer"""
    se: float | None
    """mean standard error of a neuron's r, from two halves of the text"""
    below_half: int
    """neurons whose r is below 0.5"""


@dataclass(frozen=True)
class Change:
    """One neuron's row that moved, with its tokens on the pole that changed more."""

    base: str
    tuned: str
    projection: str
    pole: int
    cosine: float
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def lost(self) -> tuple[str, ...]:
        """Tokens of the base's list that the fine-tune's has not."""
        return tuple(t for t in self.before if t not in self.after)

    @property
    def gained(self) -> tuple[str, ...]:
        """Tokens of the fine-tune's list that the base's has not."""
        return tuple(t for t in self.after if t not in self.before)


@dataclass(frozen=True)
class Diff:
    """A base and its fine-tune."""

    base: str
    tuned: str
    run: str
    mean_cosine: float
    layers: tuple[LayerShare, ...]
    changes: tuple[Change, ...]
    """Most changed first."""
    drift: tuple[LayerDrift, ...] = ()
    """By layer; empty where the link read no text."""
    corpus: str | None = None
    """What the text is called."""


def diff_models(reader: Reader, base: str, tuned: str, *, top: int = 10) -> Diff:
    """What the newest link between two models says. Raises LinkError when they are not linked."""
    links = query("link_runs").run(reader, base=base, tuned=tuned).dicts()
    if not links:
        check_models(reader, base, tuned)
        raise LinkError(f"{tuned!r} is not linked to {base!r}; run: neuronkb link {base} {tuned}")
    link = links[0]
    scope = {"base": base, "tuned": tuned, "run": link["run"]}
    rows = query("diff_layers").run(reader, **scope).dicts()
    shares = tuple(share for projection in PROJECTIONS for row in rows if (share := _share(row, projection)))
    changed = query("diff_changed").run(reader, top=top, **scope).dicts()
    runs = json.loads(link["parameters"] or "{}").get("runs", [None, None])
    drift = tuple(LayerDrift(**row) for row in query("drift_layers").run(reader, **scope).dicts())
    called = corpora(reader).get(link["run"])
    changes = _changes(reader, changed, runs)
    return Diff(base, tuned, link["run"], link["mean_cosine"], shares, changes, drift, called)


def _share(row: dict[str, Any], projection: str) -> LayerShare | None:
    if row[f"cos_{projection}"] is None:
        return None
    sides = row["neurons"] * len(POLES)

    def share(kind: str) -> float:
        return float(sum(row[f"{kind}_{projection}_{pole}"] for pole in POLES.values()) / sides)

    return LayerShare(
        layer=row["layer"],
        projection=projection,
        neurons=row["neurons"],
        changed=row[f"changed_{projection}"],
        cosine=row[f"cos_{projection}"],
        same_top=share("same"),
        same_top_rows=share("rows"),
        null=_null(row, projection),
        jaccard=sum(row[f"jaccard_{projection}_{pole}"] for pole in POLES.values()) / len(POLES),
    )


def _null(row: dict[str, Any], projection: str) -> float:
    """Rows that did not change keep their token; of the changed ones, the share found on those drawn for the null."""
    changed = row[f"changed_{projection}"]
    kept = [row[f"null_{projection}_{pole}"] for pole in POLES.values()]
    moved = changed * sum(kept) / len(kept) if changed else 0.0
    return float((row["neurons"] - changed + moved) / row["neurons"])


def _changes(reader: Reader, rows: list[dict[str, Any]], runs: list[str | None]) -> tuple[Change, ...]:
    lists: dict[tuple[str, str, int], tuple[str, ...]] = {}
    for projection in {row["projection"] for row in rows}:
        for side, run in (("base", runs[0]), ("tuned", runs[1])):
            ids = [row[side] for row in rows if row["projection"] == projection]
            for neuron, _, pole, tokens in query("side_tokens").run(
                reader, neurons=ids, projection=projection, run=run
            ):
                lists[neuron, projection, pole] = tuple(tokens)
    found = []
    for row in rows:
        pole = 1 if (row["jaccard_pos"] or 0) <= (row["jaccard_neg"] or 0) else -1
        before, after = (lists.get((row[side], row["projection"], pole), ()) for side in ("base", "tuned"))
        found.append(Change(row["base"], row["tuned"], row["projection"], pole, row["cosine"], before, after))
    return tuple(found)
