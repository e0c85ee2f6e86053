"""Opens a probing job: the model, and the labelled texts in its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..ingest.job import Progress
from .featuring import build_features, features_folder
from .settings import bundle_folder

if TYPE_CHECKING:
    from ..ingest.probes.job import ProbesJob


def probes_job(
    where: str,
    model: str | Path,
    features: Sequence[str],
    name: str | None,
    layers: Sequence[int] | None,
    settings: dict[str, Any],
    progress: Progress,
) -> ProbesJob:
    """The job of `KnowledgeBase.ingest_probes`. Categories that are asked for and not built yet are built first."""
    from ..ingest.corpus import Tokenizer
    from ..ingest.features import FeatureSet, Labelled
    from ..ingest.features.shelf import find
    from ..ingest.lm_head.unembedding import torch_device
    from ..ingest.probes.job import ProbesJob
    from ..ingest.probes.settings import Settings
    from ..ingest.subject.live import LiveModel
    from ..ingest.subject.subject import Subject

    chosen = Settings.of(settings)
    device = torch_device(chosen.device)
    subject = Subject.open(model, name)
    folder = features_folder(where)
    _build_missing(folder, features, progress)
    found = find(features, folder)
    tokenizer = Tokenizer.of(subject)
    data = []
    for number, one in enumerate(found):
        progress("labelling tokens", number, len(found))
        labelled = Labelled.of(FeatureSet.open(one.path), tokenizer, chosen.sampling, one.features)
        data.append((one.header, labelled))
    progress("labelling tokens", len(found), len(found))
    subject.checkpoint.weights_hash(lambda done, total: progress("hashing weights (MiB)", done >> 20, total >> 20))
    live = LiveModel.load(subject, dtype=chosen.dtype_on(device), device=chosen.device)
    work = bundle_folder(where, "any").parent.parent / "unfinished-passes"
    return ProbesJob.open(live, data, work, layers=layers, settings=chosen)


def _build_missing(folder: Path, names: Sequence[str], progress: Progress) -> None:
    """Build the categories among `names`, or all where nothing is named, that have no file in the folder."""
    from ..ingest.features.builders import BUILDERS

    wanted = [name for name in names or BUILDERS if name in BUILDERS and not (folder / f"{name}.jsonl").exists()]
    if wanted:
        build_features(folder, wanted, progress=progress)
