"""Is a store whole? Relationships that are there twice, rows without their run, loads and removals that were cut off,
and counts that differ from the ledger; each can be mended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from ...ingest.bundle import Bundle
from ...ingest.progress import Progress, silent
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import NODES, TABLES, NeuronKBError, Node, Relationship, Table, table
from ...schema.compute import pc
from ..place import WAITING, Place
from ..stores import statements
from ..stores.base import Store
from ..stores.rows import first_of_each
from .keepsakes import KEEPSAKES, kept, kept_line
from .ledger import UNKNOWN
from .lines import make_lines, unmade
from .loader import load
from .runs import BATCH, retire

_TO_MEND = "neuronkb store check --mend puts right what it can"
_TWICE = "missing, or told of by two shards, or of findings that were taken away"
Kind = Literal["doubled", "without run", "cut off", "missing", "unknown", "unclear"]
"""doubled: the same relationship more than once. without run: rows of a run that is not there. cut off: a load, or the
removal of a replaced run, that did not end. missing and unknown: fewer or more rows than the ledger counts. unclear: no
fault, but what cannot be told from the store alone."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and whether it is mended."""

    kind: Kind
    table: str
    run: str | None
    rows: int
    mend: str
    """what mends it, in a line"""
    mended: bool = False


@dataclass(frozen=True, repr=False)
class Soundness(Record):
    """What was looked at and what is wrong with it."""

    relationships: int
    nodes: int
    faults: tuple[Fault, ...]
    kept: dict[str, int] = field(default_factory=dict)
    """by label, nodes of runs that were taken away, which stayed for what people put in; see `keepsakes`"""
    mend: bool = False
    """whether what can be was put right"""

    @property
    def wrong(self) -> tuple[Fault, ...]:
        """The faults without what is only unclear."""
        return tuple(fault for fault in self.faults if fault.kind != "unclear")

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong any more."""
        return all(fault.mended for fault in self.wrong)

    @property
    def title(self) -> str:
        """What was looked at."""
        verdict = f"{len(self.wrong)} faults" if self.wrong else "sound"
        return f"{self.nodes:,} nodes and {self.relationships:,} relationships: {verdict}"

    def sections(self) -> tuple[Section, ...]:
        """The faults, what mends them, and what stayed of runs that were taken away."""
        rows = [
            (fault.kind, fault.table, fault.run, f"{fault.rows:,}", "mended" if fault.mended else fault.mend)
            for fault in self.faults
        ]
        remarks = [] if self.ok or self.mend else [_TO_MEND]
        remarks += [kept_line(self.kept)] if self.kept else []
        faults = Section.table("Faults", ("fault", "table", "run", "rows", "mend"), rows)
        return tuple(section for section in (faults, Section.lines("Remarks", remarks)) if section.rows)


def check_store(store: Store, place: Place, mend: bool = False, progress: Progress = silent) -> Soundness:
    """Look through the whole store, and with `mend` put right what can be: doubled rows are deleted but for one, rows
    without their run too, and what is missing is loaded from the bundles of the store's folder. Nobody loads meanwhile.
    """
    with store.loading(lambda who: progress(f"{WAITING}{who} to finish loading", 0, 1)):
        faults = [*_doubled(store, mend, progress), *_without_run(store, mend, progress)]
    faults += _cut_off(store, place, mend, progress)
    counts = _counts(store)
    faults += _against_ledger(store, place, counts, mend, progress)
    nodes = sum(rows for name, _, rows in counts if name in NODES)
    kept = {name: rows for name, run, rows in counts if run == KEEPSAKES}
    return Soundness(sum(rows for *_, rows in counts) - nodes, nodes, tuple(faults), kept, mend)


def _doubled(store: Store, mend: bool, progress: Progress) -> Iterator[Fault]:
    present = [kind for kind in _present(store) if isinstance(kind, Relationship)]
    for number, rel in enumerate(present):
        progress("looking for doubled relationships", number, len(present))
        extra = 0
        for ids in _ids(store, NODES[rel.start]):
            doubled = sum(row[0] for row in store.read(statements.doubled(rel), {"ids": ids}, timeout=None).rows)
            extra += doubled
            if mend and doubled:
                store.write(statements.delete_doubled(rel), {"ids": ids})
        if extra:
            yield Fault("doubled", rel.name, None, extra, "delete all but one of each", mend)


def _without_run(store: Store, mend: bool, progress: Progress) -> Iterator[Fault]:
    runs = {row[0] for row in store.read("MATCH (r:Run) RETURN r.id", timeout=None, limit=None).rows}
    for name, run, rows in _counts(store):
        if run is None or run in runs:
            continue
        if mend:
            _delete(store, table(name), run)
        yield Fault("without run", name, run, rows, "delete them; load the run's bundle again", mend)


def _delete(store: Store, kind: Table, run: str) -> None:
    if isinstance(kind, Relationship):
        for ids in _ids(store, NODES[kind.start]):
            store.write(statements.delete_relationships(kind, among=True), {"run": run, "ids": ids})
        return
    ids = [row[0] for row in store.read(statements.ids_of_run(kind), {"run": run}, timeout=None, limit=None).rows]
    stay = set(kept(store, kind, ids, run)) if not kind.own else set()
    ids = [name for name in ids if name not in stay]
    for start in range(0, len(ids), BATCH):
        store.write(statements.delete_nodes(kind), {"ids": ids[start : start + BATCH]})


def _cut_off(store: Store, place: Place, mend: bool, progress: Progress) -> Iterator[Fault]:
    text = "MATCH (r:Run) WHERE r.replaces IS NOT NULL AND r.ended IS NOT NULL RETURN r.id, size(r.replaces)"
    for run, rows in store.read(text, timeout=None, limit=None).rows:
        with store.loading(lambda who: None):
            mended = mend and bool(retire(store, run))
        yield Fault("cut off", "Run", run, rows, "take away the runs that it replaced", mended)
    text = "MATCH (s:Shard {state: 'started'}) RETURN s.run, count(s)"
    for run, rows in store.read(text, timeout=None, limit=None).rows:
        mended = mend and _reload(store, place, run, progress)
        yield Fault("cut off", "Shard", run, rows, f"run the job again, or load the bundle of {run}", mended)
    for run, model in unmade(store):
        mended = mend and bool(make_lines(store, model, progress).neurons)
        yield Fault("cut off", "Neuron", run, 1, f"make the lines anew: neuronkb neurons lines {model}", mended)


@dataclass
class _Listed:
    """What the ledger says of a run's rows of a table."""

    added: int = 0
    """by files that say how many"""
    others: int = 0
    """at most by the others, which may tell of the same rows twice"""
    more: bool = False
    """whether even more may be right: a file told something else before"""
    shards: set[str] = field(default_factory=set)


