"""One run's evidence of one kind, as rows with a unit vector each: a folder that is whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .entries import Worded, Written, worded, written
from .files import make_folder
from .planes import Planes, PlaneWriter, Vectors, mapped, rough, split
from .signatures import Bags, bags, shuffled_signatures, signatures
from .sources import Evidence, Kind, Source
from .terms import Embed, TermVectors, read_table, write_table

ROWS, OFFSETS, TERMS, WEIGHTS, NULL = "rows.arrow", "offsets.i64", "terms.i32", "weights.f32", "shuffled"


@dataclass(frozen=True)
class Segment:
    """A segment on disk, opened; nothing is read before it is needed."""

    folder: Path
    facts: dict[str, Any]

    @property
    def kind(self) -> Kind:
        kind: Kind = self.facts["kind"]
        return kind

    @property
    def run(self) -> str:
        return str(self.facts["run"])

    @property
    def model(self) -> str:
        return str(self.facts["model"])

    def __len__(self) -> int:
        return int(self.facts["rows"])

    @cached_property
    def rows(self) -> pa.Table:
        """unit, layer, projection, pole, text and ref of each row."""
        return read_table(self.folder / ROWS)

    @cached_property
    def planes(self) -> Planes:
        """The rows' unit vectors."""
        return Planes.open(self.folder, len(self), self.facts["dimensions"], self.facts["error"])

    @cached_property
    def layers(self) -> npt.NDArray[np.int32]:
        """The layer of each row, -1 where it has none."""
        column = self.rows.column("layer").combine_chunks()
        return np.asarray(column.fill_null(-1).to_numpy(zero_copy_only=False), np.int32)

    @cached_property
    def bags(self) -> Bags | None:
        """The words of each row, where it is made of words."""
        if not self.facts["words"]:
            return None
        return Bags(
            np.fromfile(self.folder / OFFSETS, np.int64),
            np.memmap(self.folder / TERMS, np.int32, "r"),
            np.memmap(self.folder / WEIGHTS, np.float32, "r"),
        )

    def shuffled(self, query: Vectors) -> Vectors:
        """What the signatures of shuffled evidence score, float32 `[n]`, each within 0.01; empty for texts."""
        n = int(self.facts["shuffled"])
        return rough(mapped(self.folder / f"{NULL}.i16", n, self.facts["dimensions"]), query)


def make_segment(
    folder: Path, source: Source, evidence: Evidence, terms: TermVectors, embed: Embed, embedder: str
) -> dict[str, Any]:
    """Write the segment of a source into `folder`, and return what its part.json says."""

    def fill(partial: Path) -> dict[str, Any]:
        if source.kind in ("explanation", "feature"):
            facts = _fill_texts(partial, written(evidence, source), embed, embedder, terms.dimensions)
        else:
            facts = fill_words(partial, worded(evidence, source), terms, embed)
        named = {"kind": source.kind, "run": source.run, "model": source.model, "state": source.state}
        return {**named, "dimensions": terms.dimensions, **facts}

    return make_folder(folder, fill)


def fill_words(folder: Path, found: Worded, terms: TermVectors, embed: Embed) -> dict[str, Any]:
    """Write signatures and the words they are made of; what part.json says of them."""
    numbers = terms.numbers(found.words, embed)
    held = bags(found.rows, numbers, found.weights, found.sides.num_rows)
    some = np.diff(held.offsets) > 0
    held = Bags(np.concatenate(([0], np.cumsum(np.diff(held.offsets)[some]))), held.terms, held.weights)
    vectors = terms.all()
    writer = PlaneWriter(folder)
    writer.write(signatures(held, vectors))
    null = shuffled_signatures(held, vectors)
    (folder / f"{NULL}.i16").write_bytes(split(null)[0].tobytes())
    write_table(folder / ROWS, found.sides.filter(pa.array(some)))
    for name, values in ((OFFSETS, held.offsets), (TERMS, held.terms), (WEIGHTS, held.weights)):
        (folder / name).write_bytes(values.tobytes())
    return {"rows": writer.rows, "error": writer.error, "shuffled": len(null), "words": len(held.terms)}


def _fill_texts(folder: Path, found: Written, embed: Embed, embedder: str, dimensions: int) -> dict[str, Any]:
    texts = found.rows.column("text").to_pylist()
    ready = {
        row: vector
        for row, vector in found.embeddings.items()
        if found.embedders[row] == embedder and len(vector) == dimensions
    }
    missing = [row for row in range(len(texts)) if row not in ready]
    vectors = np.empty((len(texts), dimensions), np.float32)
    if missing:
        vectors[missing] = embed([texts[row] for row in missing])
    for row, vector in ready.items():
        vectors[row] = vector
    writer = PlaneWriter(folder)
    writer.write(_blocks(vectors))
    write_table(folder / ROWS, found.rows)
    counts = {"embedded": len({texts[row] for row in missing}), "stored": len(ready)}
    return {"rows": writer.rows, "error": writer.error, "shuffled": 0, "words": 0, **counts}


def _blocks(vectors: Vectors) -> Iterator[Vectors]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    yield np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0), np.float32)
