"""Imports of published files: read whole, told what each row became, then written and loaded like any run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...queries import query
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import PublishedError
from ..load.known_runs import bundle_for
from ..load.report import LoadReport
from ..load.runs import Clash, settle
from ..load.write import write_and_load
from ..session import Session
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.probes.publications import Shape
    from ...ingest.probes.published import PublishedTable

FILES = 10_000
"""Files that one import may name."""


@dataclass(frozen=True)
class TableReport:
    """What became of one file's rows."""

    file: str
    models: tuple[str, ...]
    rows: int
    imported: int
    skipped: dict[str, int]
    """rows by reason"""
    ignored: tuple[str, ...]
    """columns of no use here"""


@dataclass(frozen=True, repr=False)
class ImportReport(Record):
    """What an import read and wrote."""

    tables: tuple[TableReport, ...]
    loads: tuple[LoadReport, ...]
    """one a run: a file and a model"""

    @property
    def total(self) -> int:
        """New rows of the store in all."""
        return sum(load.total for load in self.loads)

    @property
    def title(self) -> str:
        """What became of the rows."""
        rows, imported = (sum(getattr(each, name) for each in self.tables) for name in ("rows", "imported"))
        edges = sum(load.created.get("Neuron.DETECTS.Feature", 0) for load in self.loads)
        return f"{rows:,} rows read: {imported:,} imported ({edges:,} of them new), {rows - imported:,} skipped"

    def sections(self) -> tuple[Section, ...]:
        """Rows by table, why some were skipped, and what was no use."""
        rows = [(Path(each.file).name, each.rows, each.imported, ", ".join(each.models)) for each in self.tables]
        remarks = Section.lines("Remarks", tuple(self._remarks()))
        return (
            Section("Tables", ("table", "rows", "imported", "model"), tuple(rows)),
            *((remarks,) if remarks.rows else ()),
        )

    def _remarks(self) -> Iterator[str]:
        for each in self.tables:
            for reason, n in each.skipped.items():
                yield f"skipped {n:,} of {each.file}: {reason}"
        if columns := sorted({name or "(no name)" for each in self.tables if each.imported for name in each.ignored}):
            yield f"columns not imported: {', '.join(columns)}"


def import_probes(
    session: Session,
    given_files: str | Path | Sequence[str | Path],
    model: str | None,
    dataset: str | None,
    feature: str | None,
    clash: Clash,
) -> ImportReport:
    """The work of `kb.probes.import_`. All files are read before anything is written."""
    from ...ingest.probes.published import Given, read_published
    from ...ingest.probes.published_job import PublishedJob

    store, place, progress = session.store, session.place, session.progress
    named = [given_files] if isinstance(given_files, str | Path) else given_files
    files = csv_files([Path(file) for file in named])
    given = Given(model, dataset, feature, _shapes(store))
    tables = []
    for number, path in enumerate(files):
        progress("reading tables", number, len(files))
        tables.append(read_published(path, given))
    _one_model(tables, model)
    work = [job for table in tables for job in PublishedJob.each(table)]
    if not work:
        raise PublishedError(f"nothing to import: {_reasons(tables)}")
    folders = [bundle_for(job, store, place) for job in work]
    doomed = [settle(store, job.run, clash) for job in work]
    loads = []
    for number, job in enumerate(work):
        progress("loading tables", number, len(work))
        loads.append(write_and_load(job, store, folders[number], clash=doomed[number], progress=progress))
    return ImportReport(tuple(map(_report, tables)), tuple(loads))


def csv_files(paths: Sequence[Path]) -> list[Path]:
    """The files, each once; of a folder, all .csv files in it and below. Raises PublishedError for one without any."""
    found: dict[Path, Path] = {}
    for path in paths:
        inside = sorted(path.rglob("*.csv")) if path.is_dir() else [path]
        if not inside:
            raise PublishedError(f"{path}: no .csv file in this folder")
        for each in inside:
            found.setdefault(each.resolve(), each)
        if len(found) > FILES:
            raise PublishedError(f"{path}: more than {FILES:,} files; import them in parts")
    return list(found.values())


def _shapes(store: Store) -> dict[str, Shape]:
    """Sizes of the models in the store, where known."""
    from ...ingest.probes.publications import Shape

    return {
        row["model"]: Shape(row["layers"], row["d_mlp"])
        for row in query("models").run(store).dicts()
        if row["layers"] is not None and row["d_mlp"] is not None
    }


def _one_model(tables: Sequence[PublishedTable], model: str | None) -> None:
    """Raise PublishedError when --model would bring the rows of different models together."""
    names = {name for table in tables for name in table.models}
    if model is not None and len(names) > 1:
        raise PublishedError(f"--model names one model, and the tables have {', '.join(sorted(names))}")


def _reasons(tables: Sequence[PublishedTable]) -> str:
    files: dict[str, list[str]] = {}
    for table in tables:
        for reason in table.skipped or ("no rows",):
            files.setdefault(reason, []).append(str(table.path))
    said = []
    for reason, names in files.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        said.append(f"{names[0]}{more}: {reason}")
    return "; ".join(said[:3])


def _report(table: PublishedTable) -> TableReport:
    models = tuple(sorted({row.neuron.model for row in table.rows}))
    return TableReport(str(table.path), models, table.total, len(table.rows), dict(table.skipped), table.ignored)
