"""The colour of an activation: orange above zero, blue below, stronger as it nears the neuron's largest.

Orange and blue are told apart with every common form of colour blindness (Okabe and Ito's palette).
"""

from __future__ import annotations

Colour = tuple[int, int, int]

WARM: Colour = (213, 94, 0)
COOL: Colour = (0, 114, 178)
OPACITY = 0.7
"""of the strongest: dark ink on white paper and light ink on dark paper both keep a contrast above 4.5 (WCAG AA)"""


def strength(value: float, largest: float) -> float:
    """|value| as a share of the neuron's largest, in [0, 1]; 0 when it never fired."""
    return min(abs(value) / largest, 1.0) if largest > 0 else 0.0


def css(value: float, largest: float) -> str:
    """An inline style's background, see-through in proportion; empty below half a percent."""
    alpha = round(OPACITY * strength(value, largest), 2)
    red, green, blue = WARM if value > 0 else COOL
    return f"background:rgba({red},{green},{blue},{alpha:g})" if alpha else ""


def hexadecimal(colour: Colour) -> str:
    """A colour as #rrggbb."""
    return "#" + "".join(f"{part:02x}" for part in colour)