def _against_ledger(
    store: Store, place: Place, counts: list[tuple[str, str | None, int]], mend: bool, progress: Progress
) -> Iterator[Fault]:
    """Compare what each run has in the store with what its shards brought, each row counted once."""
    listed = _listed(store)
    left_out = (None, KEEPSAKES)
    held = {(name, run): rows for name, run, rows in counts if run not in left_out and name != "Shard"}
    missing: dict[str, dict[str, int]] = {}
    for name, run in sorted(listed.keys() | held.keys()):
        fault = _compared(store, place, name, run, held.get((name, run), 0), listed.get((name, run), _Listed()))
        if fault is not None and fault.kind == "missing":
            missing.setdefault(run, {})[name] = fault.rows
        elif fault is not None:
            yield fault
    for run, tables in missing.items():
        mended = mend and _fill(store, place, run, list(tables), progress)
        for name, rows in tables.items():
            yield Fault("missing", name, run, rows, f"load the bundle of {run}", mended)


def _listed(store: Store) -> dict[tuple[str, str], _Listed]:
    text = "MATCH (s:Shard) WHERE s.state <> 'started' RETURN s.run, s.id, s.rows, s.added"
    listed: dict[tuple[str, str], _Listed] = defaultdict(_Listed)
    for run, shard, rows, added in store.read(text, timeout=None, limit=None).rows:
        name, _, of = shard.removeprefix(f"{run}/").partition("/")
        if name not in TABLES or not table(name).evidence:
            continue
        one = listed[name, run]
        one.shards.add(of)
        if added is None or added == UNKNOWN:
            one.others, one.more = one.others + rows, one.more or added == UNKNOWN
        else:
            one.added += added
    return listed


