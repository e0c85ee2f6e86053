"""What a store tells of the behaviour of a base's neuron and of a neuron of its fine-tune, as measures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ...ingest.bundle import Bundle
from ...ingest.findings.intervals import f1_interval, score_interval
from ...ingest.findings.measure import Measure
from ...queries import query
from ...queries.answers.activity import activities
from ...queries.answers.graphs import graph_nodes, graphs
from ...queries.answers.named import AGREE
from ...schema import BundleError, NeuronId
from ..place import Place
from ..stores.base import Store

FEATURES = 3
"""Features of a neuron that are followed, at most: those it tells best."""
_FILES = "MATCH (s:Shard) WHERE s.run IN $runs RETURN s.id AS id, s.sha256 AS sha256"


class Behaviours:
    """Measures of both neurons' behaviour from what the store and the bundles beside it hold."""

    def __init__(self, store: Store, place: Place) -> None:
        self._store, self._place = store, place
        self._scores = cache(self._read_scores)

    def __call__(self, source: str, target: str) -> tuple[Measure, ...]:
        """`source` is the base's neuron, `target` the fine-tune's."""
        parts = (self._graphs, self._probes, self._explanations, self._clamps, self._activations)
        return tuple(measure for part in parts for measure in part(source, target))

    def _graphs(self, source: str, target: str) -> Iterator[Measure]:
        """The base's graphs judged on stored windows of both neurons."""
        from ...ingest.findings.windows import judged
        from ...ingest.n2g.predict import predictor
        from ...ingest.n2g.tables import read_graph

        known = [row for row in graphs(self._store, source) if not row["lossy"] and row["status"] == "ok"]
        if not known:
            return
        windows = {neuron: self._windows(neuron) for neuron in (source, target)}
        for row in known:
            nodes = graph_nodes(self._store, row["graph"])
            said = predictor(read_graph(row["algorithm"], nodes), row["base"] or 0.0)
            cut = 0.5 if row["algorithm"] == "paper" else 0.4
            one, two = (judged(said, windows[neuron].get(row["pole"], []), cut=cut) for neuron in (source, target))
            if one is not None and two is not None:
                sign = "+" if row["pole"] > 0 else "-"
                null = max(one.null, two.null)
                yield Measure("graph", f"pole {sign}", two.f1, one.f1, null, two.low, two.high, run=row["run"])

    def _windows(self, neuron: str) -> dict[int, list[tuple[tuple[str, ...], tuple[float, ...]]]]:
        """(tokens, activations) of a neuron's stored windows by pole, of its newest corpus pass."""
        found = {}
        for one in activities(self._store, neuron):
            found[one.pole] = [(window.tokens, window.activations) for window in one.excerpts]
        return found

    def _probes(self, source: str, target: str) -> Iterator[Measure]:
        """The features the base's neuron tells best, above always guessing yes and the best random direction."""
        told = {
            (row["feature"], row["method"]): row
            for row in reversed(query("told_of_neuron").run(self._store, neuron=target).dicts())
        }
        followed = 0
        for row in query("told_of_neuron").run(self._store, neuron=source).dicts():
            null = max(row["base_f1"] or 0.0, row["rotated"] or 0.0)
            if row["f1"] is None or row["f1"] <= null or followed == FEATURES:
                continue
            found = self._probe(row, told.get((row["feature"], row["method"])), target, null)
            if found is not None:
                followed += 1
                yield found

    def _probe(self, base: dict[str, Any], row: dict[str, Any] | None, target: str, null: float) -> Measure | None:
        name = base["name"] or base["feature"]
        if row is None or row["f1"] is None:
            place = NeuronId.parse(target)
            value = self._scores(place.model).get((place.layer, base["feature"], base["method"], place.index))
            return None if value is None else Measure("probe", name, value, base["f1"], null)
        null = max(null, row["base_f1"] or 0.0, row["rotated"] or 0.0)
        low, high = None, None
        if row["n"] and row["positives"] and row["precision"] is not None and row["recall"] is not None:
            low, high = f1_interval(row["n"], row["positives"], row["precision"], row["recall"])
        return Measure("probe", name, row["f1"], base["f1"], null, low, high, run=row["run"])

    def _read_scores(self, model: str) -> _Scores:
        """F1 of every neuron on every probed feature, from the bundles of the model's probe runs."""
        runs = query("runs").run(self._store, job="probes", model=model).dicts()
        return _Scores([self._place.bundle(row["run"]) for row in reversed(runs)])

    def _explanations(self, source: str, target: str) -> Iterator[Measure]:
        """Explanations of the base's neuron that were scored on both, by formulas whose interval is known: without one
        no difference can be told from chance."""
        for row in query("explanations_on_both").run(self._store, neuron=source, other=target).dicts():
            if row["base"] is None or row["value"] is None:
                continue
            null = max(row["base_null"] or 0.0, row["null_score"] or 0.0)
            between = score_interval(row["scorer"], row["formula"], row["value"], row["n"] or 0)
            if between is not None:
                name = f"{row['scorer']} {row['explanation'][:8]}"
                yield Measure("explanation", name, row["value"], row["base"], null, *between, run=row["run"])

    def _clamps(self, source: str, target: str) -> Iterator[Measure]:
        """The base's strongest clamp that beat both nulls, and the same clamp of the fine-tune's neuron."""
        known = [row for row in query("neuron_clamps").run(self._store, neuron=source).dicts() if _beats(row)]
        if not known:
            return
        best = max(known, key=lambda row: row["effect"])
        side = ("projection", "pole", "site", "multiple")
        for row in reversed(query("neuron_clamps").run(self._store, neuron=target).dicts()):
            if all(row[key] == best[key] for key in side) and row["null_neurons_95"] is not None:
                sign = "+" if row["pole"] > 0 else "-"
                name = f"{row['projection']}{sign} at {row['site']}"
                yield Measure("clamp", name, row["effect"], best["effect"], _null(row), run=row["run"])
                return

    def _activations(self, source: str, target: str) -> Iterator[Measure]:
        """Correlation of both neurons' activations on the same text, where a link or a match measured it."""
        for row in query("neuron_counterparts").run(self._store, neuron=source).dicts():
            r, null = row["measures"].get("activation_r"), row["measures"].get("null_r")
            if row["neuron"] == target and r is not None:
                yield Measure("activation", "same text", r, null=null or 0.0, run=row["run"])
        model, top = NeuronId.parse(target).model, 100
        for row in (
            query("neuron_similar").run(self._store, neuron=source, by="activation", model=model, top=top).dicts()
        ):
            if row["neuron"] == target:
                yield Measure("activation", "match", row["score"], null=row["control"] or 0.0, run=row["run"])


