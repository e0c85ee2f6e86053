"""Which neurons the demo's story is about."""

from __future__ import annotations

from neuronkb.examples.demo.story import choose
from neuronkb.queries import End


def end(layer: int, index: int, projection: str = "down") -> End:
    return End(f"m/L{layer}/N{index}", projection, 1, (" May",), "lm-head-1", 9.0)


def test_the_first_neurons() -> None:
    ends = [end(11, 87), end(11, 87, "gate"), end(17, 260), end(13, 641), end(9, 1), end(11, 2020)]
    assert [str(n) for n in choose(ends)] == ["m/L11/N87", "m/L17/N260", "m/L13/N641", "m/L9/N1"]
    assert [str(n) for n in choose(ends, neurons=2)] == ["m/L11/N87", "m/L17/N260"]
    assert choose([]) == ()
