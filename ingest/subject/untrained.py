"""Which tokens were never trained, by their unembedding rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

    from .checkpoint import Checkpoint

DISTANCE = 1 / 3
"""A row this much nearer to the unused slots' centre than the median row is counted as untrained."""
CLUSTER = 0.25
"""Share of the unused slots that must lie so near, or their centre says nothing."""
NORM = 0.05
"""A row shorter than this share of the median row is counted as untrained."""
COPIES = 3
"""So many equal rows, bit for bit, were never told apart by training."""
SLOTS = 8
"""Fewer unused slots give no centre."""
STEP = 2048

_known: dict[tuple[str, bytes], npt.NDArray[np.bool_]] = {}
"""What was found in this process, by the rows and the unused slots: jobs ask again, and a fine-tune's rows are often
its base's."""


@dataclass(frozen=True)
class _Scan:
    """One pass over the unembedding: float64 norms and distances, int64 fingerprints, each `[d_vocab]`."""

    norms: npt.NDArray[np.float64]
    distances: npt.NDArray[np.float64] | None
    prints: npt.NDArray[np.int64]


def find_untrained(checkpoint: Checkpoint, name: str, unused: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Bool `[d_vocab]`: tokens whose row of the unembedding `name` carries no training.

    Weight decay and the softmax push the rows of tokens that never occur towards one common point (Land and
    Bartolo 2024, arXiv 2405.05417, use the same signal). That point is taken as the component-wise median of the
    rows of the `unused` slots, which half of them may leave without moving it. A token is untrained when its row
    lies nearer to that point than a third of the median distance, when it is nearly zero, or when it is one of
    three or more equal rows. The unused slots themselves are judged by the same rule.
    """
    key = checkpoint.digest(name), unused.tobytes()
    if key not in _known:
        _known[key] = _find(checkpoint, name, unused)
        if len(_known) > 4:
            del _known[next(iter(_known))]
    return _known[key]


def _find(checkpoint: Checkpoint, name: str, unused: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    centre = _centre(checkpoint, name, unused)
    scan = _scan(checkpoint, name, len(unused), centre)
    whole = np.isfinite(scan.norms)
    if not whole.any():
        return unused.copy()
    # A padding row may hold anything, NaN among it; a used token's row that does is damage, which decoding refuses.
    found = np.where(whole, scan.norms <= NORM * np.median(scan.norms[whole]), unused)
    if scan.distances is not None:
        far = scan.distances[whole & ~unused] if (whole & ~unused).any() else scan.distances[whole]
        near = whole & (scan.distances < DISTANCE * np.median(far))
        if near[unused & whole].mean() >= CLUSTER:
            found |= near
    _, inverse, counts = np.unique(scan.prints, return_inverse=True, return_counts=True)
    return np.asarray(found | (counts[inverse] >= COPIES), dtype=np.bool_)


def _centre(checkpoint: Checkpoint, name: str, unused: npt.NDArray[np.bool_]) -> torch.Tensor | None:
    import torch

    slots = np.flatnonzero(unused)
    if len(slots) < SLOTS:
        return None
    # Slots come in long runs, so rows are read run by run; a few thousand settle a median.
    slots = slots[:: max(1, len(slots) // 4096)]
    runs = np.split(slots, np.flatnonzero(np.diff(slots) != 1) + 1)
    rows = torch.cat([checkpoint.rows(name, int(run[0]), int(run[-1]) + 1) for run in runs]).float()
    rows = rows[rows.isfinite().all(dim=1)]
    return rows.median(dim=0).values if len(rows) >= SLOTS else None


def _scan(checkpoint: Checkpoint, name: str, n: int, centre: torch.Tensor | None) -> _Scan:
    import torch

    norms, distances, prints = [], [], []
    words = _words(checkpoint.rows(name, 0, 1)).shape[1]
    generator = torch.Generator().manual_seed(0)
    factors = torch.randint(-(2**62), 2**62, (words,), generator=generator) | 1
    for start in range(0, n, STEP):
        rows = checkpoint.rows(name, start, min(n, start + STEP))
        floats = rows.float()
        norms.append(floats.norm(dim=1))
        if centre is not None:
            distances.append((floats - centre).norm(dim=1))
        # Integer arithmetic wraps around and is exact: equal bits give equal prints in whatever order it is summed.
        prints.append((_words(rows) * factors).sum(1))
    near = torch.cat(distances).double().numpy() if distances else None
    return _Scan(torch.cat(norms).double().numpy(), near, torch.cat(prints).numpy())


def _words(rows: torch.Tensor) -> torch.Tensor:
    """The rows' bits as 64-bit integers, or as single bytes where a row does not fill whole words."""
    import torch

    whole = rows.shape[1] * rows.element_size() % 8 == 0
    return rows.contiguous().view(torch.int64 if whole else torch.uint8).long()
