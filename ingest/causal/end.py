"""What is tested: an end of a neuron, and the clamps whose sign its decoded tokens predict."""

from __future__ import annotations

from dataclasses import dataclass

from .ranges import Ranges


@dataclass(frozen=True)
class End:
    """One end of one projection's ranking, with the tokens it decodes to."""

    layer: int
    neuron: int
    projection: str
    pole: int
    tokens: tuple[int, ...]
    """token numbers, strongest first"""
    clarity: float = 0.0
    """how clearly the tokens are of one kind; larger is clearer"""

    def __str__(self) -> str:
        return f"L{self.layer}/N{self.neuron}:{self.projection}{'+' if self.pole > 0 else '-'}"


@dataclass(frozen=True)
class Case:
    """An end and a site: one hypothesis, that clamping there makes the end's tokens likelier."""

    side: End
    site: str
    maximum: float
    """largest pole x value observed at the site, above 0"""

    def value(self, multiple: float) -> float:
        """What the site is clamped to: with the side's sign."""
        return self.side.pole * multiple * self.maximum


def sites(projection: str, pole: int, gated: bool) -> tuple[str, ...]:
    """Where a side predicts a rise of its tokens when the site takes the side's sign; empty where nowhere.

    The neuron writes h * down with h = act(gate) * up, act(up) without a gate.

    - `down`: h with the sign of the pole writes the tokens (without a gate h has no negative side worth the name).
    - `up` of a gated MLP: the pre-activation with the sign of the pole gives h that sign as far as the gate is open;
      so does h itself, which is what Davies (2025) clamps.
    - the opening projection (`gate`, or `up` where there is none), pole +1: a large positive pre-activation opens the
      neuron. Its pole -1 closes it, h is then 0 and nothing is written: no clamp can show that side.
    """
    if projection == "down":
        return ("hidden",) if gated or pole > 0 else ()
    if projection == "up":
        return ("up", "hidden") if gated or pole > 0 else ()
    return ("gate",) if pole > 0 else ()


def cases(side: End, ranges: Ranges, gated: bool) -> tuple[Case, ...]:
    """The hypotheses of a side; a site that was never seen on the side's pole makes none."""
    found = []
    for site in sites(side.projection, side.pole, gated):
        most = float(ranges.most(side.layer, site, side.pole)[side.neuron])
        if most > 0:
            found.append(Case(side, site, most))
    return tuple(found)
