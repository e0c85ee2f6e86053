"""An import of published explanations of one model: flagged as imported, on weights that nobody has checked."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count, islice
from pathlib import Path
from typing import Any

from ...bundle import UNVERIFIED, RunInfo
from ...n2g.tables import Tables
from ...progress import Progress, silent
from .delphi import CONFIG, SCORES
from .evidence import Evidence
from .items import Format, Part, Reader
from .openai import QUANTILES
from .tally import Tally

JOB = "import-explanations"
METHOD = 1
"""Raised when the same files would give other evidence."""
ITEMS = 8_192
"""Explanations and windows of one shard."""
CAVEATS = {
    "openai": "OpenAI's public GPT-2 files were made with a faster GELU: activations differ from the models' own, for "
    "GPT-2 small by 0.009 in the median and 0.084 at the 99th percentile; texts may hold pieces of split characters",
    "delphi": "R2 and absolute deviation of the simulation scorer are not read: the files have 0 for both",
    "neuronpedia": "an export has no scores and replaces its authors by one",
}


@dataclass
class ExplanationsImport:
    """All files of one model in one format."""

    format: Format
    reader: Reader
    parts: list[Part]
    """of one model"""
    asked: dict[str, str | None]
    """what the caller said of files that do not say it"""
    tally: Tally = field(default_factory=Tally)

    @property
    def model(self) -> str:
        """Which model it is of."""
        return self.parts[0].model

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        folders = list(dict.fromkeys(part.folder for part in self.parts))
        parameters = {
            "format": self.format,
            "table": ", ".join(folder.resolve().name for folder in folders),
            "sha256": files_hash(self.parts),
            **{name: value for name, value in self.asked.items() if value is not None},
            "method": METHOD,
        }
        return RunInfo.named(JOB, self.model, UNVERIFIED, None, parameters)

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """Some a part, of so many items as memory holds; those that are done are read again for what is merged and
        counted, and not handed on."""
        self.tally = Tally()
        evidence = Evidence(self.run.id, self.tally, self.reader.dictionaries)
        for number, part in enumerate(self.parts):
            progress("reading explanations", number, len(self.parts))
            items = self.reader.items(part, self.tally)
            for piece in count():
                if not (held := list(islice(items, ITEMS))):
                    break
                tables = evidence.tables(self.model, held)
                if (name := f"part-{number:05d}-{piece:03d}") not in done:
                    yield name, tables
        progress("reading explanations", len(self.parts), len(self.parts))

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """Everything read accounted for."""
        said: dict[str, Any] = {"imported": True, "format": self.format, "caveat": CAVEATS[self.format]}
        if self.format == "openai":
            said["quantiles"] = list(QUANTILES)
        return {**said, **self.tally.summary()}


def files_hash(parts: Collection[Part]) -> str:
    """Hex sha256 over the files' contents, in their order."""
    whole = hashlib.sha256()
    for file in dict.fromkeys(file for part in parts for file in _files(part)):
        with file.open("rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()


def _files(part: Part) -> Iterator[Path]:
    """A part's files, and what Delphi keeps beside them: scores and the run's settings."""
    if (settings := part.folder / CONFIG).is_file():
        yield settings
    scorers = sorted((part.folder / SCORES).glob("*"))
    for file in part.files:
        yield file
        if file.suffix == ".txt":
            yield from (beside for scorer in scorers if (beside := scorer / file.name).is_file())
