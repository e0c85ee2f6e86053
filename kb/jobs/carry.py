"""What carrying findings needs of a knowledge base: the link, the weights, and what is known of both models."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...ingest.bundle import UNVERIFIED
from ...ingest.findings.carried import Asked
from ...ingest.findings.job import JOB, CarryJob, Tuned
from ...ingest.findings.tables import Noted
from ...ingest.findings.verdict import Match
from ...queries import query
from ...queries.answers.findings import Finding
from ...queries.catalogue.scope import check_models
from ...schema import LinkError, ModelError, NeuronId, QueryError, digest
from ..inputs.behaviour import Behaviours, earlier_hash, evidence_hash
from ..place import Place
from ..stores.base import Store
from . import links as linking

if TYPE_CHECKING:
    from ...ingest.findings.layer import Layer

Layers = Callable[[int], "Layer"]


def carry_job(
    store: Store,
    place: Place,
    notes: Sequence[Finding],
    base: str,
    tuned: str,
    weights: tuple[str | None, str | None],
) -> tuple[CarryJob, str | None]:
    """The job that carries findings of `base` to `tuned`, and why whole matrices could not be read, if so.

    Raises LinkError when the two are not linked, QueryError for no finding.
    """
    link = _link(store, base, tuned)
    if not notes:
        raise QueryError(f"no finding about {base!r}; add one with neuronkb findings add TEXT --about {base}/L0/N0")
    models = {row["model"]: row for row in query("models").run(store).dicts()}
    if models[base]["experts"] is not None:
        raise LinkError(f"{base!r} is a mixture of experts, whose findings are not carried to fine-tunes yet")
    links = _counterparts(store, notes, link)
    layers, why = _layers(store, place, base, tuned, weights)
    there = models[tuned]
    run = query("run").run(store, run=link).dicts()[0]
    job = CarryJob(
        tuned=Tuned(
            base, tuned, there["weights"] or UNVERIFIED, run["tokenizer"], link, there["d_mlp"], there["d_model"]
        ),
        notes=tuple(_noted(one) for one in notes),
        asked=tuple(_asked(one.id, neuron, links) for one in notes for neuron in one.about),
        links=links,
        behaviour=Behaviours(store, place),
        similar=lambda neuron: _similar(store, neuron, tuned, link),
        layers=layers,
        evidence=_evidence(store, base, tuned),
    )
    job.supersedes = _superseded(store, job)
    return job, why


def _link(store: Store, base: str, tuned: str) -> str:
    links = query("link_runs").run(store, base=base, tuned=tuned).dicts()
    if not links:
        check_models(store, base, tuned)
        raise LinkError(f"{tuned!r} is not linked to {base!r}; run: neuronkb links make {base} {tuned}")
    return str(links[0]["run"])


def _counterparts(store: Store, notes: Sequence[Finding], link: str) -> dict[str, dict[str, Any]]:
    """Properties of the link's COUNTERPART by base neuron."""
    about = dict.fromkeys(neuron for one in notes for neuron in one.about)
    return {neuron: found for neuron in about if (found := _counterpart(store, neuron, link)) is not None}


def _counterpart(store: Store, neuron: str, link: str) -> dict[str, Any] | None:
    for row in query("neuron_counterparts").run(store, neuron=neuron).dicts():
        if row["relation"] == "fine-tune" and row["run"] == link:
            measures: dict[str, Any] = row["measures"]
            return measures
    return None


def _layers(
    store: Store, place: Place, base: str, tuned: str, weights: tuple[str | None, str | None]
) -> tuple[Layers | None, str | None]:
    """A reader of whole layers, or None and why there is none."""
    try:
        job = linking.link_job(store, place, base, tuned, weights)
        from ...ingest.findings.layer import Layer
    except (ModelError, LinkError, ImportError) as error:
        if any(weights):
            raise
        return None, str(error)
    return lambda layer: Layer.read(job.pair, job.decoded, layer), None


def _similar(store: Store, neuron: str, tuned: str, link: str) -> Match | None:
    """The nearest neuron of the whole fine-tune by weights, where neuronkb similar match stored it with its control."""
    for row in query("neuron_similar").run(store, neuron=neuron, by="weights", model=tuned, top=1).dicts():
        if row["control"] is not None:
            there, here = NeuronId.parse(row["neuron"]), NeuronId.parse(neuron)
            layer = None if there.layer == here.layer else there.layer
            before = _counterpart(store, str(replace(there, model=here.model)), link) or {}
            cosines = [before[f"cos_{p}"] for p in ("gate", "up", "down") if before.get(f"cos_{p}") is not None]
            own = sum(cosines) / len(cosines) if cosines else None
            return Match(there.index, row["score"], row["control"], layer, own)
    return None


def _noted(one: Finding) -> Noted:
    return Noted(one.id, one.text, one.author, one.created, one.model, one.about, one.evidence)


def _asked(finding: str, neuron: str, links: dict[str, dict[str, Any]]) -> Asked:
    place = NeuronId.parse(neuron)
    return Asked(finding, place.layer, place.index, neuron in links)


def _evidence(store: Store, base: str, tuned: str) -> str:
    """The hash of what is known of both, as the verdicts that stand already have it."""
    models = base, tuned
    held = {parameters.get("evidence") for parameters in _carries(store, base, tuned).values()}
    earlier = earlier_hash(store, models)
    return earlier if earlier in held else evidence_hash(store, models)


def _carries(store: Store, base: str, tuned: str) -> dict[str, dict[str, Any]]:
    """Parameters of the runs that carried findings of one to the other, oldest first."""
    rows = query("runs").run(store, job=JOB, model=tuned).dicts()
    held = {row["run"]: json.loads(row["parameters"] or "{}") for row in rows}
    return {run: parameters for run, parameters in held.items() if parameters.get("base") == base}


def _superseded(store: Store, job: CarryJob) -> str | None:
    """The run whose verdicts the job's replace: the newest of these two models, unless it is the same as this one.

    Then what that one replaced, so that the same evidence again is the same run, and evidence that changes back to what
    it was is a new one.
    """
    chain = _carries(store, job.tuned.base, job.tuned.model)
    replaced = {held.get("supersedes") for held in chain.values()}
    newest = [run for run in chain if run not in replaced]
    if not newest:
        return None
    held = chain[newest[-1]]
    before: str | None = held.get("supersedes")
    same = digest({**held, "supersedes": None}) == digest({**job.identity, "supersedes": None})
    return before if same else newest[-1]
