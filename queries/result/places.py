"""Neurons and their rows, as tables name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def places(neurons: Sequence[str]) -> tuple[list[str], str]:
    """Names as `L3/N17` and their model; whole names and an empty text where they are of several models."""
    models = {name.rpartition("/L")[0] for name in neurons}
    if len(models) != 1:
        return list(neurons), ""
    (model,) = models
    return [name.removeprefix(f"{model}/") for name in neurons], model


def of_model(model: str) -> str:
    """A caption for places that are all of one model; empty where there is none."""
    return f"neurons of {model}" if model else ""


def row_name(projection: str, pole: int) -> str:
    """An end of a neuron's row: `down +`."""
    return f"{projection} {'+' if pole > 0 else '-'}"


def spans(layers: Iterable[int]) -> str:
    """Ascending numbers as `0-11, 14`."""
    ranges: list[list[int]] = []
    for layer in layers:
        if ranges and layer == ranges[-1][1] + 1:
            ranges[-1][1] = layer
        else:
            ranges.append([layer, layer])
    return ", ".join(f"{first}-{last}" if first != last else str(first) for first, last in ranges)
