"""Windows of a corpus through a model, for what some sides do on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from ...schema import CorpusError
from ..corpus.corpus import Corpus
from ..job import Progress
from ..n2g.engine import Target
from ..subject.hooks import Values
from ..subject.live import LiveModel

Ints = npt.NDArray[np.int64]


def visit_windows(
    live: LiveModel,
    corpus: Corpus,
    numbers: Ints,
    targets: Sequence[Target],
    batch: int,
    take: Callable[[Ints, torch.Tensor], None],
    progress: Progress,
    step: str,
) -> None:
    """Run windows through the model; `take` is told their numbers and pole x values `[b, t, n_targets]`, without BOS.

    Raises CorpusError for a value that is no number.
    """
    layers = sorted({target.layer for target in targets})
    columns = {layer: [i for i, target in enumerate(targets) if target.layer == layer] for layer in layers}
    index = {layer: [targets[i].index for i in columns[layer]] for layer in layers}
    poles = torch.tensor([target.pole for target in targets], device=live.device)
    for first in range(0, len(numbers), batch):
        part = numbers[first : first + batch]
        ids = torch.from_numpy(corpus.tokens[part].astype(np.int64))
        found = torch.empty(len(part), ids.shape[1] - int(corpus.bos), len(targets), device=live.device)

        def visit(layer: int, site: str, values: Values, found: torch.Tensor = found) -> None:
            kept = values[:, int(corpus.bos) :, index[layer]].float()
            if not torch.isfinite(kept).all():
                raise CorpusError(f"layer {layer} has activations that are not finite; use float32")
            found[:, :, columns[layer]] = kept.to(found.device)

        live.read(ids, visit, layers=layers)
        take(part, found * poles)
        progress(step, min(first + batch, len(numbers)), len(numbers))