class _Scores:
    """F1 by (layer, feature, method, index), read from matrices when first asked for."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders
        self._rows: dict[tuple[int, str, str], Any] | None = None

    def get(self, key: tuple[int, str, str, int]) -> float | None:
        index = key[3]
        if self._rows is None:
            self._rows = {}
            for folder in self._folders:
                for row in _matrix(folder):
                    self._rows.setdefault((row["layer"], row["feature"], row["method"]), row["f1"])
        found = self._rows.get((key[0], key[1], key[2]))
        return None if found is None or index >= len(found) else float(found[index])


def _matrix(folder: Path) -> Iterator[dict[str, Any]]:
    try:
        for rows in Bundle.open(folder).tables("ProbeScores"):
            yield from rows.select(["layer", "feature", "method", "f1"]).to_pylist()
    except BundleError:
        return


def _null(row: dict[str, Any]) -> float:
    return max(float(row["null_tokens_95"]), float(row["null_neurons_95"]), 0.0)


def _beats(row: dict[str, Any]) -> bool:
    return row["null_neurons_95"] is not None and row["effect"] > _null(row)


def evidence_hash(store: Store, models: tuple[str, ...]) -> str:
    """Of the runs that say something of the models, finished or not, and their files: new evidence makes new verdicts.

    No times: the same evidence made again, there or here, has the same hash.
    """
    from ...schema import digest

    ended = {row["run"]: row["ended"] is not None for row in _runs_of(store, models)}
    files = store.read(_FILES, {"runs": sorted(ended)}, timeout=None, limit=None).rows
    return digest({"runs": sorted(ended.items()), "files": sorted(map(list, files))})


def earlier_hash(store: Store, models: tuple[str, ...]) -> str:
    """The hash that version 1 gave the same evidence, from which its verdicts are known."""
    from ...schema import digest

    rows = _runs_of(store, models)
    return digest({"runs": sorted([row["run"], row["ended"] or "", json.dumps(row["summary"])] for row in rows)})


def _runs_of(store: Store, models: tuple[str, ...]) -> list[dict[str, Any]]:
    from ...ingest.findings.job import JOB

    rows = [row for model in models for row in query("runs").run(store, job=None, model=model).dicts()]
    return [row for row in rows if row["job"] not in (JOB, AGREE)]
