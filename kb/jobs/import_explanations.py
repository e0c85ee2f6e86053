"""Imports of published explanations: everything read before anything is loaded, and told what became of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...ingest.bundle import Bundle
from ...ingest.progress import Progress
from ...queries import query
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import ModelError, PublishedError
from ..load.known_runs import bundle_for
from ..load.loader import load
from ..load.report import LoadReport
from ..load.runs import Clash, remove_run, settle
from ..load.write import write_bundle
from ..place import Place
from ..stores.base import Store
from .embed import EmbeddingReport, embed_explanations

if TYPE_CHECKING:
    from ...ingest.explain.published.items import Format, Part
    from ...ingest.explain.published.job import ExplanationsImport
    from ...ingest.explain.published.tally import Tally


KINDS = ("explanations", "scores", "windows", "statistics", "rows", "files")
NOTES = 10
"""Notes of a model that are shown; JSON has a hundred."""


@dataclass(frozen=True)
class ModelImport:
    """What became of one model's files."""

    model: str
    read: dict[str, int]
    """by kind, as are kept and merged: explanations, scores, windows, statistics, files, rows of other kinds"""
    kept: dict[str, int]
    merged: dict[str, int]
    """the same again: from another file or another place in one"""
    failed: dict[str, int]
    """by reason: failure messages in place of explanations, files that cannot be read"""
    skipped: dict[str, int]
    """by reason"""
    remarks: dict[str, int]
    notes: tuple[str, ...]
    """`file: why` of the first hundred"""
    load: LoadReport | None
    """None for files of no model"""

    def sections(self) -> Iterator[Section]:
        """What was read, and every reason why something was left out."""
        rows = [
            (kind, f"{self.read[kind]:,}", f"{self.kept.get(kind, 0):,}", f"{self.merged.get(kind, 0):,}")
            for kind in KINDS
            if kind in self.read
        ]
        name = self.model or "files of no model"
        if self.model:
            yield Section(name, ("read", "in all", "kept", "merged"), tuple(rows))
        if lines := tuple(self._lines()):
            yield Section.lines(f"Remarks on {name}", lines)

    def _lines(self) -> Iterator[str]:
        for reason, n in self.failed.items():
            yield f"failed {n:,}: {reason}"
        for reason, n in self.skipped.items():
            yield f"skipped {n:,}: {reason}"
        for remark, n in self.remarks.items():
            yield f"{n:,} {remark}"
        yield from self.notes[:NOTES]
        if len(self.notes) > NOTES:
            yield f"... and {len(self.notes) - NOTES} more; --json shows them"


@dataclass(frozen=True, repr=False)
class ExplanationsReport(Record):
    """What an import of explanations read and wrote."""

    format: str
    guessed: bool
    """whether the format was told by the files themselves"""
    models: tuple[ModelImport, ...]
    embedding: EmbeddingReport | None = None
    """None where texts were not embedded"""
    not_embedded: str | None = None
    """why the texts could not be embedded, such as a package that is not installed"""

    @property
    def total(self) -> int:
        """New rows of the store in all."""
        return sum(each.load.total for each in self.models if each.load is not None)

    @property
    def title(self) -> str:
        """Whose files they are."""
        return f"format {self.format}" + (", told by the files" if self.guessed else "")

    @property
    def lead(self) -> str:
        """What was embedded."""
        return self.embedding.title if self.embedding is not None else ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the loads left out, and why texts were not embedded."""
        lines = tuple(line for each in self.models if each.load is not None for line in each.load.warnings)
        if self.not_embedded is None:
            return lines
        return (*lines, f"texts not embedded: {self.not_embedded}; then neuronkb explanations embed does it")

    def sections(self) -> tuple[Section, ...]:
        """What became of each model's files."""
        return tuple(section for each in self.models for section in each.sections())


