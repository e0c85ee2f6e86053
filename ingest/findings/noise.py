"""What noise as long as a row's change leaves of its decoded tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..links.compare import jaccard, noisy
from ..lm_head.convention import decoded_rows
from ..lm_head.decode import decode_rows

if TYPE_CHECKING:
    from ..links.pair import Pair
    from ..subject.layer_weights import LayerWeights

COPIES = 40
"""Noisy copies of a row; their fifth percentile is the second lowest."""
LOW = 0.05


def noise_floor(
    pair: Pair,
    base: LayerWeights,
    tuned: LayerWeights,
    projection: str,
    index: int,
    other: int,
    own: Sequence[NDArray[np.int64]],
    seed: int,
) -> float | None:
    """Fifth percentile of the Jaccard index of a base row's tokens with those of its noisy copies; None where the row
    did not change.

    `own` are its tokens `[1, k]` on the poles +1 and -1. The noise is isotropic and as long as the change from base row
    `index` to the fine-tune's row `other`; it is read as the base's layer reads its own rows.
    """
    one = base.rows[projection][index : index + 1].repeat(COPIES, 1)
    two = tuned.rows[projection][other : other + 1].repeat(COPIES, 1)
    if bool((one == two).all()):
        return None
    rows = noisy(one, two, seed * 1_000_003 + base.layer * 7919 + index)
    k = own[0].shape[1]
    settings = replace(pair.settings, k=k, statistics=False)
    folded = decoded_rows(replace(base, rows={projection: rows}), projection, settings.convention)
    tokens = decode_rows(folded, pair.unembedding, settings).tokens.numpy()
    both = sum(jaccard(np.repeat(side, COPIES, axis=0), tokens[:, place]) for place, side in enumerate(own)) / len(own)
    return float(np.quantile(np.asarray(both), LOW))
