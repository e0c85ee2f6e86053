"""Is a store whole? Relationships that are there twice, rows without their run, loads and removals that were cut off,
and counts that differ from the ledger; each can be mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from ..ingest.bundle import Bundle
from ..ingest.job import Progress, silent
from ..schema import NODES, RELATIONSHIPS, TABLES, NeuronKBError, Node, Relationship, Table, table
from .keepsakes import KEEPSAKES
from .loader import load
from .runs import BATCH, retire
from .settings import WAITING, bundle_folder
from .stores import statements
from .stores.base import Store
from .stores.rows import first_of_each

Kind = Literal["doubled", "without run", "cut off", "missing", "unknown"]
"""doubled: the same relationship more than once. without run: rows of a run that is not there. cut off: a load, or the
removal of a replaced run, that did not end. missing and unknown: fewer or more rows than the ledger counts."""


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


@dataclass(frozen=True)
class Soundness:
    """What was looked at and what is wrong with it."""

    relationships: int
    nodes: int
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong any more."""
        return all(fault.mended for fault in self.faults)


def check_store(store: Store, where: str, mend: bool = False, progress: Progress = silent) -> Soundness:
    """Look through the whole store, and with `mend` put right what can be: doubled rows are deleted but for one, rows
    without their run too, and what is missing is loaded from the bundles of the store's folder. Nobody loads meanwhile.
    """
    with store.loading(lambda who: progress(f"{WAITING}{who} to finish loading", 0, 1)):
        faults = [*_doubled(store, mend, progress), *_without_run(store, mend, progress)]
    faults += _cut_off(store, where, mend, progress)
    counts = _counts(store)
    faults += _against_ledger(store, where, counts, mend, progress)
    nodes = sum(rows for name, _, rows in counts if name in NODES)
    return Soundness(sum(rows for *_, rows in counts) - nodes, nodes, tuple(faults))


def _doubled(store: Store, mend: bool, progress: Progress) -> Iterator[Fault]:
    for number, rel in enumerate(RELATIONSHIPS.values()):
        progress("looking for doubled relationships", number, len(RELATIONSHIPS))
        if not store.read(statements.count(rel), timeout=None).rows[0][0]:
            continue
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
    for start in range(0, len(ids), BATCH):
        store.write(statements.delete_nodes(kind), {"ids": ids[start : start + BATCH]})


def _cut_off(store: Store, where: str, mend: bool, progress: Progress) -> Iterator[Fault]:
    text = "MATCH (r:Run) WHERE r.replaces IS NOT NULL AND r.ended IS NOT NULL RETURN r.id, size(r.replaces)"
    for run, rows in store.read(text, timeout=None, limit=None).rows:
        with store.loading(lambda who: None):
            mended = mend and bool(retire(store, run))
        yield Fault("cut off", "Run", run, rows, "take away the runs that it replaced", mended)
    text = "MATCH (s:Shard {state: 'started'}) RETURN s.run, count(s)"
    for run, rows in store.read(text, timeout=None, limit=None).rows:
        mended = mend and _reload(store, where, run, progress)
        yield Fault("cut off", "Shard", run, rows, f"run the job again, or load the bundle of {run}", mended)


def _against_ledger(
    store: Store, where: str, counts: list[tuple[str, str | None, int]], mend: bool, progress: Progress
) -> Iterator[Fault]:
    """Compare what each run has in the store with what its shards brought, each row counted once."""
    text = "MATCH (s:Shard {state: 'done'}) RETURN s.run AS run, s.id AS id, s.rows AS rows"
    listed: dict[tuple[str, str], int] = {}
    for run, shard, rows in store.read(text, timeout=None, limit=None).rows:
        name = shard.removeprefix(f"{run}/").partition("/")[0]
        if name in TABLES and _owned(table(name)):
            listed[name, run] = listed.get((name, run), 0) + rows
    left_out = (None, KEEPSAKES)
    held = {(name, run): rows for name, run, rows in counts if run not in left_out and name != "Shard"}
    missing: dict[str, dict[str, int]] = {}
    for name, run in sorted(listed.keys() | held.keys()):
        have, want = held.get((name, run), 0), listed.get((name, run), 0)
        if have > want:
            yield Fault("unknown", name, run, have - want, "no shard brought them; keep them or delete them by hand")
        elif have < want and have != _distinct(where, run, name):
            missing.setdefault(run, {})[name] = want - have
    for run, tables in missing.items():
        mended = mend and _fill(store, where, run, list(tables), progress)
        for name, rows in tables.items():
            yield Fault("missing", name, run, rows, f"load the bundle of {run}", mended)


def _fill(store: Store, where: str, run: str, names: list[str], progress: Progress) -> bool:
    """Load tables of a run anew, from its bundle: only the rows that are not there are written."""
    text = "MATCH (s:Shard {run: $run}) WHERE s.id STARTS WITH $begin SET s.state = 'started' RETURN count(s)"
    for name in names:
        store.write(text, {"run": run, "begin": f"{run}/{name}/"})
    return _reload(store, where, run, progress)


def _reload(store: Store, where: str, run: str, progress: Progress) -> bool:
    bundle = _bundle(where, run)
    if bundle is None:
        return False
    try:
        load(store, bundle, progress)
    except NeuronKBError:
        return False
    return True


def _distinct(where: str, run: str, name: str) -> int | None:
    """How many different rows the run's bundle has of a table; None where it is not in the store's folder."""
    bundle = _bundle(where, run)
    if bundle is None:
        return None
    kind = table(name)
    key = ["id"] if isinstance(kind, Node) else ["start", "end", *kind.key]
    parts = [rows.select(key) for rows in bundle.tables(name)]
    return first_of_each(pa.concat_tables(parts), key).num_rows if parts else 0


def _bundle(where: str, run: str) -> Bundle | None:
    try:
        return Bundle.open(bundle_folder(where, run))
    except NeuronKBError:
        return None


def _counts(store: Store) -> list[tuple[str, str | None, int]]:
    """Table, run and rows; the run is None for what belongs to none."""
    counts: list[tuple[str, str | None, int]] = []
    for kind in TABLES.values():
        if store.read(statements.count(kind), timeout=None).rows[0][0]:
            rows = store.read(statements.counts_by_run(kind, _owned(kind)), timeout=None, limit=None).rows
            counts += [(kind.name, run, n) for run, n in rows if n]
    return counts


def _owned(kind: Table) -> bool:
    return any(p.name == "run" for p in kind.properties)


def _ids(store: Store, node: Node) -> Iterator[list[str]]:
    text = f"MATCH (n:{statements.quote(node.label)}) RETURN n.id"
    ids = [row[0] for row in store.read(text, timeout=None, limit=None).rows]
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