def import_explanations(
    store: Store,
    place: Place,
    paths: Sequence[Path],
    format: Format | None,
    asked: dict[str, str | None],
    embed: bool,
    clash: Clash,
    progress: Progress,
) -> ExplanationsReport:
    """The work of `kb.explanations.import_`: texts that cannot be embedded are loaded all the same."""
    from ...ingest.explain.published.formats import READERS, guessed
    from ...ingest.explain.published.items import Given
    from ...ingest.explain.published.tally import Tally

    progress("looking for files", 0, 1)
    chosen = format or guessed(paths)
    reader = READERS[chosen](Given(**asked, sizes=_sizes(store)))
    left_out = Tally()
    parts = reader.parts(paths, left_out)
    work = [_job(chosen, reader, own, asked) for own in _by_model(parts)]
    folders = [bundle_for(job, store, place) for job in work]
    doomed = [settle(store, job.run, clash) for job in work]
    for job, folder in zip(work, folders, strict=True) if clash == "replace" else ():
        _make_way(job, store, folder, progress)
    bundles = [_written(job, folder, progress) for job, folder in zip(work, folders, strict=True)]
    if not any(job.tally.kept.keys() - {"files"} for job in work):
        raise PublishedError(f"nothing to import: {_reasons([left_out, *(job.tally for job in work)])}")
    found = [
        _import(job.model, job.tally, load(store, bundle, progress, replaced))
        for job, bundle, replaced in zip(work, bundles, doomed, strict=True)
    ]
    if left_out.read:
        found.append(_import("", left_out, None))
    report = ExplanationsReport(chosen, format is None, tuple(found))
    if not embed:
        return report
    try:
        return replace(report, embedding=embed_explanations(store, None, progress))
    except ModelError as error:
        return replace(report, not_embedded=str(error))


def _job(format: Format, reader: Any, parts: list[Part], asked: dict[str, str | None]) -> ExplanationsImport:
    from ...ingest.explain.published.job import ExplanationsImport

    return ExplanationsImport(format, reader, parts, asked)


def _by_model(parts: Sequence[Part]) -> Iterator[list[Part]]:
    for model in dict.fromkeys(part.model for part in parts):
        yield [part for part in parts if part.model == model]


def _written(job: ExplanationsImport, folder: Path, progress: Progress) -> Bundle:
    """The whole bundle, on disk; nothing that was not there before stays where a file is damaged."""
    with _gone_if_damaged(folder):
        return write_bundle(job, folder, progress)


def _make_way(job: ExplanationsImport, store: Store, folder: Path, progress: Progress) -> None:
    """Take away what the same files became before, in store and bundle, where they become something else now: an older
    release took failures for explanations."""
    known = bool(query("run").run(store, run=job.run.id).rows)
    if not known and not folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".again-", dir=folder.parent) as place:
        now = write_bundle(job, Path(place) / "bundle", progress)
        if folder.exists() and now.shards == Bundle.open(folder).shards:
            return
    if known:
        remove_run(store, job.run.id, progress)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _gone_if_damaged(folder: Path) -> Iterator[None]:
    before = folder.exists()
    try:
        yield
    except PublishedError:
        if not before:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _sizes(store: Store) -> dict[str, tuple[int, int]]:
    """Layers and neurons a layer of the models in the store, where known."""
    rows = query("models").run(store).dicts()
    return {row["model"]: (row["layers"], row["d_mlp"]) for row in rows if row["layers"] and row["d_mlp"]}


def _reasons(tallies: Sequence[Tally]) -> str:
    said = [note for tally in tallies for note in tally.notes]
    said += [reason for tally in tallies for reason in (*tally.failed, *tally.skipped)]
    return "; ".join(list(dict.fromkeys(said))[:3]) or "the files are empty"


def _import(model: str, tally: Tally, load: LoadReport | None) -> ModelImport:
    return ModelImport(
        model,
        dict(tally.read),
        dict(tally.kept),
        dict(tally.merged),
        dict(tally.failed),
        dict(tally.skipped),
        dict(tally.remarks),
        tuple(tally.notes),
        load,
    )
