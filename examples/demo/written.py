"""Files that are either whole or not there: JSON lines written aside and renamed into place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from neuronkb.schema.errors import CorpusError


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write objects as JSON lines to `path`. Raises CorpusError where the disk refuses."""
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        partial.replace(path)
    except OSError as error:
        raise CorpusError(
            f"{str(path)!r} cannot be written ({error.strerror or error}); choose another place"
        ) from None
    return path
