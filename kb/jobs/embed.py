"""Embeddings of explanation texts, and the index that finds the nearest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from ...ingest.progress import Progress
from ...queries import query
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import NODES, conform
from ..place import WAITING
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.embedding.embedder import Embedder

BATCH = 1_000
"""Texts embedded and written at a time: what a kill loses."""


@dataclass(frozen=True, repr=False)
class EmbeddingReport(Record):
    """What was embedded."""

    embedder: str
    """the model's name and the hash of its weights"""
    dimensions: int
    embedded: int
    """explanations that were not embedded by it before"""

    @property
    def title(self) -> str:
        """How many, and by what."""
        return f"{self.embedded:,} texts embedded by {self.embedder}"

    def sections(self) -> tuple[Section, ...]:
        """Nothing more to show."""
        return ()


def embed_explanations(store: Store, model: str | Path | None, progress: Progress) -> EmbeddingReport:
    """The work of `kb.explanations.embed`: a text that has its embedding is left alone."""
    from ...ingest.embedding.embedder import Embedder

    progress("opening the embedding model", 0, 1)
    return embed_with(store, Embedder.open(model), progress)


def embed_with(store: Store, embedder: Embedder, progress: Progress) -> EmbeddingReport:
    """Embed every text explanation that this embedder has not, and make the vector index."""
    node = NODES["Explanation"]
    prop = next(prop for prop in node.properties if prop.index == "vector")
    others = {row["embedder"] for row in query("embedders").run(store).dicts()} - {embedder.id}
    rows = query("unembedded").run(store, embedder=embedder.id, timeout=None).dicts()
    alone = partial(store.loading, lambda who: progress(f"{WAITING}{who} to finish loading", 0, 1))
    if others:
        # An index is of vectors of one size.
        with alone():
            store.drop_vector_index(node, prop)
    written = 0
    for start in range(0, len(rows), BATCH):
        progress("embedding explanations", start, len(rows))
        part = rows[start : start + BATCH]
        vectors = embedder.embed([row["text"] for row in part])
        found = [
            {"id": row["explanation"], "kind": row["kind"], "run": row["run"], "embedder": embedder.id}
            | {"embedding": vector.tolist()}
            for row, vector in zip(part, vectors, strict=True)
        ]
        with alone():
            # A run may have been taken away meanwhile: what is gone is not made again.
            there = set(store.existing_ids(node, [row["id"] for row in found]).to_pylist())
            if left := [row for row in found if row["id"] in there]:
                store.merge_nodes(node, conform(node, pa.Table.from_pylist(left)))
                written += len(left)
    if rows or not others:
        with alone():
            store.vector_index(node, prop, embedder.dimensions)
    progress("embedding explanations", len(rows), len(rows))
    return EmbeddingReport(embedder.id, embedder.dimensions, written)
