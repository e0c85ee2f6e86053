"""Reads a folder of the 2023 script's output: neuron_store.json, stats.json and a drawing a neuron.

Read as well: the 2024 fork's statistics, whose names differ, and DeepDecipher's answers, `{layer}_{neuron}.json` or
`{layer}/{neuron}.json`. The prediction trie itself was never written.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...schema import PublishedError
from ...schema.outside import Unreadable, parse_json, read_bytes
from .deepdecipher import read_answer
from .dot import Drawing, read_drawing

STORE, STATS, GRAPH = "neuron_store.json", "stats.json", "graph"
SIZE = 512 * 2**20
"""Bytes a JSON file may have."""
NEURONS = 2_000_000
_NEURON = re.compile(r"(\d{1,5})_(\d{1,7})")

Place = tuple[int, int]
"""Layer and index."""


@dataclass
class PublishedNeuron:
    """What the folder says of one neuron."""

    activating: set[str] = field(default_factory=set)
    """tokens it fires on, as the script normalises them"""
    important: set[str] = field(default_factory=set)
    drawing: Drawing | None = None
    scores: dict[str, Any] = field(default_factory=dict)
    """properties of its Graph"""
    similar: tuple[tuple[int, int, float], ...] = ()
    """layer, index and overlap of neurons that DeepDecipher lists as alike"""


@dataclass
class PublishedFolder:
    """All neurons of one folder, and what could not be read."""

    path: Path
    sha256: str
    """over the JSON files and the drawings"""
    neurons: dict[Place, PublishedNeuron]
    skipped: Counter[str]
    """by reason"""
    notes: tuple[str, ...]
    """`file: why` of the first hundred skipped"""


def read_folder(path: Path) -> PublishedFolder:
    """A model's folder, or the run's folder inside it.

    A drawing that cannot be read is counted with its reason. Raises PublishedError where nothing is N2G output, and for
    a damaged neuron_store.json or stats.json.
    """
    if not path.is_dir():
        raise PublishedError(f"{str(path)!r} is no folder; expected one with {STORE}, {STATS} and neurons' graphs")
    return _Reader(path).read()


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.hash = hashlib.sha256()
        self.neurons: dict[Place, PublishedNeuron] = {}
        self.skipped: Counter[str] = Counter()
        self.notes: list[str] = []

    def read(self) -> PublishedFolder:
        store, stats = self._find(STORE), self._find(STATS)
        drawings = self._drawings(stats.parent if stats else self.path)
        answers = self._answers()
        if store is None and stats is None and not drawings and not answers:
            raise PublishedError(f"{self.path}: no {STORE}, no {STATS} and no {{layer}}_{{neuron}}/{GRAPH} in it")
        if store is not None:
            self._take_store(store)
        if stats is not None:
            self._take_stats(stats)
        for place, file in sorted(drawings.items()):
            self._take_drawing(place, file)
        for place, file in sorted(answers.items()):
            self._take_answer(place, file)
        return PublishedFolder(self.path, self.hash.hexdigest(), self.neurons, self.skipped, tuple(self.notes[:100]))

    def neuron(self, place: Place) -> PublishedNeuron:
        if len(self.neurons) >= NEURONS:
            raise PublishedError(f"{self.path}: more than {NEURONS:,} neurons; import it in parts")
        return self.neurons.setdefault(place, PublishedNeuron())

    def skip(self, file: Path, reason: str, note: str = "") -> None:
        self.skipped[reason] += 1
        self.notes.append(note or f"{file}: {reason}")

    def _find(self, name: str) -> Path | None:
        """In the folder, or in one of the folders in it; the store also beside the folder."""
        near = [self.path / name, *sorted(self.path.glob(f"*/{name}"))]
        if name == STORE:
            near.append(self.path.parent / name)
        found = [file for file in near if file.is_file()]
        if name == STATS and len(found) > 1:
            raise PublishedError(f"{self.path}: {found[0]} and {found[1]}: name the one run's folder to import")
        return found[0] if found else None

    def _drawings(self, folder: Path) -> dict[Place, Path]:
        """`{layer}_{neuron}/graph`, or the fork's `graphs/{layer}_{neuron}`."""
        found: dict[Place, Path] = {}
        for each in [*sorted(folder.glob("*_*")), *sorted(folder.glob("graphs/*_*"))]:
            if not (match := _NEURON.fullmatch(each.name)):
                continue
            place = int(match[1]), int(match[2])
            file = each / GRAPH if each.is_dir() else each
            if file.is_file():
                found[place] = file
            else:
                self.skip(each, "no graph in the neuron's folder")
        return found

    def _answers(self) -> dict[Place, Path]:
        """DeepDecipher's, by the neuron that their names tell."""
        found: dict[Place, Path] = {}
        for file in [*sorted(self.path.glob("*_*.json")), *sorted(self.path.glob("*/*.json"))]:
            names = file.stem if "_" in file.stem else f"{file.parent.name}_{file.stem}"
            if (match := _NEURON.fullmatch(names)) and file.is_file():
                found[int(match[1]), int(match[2])] = file
        return found

    def _take_store(self, file: Path) -> None:
        raw = self._json(file)
        for kind in ("activating", "important"):
            words = raw.get(kind)
            if not isinstance(words, dict):
                raise PublishedError(f"{file}: {kind!r} is {type(words).__name__}, expected tokens with their neurons")
            for token, names in words.items():
                for place in _places(file, token, names):
                    getattr(self.neuron(place), kind).add(token)

    def _take_stats(self, file: Path) -> None:
        for layer, neurons in self._json(file).items():
            if not isinstance(neurons, dict):
                raise PublishedError(f"{file}: layer {layer!r} is {type(neurons).__name__}, expected its neurons")
            for index, report in neurons.items():
                match = _NEURON.fullmatch(f"{layer}_{index}")
                if match is None or not isinstance(report, dict):
                    raise PublishedError(f"{file}: layer {layer!r}, neuron {index!r}: expected its scores")
                place = int(match[1]), int(match[2])
                if report:
                    self.neuron(place).scores = _scores(f"{file}: neuron {layer}_{index}", report)
                else:
                    self.skip(file, "its evaluation failed", f"{file}: neuron {layer}_{index}: its evaluation failed")

    def _take_drawing(self, place: Place, file: Path) -> None:
        try:
            self.neuron(place).drawing = read_drawing(file)
            self.hash.update(file.read_bytes())
        except PublishedError as error:
            self.skip(file, "a graph that cannot be read", str(error))

    def _take_answer(self, place: Place, file: Path) -> None:
        try:
            answer = read_answer(self._json(file), file)
        except PublishedError as error:
            self.skip(file, "an answer that cannot be read", str(error))
            return
        if answer is None:
            self.skip(file, "an answer without a graph")
            return
        neuron = self.neuron(place)
        neuron.drawing, neuron.similar = neuron.drawing or answer.drawing, answer.similar
        for node in answer.drawing.nodes:
            if node.token is not None:
                (neuron.activating if node.activating else neuron.important).add(node.token)

    def _json(self, file: Path) -> dict[str, Any]:
        try:
            data = read_bytes(file, SIZE)
            value = parse_json(data)
        except OSError as error:
            raise PublishedError(f"{file}: cannot be read ({error.strerror or error})") from None
        except Unreadable as error:
            raise PublishedError(f"{file}: not whole JSON ({error}); the folder may be half-written") from None
        if not isinstance(value, dict):
            raise PublishedError(f"{file}: expected a JSON object")
        self.hash.update(data)
        return value


