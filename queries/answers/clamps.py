"""What clamping one neuron did to the tokens it decodes to."""

from __future__ import annotations

from dataclasses import dataclass

from ..catalogue.query import Reader, query


@dataclass(frozen=True)
class ClampDose:
    """One value. Effects are changes in log-probability, nats."""

    value: float
    multiple: float
    """its size over the observed maximum"""
    effect: float
    kl: float
    null_tokens_5: float
    null_tokens_95: float
    null_neurons_95: float | None
    p_tokens: float
    p_neurons: float | None
    """None but at the tested multiple"""
    direct: float | None


@dataclass(frozen=True)
class ClampCurve:
    """The doses of one side and site, in one run."""

    run: str
    projection: str
    pole: int
    site: str
    doses: tuple[ClampDose, ...]
    """smallest multiple first"""


def clamp_curves(reader: Reader, neuron: str) -> tuple[ClampCurve, ...]:
    """By run, projection, pole and site; empty where the neuron was never clamped."""
    found: dict[tuple[str, str, int, str], list[ClampDose]] = {}
    for row in query("neuron_clamps").run(reader, neuron=neuron).dicts():
        key = (row.pop("run"), row.pop("projection"), row.pop("pole"), row.pop("site"))
        found.setdefault(key, []).append(ClampDose(**row))
    return tuple(ClampCurve(*key, tuple(doses)) for key, doses in found.items())
