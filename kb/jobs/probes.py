"""What probing needs of a knowledge base: the model, and the labelled texts in its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...ingest.bundle.layout import RUN, read_run
from ...ingest.progress import Progress
from ...queries.answers.probes import by_feature
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import QueryError
from ..inputs.features import build_features, separate
from ..inputs.models import find_subject, located
from ..inputs.neurons import own_neuron
from ..place import Place
from ..session import Session

if TYPE_CHECKING:
    from ...ingest.features.header import Header
    from ...ingest.features.labelled import Labelled
    from ...ingest.features.settings import Sampling
    from ...ingest.probes.ablation import Ablation
    from ...ingest.probes.job import ProbesJob
    from ...ingest.probes.settings import Settings
    from ...ingest.subject.subject import Subject
    from ..kinds import Chosen


@dataclass(frozen=True, repr=False)
class AblationReport(Record):
    """What a model loses without one of its neurons."""

    model: str
    ablation: Ablation

    @property
    def title(self) -> str:
        """The neuron and the feature."""
        return f"{self.model}/L{self.ablation.layer}/N{self.ablation.neuron} held at 0, for {self.ablation.feature}"

    @property
    def lead(self) -> str:
        """How much text it was."""
        told, others = self.ablation.points
        return f"Next-token loss in nats: {told:,} tokens with the feature, {others:,} without"

    def sections(self) -> tuple[Section, ...]:
        """Loss with the feature and without, and its rise by the neuron and by others."""
        found = self.ablation
        named = {
            "loss of the whole model": found.before,
            f"rise without L{found.layer}/N{found.neuron}": found.rise,
            **{f"rise without a random neuron {i}": loss for i, loss in enumerate(found.controls, 1)},
        }
        rows = [(name, loss.with_feature, loss.without) for name, loss in named.items()]
        largest = ("its largest rise at one point", found.largest, None)
        columns = ("", f"on {found.feature}", "on other text")
        return (Section("Loss", columns, (*rows[:2], largest, *rows[2:])),)


def probes_job(
    session: Session,
    model: str | Path,
    features: Sequence[str],
    name: str | None,
    layers: Sequence[int] | None,
    settings: Chosen[Settings],
) -> ProbesJob:
    """The job of `kb.probes.ingest`."""
    from ...ingest.lm_head.unembedding import torch_device
    from ...ingest.probes.job import ProbesJob
    from ...ingest.probes.settings import Settings
    from ...ingest.subject.live import LiveModel
    from ...ingest.subject.subject import Subject

    store, place, progress = session.store, session.place, session.progress
    model, name = located(store, model, name)
    chosen = Settings.of(settings)
    chosen = replace(chosen, ks=tuple(sorted(set(chosen.ks))))
    device = torch_device(chosen.device)
    subject = Subject.open(model, name)
    data = _labelled(place, subject, separate(features), chosen.sampling, progress)
    subject.checkpoint.weights_hash(lambda done, total: progress("hashing weights (MiB)", done >> 20, total >> 20))
    live = LiveModel.load(subject, dtype=chosen.dtype_on(device), device=chosen.device)
    return ProbesJob.open(live, data, place.passes, layers=layers, settings=chosen)


def ablated(
    session: Session,
    model: str | Path,
    feature: str,
    neuron: str | None,
    windows: int,
    controls: int,
    dtype: str,
    device: str,
) -> AblationReport:
    """The work of `kb.probes.ablate`."""
    from ...ingest.features.settings import Sampling
    from ...ingest.probes.ablation import ablate
    from ...ingest.subject.live import LiveModel

    store, place, progress = session.store, session.place, session.progress
    subject = find_subject(store, model)
    if neuron is None:
        best = by_feature(store, feature, model=subject.name, top=1).detections
        if not best:
            raise QueryError(
                f"no neuron of {subject.name} is known to tell {feature!r}; neuronkb probes ingest {model}, or name one"
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
    place_of = (asked.layer, asked.index)
    rises = ablate(live, labelled, name, *place_of, windows=windows, controls=controls, progress=progress)
    return AblationReport(subject.name, rises)


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
