"""Opens a corpus pass: the model, its corpus, and where an unfinished pass is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...ingest.job import Progress
from ..inputs.corpora import Reading, corpus_of
from ..place import Place
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.activations.job import ActivationsJob


def activations_job(
    store: Store,
    place: Place,
    model: str | Path,
    sources: Sequence[str | Path],
    name: str | None,
    layers: Sequence[int] | None,
    reading: Reading,
    windows: dict[str, Any],
    settings: dict[str, Any],
    progress: Progress,
) -> ActivationsJob:
    """The job of `KnowledgeBase.ingest_activations`. The corpus is built first: a mistake in it shows at once."""
    from ...ingest.activations.job import ActivationsJob
    from ...ingest.activations.settings import Settings
    from ...ingest.lm_head.unembedding import torch_device
    from ...ingest.subject.live import LiveModel
    from ...ingest.subject.subject import Subject

    chosen = Settings.of(settings)
    windows = {**windows, "roles": True} if chosen.roles else windows
    device = torch_device(chosen.device)
    subject = Subject.open(model, name)
    corpus = corpus_of(store, place, subject, sources, windows, progress, reading)
    subject.checkpoint.weights_hash(lambda done, total: progress("hashing weights (MiB)", done >> 20, total >> 20))
    live = LiveModel.load(subject, dtype=chosen.dtype_on(device), device=chosen.device)
    work = place.passes
    return ActivationsJob.open(live, corpus, work, layers=layers, settings=chosen)
