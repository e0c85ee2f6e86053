"""Which files an import reads, each once, in parts that memory holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from ....schema import PublishedError

FILES = 1_000_000
"""Files that one import may have."""
PART_FILES = 256
PART_BYTES = 64 * 2**20


def found_files(paths: Collection[Path], endings: Sequence[str]) -> list[tuple[Path, list[Path]]]:
    """Each path with its files by name: itself, or those in and below a folder that end so. No file comes twice.

    Raises PublishedError for a path that is not there and for a folder without any.
    """
    seen: set[Path] = set()
    found = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.name.endswith(tuple(endings)) and each.is_file())
        elif path.is_file():
            inside = [path]
        else:
            raise PublishedError(f"{str(path)!r} is not there; name a file or a folder")
        if not inside:
            raise PublishedError(f"{path}: no {' or '.join(endings)} file in this folder")
        new = [each for each in inside if each.resolve() not in seen]
        seen |= {each.resolve() for each in new}
        if len(seen) > FILES:
            raise PublishedError(f"{path}: more than {FILES:,} files; import them in parts")
        found.append((path, new))
    return found


def chunks(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Files in their order, so many together as one shard holds."""
    part: list[Path] = []
    size = 0
    for file in files:
        own = file.stat().st_size
        if part and (len(part) == PART_FILES or size + own > PART_BYTES):
            yield part
            part, size = [], 0
        part.append(file)
        size += own
    if part:
        yield part
