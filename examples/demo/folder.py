"""Folders that are either whole or not there: made aside, marked as finished, renamed into place."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from neuronkb.schema.errors import ModelError

from .progress import Progress

MARKER = "neuronkb-demo.json"


def is_finished(folder: Path, key: Mapping[str, object]) -> bool:
    """Whether `folder` was built to its end from `key` and every file still has the size it had then."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        sizes: dict[str, int] = marker["sizes"]
        return bool(marker["key"] == dict(key)) and sizes == _sizes(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def build_folder(target: Path, key: Mapping[str, object], fill: Callable[[Path], None], progress: Progress) -> Path:
    """`target`, filled by `fill(part)` unless it is finished already.

    `key` (JSON values) says what the content is made from: another key builds the folder anew. Only one
    process builds at a time, the others wait for it. What a killed build left behind is removed by the next.

    Raises ModelError where the disk is full or not writable, or `target` holds something else.
    """
    if is_finished(target, key):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _lock(target, progress):
            if is_finished(target, key):
                return target
            if target.exists() and not (target / MARKER).exists():
                raise ModelError(f"{str(target)!r} was not made by the demo: move it away or choose another folder")
            _build(target, key, fill)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(
            f"cannot write {str(target)!r}: {reason}; about 1.5 GB of free space in a writable folder is needed"
        ) from error
    return target


@contextmanager
def _lock(target: Path, progress: Progress) -> Iterator[None]:
    """Holds the lock of `target`; the system drops it when its holder dies."""
    lock = FileLock(target.parent / f".{target.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting = f"Waiting for another process that makes {target.name}"
        progress(waiting, 0, 1)
        lock.acquire()
        progress(waiting, 1, 1)
    try:
        yield
    finally:
        lock.release()


def _build(target: Path, key: Mapping[str, object], fill: Callable[[Path], None]) -> None:
    part = target.parent / f".{target.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        fill(part)
        marker = {"key": dict(key), "sizes": _sizes(part)}
        (part / MARKER).write_text(json.dumps(marker, indent=1) + "\n", encoding="utf-8")
        if target.exists():
            shutil.rmtree(target)
        os.replace(part, target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes of every file in `folder` but the marker."""
    return {entry.name: entry.stat().st_size for entry in sorted(folder.iterdir()) if entry.name != MARKER}
