"""Features by any of their names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from ..schema import QueryError, fold
from .catalogue import Reader, query

SHOWN = 12
"""Names that an error lists where none is near."""


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
    for key in (str, _bare):
        if found := [f for f in known if key(name) in {key(each) for each in f.names}]:
            return found
    if not known:
        raise QueryError(
            f"no feature {name!r}: the store has none; neuronkb ingest probes or neuronkb import probes brings them"
        )
    raise QueryError(f"no feature {name!r} in the store{near(name, (n for f in known for n in f.names[1:]))}")


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean ...`, or the first of the known names where none is near."""
    bare: dict[str, str] = {}
    for each in known:
        bare.setdefault(_bare(each), each)
    key = _bare(name)
    close = [bare[match] for match in get_close_matches(key, bare, n=5, cutoff=0.65)]
    close += [each for other, each in bare.items() if len(key) > 2 and key in other and each not in close][:5]
    if close:
        return f"; did you mean {', '.join(close)}?"
    names = sorted(set(bare.values()))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"; known: {', '.join(names[:SHOWN])}{more}"


def _bare(name: str) -> str:
    return fold(name).removeprefix("is_").replace("-", "_").replace(" ", "_")
