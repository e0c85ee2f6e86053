"""What a load read and wrote, as every job reports it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ...ingest.bundle import RunInfo
from ...queries.result.record import Record
from ...queries.result.section import Section
from .keepsakes import kept_line


@dataclass(repr=False)
class LoadReport(Record):
    """What a load read and wrote."""

    run: str
    created: dict[str, int] = field(default_factory=dict)
    """New rows by table."""
    known: dict[str, int] = field(default_factory=dict)
    """Rows by table that the store held already."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Rows by table about findings that are not in the store."""
    replaced: tuple[str, ...] = ()
    """Runs that were taken away because this one took their place."""
    deleted: dict[str, int] = field(default_factory=dict)
    """Rows of evidence of each of them."""
    kept: dict[str, int] = field(default_factory=dict)
    """Nodes of theirs by label that stayed, as they carry what people put in; see `keepsakes`."""
    beside: tuple[str, ...] = ()
    """Runs of the same job over another text, which stay."""
    corpora: dict[str, str] = field(default_factory=dict)
    """What their texts are called, by run."""
    same_as: str | None = None
    """the run, and its model's name, that the evidence was copied from, since the weights are the same"""
    notes: tuple[str, ...] = ()
    """What else is worth knowing, a line each: such as texts that could not be read."""

    @property
    def total(self) -> int:
        """New rows in all."""
        return sum(self.created.values())

    @property
    def title(self) -> str:
        """The run."""
        return f"run {self.run}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out."""
        return tuple(
            f"left out: {rows:,} {table} about findings that are not in this store; add them and load again"
            for table, rows in self.left_out.items()
        )

    def sections(self) -> tuple[Section, ...]:
        """Rows by table, and what is worth knowing beside them."""
        rows = [(name, f"{new:,}", f"{self.known.get(name, 0):,}") for name, new in self.created.items()]
        remarks = Section.lines("Remarks", tuple(self._remarks()))
        return (Section("Rows", ("table", "new", "already there"), tuple(rows)), *((remarks,) if remarks.rows else ()))

    def _remarks(self) -> Iterator[str]:
        for run in self.replaced:
            yield f"replaced: {run} was taken away, {self.deleted.get(run, 0):,} rows"
        if self.kept:
            yield kept_line(self.kept)
        if self.beside:
            runs = [f"{run} on {self.corpora[run]}" if run in self.corpora else run for run in self.beside]
            yield f"beside it, over other texts: {', '.join(runs)} (neuronkb runs remove RUN takes one away)"
        yield from self.notes
        if self.same_as:
            yield f"the same weights under another name: copied from {self.same_as}"


@dataclass(frozen=True, repr=False)
class LoadReports(Record):
    """What several loads wrote."""

    loads: tuple[LoadReport, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of each."""
        return tuple(line for load in self.loads for line in load.warnings)

    def sections(self) -> tuple[Section, ...]:
        """Those of each, under its run."""
        return tuple(
            replace(section, caption=f"{load.title}: {section.caption.lower()}")
            for load in self.loads
            for section in load.sections()
        )


@dataclass(frozen=True, repr=False)
class BundleCheck(Record):
    """A bundle that was read from end to end."""

    folder: str
    run: RunInfo
    shards: int
    rows: int
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether it is sound."""
        return not self.faults

    @property
    def title(self) -> str:
        """What was read."""
        return f"{self.folder}: {'sound' if self.ok else f'{len(self.faults)} faults'}"

    @property
    def lead(self) -> str:
        """What is in it."""
        return f"run {self.run.id}, {self.shards} shards, {self.rows:,} rows"

    def sections(self) -> tuple[Section, ...]:
        """What is wrong with it."""
        return (Section.lines("Faults", self.faults),) if self.faults else ()


@dataclass(frozen=True, repr=False)
class Removed(Record):
    """A run that was taken away."""

    run: str
    stayed: dict[str, int]
    """nodes by label that carry what people put in"""

    @property
    def title(self) -> str:
        """What happened."""
        return f"{self.run} was taken away"

    @property
    def lead(self) -> str:
        """What stayed of it."""
        return kept_line(self.stayed) if self.stayed else ""

    def sections(self) -> tuple[Section, ...]:
        """Nothing more to show."""
        return ()
