"""What a search for feeds needs of a knowledge base, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...queries import query
from ...queries.answers.feeds import NeuronFeeds, neuron_feeds
from ...queries.answers.probes import check_model
from ...schema import NeuronId, QueryError
from ..inputs.models import find_subject
from ..inputs.neurons import in_model
from ..session import Session
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.feeds.job import FeedsJob
    from ...ingest.feeds.settings import Settings
    from ..kinds import Chosen


def feeds_job(
    session: Session,
    model: str | Path,
    layers: Sequence[int] | None,
    experts: Sequence[int] | None,
    settings: Chosen[Settings],
) -> FeedsJob:
    """The job of `kb.feeds.ingest`."""
    from ...ingest.feeds.job import FeedsJob
    from ...ingest.feeds.settings import Settings
    from ...ingest.lm_head.unembedding import torch_device

    chosen = Settings.of(settings)
    work = session.place.passes
    subject = find_subject(session.store, model, experts=True)
    job = FeedsJob.of(subject, chosen, work / "feeds", torch_device(chosen.device), layers, experts)
    job.state = work / f"{job.run.id}.safetensors"
    return job


def feeds_of(store: Store, name: str, run: str | None, top: int) -> NeuronFeeds:
    """A neuron's feeds. Raises QueryError where none are stored."""
    neuron = NeuronId.parse(name)
    feeds = neuron_feeds(store, str(neuron), run=run, top=top)
    if not feeds:
        if query("models").run(store).rows:
            check_model(store, neuron.model)
        in_model(store, neuron)
        there = query("neuron").run(store, neuron=str(neuron)).rows
        why = "no feeds of it are stored" if there else "it is not in the store"
        raise QueryError(f"{str(neuron)!r}: {why}; run: neuronkb feeds ingest {neuron.model}")
    return NeuronFeeds(str(neuron), tuple(feeds))
