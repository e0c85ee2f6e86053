"""One neuron or latent as Neuronpedia's API has it, so that its clients can ask a store: field names and meanings are
theirs, and what the store has not is null or empty.

Their shape has one side. Given is the positive one; /api/card has both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from ...queries import query
from ...schema import LatentId, NeuronId, NotFoundError, QueryError
from .neuronpedia_rows import activation_row, bars, comment_row, decoded, explanation_row, other_side, predicted
from .page import Desk
from .routes import answered

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ...queries import ExplanationView, NeuronCard

PATH = "/api/feature/{model:path}/{layer}/{index}"
LISTS = (
    *(f"neuron_alignment_{part}" for part in ("indices", "l1", "values")),
    *(f"correlated_{kind}_{part}" for kind in ("neurons", "features") for part in ("indices", "l1", "pearson")),
    *(f"logits_hist_data_bar_{part}" for part in ("heights", "values")),
    *("decoder_weights_dist", "topkCosSimIndices", "topkCosSimValues", "vector", "lists", "comments"),
)
"""Fields of which a store has nothing that Neuronpedia means by them."""
NULLS = ("creatorId", "creator", "vectorLabel", "vectorDefaultSteerStrength", "umap_x", "umap_y", "umap_cluster")
_NAMED = re.compile(r"[0-9]+-.+")


def feature_route(desk: Desk) -> Any:
    """The route of the shape."""
    from starlette.routing import Route

    async def asked(request: Request) -> Response:
        at = request.path_params
        return await answered(lambda: feature(desk, at["model"], at["layer"], at["index"]))

    return Route(PATH, asked)


def feature(desk: Desk, model: str, layer: str, index: str) -> dict[str, Any]:
    """A neuron of layer `13` or `13-mlp`, or a latent of a dictionary such as `6-res-jb`.

    Raises NotFoundError for what is not in the store, QueryError for a layer or an index that is none.
    """
    from ...ingest.explain.published.fields import Unfit, whole
    from ...ingest.explain.published.items import unit_of

    try:
        unit = unit_of(model, layer, whole({"index": index}, "index"))
    except Unfit as error:
        raise QueryError(f"{model}/{layer}/{index}: {error}") from None
    if isinstance(unit, NeuronId):
        return Neuron.read(desk, unit).shape(layer)
    return Latent.read(desk, unit).shape()


@dataclass(frozen=True)
class Found:
    """What the store has of the positive side of a unit, whoever made it."""

    excerpts: Sequence[dict[str, Any]]
    stats: Sequence[dict[str, Any]]
    """by run, oldest first"""
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, desk: Desk, unit: str) -> Found:
        """Within the server's limits: the strongest windows."""
        limits: dict[str, Any] = {"timeout": desk.limits.seconds, "limit": desk.limits.rows}
        excerpts = query("unit_excerpts").run(desk.session.store, unit=unit, **limits)
        stats = query("unit_stats").run(desk.session.store, unit=unit, **limits)
        cut = (f"only the {len(excerpts.rows):,} strongest windows are given",) if excerpts.truncated else ()
        return cls(excerpts.dicts(), stats.dicts(), cut)


