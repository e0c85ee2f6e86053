"""Windows of a corpus through a model, for what some sides do on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from ...schema import CorpusError
from ..corpus.corpus import Corpus
from ..n2g.engine import Target
from ..progress import Progress
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

    They come in reading order; `t` is the longest of a part, and what stands behind a window's end is 0. Raises
    CorpusError for a value that is no number.
    """
    layers = sorted({target.layer for target in targets})
    columns = {layer: [i for i, target in enumerate(targets) if target.layer == layer] for layer in layers}
    index = {layer: [targets[i].index for i in columns[layer]] for layer in layers}
    poles = torch.tensor([target.pole for target in targets], device=live.device)
    done, start = 0, int(corpus.bos)
    for part in corpus.parts(corpus.reading_order(numbers), batch):
        ids, mask = corpus.inputs(part)
        found = torch.empty(len(part), ids.shape[1] - start, len(targets), device=live.device)
        inside = torch.ones_like(ids[:, start:]) if mask is None else mask[:, start:]

        def visit(
            layer: int, site: str, values: Values, found: torch.Tensor = found, inside: torch.Tensor = inside
        ) -> None:
            kept = values[:, start:, index[layer]].float()
            kept.masked_fill_(inside[:, :, None].to(kept.device) == 0, 0.0)
            if not torch.isfinite(kept).all():
                raise CorpusError(f"layer {layer} has activations that are not finite; use float32")
            found[:, :, columns[layer]] = kept.to(found.device)

        live.read(ids, visit, layers=layers, attention_mask=mask)
        take(part, found * poles)
        done += len(part)
        progress(step, done, len(numbers))
