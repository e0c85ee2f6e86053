"""Opens a corpus pass: the model, its corpus, and where an unfinished pass is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..inputs.corpora import corpus_of
from ..inputs.models import located
from ..inputs.reading import Reading
from ..session import Session

if TYPE_CHECKING:
    from ...ingest.activations.job import ActivationsJob
    from ...ingest.activations.settings import Settings
    from ...ingest.corpus.settings import Windows
    from ..kinds import Chosen


def activations_job(
    session: Session,
    model: str | Path,
    corpus: str | Path | Sequence[str | Path],
    name: str | None,
    layers: Sequence[int] | None,
    experts: Sequence[int] | None,
    reading: Reading,
    windows: Chosen[Windows],
    settings: Chosen[Settings],
) -> ActivationsJob:
    """The job of `kb.activations.ingest`. The corpus is built first: a mistake in it shows at once."""
    from ...ingest.activations.job import ActivationsJob
    from ...ingest.activations.routed import RoutedJob
    from ...ingest.activations.settings import Settings
    from ...ingest.lm_head.unembedding import torch_device
    from ...ingest.subject.experts import some_mlps
    from ...ingest.subject.live import LiveModel
    from ...ingest.subject.subject import Subject

    store, place, progress = session.store, session.place, session.progress
    model, name = located(store, model, name)
    chosen = Settings.of(settings)
    device = torch_device(chosen.device)
    subject = Subject.open(model, name, experts=True)
    some_mlps(subject.architecture, (), experts)
    texts = corpus_of(store, place, subject, corpus, windows, progress, reading, roles=chosen.roles)
    subject.checkpoint.weights_hash(lambda done, total: progress("hashing weights (MiB)", done >> 20, total >> 20))
    live = LiveModel.load(subject, dtype=chosen.dtype_on(device), device=chosen.device)
    if subject.architecture.mixture is not None:
        return RoutedJob.open(live, texts, place.passes, layers=layers, settings=chosen, experts=experts)
    return ActivationsJob.open(live, texts, place.passes, layers=layers, settings=chosen)
