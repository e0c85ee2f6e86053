"""Reads Neuronpedia's exports and the batches that SAEDashboard writes for it.

An export is rows of JSON: features, explanations and activations, in batches of their own order, so that every row is
read by its own model, layer and index. Files of other tables (model, source, ...) hold no evidence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ....schema import LatentId, PublishedError
from ....schema.outside import whole_characters
from ..records import Unit
from .documents import json_document, json_lines
from .fields import Row, Unfit, items, mapping, text, whole
from .files import chunks, found_files
from .items import Dictionary, Given, Item, Part, unit_of
from .neuronpedia_rows import activation, explanation, feature
from .saedashboard import features, source_of
from .tally import Tally

ENDINGS = (".jsonl", ".jsonl.gz", ".json", ".json.gz")
NO_EVIDENCE = re.compile(
    r"(model|source|sourceset|release|inference_hosts\w*|explanation_\w+|eval_type|run_settings)\."
)
SKIPPED = re.compile(r"skipped_indexes\.json")


@dataclass
class NeuronpediaReader:
    """Neurons and latents: sources named `3` or `3-mlp` are layers of neurons."""

    given: Given
    dictionaries: dict[str, Dictionary] = field(default_factory=dict)

    def parts(self, paths: Collection[Path], tally: Tally) -> list[Part]:
        """A batch each, or more where they are small; one model a part."""
        found: list[Part] = []
        for folder, names in found_files(paths, ENDINGS):
            by_model: dict[str, list[Path]] = {}
            for file in names:
                if NO_EVIDENCE.match(file.name):
                    tally.skip("files", f"a file of no evidence: {file.name.partition('.')[0]}")
                elif (model := self._model(file, tally)) is not None:
                    by_model.setdefault(model, []).append(file)
            for model, files in sorted(by_model.items()):
                found += [Part(model, tuple(part), folder) for part in chunks(files)]
        if self.given.model is not None and len(named := sorted({part.model for part in found})) > 1:
            raise PublishedError(f"--model names one model, and the files have {', '.join(named)}")
        return [Part(self.given.model or part.model, part.files, part.folder) for part in found]

    def items(self, part: Part, tally: Tally) -> Iterator[Item]:
        """Raises PublishedError for a file that is damaged: a batch cut off has lost a thousand units."""
        for file in part.files:
            own = self._own_name(file)
            for where, value in _values(file):
                yield from self._value(part.model, own, where, value, tally)
            tally.keep("files")

    def _value(self, model: str, own: str | None, where: str, value: Any, tally: Tally) -> Iterator[Item]:
        if not isinstance(value, dict):
            tally.skip("rows", "no JSON object", f"{where}: no JSON object")
        elif "skipped_indexes" in value:
            left = value["skipped_indexes"]
            tally.skip("rows", "units that the dashboard left out", n=len(left) if isinstance(left, list) else 0)
        elif "features" in value:
            with tally.unfit("rows", where):
                _same_model(own, text(value, "model_id"), where)
                source = self.given.source or source_of(value)
                self._learn(source, None)
                for unit, each in features(model, source, value, where, tally):
                    self.given.fits(unit, where)
                    yield from each
        else:
            yield from self._row(model, own, where, value, tally)

    def _row(self, model: str, own: str | None, where: str, row: Row, tally: Tally) -> Iterator[Item]:
        kind, read = _kind(row)
        if read is None:
            tally.skip("rows", "a row of no known table", f"{where}: a row of no known table")
            return
        with tally.unfit(kind, where):
            _same_model(own, text(row, "modelId"), where)
            unit = self._unit(model, row)
            self.given.fits(unit, where)
            yield from read(unit, row, where, self.given, tally)
            for name, inner in (("explanations", explanation), ("activations", activation)):
                for each in items(row, name) if kind == "statistics" else ():
                    with tally.unfit("explanations" if name == "explanations" else "windows", where):
                        yield from inner(unit, mapping(each, name), where, self.given, tally)

    def _unit(self, model: str, row: Row) -> Unit:
        """An index comes as a number or as text; so does a source: `6-res-jb`, or `6` for the neurons of a layer."""
        layer = row.get("layer")
        named = text(row, "layer") if isinstance(layer, str | None) else str(whole(row, "layer"))
        source = self.given.source or named
        if source is None:
            raise Unfit("no layer")
        unit = unit_of(model, source, whole(row, "index"))
        if isinstance(unit, LatentId):
            self._learn(source, text(row, "hookName"))
        return unit

    def _learn(self, source: str, hook: str | None) -> None:
        known = self.dictionaries.get(source)
        if known is None or (known.hook is None and hook is not None):
            self.dictionaries[source] = Dictionary("transcoder" if "transcoder" in source else "sae", hook)

    def _model(self, file: Path, tally: Tally) -> str | None:
        """The model that a file's first row names."""
        name = self._own_name(file)
        if name is None and self.given.model is None:
            tally.skip(
                "files", "a file that names no model", f"{file}: no modelId in its first row; name it with --model"
            )
        return name or self.given.model

    def _own_name(self, file: Path) -> str | None:
        _, first = next(_values(file), ("", None))
        if not isinstance(first, dict):
            return None
        found = first.get("modelId", first.get("model_id"))
        return whole_characters(found).strip() or None if isinstance(found, str) else None


def _values(file: Path) -> Iterator[tuple[str, Any]]:
    """Each row, or whole object, with its file and line."""
    if ".jsonl" in file.name:
        yield from ((f"{file}:{line}", value) for line, value in json_lines(file))
        return
    found = json_document(file)
    if isinstance(found, list):
        yield from ((f"{file}: row {number}", value) for number, value in enumerate(found, 1))
    else:
        yield str(file), found


def _kind(row: Row) -> tuple[Any, Any]:
    """What a row is counted as, and what reads it."""
    if "description" in row:
        return "explanations", explanation
    if "tokens" in row and row.keys() & {"values", "zValues"}:
        return "windows", activation
    if row.keys() & {"maxActApprox", "pos_str", "frac_nonzero", "hookName"}:
        return "statistics", feature
    return "rows", None


def _same_model(first: str | None, here: str | None, where: str) -> None:
    if first is not None and here is not None and here != first:
        raise PublishedError(f"{where}: of model {here!r}, and the file began with {first!r}")
