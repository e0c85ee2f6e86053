"""What a link needs of a knowledge base: the two models' decoding runs, their weights, their decoded tokens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...ingest.bundle import Bundle
from ...queries import query
from ...queries.result.near import typo
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import BundleError, LinkError, MlpId, WeightsError, arrow_schema, table
from ..inputs.corpora import shared_text
from ..inputs.reading import Reading
from ..inputs.tails import left_out
from ..load.known_runs import bundle_for
from ..load.report import LoadReport
from ..load.runs import Clash, Settled, rivals
from ..load.write import clash_of, write_and_load
from ..place import Place
from ..session import Session
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.links.drift import Drift
    from ...ingest.links.job import LinkJob
    from ...ingest.links.pair import Decoded, Pair

EDGES = "Neuron.DECODES_TO.Token"
COLUMNS = ["start", "end", "projection", "pole", "rank"]
COMMON = ("convention", "k", "mask", "method")
"""Parameters that two decodings must share to be compared."""
TEXT = ("text", "positions")
"""Parameters of a link that a text was read for."""


@dataclass(frozen=True, repr=False)
class LinkReport(Record):
    """What a link wrote, and what is odd about the pair."""

    base: str
    tuned: str
    load: LoadReport
    mean_cosine: float
    warnings: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The two models."""
        return f"{self.tuned} linked to its base {self.base}"

    @property
    def lead(self) -> str:
        """The run, and how alike the two are."""
        return f"{self.load.title}, mean cosine of their rows {self.mean_cosine:.5f}"

    def sections(self) -> tuple[Section, ...]:
        """What the load wrote."""
        return self.load.sections()


@dataclass(frozen=True)
class Text:
    """What base and fine-tune both read."""

    corpus: Sequence[str | Path]
    reading: Reading
    positions: int
    """places of it at most"""


def make_link(
    session: Session,
    base: str,
    tuned: str,
    weights: tuple[str | Path | None, str | Path | None],
    layers: Sequence[int] | None,
    experts: Sequence[int] | None,
    corpus: str | Path | Sequence[str | Path],
    reading: Reading,
    positions: int,
    replaces: bool,
    alongside: bool,
) -> LinkReport:
    """The work of `kb.links.make`."""
    store, place = session.store, session.place
    sources = [corpus] if isinstance(corpus, str | Path) else list(corpus)
    text = Text(sources, reading, positions) if sources else None
    one, two = (None if path is None else str(path) for path in weights)
    job = link_job(store, place, base, tuned, (one, two), layers, text, experts)
    folder = bundle_for(job, store, place)
    how = settled(store, job, clash_of(replaces, alongside))
    load = write_and_load(job, store, folder, clash=how, progress=session.progress, loaded=session.loaded)
    if job.drift is not None:
        load = replace(load, notes=left_out(job.drift.text.tails, reading.tails))
    return LinkReport(base, tuned, load, job.mean_cosine, (*warnings(job), *load.warnings))


def link_job(
    store: Store,
    place: Place,
    base: str,
    tuned: str,
    weights: tuple[str | None, str | None],
    layers: Sequence[int] | None = None,
    text: Text | None = None,
    experts: Sequence[int] | None = None,
) -> LinkJob:
    """The job that links two models of the store, all layers and experts unless some are asked for.

    `weights` say where the models' lie, if not where they were decoded from; `text` is what both read, if anything.

    Raises LinkError when one is not decoded, they were decoded differently or their shapes differ, WeightsError when
    the weights found are not those that were decoded.
    """
    from ...ingest.links.job import LinkJob
    from ...ingest.links.pair import Pair
    from ...ingest.lm_head.settings import Settings
    from ...ingest.subject.experts import some_mlps

    if base == tuned:
        raise LinkError(f"{base!r} cannot be linked to itself; give a base and its fine-tune")
    one, two = decoded_alike(store, base, tuned)
    pair = Pair(_open(one, weights[0]), _open(two, weights[1]), Settings.of(_settings(one)))
    pair.check()
    if text is not None and pair.base.subject.architecture.mixture is not None:
        raise LinkError(f"{base!r} is a mixture of experts, whose neurons are not compared on a text; link it without")
    rows = {side.run: DecodedRows(store, place, side.subject.name) for side in (pair.base, pair.tuned)}
    chosen = _chosen(layers, pair.n_layers)
    some = None if experts is None else tuple(sorted(set(experts)))
    some_mlps(pair.base.subject.architecture, chosen, some)
    return LinkJob(
        pair,
        lambda run, at, width: rows[run](run, at, width),
        chosen,
        drift=None if text is None else _drift(store, place, pair, text),
        experts=some,
    )


def settled(store: Store, job: LinkJob, clash: Clash) -> Settled:
    """What to do with other links of the pair: one that differs in nothing but that it read no text is replaced."""
    own = {name: value for name, value in job.run.parameters.items() if name not in TEXT}
    others = rivals(store, job.run)
    plain = [row["run"] for row in others if json.loads(row["parameters"] or "{}") == own]
    if clash != "refuse" or job.drift is None or len(plain) < len(others):
        return clash
    return tuple(plain) or clash


