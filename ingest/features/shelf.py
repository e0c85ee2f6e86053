"""The data sets that lie in a folder, and those that a list of names means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...schema import FeatureError
from .data_set import read_header
from .header import Header
from .names import near

SUFFIX = ".jsonl"


@dataclass(frozen=True)
class Shelved:
    """A data set, and which of its features are meant."""

    path: Path
    header: Header
    features: tuple[str, ...]


def shelf(folder: Path) -> list[Shelved]:
    """The data sets of a folder by name, with all their features; none where there is no such folder."""
    paths = sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))
    return [_whole(path) for path in paths]


def find(names: Sequence[str], folder: Path) -> list[Shelved]:
    """What is meant by categories, features and files of labelled texts; all of the folder where nothing is named.

    Raises FeatureError with near names for one that is not known, and with the command where nothing is built.
    """
    held = shelf(folder)
    if not names:
        if not held:
            raise FeatureError(f"{str(folder)!r} has no data sets; build them: neuronkb features build")
        return held
    chosen: dict[Path, tuple[Header, list[str]]] = {}
    for name in names:
        for one in _meant(name, held, folder):
            features = chosen.setdefault(one.path, (one.header, []))[1]
            features += [feature for feature in one.features if feature not in features]
    return [Shelved(path, header, tuple(features)) for path, (header, features) in chosen.items()]


def _meant(name: str, held: Sequence[Shelved], folder: Path) -> Iterable[Shelved]:
    if name.endswith((SUFFIX, ".ndjson")) or "/" in name:
        return [_whole(Path(name).expanduser())]
    whole = [one for one in held if one.header.category == name]
    if whole:
        return whole
    single = [Shelved(one.path, one.header, (name,)) for one in held if name in one.features]
    if single:
        return single
    if not held:
        raise FeatureError(f"no feature {name!r}: {str(folder)!r} has no data sets; neuronkb features build")
    known = [*(one.header.category for one in held), *(feature for one in held for feature in one.features)]
    raise FeatureError(f"no category or feature {name!r}{near(name, known)}")


def _whole(path: Path) -> Shelved:
    header = read_header(path)
    return Shelved(path, header, tuple(feature.name for feature in header.features))
