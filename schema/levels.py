"""The values at the tokens of a window as one short text: whole numbers of steps with blanks between them.

`0 12 1000 -34` with a `unit` of 0.0054: the peak is a thousand steps, 5.4. In Cypher, on both stores:

    [x IN split(f.levels, ' ') | toInteger(x) * f.unit]

A text is 40 % of the bytes of a list of floats, and loads nearly twice as fast (docs/activations.md). A value is off by
half a step at most: half a thousandth of the window's strongest activation, or half a millionth of its largest value
where that lies so much further on the other side.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .compute import pc

STEPS = 1000
"""Steps up to the strongest activation of a window."""
MOST = 1_000_000
"""Steps of any value, at most: of one far larger on the other pole."""

Floats = npt.NDArray[np.float64]


def levels(values: pa.Array | pa.ChunkedArray, strongest: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """`levels` and `unit` of lists of finite floats, beside the strongest activation of each; null for a list that is
    null or empty."""
    lists, peaks = _flat(values), _flat(strongest).cast(pa.float64())
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    flat = pc.list_flatten(lists).to_numpy(zero_copy_only=False).astype(np.float64)
    units = _units(flat, lengths, pc.fill_null(peaks, 0.0).to_numpy(zero_copy_only=False))
    each = np.repeat(units, lengths)
    steps = np.floor(np.divide(flat, each, out=np.zeros_like(flat), where=each > 0) + 0.5).astype(np.int64)
    ends = pa.array(np.concatenate([[0], lengths.cumsum()]), pa.int64())
    texts = pc.binary_join(pa.LargeListArray.from_arrays(ends, pc.cast(pa.array(steps), pa.string())), " ")
    absent = pa.array(lengths == 0)
    nothing = pa.scalar(None, pa.string()), pa.scalar(None, pa.float64())
    return pc.if_else(absent, nothing[0], texts), pc.if_else(absent, nothing[1], pa.array(units))


def level_values(levels: str | None, unit: float | None) -> tuple[float, ...]:
    """The values of a window, one a token; none where none were kept."""
    return tuple(int(step) * (unit or 0.0) for step in levels.split(" ")) if levels else ()


def _units(flat: Floats, lengths: npt.NDArray[np.int64], strongest: Floats) -> Floats:
    """Each window's step: a thousandth of its strongest activation, or of its largest size where that is below 0."""
    largest = np.zeros(len(lengths))
    full = np.flatnonzero(lengths)
    starts = (lengths.cumsum() - lengths)[full]
    if len(full):
        largest[full] = np.maximum.reduceat(np.abs(flat), starts)
    return np.where(strongest > 0, np.maximum(strongest / STEPS, largest / MOST), largest / STEPS)


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
