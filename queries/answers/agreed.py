"""What agreement stored: the words that methods share, read back as the report that working it out gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...schema import QueryError
from ..catalogue.query import Reader, query
from .agree import AgreeReport, adjusted, by_side, confirmed, report, strongest, tested_clamps
from .compared import Agreement, Compared, MethodPair
from .named import Heard

AGREES, CONTRADICTS = "AGREES_ON", "CONTRADICTS_ON"
FIRST = 200
"""Strongest sides that a run lists by name, so that asking for some of them need not look at every neuron."""


@dataclass(frozen=True)
class Counted:
    """What a run says of all sides of one kind."""

    layers: Mapping[int, Compared]
    """counts by layer, without the sides"""
    first: tuple[str, ...]
    """neurons of the strongest sides, one a side"""
    sides: int
    """in all"""

    @classmethod
    def of(cls, layers: Mapping[int, Compared], found: Sequence[Agreement]) -> Counted:
        """`found` are the sides of all layers, with their q."""
        first = tuple(one.neuron for one in strongest(found)[:FIRST])
        return cls({layer: Compared(each.tested, each.pairs, ()) for layer, each in layers.items()}, first, len(found))

    def as_json(self) -> dict[str, Any]:
        """For the summary of a run."""
        layers = {str(layer): [each.tested, [asdict(p) for p in each.pairs]] for layer, each in self.layers.items()}
        return {"layers": layers, "first": list(self.first), "sides": self.sides}

    @classmethod
    def read(cls, held: Mapping[str, Any]) -> Counted:
        """What `as_json` wrote. Raises QueryError for anything else."""
        try:
            return cls._read(held)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise QueryError(
                "a run of neuronkb words agree does not say what it found; take it away and run it again"
            ) from None

    @classmethod
    def _read(cls, held: Mapping[str, Any]) -> Counted:
        layers = {
            int(layer): Compared(tested, tuple(MethodPair(**pair) for pair in pairs), ())
            for layer, (tested, pairs) in held["layers"].items()
        }
        return cls(layers, tuple(held["first"]), held["sides"])


def stored_report(
    reader: Reader,
    model: str,
    runs: Mapping[str, Heard],
    run: str,
    counts: Mapping[str, Counted],
    *,
    layers: Sequence[int] = (),
    top: int | None = 20,
    opposite: bool = False,
) -> AgreeReport:
    """The report of `agreements` from what a run stored that was made of these very `runs`."""
    kind = CONTRADICTS if opposite else AGREES
    counted = counts[kind]
    here = [counted.layers[layer] for layer in sorted(counted.layers) if not layers or layer in layers]
    whole = Compared.together(here)
    if layers or top is None or top > len(counted.first) < counted.sides:
        wanted = [layer for layer in sorted(counted.layers) if not layers or layer in layers]
        rows = [row for layer in wanted for row in _layer(reader, model, layer, run, kind)]
    else:
        named = {*counted.first[:top], *(() if opposite else _clamped(reader, runs))}
        rows = query("agreed_words").run(reader, neurons=sorted(named), run=run, type=kind).dicts()
    found = _sides(rows)
    if layers:
        found = adjusted(Compared(whole.tested, whole.pairs, tuple(found)))
    return report(reader, model, runs, whole.tested, whole.pairs, found, layers, top, opposite)


def _layer(reader: Reader, model: str, layer: int, run: str, kind: str) -> list[dict[str, Any]]:
    return query("agreed_layer").run(reader, timeout=None, model=model, layer=layer, run=run, type=kind).dicts()


def _clamped(reader: Reader, runs: Mapping[str, Heard]) -> set[str]:
    """Neurons that a clamp confirms: whether methods share words of theirs too must be known."""
    return {neuron for neuron, _ in confirmed(by_side(tested_clamps(reader, runs)), ())}


def _sides(rows: Iterable[Mapping[str, Any]]) -> list[Agreement]:
    sides: dict[tuple[str, int], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        sides[row["neuron"], row["pole"]].append(row)
    found = []
    for (neuron, pole), of_side in sides.items():
        words = tuple(row["word"] for row in sorted(of_side, key=lambda row: row["rank"]))
        one = of_side[0]
        methods = tuple(one["methods"])
        found.append(Agreement(neuron, pole, words, methods, one["score"], one["null"], one["p"], one["q"]))
    return found
