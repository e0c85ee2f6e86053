"""The search matrix of a store: its segments and term vectors, kept in step with the evidence.

    terms-000-00000000/   words and their vectors; parts are only ever added
    decoded-.../          one run's evidence of one kind
    index.json            what of these is in use; written last, in one step

A build that is killed leaves the old index.json, or none: what it had finished is found by name and not made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock

from ...ingest.bundle.layout import read_json, write_json
from ...ingest.progress import Progress, silent
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import BundleError
from .files import read_folder, sweep
from .planes import Vectors
from .segment import Segment, make_segment
from .sources import Evidence, Source
from .terms import Embed, TermVectors, sound_parts
from .wordcache import WordCache

VERSION = 2
"""Of the layout and of how signatures are made: another version's index is made anew."""
INDEX = "index.json"


class Embeds(Protocol):
    """What makes vectors of texts: an `ingest.embedding.embedder.Embedder`."""

    def embed(self, texts: Sequence[str], progress: Progress = silent, *, quick: bool = False) -> Vectors:
        """Unit vectors, float32 `[len(texts), dimensions]`."""


@dataclass(frozen=True, repr=False)
class Built(Record):
    """What a build did."""

    folder: str
    made: tuple[str, ...]
    """segments made, as kind and run"""
    kept: int
    """segments that were in step already"""
    removed: int
    """segments whose evidence is gone or has changed"""
    rows: int
    words: int
    """distinct Terms with a vector"""
    bytes: int

    @property
    def title(self) -> str:
        """What there is now."""
        return f"search matrix of {self.rows:,} rows of evidence and {self.words:,} words"

    def sections(self) -> tuple[Section, ...]:
        """What was made, what was kept, and where it lies."""
        facts = {each.name: getattr(self, each.name) for each in fields(self)}
        return (Section.facts("Built", {**facts, "made": ", ".join(self.made) or "nothing new"}),)


@dataclass
class Matrix:
    """The matrix of one store for one embedding model."""

    folder: Path
    embedder: str
    dimensions: int
    segments: list[Segment] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    """of the term vectors"""

    @classmethod
    def open(cls, folder: Path, embedder: str, dimensions: int, whole: bool = False) -> Matrix:
        """What is there; `whole` reads every file again and leaves out what is damaged."""
        found = cls(folder, embedder, dimensions)
        with suppress(BundleError):
            held = read_json(folder / INDEX)
            if (held.get("version"), held.get("embedder"), held.get("dimensions")) == (VERSION, embedder, dimensions):
                found._take(held, whole)
        return found

    @property
    def terms(self) -> TermVectors:
        """The words' vectors."""
        return TermVectors(self.folder, self.dimensions, self.parts)

    def stale(self, wanted: Sequence[Source]) -> list[Source]:
        """The sources that have no segment, or one of other evidence."""
        held = {segment.folder.name for segment in self.segments}
        return [source for source in wanted if segment_name(source) not in held]

    def fits(self, wanted: Sequence[Source]) -> bool:
        """Whether every source has its segment and every segment its source."""
        return not self.stale(wanted) and len(self.segments) == len(wanted)

    def _take(self, held: dict[str, Any], whole: bool) -> None:
        self.parts = sound_parts(self.folder, held["terms"], whole)
        # Segments number words through all parts: without one of them none can be read.
        if self.parts != held["terms"]:
            self.parts = []
            return
        for name in held["segments"]:
            facts = read_folder(self.folder / Path(name).name, whole)
            if facts is not None:
                self.segments.append(Segment(self.folder / name, facts))


def build(
    folder: Path,
    wanted: Sequence[Source],
    evidence: Evidence,
    embedder: str,
    dimensions: int,
    model: Embeds,
    *,
    words: WordCache | None = None,
    whole: bool = False,
    progress: Progress = silent,
) -> Built:
    """Bring the matrix in `folder` in step with the sources: only what is new or has changed is made.

    Words that `words` has are not embedded again. One process builds at a time; searches go on with what they have
    opened, and may open each segment as soon as it is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        held = Matrix.open(folder, embedder, dimensions, whole)
        terms = held.terms
        stale = held.stale(wanted)
        for i, source in enumerate(stale):
            label = f"{source.kind} of {source.run}"
            progress(label, i, len(stale))
            target = folder / segment_name(source)
            make_segment(target, source, evidence, terms, _embed(model, source, words, progress), embedder)
            # The words come with the segment that needs them: a kill after this leaves both to be used.
            _write(folder, held, terms, [*(s.folder.name for s in held.segments), *map(segment_name, stale[: i + 1])])
            progress(label, i + 1, len(stale))
        names = [segment_name(source) for source in wanted]
        gone = [segment for segment in held.segments if segment.folder.name not in names]
        _write(folder, held, terms, names)
        sweep(folder, {*names, *terms.parts})
    now = Matrix.open(folder, embedder, dimensions)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    made = tuple(f"{source.kind} of {source.run}" for source in stale)
    rows = sum(len(segment) for segment in now.segments)
    return Built(str(folder), made, len(wanted) - len(stale), len(gone), rows, len(now.terms), size)


def segment_name(source: Source) -> str:
    """The folder of a source's segment: other evidence has another name."""
    run = hashlib.sha256(source.run.encode()).hexdigest()[:12]
    return f"{source.kind}-{run}-{source.state}"


def plain_name(embedder: str) -> str:
    """An embedding model's id as the name of a folder."""
    return "".join(c if c.isalnum() or c in "-." else "-" for c in embedder)


def _write(folder: Path, held: Matrix, terms: TermVectors, names: Sequence[str]) -> None:
    facts = {"version": VERSION, "embedder": held.embedder, "dimensions": held.dimensions}
    write_json(folder / INDEX, {**facts, "terms": terms.parts, "segments": list(dict.fromkeys(names))})


def _embed(model: Embeds, source: Source, words: WordCache | None, progress: Progress) -> Embed:
    """Single words are many, and their vectors are averaged: they may be quick, and are kept for other stores. Texts
    are embedded as queries are."""
    if source.kind in ("explanation", "feature"):
        return lambda texts: model.embed(texts, progress)

    def made(texts: Sequence[str], told: Progress) -> Vectors:
        return model.embed(texts, told, quick=True)

    return lambda texts: made(texts, progress) if words is None else words.vectors(texts, made, progress)
