"""People's own queries: files of Cypher in a folder beside the store, written as those of the package are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ...schema import QueryError
from ...schema.outside import Unreadable, decode, read_bytes
from ..result.near import near
from .check import NAME, check_query
from .query import Query, catalogue, parse, public

SUFFIX = ".cypher"
MAX_FILE = 2**18
"""Bytes of one file."""
MAX_FILES = 1000
"""Files that a list reads, first by name; one that is asked by its name is read however many there are."""


@dataclass(frozen=True)
class Listed:
    """What a folder holds."""

    queries: dict[str, Query]
    """by name, in order"""
    problems: tuple[str, ...]
    """a line for each file that is no query: which, why, and the mend"""


@dataclass(frozen=True)
class OwnQueries:
    """The queries of one folder, which need not exist. Files are read when asked for."""

    folder: Path

    def listed(self) -> Listed:
        """The queries, and what is wrong with the other files."""
        queries: dict[str, Query] = {}
        problems: list[str] = []
        try:
            names = self._names()
        except OSError as error:
            return Listed({}, (f"{self.folder}: {error.strerror or error}; expected a folder that can be read",))
        for name in names[:MAX_FILES]:
            try:
                queries[name] = self._read(name)
            except QueryError as error:
                problems.append(str(error))
        if len(names) > MAX_FILES:
            problems.append(
                f"{self.folder}: holds {len(names):,} files of Cypher, the first {MAX_FILES:,} by name are listed; "
                "take out those that are not needed"
            )
        return Listed(queries, tuple(problems))

    def query(self, name: str) -> Query:
        """A query of the package or one's own, by name. Raises QueryError with near names, or with what is wrong with
        the file."""
        if name in catalogue():
            return catalogue()[name]
        if NAME.fullmatch(name) and os.path.lexists(self.folder / f"{name}{SUFFIX}"):
            return self._read(name)
        try:
            own = self._names()[:MAX_FILES]
        except OSError:
            own = []
        raise QueryError(f"unknown query {name!r}{near(name, [*public(), *own])}")

    def _names(self) -> list[str]:
        """The files' names without their ending; what an editor hides is left out. Raises OSError."""
        if not os.path.lexists(self.folder):
            return []
        with os.scandir(self.folder) as entries:
            files = [entry.name for entry in entries]
        return sorted(file.removesuffix(SUFFIX) for file in files if file.endswith(SUFFIX) and file[0] != ".")

    def _read(self, name: str) -> Query:
        """The query in a file. Raises QueryError that names the file, what is wrong and the mend."""
        path = self.folder / f"{name}{SUFFIX}"
        if not NAME.fullmatch(name):
            raise QueryError(
                f"{path}: {name!r} is no name of a query; expected a lower-case letter, then such letters, digits and "
                "underscores; rename the file"
            )
        if name in catalogue():
            raise QueryError(f"{path}: {name!r} is a query of the package; rename the file")
        query = parse(name, self._text(path), str(path), own=True)
        check_query(query, str(path))
        return query

    def _text(self, path: Path) -> str:
        try:
            real = path.resolve(strict=True)
            if not real.is_relative_to(self.folder.resolve()):
                raise QueryError(f"{path}: a link to {str(real)!r}, outside of its folder; put the file itself here")
            if not real.is_file():
                raise QueryError(f"{path}: no regular file; expected a text of Cypher, take it out of the folder")
            return decode(read_bytes(real, MAX_FILE))
        except Unreadable as error:
            raise QueryError(
                f"{path}: {error}; expected Cypher in UTF-8, at most {MAX_FILE >> 10} KiB; mend it or take it out"
            ) from None
        except OSError as error:
            raise QueryError(f"{path}: {error.strerror or error}; mend it or take it out") from None
        except RuntimeError:  # how pathlib tells of a link to itself
            raise QueryError(f"{path}: a link to itself; take it out") from None
