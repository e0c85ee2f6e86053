"""Features by any of their names."""

from __future__ import annotations

from dataclasses import dataclass

from ...schema import NotFoundError, QueryError
from ..catalogue.query import Reader, query
from ..result.near import bare_name, near


@dataclass(frozen=True)
class FeatureInfo:
    """One Feature node."""

    id: str
    name: str
    aliases: tuple[str, ...]
    dataset: str | None
    category: str | None
    aggregation: str | None
    n: int | None
    positives: int | None
    base_rate: float | None
    groups: int | None
    split: str | None
    status: str | None
    description: str | None
    source: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """All that it answers to."""
        return (self.id, self.name, *self.aliases)


def features(reader: Reader) -> list[FeatureInfo]:
    """All features of the store."""
    rows = query("features").run(reader).dicts()
    return [
        FeatureInfo(**row | {"name": row["name"] or row["id"], "aliases": tuple(row["aliases"] or ())}) for row in rows
    ]


def named(reader: Reader, name: str) -> list[FeatureInfo]:
    """The features of that id, name or alias, in any case, with `is_` or without: one a data set.

    Raises QueryError with near names.
    """
    known = features(reader)
    for key in (str, bare_name):
        if found := [f for f in known if key(name) in {key(each) for each in f.names}]:
            return found
    if not known:
        raise QueryError(
            f"no feature {name!r}: the store has none; neuronkb probes ingest or neuronkb probes import brings them"
        )
    raise NotFoundError(f"no feature {name!r} in the store{near(name, (n for f in known for n in f.names[1:]))}")
