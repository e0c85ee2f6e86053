"""The names in a store, in a small file beside it: what completion offers without starting a server."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .place import Place, is_uri

if TYPE_CHECKING:
    from .stores.base import Store

MOST = 2**20
"""Bytes of the file."""


def kept_names(place: Place) -> dict[str, list[str]]:
    """Names by what they are (MODEL, RUN), as they were when they were last kept; none where there is no file."""
    file = _file(place)
    try:
        if file.stat().st_size > MOST:
            return {}
        kept = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(kept, dict):
        return {}
    return {
        str(kind): [name for name in names if isinstance(name, str) and name.isprintable() and " " not in name]
        for kind, names in kept.items()
        if isinstance(names, list)
    }


def keep_names(place: Place, store: Store) -> None:
    """Write the file anew. A folder that cannot be written is left as it is: nothing but completion needs it.

    Of a server nothing is kept: the folder is that of all servers.
    """
    from ..queries import query

    if is_uri(place.where):
        return
    runs = [row["run"] for row in query("runs").run(store).dicts()]
    models = [row["model"] for row in query("models").run(store).dicts()]
    keep_beside(_file(place), {"MODEL": models, "RUN": runs})


def keep_beside(file: Path, value: object) -> bool:
    """Write a small file anew in one step, where its folder can be written; whether it could.

    What a killed process left of it is written over. Two that write at once may leave a torn file: whoever reads it has
    to do without it then.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        part.write_text(json.dumps(value), "utf-8")
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        return False
    return True


def _file(place: Place) -> Path:
    """In the folder of a local store, else a file a server in the user's data directory."""
    if not is_uri(place.where):
        return place.folder / "names.json"
    return place.folder / f"names-{hashlib.sha256(place.where.encode()).hexdigest()[:16]}.json"
