"""What probing needs of a knowledge base: the model, and the labelled texts in its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...ingest.bundle.layout import RUN, read_run
from ...ingest.job import Progress
from ...queries.answers.probes import by_feature
from ...schema import QueryError
from ..inputs.features import build_features
from ..inputs.models import find_subject
from ..inputs.neurons import own_neuron
from ..place import Place
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.features.header import Header
    from ...ingest.features.labelled import Labelled
    from ...ingest.features.sampling import Sampling
    from ...ingest.probes.ablation import Ablation
    from ...ingest.probes.job import ProbesJob
    from ...ingest.subject.subject import Subject


def probes_job(
    place: Place,
    model: str | Path,
    features: Sequence[str],
    name: str | None,
    layers: Sequence[int] | None,
    settings: dict[str, Any],
    progress: Progress,
) -> ProbesJob:
    """The job of `KnowledgeBase.ingest_probes`. Categories that are asked for and not built yet are built first."""
    from ...ingest.lm_head.unembedding import torch_device
    from ...ingest.probes.job import ProbesJob
    from ...ingest.probes.settings import Settings
    from ...ingest.subject.live import LiveModel
    from ...ingest.subject.subject import Subject

    chosen = Settings.of(settings)
    device = torch_device(chosen.device)
    subject = Subject.open(model, name)
    data = _labelled(place, subject, features, chosen.sampling, progress)
    subject.checkpoint.weights_hash(lambda done, total: progress("hashing weights (MiB)", done >> 20, total >> 20))
    live = LiveModel.load(subject, dtype=chosen.dtype_on(device), device=chosen.device)
    work = place.passes
    return ProbesJob.open(live, data, work, layers=layers, settings=chosen)


def ablated(
    store: Store,
    place: Place,
    model: str | Path,
    feature: str,
    neuron: str | None,
    windows: int,
    controls: int,
    dtype: str,
    device: str,
    progress: Progress,
) -> Ablation:
    """The work of `KnowledgeBase.ablate_feature`."""
    from ...ingest.features.sampling import Sampling
    from ...ingest.probes.ablation import ablate
    from ...ingest.subject.live import LiveModel

    subject = find_subject(store, model)
    if neuron is None:
        best = by_feature(store, feature, model=subject.name, top=1)
        if not best:
            raise QueryError(
                f"no neuron of {subject.name} is known to tell {feature!r}; neuronkb ingest probes {model}, or name one"
            )
        neuron = best[0].neuron
    asked = own_neuron(neuron, subject, str(model))
    data = [
        (found, info.name)
        for _, found in _labelled(place, subject, [feature], Sampling(), progress)
        for info in found.features
    ]
    live = LiveModel.load(subject, dtype=dtype, device=device)
    labelled, name = data[0]
    return ablate(live, labelled, name, asked.layer, asked.index, windows=windows, controls=controls, progress=progress)


def same_texts(job: ProbesJob, folder: Path) -> None:
    """Raise FeatureError where the bundle in `folder` was made with other texts of the job's features."""
    if (folder / RUN).exists():
        job.same_texts(read_run(folder))


def _labelled(
    place: Place, subject: Subject, names: Sequence[str], sampling: Sampling, progress: Progress
) -> list[tuple[Header, Labelled]]:
    """The data sets that are meant, in the model's tokens."""
    from ...ingest.corpus import Tokenizer
    from ...ingest.features import FeatureSet, Labelled
    from ...ingest.features.shelf import find

    folder = place.features
    _build_missing(folder, names, progress)
    found = find(names, folder)
    tokenizer = Tokenizer.of(subject)
    data = []
    for number, one in enumerate(found):
        progress("labelling tokens", number, len(found))
        data.append((one.header, Labelled.of(FeatureSet.open(one.path), tokenizer, sampling, one.features)))
    progress("labelling tokens", len(found), len(found))
    return data


def _build_missing(folder: Path, names: Sequence[str], progress: Progress) -> None:
    """Build the categories among `names`, or all where nothing is named, that have no file in the folder."""
    from ...ingest.features.builders import BUILDERS

    wanted = [name for name in names or BUILDERS if name in BUILDERS and not (folder / f"{name}.jsonl").exists()]
    if wanted:
        build_features(folder, wanted, progress=progress)
