"""What a layer sends to each of its experts: the router's rows through the unembedding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ...schema import ModelError, conform, table
from ..subject.checkpoint import Checkpoint
from ..subject.experts import Router
from ..subject.layer_weights import read_norm
from ..subject.subject import Subject
from .decode import Decoding, decode_rows
from .precision import exact_products
from .settings import Settings
from .tables import Tables, numbered, ranked_edges, same

if TYPE_CHECKING:
    from .unembedding import Unembedding


def decode_router(checkpoint: Checkpoint, router: Router, unembedding: Unembedding, settings: Settings) -> Decoding:
    """Rank the tokens of each row of a router, as of a gate row: a row `[d_model]` an expert.

    A token's score with an expert is the router's row times what the MLP reads; `folded` takes the gain of the norm
    before it in. What the scores then pass (a softmax or sigmoid, biases, groups) is left out. Raises ModelError for
    rows that are not finite.
    """
    exact_products()
    rows = checkpoint.tensor(router.weight).double()
    if not bool(rows.isfinite().all()):
        raise ModelError(f"layer {router.layer}: its router is not finite; the checkpoint is damaged")
    norm = read_norm(checkpoint, router.pre_norm) if settings.convention == "folded" else None
    return decode_rows(rows if norm is None else norm.read_side(rows), unembedding, settings)


def router_tables(found: Decoding, router: Router, subject: Subject, settings: Settings, run: str) -> Tables:
    """Expert and ROUTES_ON, in the ontology's columns."""
    mixture = subject.architecture.mixture
    assert mixture is not None
    n = len(found.norm)
    experts = numbered(f"{subject.name}/L{router.layer}/E", np.arange(n))
    node = {
        "id": experts,
        "model": same(subject.name, n),
        "layer": pa.array(np.full(n, router.layer)),
        "expert": pa.array(np.arange(n)),
        "neurons": pa.array(np.full(n, mixture.d_expert)),
    }
    edges = ranked_edges(found, experts, settings.convention, subject.vocabulary.hash, run)
    made = {"Expert": pa.table(node), "Expert.ROUTES_ON.Token": pa.table(edges)}
    return {name: conform(table(name), data) for name, data in made.items()}
