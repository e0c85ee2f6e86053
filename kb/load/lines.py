"""Keeps neurons' lines: made anew where evidence came or went, a batch at a time; only those that changed are written.

A run that is being loaded is marked until its neurons have their lines, so that a load that was cut off makes them when
it goes on. Before a run is gone, its neurons have lines by what is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ...ingest.bundle import Bundle, FileEntry, ShardEntry
from ...ingest.progress import Progress, silent
from ...queries import query
from ...queries.answers.known import known_neuron
from ...queries.answers.line_rules import STORED, line_of_each
from ...queries.answers.lines import NeuronLine, lines_of, neuron_line
from ...queries.answers.named import AGREE
from ...queries.catalogue.scope import check_models
from ...queries.result.line import Line, shortened
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import NeuronId
from ...schema.compute import pc
from ..place import WAITING
from ..stores.base import Store

RESTS_ON = {
    "Neuron.HAS_STATS.Stats": "start",
    "Neuron.HAS_GRAPH.Graph": "start",
    "Neuron.DETECTS.Feature": "start",
    "Neuron.EXPLAINED_BY.Explanation": "start",
    "Score.OF.Neuron": "end",
    "Finding.ABOUT.Neuron": "end",
    "Finding.CARRIED_TO.Neuron": "end",
}
"""The tables that lines are made of, and the column that names the neuron."""
SILENT = frozenset({AGREE, "clamp", "feeds", "link", "match"})
"""Jobs that write none of these."""
BATCH = 1_000
"""Neurons in a statement."""
STEP = "making lines of neurons"

_WRITE = """
UNWIND range(0, size($ids) - 1) AS i MATCH (n:Neuron {id: $ids[i]})
SET n.line = $lines[i], n.line_source = $sources[i], n.line_score = $scores[i], n.line_null = $nulls[i],
    n.line_run = $runs[i]
"""
_LINED = "MATCH (m:Model) WHERE m.id IN $models SET m.lined = coalesce(m.lined, 0) + 1"
_MARK = "MATCH (r:Run {id: $run}) SET r.unlined = true"
_DONE = "MATCH (r:Run {id: $run}) SET r.unlined = NULL"
_ALL_DONE = "MATCH (r:Run {model: $model}) WHERE r.unlined SET r.unlined = NULL"
_MARKED = "MATCH (r:Run) WHERE r.unlined AND ($run IS NULL OR r.id = $run) RETURN r.id, r.model ORDER BY r.id"


@dataclass(frozen=True, repr=False)
class LinesMade(Record):
    """The lines of a model's neurons, made anew."""

    model: str
    neurons: int
    changed: int
    """how many have another line now"""
    sources: dict[str, int]
    """neurons by the source of their line, those without one left out"""

    @property
    def title(self) -> str:
        """The model."""
        return f"lines of {self.model}"

    @property
    def lead(self) -> str:
        """How many there are."""
        return f"{self.neurons:,} neurons, {self.changed:,} lines changed"

    def sections(self) -> tuple[Section, ...]:
        """Whose they are."""
        return (Section.table("Whose lines they are", ("source", "neurons"), list(self.sources.items())),)


class Touched:
    """The files of one run that lines rest on, as a load comes by them."""

    def __init__(self, run: str) -> None:
        self.run = run
        self._files: dict[tuple[str, str], tuple[Bundle, FileEntry]] = {}

    def note(self, store: Store, bundle: Bundle, shard: ShardEntry, missing: Iterable[FileEntry]) -> None:
        """A shard, and those of its files that are about to be loaded."""
        for entry in shard.files:
            if entry.table in RESTS_ON:
                self._files[str(bundle.folder), entry.file] = bundle, entry
        if any(entry.table in RESTS_ON for entry in missing):
            store.write(_MARK, {"run": self.run})

    def make(self, store: Store, progress: Progress = silent) -> None:
        """Make the lines of the run's neurons, where any of its files came in since they were last made."""
        if unmade(store, self.run):
            refresh_lines(store, self._neurons(), progress)
            store.write(_DONE, {"run": self.run})

    def _neurons(self) -> list[str]:
        neurons: dict[str, None] = {}
        for bundle, entry in self._files.values():
            neurons |= dict.fromkeys(pc.unique(bundle.read(entry).column(RESTS_ON[entry.table])).to_pylist())
        return list(neurons)


def refresh_lines(store: Store, neurons: Iterable[str], progress: Progress = silent) -> Counter[str]:
    """Make the lines of some neurons anew, under the loading lock; those that people set stay. Counts by source, and
    under `changed` how many are another line now."""
    counts: Counter[str] = Counter()
    ids = list(neurons)
    for start in range(0, len(ids), BATCH):
        progress(STEP, start, len(ids))
        part = ids[start : start + BATCH]
        kept = lines_of(store, part)
        made = line_of_each(store, [neuron for neuron in part if kept[neuron].source != "person"])
        changed = {neuron: line for neuron, line in made.items() if line != kept[neuron]}
        _write(store, changed)
        counts.update(line.source for line in (kept | made).values() if line.source is not None)
        counts["changed"] += len(changed)
    if ids:
        progress(STEP, len(ids), len(ids))
    return counts


def make_lines(store: Store, model: str, progress: Progress = silent) -> LinesMade:
    """Make the lines of all neurons of a model anew. Raises QueryError for an unknown model."""
    check_models(store, model)
    ids = [row[0] for row in query("neurons_of_model").run(store, model=model, timeout=None)]
    with store.loading(lambda who: progress(f"{WAITING}{who} to finish loading", 0, 1)):
        counts = refresh_lines(store, ids, progress)
        store.write(_ALL_DONE, {"model": model})
    changed = counts.pop("changed", 0)
    return LinesMade(model, len(ids), changed, dict(counts.most_common()))


def set_line(store: Store, neuron: str, text: str, progress: Progress = silent) -> NeuronLine:
    """The work of `kb.neurons.set_line`: an empty text takes a line that was set away."""
    name = str(NeuronId.parse(neuron))
    known_neuron(store, NeuronId.parse(name))
    with store.loading(lambda who: progress(f"{WAITING}{who} to finish loading", 0, 1)):
        if text.strip():
            _write(store, {name: Line(shortened(text, STORED), "person")})
        else:
            _write(store, line_of_each(store, [name]))
    return neuron_line(store, name)


def unmade(store: Store, run: str | None = None) -> list[tuple[str, str]]:
    """Runs, or the one given, some of whose neurons may lack their line or have an old one; each with its model."""
    return [(row[0], row[1]) for row in store.read(_MARKED, {"run": run}, timeout=None, limit=None).rows]


def resting_on(store: Store, run: str, job: str | None) -> list[str]:
    """The neurons whose line may be another when a run goes."""
    if job in SILENT:
        return []
    return list(dict.fromkeys(row[0] for row in query("lines_of_run").run(store, run=run, timeout=None)))


def _write(store: Store, lines: dict[str, Line]) -> None:
    if lines:
        made = lines.values()
        columns: dict[str, list[object]] = {
            "ids": list(lines),
            "lines": [line.text or None for line in made],
            "sources": [line.source for line in made],
            "scores": [line.score for line in made],
            "nulls": [line.null for line in made],
            "runs": [line.run for line in made],
        }
        store.write(_WRITE, columns)
        store.write(_LINED, {"models": sorted({NeuronId.parse(name).model for name in lines})})