def _compared(store: Store, place: Place, name: str, run: str, have: int, want: _Listed) -> Fault | None:
    """What is wrong with the number of a run's rows of a table, or cannot be told of it."""
    most = want.added + want.others
    if have > most and not want.more:
        return Fault("unknown", name, run, have - most, "no shard brought them; keep them or delete them by hand")
    if have >= most:
        return None
    different = _different(store, place, run, name, want.shards)
    if different is not None:
        return Fault("missing", name, run, different - have, "") if have < different else None
    if have < want.added and not name.startswith("Finding."):  # findings are taken away by who noted them
        return Fault("missing", name, run, want.added - have, "")
    return Fault("unclear", name, run, most - have, f"{_TWICE}; load the bundle of {run} and check again")


def _fill(store: Store, place: Place, run: str, names: list[str], progress: Progress) -> bool:
    """Load tables of a run anew, from its bundle: only the rows that are not there are written."""
    if _bundle(place, run) is None:
        return False
    text = "MATCH (s:Shard {run: $run}) WHERE s.id STARTS WITH $begin SET s.state = 'started' RETURN count(s)"
    for name in names:
        store.write(text, {"run": run, "begin": f"{run}/{name}/"})
    return _reload(store, place, run, progress)


def _reload(store: Store, place: Place, run: str, progress: Progress) -> bool:
    bundle = _bundle(place, run)
    if bundle is None:
        return False
    try:
        load(store, bundle, progress)
    except NeuronKBError:
        return False
    return True


def _different(store: Store, place: Place, run: str, name: str, shards: set[str]) -> int | None:
    """How many different rows the run's bundle has for the store; None where the store's folder has no bundle that
    holds all of the shards."""
    bundle = _bundle(place, run)
    if bundle is None or shards - bundle.shards.keys():
        return None
    kind = table(name)
    key = ["id"] if isinstance(kind, Node) else ["start", "end", *kind.key]
    parts = [rows.select(key) for rows in bundle.tables(name)]
    rows = first_of_each(pa.concat_tables(parts), key) if parts else pa.table({"start": []})
    if name.startswith("Finding."):
        known = store.existing_ids(NODES["Finding"], pc.unique(rows.column("start")).to_pylist())
        rows = rows.filter(pc.is_in(rows.column("start"), value_set=known))
    return int(rows.num_rows)


def _bundle(place: Place, run: str) -> Bundle | None:
    try:
        return Bundle.open(place.bundle(run))
    except NeuronKBError:
        return None


def _counts(store: Store) -> list[tuple[str, str | None, int]]:
    """Table, run and rows; the run is None for what belongs to none."""
    counts: list[tuple[str, str | None, int]] = []
    for kind in _present(store):
        rows = store.read(statements.counts_by_run(kind, kind.evidence), timeout=None, limit=None).rows
        counts += [(kind.name, run, n) for run, n in rows if n]
    return counts


def _present(store: Store) -> list[Table]:
    """The tables whose label or type has any row at all."""
    asked = (store.read(text, timeout=None, limit=None).rows for text in statements.counts())
    nodes, types = ({name for name, n in rows if n} for rows in asked)
    return [kind for kind in TABLES.values() if (kind.name in nodes if isinstance(kind, Node) else kind.type in types)]


def _ids(store: Store, node: Node) -> Iterator[list[str]]:
    text = f"MATCH (n:{statements.quote(node.label)}) RETURN n.id"
    ids = [row[0] for row in store.read(text, timeout=None, limit=None).rows]
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