def _drift(store: Store, place: Place, pair: Pair, text: Text) -> Drift:
    """Raises LinkError where the text has no place that both models read."""
    from ...ingest.links.drift import Drift
    from ...ingest.subject.live import LiveModel

    subjects = pair.base.subject, pair.tuned.subject
    shared = shared_text(store, place, subjects, text.corpus, text.reading, text.positions)

    def load() -> tuple[LiveModel, LiveModel]:
        base, tuned = (LiveModel.load(subject, dtype="float32") for subject in subjects)
        return base, tuned

    return Drift(shared, load)


def _chosen(layers: Sequence[int] | None, n_layers: int) -> tuple[int, ...]:
    """Raises LinkError for a layer that the models do not have."""
    if layers is None:
        return tuple(range(n_layers))
    for layer in layers:
        if not 0 <= layer < n_layers:
            raise LinkError(f"no layer {layer!r}: the models have layers 0 to {n_layers - 1}")
    return tuple(sorted(set(layers)))


def warnings(job: LinkJob) -> tuple[str, ...]:
    """What a person should know before trusting the link."""
    summary = job.summary(())
    if summary["related"]:
        return ()
    pair = job.pair
    return (
        f"the rows of {pair.tuned.subject.name} and {pair.base.subject.name} have a mean cosine of "
        f"{job.mean_cosine:.3f}; a fine-tune's is near 1 and strangers' near 0: these are not relatives",
    )


def decoded_alike(store: Store, base: str, tuned: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The newest runs of both models that were decoded alike. Raises LinkError where there are none."""
    found = []
    for model in (base, tuned):
        runs = query("runs").run(store, job="lm-head", model=model).dicts()
        if not runs:
            known = [row["model"] for row in query("models").run(store).dicts()]
            hint = "" if model in known else typo(model, known)
            raise LinkError(f"{model!r} is not decoded; run neuronkb lm-head ingest {model}{hint}")
        found.append([run | {"parameters": json.loads(run["parameters"])} for run in reversed(runs)])
    for one in found[0]:
        for two in found[1]:
            if all(one["parameters"].get(name) == two["parameters"].get(name) for name in COMMON):
                return one, two
    said = [", ".join(f"{name}={run['parameters'].get(name)}" for name in COMMON) for (run, *_) in found]
    raise LinkError(f"{base!r} ({said[0]}) and {tuned!r} ({said[1]}) are decoded differently; decode one of them again")


def _open(run: dict[str, Any], weights: str | None) -> Decoded:
    from ...ingest.links.pair import Decoded
    from ...ingest.subject.subject import Subject

    source = weights or json.loads(run["summary"] or "{}").get("source") or run["model"]
    if weights is None and Path(source).is_absolute() and not Path(source).is_dir():
        raise LinkError(
            f"{run['model']!r} was decoded from {source!r}, and that folder is gone; say where its weights are with "
            "--base-weights or --tuned-weights"
        )
    subject = Subject.open(source, run["model"], experts=True)
    expected = run["parameters"]["weights"]
    if subject.weights != expected:
        raise WeightsError(
            f"the weights at {source!r} ({subject.weights[:12]}...) are not those that {run['run']} decoded "
            f"({expected[:12]}...); say where they are with --base-weights or --tuned-weights"
        )
    return Decoded(subject, run["run"])


def _settings(run: dict[str, Any]) -> dict[str, Any]:
    parameters = run["parameters"]
    return {
        "convention": parameters["convention"],
        "k": parameters["k"],
        "all_tokens": parameters["mask"] == "none",
    }


class DecodedRows:
    """DECODES_TO rows of one model's MLPs: from the run's bundle where it lies in its place, else from the store."""

    def __init__(self, store: Store, place: Place, model: str) -> None:
        self._store, self._place, self._model = store, place, model
        self._bundles: dict[str, Bundle | None] = {}

    def __call__(self, run: str, at: MlpId, width: int) -> pa.Table:
        """Columns COLUMNS of an MLP of `width` neurons."""
        if run not in self._bundles:
            self._bundles[run] = _bundle(self._place.bundle(run))
        bundle, name = self._bundles[run], f"L{at.layer:03d}{at.suffix}"
        if bundle is not None and name in bundle.shards:
            (entry,) = (file for file in bundle.shards[name].files if file.table == EDGES)
            return bundle.read(entry).select(COLUMNS)
        return self._from_store(run, at, width)

    def _from_store(self, run: str, at: MlpId, width: int) -> pa.Table:
        neurons = [f"{self._model}/{at}/N{i}" for i in range(width)]
        rows = query("decoded_layer").run(self._store, neurons=neurons, run=run, timeout=None).rows
        fields = [arrow_schema(table(EDGES)).field(name) for name in COLUMNS]
        return pa.table(list(map(list, zip(*rows, strict=True))) or [[]] * len(COLUMNS), schema=pa.schema(fields))


def _bundle(folder: Path) -> Bundle | None:
    try:
        return Bundle.open(folder) if folder.is_dir() else None
    except BundleError:
        return None
