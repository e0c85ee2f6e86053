"""What a search for feeds needs of a knowledge base, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...queries import query
from ...queries.answers.feeds import Feed, neuron_feeds
from ...queries.answers.probes import check_model
from ...schema import NeuronId, QueryError
from ..inputs.models import find_subject
from ..inputs.neurons import in_model
from ..place import Place
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.feeds.job import FeedsJob


def feeds_job(
    store: Store, place: Place, model: str | Path, layers: Sequence[int] | None, settings: Mapping[str, Any]
) -> FeedsJob:
    """The job of `KnowledgeBase.ingest_feeds`."""
    from ...ingest.feeds.job import FeedsJob
    from ...ingest.feeds.settings import Settings
    from ...ingest.lm_head.unembedding import torch_device

    chosen = Settings.of(settings)
    work = place.passes
    job = FeedsJob.of(find_subject(store, model), chosen, work / "feeds", torch_device(chosen.device), layers)
    job.state = work / f"{job.run.id}.safetensors"
    return job


def feeds_of(store: Store, neuron: NeuronId, run: str | None, top: int) -> list[Feed]:
    """A neuron's feeds. Raises QueryError where none are stored."""
    found = neuron_feeds(store, str(neuron), run=run, top=top)
    if not found:
        if query("models").run(store).rows:
            check_model(store, neuron.model)
        in_model(store, neuron)
        there = query("neuron").run(store, neuron=str(neuron)).rows
        why = "no feeds of it are stored" if there else "it is not in the store"
        raise QueryError(f"{str(neuron)!r}: {why}; run: neuronkb ingest feeds {neuron.model}")
    return found
