"""Which neurons the demo's story is about."""

from __future__ import annotations

from neuronkb.examples.demo.story import choose
from neuronkb.queries import Side


def side(layer: int, index: int, projection: str = "down") -> Side:
    return Side(f"m/L{layer}/N{index}", projection, 1, (" May",), "lm-head-1", 9.0)


def test_the_first_neurons() -> None:
    sides = [side(11, 87), side(11, 87, "gate"), side(17, 260), side(13, 641), side(9, 1), side(11, 2020)]
    assert [str(n) for n in choose(sides)] == ["m/L11/N87", "m/L17/N260", "m/L13/N641", "m/L9/N1"]
    assert [str(n) for n in choose(sides, neurons=2)] == ["m/L11/N87", "m/L17/N260"]
    assert choose([]) == ()
