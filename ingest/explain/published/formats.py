"""Which format files are in, and what reads it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from ....schema import PublishedError
from .delphi import EXPLANATIONS, DelphiReader, latent_of
from .documents import json_document, json_lines
from .files import found_files
from .items import FORMATS, Format, Given, Reader
from .neuronpedia import ENDINGS, NeuronpediaReader
from .openai import OpenAIReader

READERS: dict[Format, Callable[[Given], Reader]] = {
    "openai": OpenAIReader,
    "delphi": DelphiReader,
    "neuronpedia": NeuronpediaReader,
}
LOOKED_AT = 20
"""Files whose first value is looked at before it is given up."""
_NEURONPEDIA = {"modelId", "model_id"}
_OPENAI = {"neuron_id", "scored_explanations", "average_activations", "output_positive", "c_fc"}


def guessed(paths: Collection[Path]) -> Format:
    """The format by the folders' names or the files' first values. Raises PublishedError where it cannot be told."""
    if any(path.name == EXPLANATIONS or (path / EXPLANATIONS).is_dir() for path in paths) and _texts(paths, "**/*.txt"):
        return "delphi"
    if _texts(paths, f"**/{EXPLANATIONS}/*.txt"):
        return "delphi"
    files = [file for _, found in found_files(paths, ENDINGS) for file in found]
    likely = sorted(files, key=lambda file: EXPLANATIONS not in file.parts)
    for file in likely[:LOOKED_AT]:
        if (found := _of_value(_first(file))) is not None:
            return found
    raise PublishedError(f"{files[0]}: its format cannot be told; say --format {', '.join(FORMATS)}")


def _texts(paths: Collection[Path], below: str) -> bool:
    found = (file for path in paths if path.is_dir() for file in path.glob(below))
    return any(latent_of(file)[0] is not None for file in found)


def _first(file: Path) -> Any:
    """A file's first value, None for one that cannot be read: its reader says more of it."""
    try:
        if ".jsonl" in file.name:
            return next(json_lines(file), (0, None))[1]
        value = json_document(file)
    except PublishedError:
        return None
    return value[0] if isinstance(value, list) and value else value


def _of_value(value: Any) -> Format | None:
    if not isinstance(value, dict):
        return None
    if value.keys() & _NEURONPEDIA:
        return "neuronpedia"
    row = next(iter(value.values()), None)
    if value.keys() & _OPENAI or (isinstance(row, list) and len(row) == 4):
        return "openai"
    return None
