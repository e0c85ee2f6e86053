"""Imports of published files: read whole, told what each row became, then written and loaded like any run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...ingest.job import Progress
from ...queries import query
from ...schema import PublishedError
from ..load.known_runs import bundle_for
from ..load.loader import LoadReport
from ..load.runs import Clash, settle
from ..load.write import write_and_load
from ..place import Place
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


@dataclass(frozen=True)
class ImportReport:
    """What an import read and wrote."""

    tables: tuple[TableReport, ...]
    loads: tuple[LoadReport, ...]
    """one a run: a file and a model"""

    @property
    def total(self) -> int:
        """New rows of the store in all."""
        return sum(load.total for load in self.loads)


def import_probes(
    store: Store,
    place: Place,
    paths: Sequence[Path],
    model: str | None,
    dataset: str | None,
    feature: str | None,
    clash: Clash,
    progress: Progress,
) -> ImportReport:
    """The work of `KnowledgeBase.import_probes`. All files are read before anything is written."""
    from ...ingest.probes.published import Given, read_published
    from ...ingest.probes.published_job import PublishedJob

    files = csv_files(paths)
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
