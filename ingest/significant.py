"""Numbers rounded to significant digits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def significant(values: npt.NDArray[np.float64], digits: int = 9) -> npt.NDArray[np.float64]:
    """Rounded to so many significant digits: nine are all that anyone reads, and half the characters for a store to
    take in.

    Sizes outside about 1e-13 to 1e+30 stay as they are: the power of ten they need is not a float64.
    """
    size = np.abs(values)
    places = digits - 1 - np.floor(np.log10(size, out=np.zeros_like(size), where=size > 0)).astype(np.int64)
    power = 10.0 ** np.clip(np.abs(places), 0, 22)
    rounded = np.where(places >= 0, np.rint(values * power) / power, np.rint(values / power) * power)
    return np.where(np.abs(places) <= 22, rounded, values)