@dataclass(frozen=True)
class Shape:
    """What neurons and latents have alike."""

    model: str
    layer: str
    index: int
    found: Found
    explanations: Sequence[ExplanationView]
    started: dict[str, Any] = field(default_factory=dict)
    """when each run began"""
    corpora: dict[str, str | None] = field(default_factory=dict)
    """what the text is called that a run read"""
    quantiles: dict[str, dict[str, float]] = field(default_factory=dict)
    """thresholds of a run by quantile"""

    @property
    def place(self) -> dict[str, str]:
        """What every row of theirs begins with."""
        return {"modelId": self.model, "layer": self.layer, "index": str(self.index)}

    def row(self, **known: Any) -> dict[str, Any]:
        """The whole of it; `known` is what only one of the two has."""
        text = [view for view in self.explanations if view.kind == "text"]
        shown = [explanation_row(self.place, view, self.started.get(view.run)) for view in text if view.pole > 0]
        rows = [self._activation(excerpt) for excerpt in self.found.excerpts]
        stats = self.found.stats[-1] if self.found.stats else {"max": None, "nonzero": None}
        set_name = self.layer.partition("-")[2] or "neurons"
        return {
            **self.place,
            "sourceSetName": set_name,
            "createdAt": None,
            "maxActApprox": stats["max"],
            "frac_nonzero": stats["nonzero"],
            "freq_hist_data_bar_heights": [],
            "freq_hist_data_bar_values": [],
            **predicted(self.explanations),
            **{name: [] for name in LISTS},
            **dict.fromkeys(NULLS),
            "hasVector": False,
            "model": {"id": self.model},
            "source": {"id": self.layer, "modelId": self.model, "setName": set_name},
            "sourceSet": {"modelId": self.model, "name": set_name},
            "activations": rows,
            "explanations": shown,
            **known,
            "warnings": [*known.get("warnings", ()), *self.found.left_out, *other_side(text)],
        }

    def _activation(self, excerpt: dict[str, Any]) -> dict[str, Any]:
        run = excerpt["run"]
        source = self.corpora.get(run) or excerpt["corpus"]
        made = activation_row(excerpt, source, self.quantiles.get(run, {}), self.started.get(run))
        return {**self.place, **made}


@dataclass(frozen=True)
class Latent:
    """A unit of a dictionary."""

    row: dict[str, Any]
    found: Found
    explanations: Sequence[ExplanationView]

    @classmethod
    def read(cls, desk: Desk, latent: LatentId) -> Latent:
        """Raises NotFoundError, QueryError."""
        from ...queries.answers.explanations import explanations

        store, name = desk.session.store, str(latent)
        rows = query("latent").run(store, latent=name, timeout=desk.limits.seconds).dicts()
        if not rows and _NAMED.fullmatch(latent.source) is None:
            raise QueryError(f"layer is {latent.source!r}, expected 13, 13-mlp, or a dictionary such as 6-res-jb")
        if not rows:
            raise NotFoundError(f"no latent {name!r} in the store")
        return cls(rows[0] | {"asked": latent}, Found.of(desk, name), explanations(store, name))

    def shape(self) -> dict[str, Any]:
        """In their fields."""
        asked: LatentId = self.row["asked"]
        model = self.row["model"] or asked.model
        layer = str(self.row["source"]).removeprefix(f"{model}/")
        shape = Shape(model, layer, asked.index, self.found, self.explanations)
        return shape.row(hookName=self.row["hook"])


@dataclass(frozen=True)
class Neuron:
    """A neuron of an MLP: its card, and its decoded tokens with their logits."""

    card: NeuronCard
    found: Found
    tokens: Sequence[dict[str, Any]]

    @classmethod
    def read(cls, desk: Desk, neuron: NeuronId) -> Neuron:
        """Raises NotFoundError."""
        card = cast("NeuronCard", desk.ask("card", neuron=str(neuron)).record)
        tokens = query("neuron_tokens").run(desk.session.store, neuron=card.neuron, timeout=desk.limits.seconds)
        return cls(card, Found.of(desk, card.neuron), tokens.dicts())

    def shape(self, layer: str) -> dict[str, Any]:
        """In their fields; `layer` as it was asked for."""
        card = self.card
        started = {run["run"]: run["started"] for run in card.runs}
        sides = [activity for activity in card.activity if activity.pole > 0]
        shape = Shape(
            card.model,
            layer,
            card.index,
            self.found,
            card.explanations,
            started,
            {run["run"]: run["corpus"] for run in card.runs},
            {activity.run: activity.quantiles for activity in sides},
        )
        size = {"id": card.model, "layers": card.layers, "neuronsPerLayer": card.width}
        notes = [note for note in card.findings if note["verdict"] is None]
        return shape.row(
            createdAt=next((run["started"] for run in card.runs), None),
            hookName=f"blocks.{card.layer}.mlp.hook_post",
            model=size,
            comments=[comment_row(note) for note in notes],
            warnings=card.warnings,
            **(bars(sides[-1]) if sides else {}),
            **decoded(self.tokens, list(started)),
        )