def _places(file: Path, token: str, names: Any) -> Iterator[Place]:
    for name in names if isinstance(names, list) else [names]:
        match = _NEURON.fullmatch(name) if isinstance(name, str) else None
        if match is None:
            raise PublishedError(f"{file}: token {token!r}: {name!r} is no neuron, expected such as 1_1268")
        yield int(match[1]), int(match[2])


def _scores(where: str, report: Mapping[str, Any]) -> dict[str, Any]:
    """Scores of the firing tokens, in the script's names or the fork's."""
    firing = report.get("1", report.get("firing"))
    others = report.get("0", report.get("non_firing"))
    found: dict[str, Any] = {"r2": _number(where, report.get("correlation"), most=1.0)}
    if not isinstance(firing, dict):
        return found | {"support": 0}
    names = {"precision": ("precision",), "recall": ("recall",), "f1": ("f1-score", "f1_score")}
    for to, spelled in names.items():
        found[to] = _number(where, next((firing[name] for name in spelled if name in firing), None), 0.0, 1.0)
    support = _number(where, firing.get("support", firing.get("count")), 0.0)
    found["support"] = None if support is None else int(support)
    # The script's summary writes 1.0 for the precision of a graph that never predicts; there is none.
    never = found["recall"] == 0 and isinstance(others, dict) and others.get("recall") == 1
    return found | ({"precision": None, "status": "silent"} if never else {"status": "ok"})


def _number(where: str, value: Any, least: float = -math.inf, most: float = math.inf) -> float | None:
    """A finite number in its range; None for none and for NaN."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    number = not isinstance(value, bool) and isinstance(value, int | float)
    if not number or not abs(value) < 2**53 or not least <= value <= most:
        raise PublishedError(f"{where}: {str(value)[:60]!r} is no score")
    return float(value)
