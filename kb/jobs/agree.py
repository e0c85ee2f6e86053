"""Agreement and contradictions of methods: worked out once as a job, and read from the store while they are up to date.

A run is named by the evidence it was made of. Where other evidence has come, or some has gone, it is not looked at;
loading and taking away runs take it away (`runs.forget_agreement`), so that Cypher does not find it either.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...ingest.bundle import UNVERIFIED, Bundle, RunInfo
from ...ingest.bundle.layout import read_json, write_json
from ...ingest.progress import Progress, silent
from ...queries import query
from ...queries.answers.agree import SHARE, AgreeReport, adjusted, agreements, find_layers
from ...queries.answers.agreed import AGREES, CONTRADICTS, Counted, stored_report
from ...queries.answers.compared import Agreement, Compared, MethodPair, compare
from ...queries.answers.disagree import DisagreeReport, with_clamps
from ...queries.answers.named import AGREE, Heard, find_dense, find_runs, read_layer
from ...schema import BundleError, StoreBusyError, arrow_schema, conform, table
from ..load.known_runs import bundle_for
from ..load.loader import load
from ..load.said import METHOD, QUIET, evidence, is_of
from ..load.write import write_and_load
from ..place import Place
from ..stores.base import Store

WORDS = "words"
"""The one shard."""
KINDS = (AGREES, CONTRADICTS)
TRIES = 3
"""How often it is worked out where evidence comes in each time."""


def agree(
    store: Store,
    place: Place,
    model: str,
    *,
    runs: Sequence[str] = (),
    layers: Sequence[int] = (),
    share: float = SHARE,
    top: int | None = 20,
    opposite: bool = False,
    keeps: bool = True,
    progress: Progress = silent,
) -> AgreeReport:
    """The work of `kb.words.agree`, and the first part of `kb.words.disagree`."""
    work_out = partial(
        agreements, store, model, runs=runs, layers=layers, share=share, top=top, opposite=opposite, progress=progress
    )
    if runs or share != SHARE:
        return work_out()
    find_dense(store, model)
    find_layers(store, model, layers)
    for _ in range(TRIES):
        heard = find_runs(store, model)
        held = standing(store, model, evidence(store, heard))
        if held is not None:
            return stored_report(store, model, heard, *held, layers=layers, top=top, opposite=opposite)
        if layers or not keeps:
            return work_out()
        make(store, place, model, progress)
    raise StoreBusyError(f"evidence of {model!r} comes in while it is read; run the same command once that is done")


def disagree(
    store: Store,
    place: Place,
    model: str,
    *,
    runs: Sequence[str] = (),
    coherence: float = 0.3,
    f1: float = 0.5,
    top: int = 20,
    **options: Any,
) -> DisagreeReport:
    """The work of `kb.words.disagree`."""
    opposite = agree(store, place, model, runs=runs, top=top, opposite=True, **options)
    return with_clamps(store, opposite, runs, coherence=coherence, f1=f1, top=top)


def standing(store: Store, model: str, present: str) -> tuple[str, dict[str, Counted]] | None:
    """The finished run that was made of the evidence with this hash, with what it counted; None where there is none."""
    for row in query("agreed_runs").run(store, model=model).dicts():
        if is_of(row["parameters"], present):
            summary = json.loads(row["summary"] or "{}")
            return row["run"], {kind: Counted.read(summary.get(kind)) for kind in KINDS}
    return None


def make(store: Store, place: Place, model: str, progress: Progress) -> None:
    """Work out what methods agree on and contradict each other on, and store it in place of what was there before."""
    job = AgreeJob.of(store, model)
    folder = bundle_for(job, store, place)
    job.unfinished = place.passes / job.run.id
    if (made := _finished(folder)) is not None:
        load(store, made, progress, "replace")
    else:
        write_and_load(job, store, folder, clash="replace", progress=progress)
    shutil.rmtree(job.unfinished, ignore_errors=True)


def _finished(folder: Path) -> Bundle | None:
    try:
        found = Bundle.open(folder) if folder.is_dir() else None
    except BundleError:
        return None  # it is made again
    return found if found is not None and found.run.ended else None


@dataclass
class AgreeJob:
    """AGREES_ON and CONTRADICTS_ON of a model: every layer is compared, then the p-values of all are adjusted."""

    store: Store
    model: Mapping[str, Any]
    """its row"""
    heard: Mapping[str, Heard]
    evidence: str
    layers: Sequence[tuple[int, int]]
    """with how many neurons"""
    unfinished: Path | None = None
    """where compared layers are kept until all are"""
    found: dict[str, dict[int, Compared]] = field(default_factory=dict, repr=False)
    """by kind and layer, filled by `shards`"""

    @classmethod
    def of(cls, store: Store, model: str) -> AgreeJob:
        """Raises QueryError for a model that is not there."""
        row, heard = find_dense(store, model), find_runs(store, model)
        return cls(store, row, heard, evidence(store, heard), find_layers(store, model))

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        parameters = {"share": SHARE, "evidence": self.evidence, "method": METHOD}
        weights = self.model["weights"] or UNVERIFIED
        sources = tuple(sorted(run for run, one in self.heard.items() if one.job not in QUIET))
        return RunInfo.named(AGREE, self.model["model"], weights, None, parameters, derived_from=sources)

    def shards(self, done: Container[str], progress: Progress) -> Iterator[tuple[str, dict[str, pa.Table]]]:
        """One shard, after a step a layer. Raises StoreBusyError where evidence comes in meanwhile."""
        self.found = {kind: {} for kind in KINDS}
        for number, (layer, count) in enumerate(self.layers):
            progress("comparing layers", number, len(self.layers))
            for kind, compared in self._layer(layer, count).items():
                self.found[kind][layer] = compared
        progress("comparing layers", len(self.layers), len(self.layers))
        if WORDS not in done:
            yield WORDS, {f"Neuron.{kind}.Term": self._table(kind) for kind in KINDS}

    def summary(self, done: Collection[str]) -> dict[str, Any]:
        """What `queries.answers.agreed` needs besides the relationships."""
        return {kind: Counted.of(found, self._sides(kind)).as_json() for kind, found in self.found.items()}

    def _sides(self, kind: str) -> list[Agreement]:
        return adjusted(Compared.together(self.found[kind].values()))

    def _layer(self, layer: int, count: int) -> dict[str, Compared]:
        kept = None if self.unfinished is None else self.unfinished / f"L{layer:03d}.json"
        if kept is not None and (before := _read(kept)) is not None:
            return before
        gated = self.model["gated"] is not False
        said = read_layer(self.store, self.model["model"], layer, count, self.heard, gated=gated, share=SHARE)
        if evidence(self.store, find_runs(self.store, self.model["model"])) != self.evidence:
            raise StoreBusyError("evidence comes in while it is read; run the same command once that is done")
        made = {kind: compare(said, self.model["model"], opposite=kind == CONTRADICTS) for kind in KINDS}
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_json(kept, {kind: asdict(compared) for kind, compared in made.items()})
        return made

    def _table(self, kind: str) -> pa.Table:
        rel = table(f"Neuron.{kind}.Term")
        rows = [row | {"run": self.run.id} for one in self._sides(kind) for row in _rows(one)]
        return conform(rel, pa.Table.from_pylist(rows, arrow_schema(rel)))


def _rows(one: Agreement) -> Iterator[dict[str, Any]]:
    """A row a word."""
    held = {name: getattr(one, name) for name in ("pole", "methods", "score", "null", "p", "q")}
    for rank, word in enumerate(one.words, 1):
        yield {"start": one.neuron, "end": word, "rank": rank, **held}


def _read(path: Path) -> dict[str, Compared] | None:
    """A layer that was compared before the job was cut off."""
    try:
        return {kind: _compared(held) for kind, held in read_json(path).items()}
    except (BundleError, KeyError, TypeError):
        return None  # it is compared again


def _compared(held: Mapping[str, Any]) -> Compared:
    sides = (one | {"words": tuple(one["words"]), "methods": tuple(one["methods"])} for one in held["found"])
    pairs = tuple(MethodPair(**pair) for pair in held["pairs"])
    return Compared(held["tested"], pairs, tuple(Agreement(**one) for one in sides))
