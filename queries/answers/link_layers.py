"""What a link between a base and its fine-tune says by layer: what was kept of the weights, and what neurons do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...schema import POLES, PROJECTIONS, LinkError
from ..catalogue.query import Reader, query
from ..catalogue.scope import check_models
from ..result.picture import DriftPoint, HeatMap
from ..result.places import spans
from ..result.section import Drift, Section


@dataclass(frozen=True)
class Link:
    """A link run."""

    base: str
    tuned: str
    run: str
    mean_cosine: float
    decodings: tuple[str | None, str | None]
    """the runs whose tokens were compared, the base's first; None where the link does not say"""
    read_text: bool
    """whether both models read a text"""

    @property
    def scope(self) -> dict[str, Any]:
        """Parameters of the queries on it."""
        return {"base": self.base, "tuned": self.tuned, "run": self.run}


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
    null: float | None
    """Share that keeps it when each base row gets random noise as long as its change; None where none was drawn."""
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


def newest_link(reader: Reader, base: str, tuned: str) -> Link:
    """The newest link run between two models. Raises LinkError when they are not linked."""
    links = query("link_runs").run(reader, base=base, tuned=tuned).dicts()
    if not links:
        check_models(reader, base, tuned)
        raise LinkError(f"{tuned!r} is not linked to {base!r}; run: neuronkb links make {base} {tuned}")
    parameters = json.loads(links[0]["parameters"] or "{}")
    runs = parameters.get("runs") or (None, None)
    return Link(base, tuned, links[0]["run"], links[0]["mean_cosine"], tuple(runs), "text" in parameters)


def layer_shares(reader: Reader, link: Link) -> tuple[LayerShare, ...]:
    """What was kept, by projection and layer; every neuron of the link is looked at."""
    rows = query("diff_layers").run(reader, **link.scope).dicts()
    return tuple(share for projection in PROJECTIONS for row in rows if (share := _share(row, projection)))


def layer_drift(reader: Reader, link: Link) -> tuple[LayerDrift, ...]:
    """What the neurons do on the same text, by layer; empty where the link read none."""
    return tuple(LayerDrift(**row) for row in query("drift_layers").run(reader, **link.scope).dicts())


def shares_section(layers: Sequence[LayerShare]) -> Section:
    """What was kept, a projection of a layer a row; untouched layers together."""
    columns = ("layer", "row", "rows changed", "cosine", "kept", "rows alone", "null", "Jaccard")
    changed = sorted(
        (share for share in layers if share.changed),
        key=lambda share: (share.layer, PROJECTIONS.index(share.projection)),
    )
    rows = [
        (
            str(share.layer),
            share.projection,
            share.changed,
            f"{share.cosine:.5f}",
            *(None if kept is None else f"{kept:.1%}" for kept in (share.same_top, share.same_top_rows, share.null)),
            share.jaccard,
        )
        for share in changed
    ]
    still = spans(sorted({share.layer for share in layers} - {share.layer for share in changed}))
    rows = [(still, "untouched", 0, *[""] * 4, None), *rows] if still else rows
    caption = (
        "Share of sides that keep their top token: kept, each model through its own unembedding; rows alone, both "
        "through the base's; null, base rows with random noise as large as the change"
    )
    return Section.table(caption, columns, rows)


def kept_map(layers: Sequence[LayerShare]) -> HeatMap | None:
    """Shares of sides that keep their top token, a layer a row: of each projection, and beside it under noise as large
    as the change. None without any layer."""
    shares = {(share.layer, share.projection): share for share in layers}
    numbers = sorted({layer for layer, _ in shares})
    projections = [name for name in PROJECTIONS if any(name == projection for _, projection in shares)]
    cells = [[shares.get((layer, projection)) for projection in projections] for layer in numbers]
    values = tuple(
        tuple(value for share in row for value in ((share.same_top, share.null) if share else (None, None)))
        for row in cells
    )
    low = min((value for row in values for value in row if value is not None), default=1.0)
    notes = tuple(tuple(note for share in row for note in _notes(share)) for row in cells)
    if not numbers:
        return None
    heads = tuple(head for projection in projections for head in (projection, f"{projection} null"))
    names = tuple(f"layer {layer}" for layer in numbers)
    unit = "share of sides that keep their top token"
    return HeatMap(names, heads, values, low if low < 1 else 0.0, 1.0, unit, notes)


def _notes(share: LayerShare | None) -> tuple[str, str]:
    """What more is known of a projection of a layer, and of noise on it."""
    if share is None:
        return "", ""
    return f"{share.changed:,} of {share.neurons:,} rows changed", "noise as large as the change"


def drift_section(drift: Sequence[LayerDrift], corpus: str | None) -> Section:
    """What the neurons do on the same text, a layer a row, and drawn."""
    columns = ("layer", "neurons", "r", "r +", "r -", "null", "error", "below 0.5")
    rows = tuple(
        (str(row.layer), row.neurons, row.r, row.r_pos, row.r_neg, row.null_r, row.se, row.below_half) for row in drift
    )
    text = f", {corpus}" if corpus else ""
    caption = (
        f"Hidden values on the same text{text}. r: mean correlation of a neuron with its counterpart, also of each "
        "pole; null: with another neuron of the layer; error: of one neuron's r, from two halves of the text"
    )
    return Section(caption, columns, rows, Drift(tuple(DriftPoint(r.layer, r.r, r.null_r) for r in drift)))


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


def _null(row: dict[str, Any], projection: str) -> float | None:
    """Rows that did not change keep their token; of the changed ones, the share found on those drawn for the null."""
    changed = row[f"changed_{projection}"]
    kept = [row[f"null_{projection}_{pole}"] for pole in POLES.values()]
    if changed and None in kept:
        return None
    moved = changed * sum(kept) / len(kept) if changed else 0.0
    return float((row["neurons"] - changed + moved) / row["neurons"])
