"""Reads a batch of features as SAEDashboard writes it for Neuronpedia's converter."""

from __future__ import annotations

from collections.abc import Iterator

from ..records import Unit
from .fields import Row, Unfit, items, mapping, number, numbers, text, tokens, whole
from .items import Item, Statistics, unit_of, window
from .neuronpedia_rows import band, logits, share
from .tally import Tally


def source_of(batch: Row) -> str:
    """The source's id at Neuronpedia: `{layer}-{sae_set}` and a suffix where there is one. Raises Unfit."""
    layer, name, suffix = whole(batch, "layer"), text(batch, "sae_set"), text(batch, "sae_id_suffix")
    if name is None:
        raise Unfit("a batch without sae_set")
    return f"{layer}-{name}" + (f"__{suffix}" if suffix else "")


def features(model: str, source: str, batch: Row, where: str, tally: Tally) -> Iterator[tuple[Unit, Iterator[Item]]]:
    """Each unit and what the batch says of it; what cannot be read is counted. Raises Unfit for no batch."""
    for place, each in enumerate(items(batch, "features")):
        at = f"{where}: feature {place}"
        with tally.unfit("statistics", at):
            row = mapping(each, "feature")
            unit = unit_of(model, source, whole(row, "feature_index"))
            yield unit, _feature(unit, row, text(row, "dataset"), at, tally)


def _feature(unit: Unit, row: Row, dataset: str | None, where: str, tally: Tally) -> Iterator[Item]:
    with tally.unfit("statistics", where):
        bins = [number(each, "bin_max") for each in items(row, "activations") if isinstance(each, dict)]
        largest = max((high for high in bins if high is not None), default=None)
        yield Statistics(unit, {"nonzero": share(row, "frac_nonzero", where, tally), "max": largest})
    with tally.unfit("explanations", where):
        yield from logits(unit, row)
    with tally.unfit("windows", where):
        for place, each in enumerate(items(row, "activations")):
            with tally.unfit("windows", f"{where}, window {place}"):
                shown = mapping(each, "window")
                low, high, contains = (number(shown, name) for name in ("bin_min", "bin_max", "bin_contains"))
                found = tokens(shown, "tokens"), numbers(shown, "values")
                yield window(unit, *found, band(low, high, contains), dataset)
