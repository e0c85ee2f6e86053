"""What a causal check needs of a knowledge base: which sides to test, their tokens, and how far neurons go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...queries import CausalReport, causal_report, query
from ...queries.catalogue.corpora import rests_on
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import PROJECTIONS, IdError, ModelError, NeuronId, QueryError
from ..inputs.models import find_subject
from ..inputs.neurons import Given, own_neuron, spread
from ..load.report import LoadReport
from ..load.write import load_job
from ..session import Session
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.causal.end import End
    from ...ingest.causal.job import ClampJob, Sources
    from ...ingest.causal.settings import Settings
    from ...ingest.subject.subject import Subject
    from ..kinds import Chosen

CORPUS, PROMPTS = "corpus", "prompts"
"""Where the observed maxima come from: the model's newest corpus pass, or the prompts themselves. Anything else names a
model of the same shape, such as the base of a fine-tune, whose corpus pass is taken."""

EXCERPTS = 256
"""Stored windows that the pre-activations' maxima are measured on."""
DISTINCT = 0.8
"""Share of a side's tokens that must be different words for it to be chosen."""


@dataclass(frozen=True, repr=False)
class CausalLoad(Record):
    """What a causal check wrote, and what it found."""

    load: LoadReport
    causal: CausalReport

    @property
    def title(self) -> str:
        """The model and the run."""
        return self.causal.title

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out."""
        return self.load.warnings

    def sections(self) -> tuple[Section, ...]:
        """What was loaded, then the report."""
        return (*self.load.sections(), *self.causal.sections())

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All clamps in full."""
        return self.causal.table()


def check(
    session: Session,
    model: str | Path,
    top: int,
    neurons: Given | None,
    prompts: str | Path | Sequence[str] | None,
    maxima: str,
    settings: Chosen[Settings],
    replaces: bool,
    alongside: bool,
    out: Path | None,
) -> CausalLoad:
    """The work of `kb.causal.ingest`."""
    store, job = session.store, clamp_job(session, model, top, neurons, prompts, maxima, settings)
    load = load_job(
        session, job, replaces, alongside, out, notes=lambda: rests_on(store, job.run.model, job.run.derived_from)
    )
    return CausalLoad(load, causal_report(store, run=load.run))


def clamp_job(
    session: Session,
    model: str | Path,
    top: int,
    neurons: Given | None,
    prompts: str | Path | Sequence[str] | None,
    maxima: str,
    settings: Chosen[Settings],
) -> ClampJob:
    """The job: which sides are clamped, and on what."""
    from ...ingest.causal.job import ClampJob
    from ...ingest.causal.prompts import read_prompts
    from ...ingest.causal.settings import Settings
    from ...ingest.subject.live import LiveModel

    store, progress = session.store, session.progress
    chosen = Settings.of(settings)
    names = [str(name) for _, name in spread(neurons)] if neurons is not None else []
    asked = read_prompts(prompts) if isinstance(prompts, str | Path) else prompts
    progress("choosing neurons", 0, 1)
    subject = find_subject(store, model)
    decoding = _newest(store, "lm-head", subject.name, subject.source)
    activations = _pass(store, subject, maxima)
    chosen_sides = (
        _named(store, subject, str(model), names, decoding) if names else _clearest(store, subject, top, decoding)
    )
    sources = _sources(store, subject, chosen_sides, decoding, activations)
    progress("choosing neurons", 1, 1)
    live = LiveModel.load(subject, dtype=chosen.dtype, device=chosen.device)
    return ClampJob.open(live, chosen_sides, sources=sources, prompts=asked, settings=chosen)


def _pass(store: Store, subject: Subject, maxima: str) -> dict[str, Any] | None:
    """The corpus pass whose maxima are taken; None where they are measured on the prompts."""
    if maxima == PROMPTS:
        return None
    if maxima in (CORPUS, subject.name):
        return _newest(store, "activations", subject.name, subject.source)
    models = {row["model"]: row for row in query("models").run(store).dicts()}
    built = subject.architecture
    if maxima not in models:
        raise QueryError(f"maxima are {maxima!r}; expected {CORPUS}, {PROMPTS}, or one of {', '.join(models)}")
    if (models[maxima]["layers"], models[maxima]["d_mlp"]) != (built.n_layers, built.d_mlp):
        raise ModelError(f"{maxima!r} has other layers than {subject.name!r}; its maxima are of other neurons")
    return _newest(store, "activations", maxima, maxima)


def _newest(store: Store, job: str, model: str, source: str) -> dict[str, Any]:
    """The newest finished run of a job on the model; `source` is where its files are."""
    runs = [row for row in query("runs").run(store, job=job, model=model).dicts() if row["ended"]]
    if not runs and job == "activations":
        raise QueryError(
            f"the store has no activation maxima of {model!r}; run neuronkb activations ingest "
            f"{source} --corpus TEXTS first, or measure them on the prompts with --maxima prompts"
        )
    if not runs:
        raise QueryError(f"{model!r} is not decoded; run neuronkb {job} ingest {source}")
    row = runs[-1]
    return row | {"parameters": json.loads(row["parameters"] or "{}")}


def _clearest(store: Store, subject: Subject, top: int, decoding: dict[str, Any]) -> list[End]:
    """The clearest sides, as many of each layer and projection as of another, as far as there are."""
    built = subject.architecture
    if top < 1:
        raise ModelError(f"top is {top!r}, expected at least 1 neuron")
    distinct = max(2, round(DISTINCT * int(decoding["parameters"].get("k", 10))))
    groups: list[list[tuple[str, str, int, float]]] = []
    for layer in range(built.n_layers):
        for projection in PROJECTIONS:
            if poles := _poles(projection, built.gated):
                rows = query("clear_sides").run(
                    store,
                    model=subject.name,
                    layer=layer,
                    projection=projection,
                    poles=poles,
                    run=decoding["run"],
                    distinct=distinct,
                    top=top,
                )
                groups.append([(row["neuron"], projection, row["pole"], row["coherence"]) for row in rows.dicts()])
    taken: list[tuple[str, str, int, float]] = []
    for turn in range(max(map(len, groups), default=0)):
        best = sorted((group[turn] for group in groups if len(group) > turn), key=lambda row: (-row[3], row[0]))
        taken += best[: max(0, top - len(taken))]
    if not taken:
        raise QueryError(
            f"no side of {subject.name!r} decodes to {distinct} different words; name neurons with --neurons"
        )
    wanted = [(NeuronId.parse(neuron), projection, pole, clear) for neuron, projection, pole, clear in taken]
    return _sides(store, wanted, decoding["run"])


def _named(store: Store, subject: Subject, model: str, neurons: Sequence[str], decoding: dict[str, Any]) -> list[End]:
    """The sides of the neurons named: L3/N17 for all that a clamp can test, L3/N17:down- for one."""
    wanted: list[tuple[NeuronId, str, int, float]] = []
    for text in dict.fromkeys(neurons):
        name, colon, side = text.rpartition(":")
        neuron = own_neuron(name if colon else text, subject, model)
        if colon:
            wanted.append((neuron, *_side(side, text, subject.architecture.gated), 0.0))
        else:
            gated = subject.architecture.gated
            wanted += [(neuron, p, pole, 0.0) for p in PROJECTIONS for pole in _poles(p, gated)]
    found = _sides(store, wanted, decoding["run"])
    if missing := {str(neuron) for neuron, *_ in wanted} - {f"{subject.name}/L{s.layer}/N{s.neuron}" for s in found}:
        raise QueryError(f"{min(missing)!r} has no decoded tokens in {decoding['run']}; decode its layer first")
    return found


def _side(text: str, whole: str, gated: bool) -> tuple[str, int]:
    projection, sign = text[:-1], text[-1:]
    if projection not in PROJECTIONS or sign not in ("+", "-"):
        raise IdError(f"{whole!r} does not end in a side; expected such as L3/N17:down- or L3/N17:up+")
    pole = 1 if sign == "+" else -1
    if pole not in _poles(projection, gated):
        raise IdError(
            f"{whole!r}: no clamp can show what {text} decodes to, as it closes the neuron or is never reached; "
            f"expected one of {', '.join(f'{p}{_sign(s)}' for p in PROJECTIONS for s in _poles(p, gated))}"
        )
    return projection, pole


def _sign(pole: int) -> str:
    return "+" if pole > 0 else "-"


def _poles(projection: str, gated: bool) -> list[int]:
    """The poles that a clamp can test."""
    from ...ingest.causal.end import sites

    if projection == "gate" and not gated:
        return []
    return [pole for pole in (1, -1) if sites(projection, pole, gated)]


def _sides(store: Store, wanted: Sequence[tuple[NeuronId, str, int, float]], run: str) -> list[End]:
    """With their decoded tokens; those that were not decoded are left out."""
    from ...ingest.causal.end import End

    tokens: dict[tuple[str, str, int], list[int]] = {}
    names = list(dict.fromkeys(str(neuron) for neuron, *_ in wanted))
    for row in query("decoded_tokens").run(store, neurons=names).dicts():
        if row["run"] == run:
            tokens.setdefault((row["neuron"], row["projection"], row["pole"]), []).append(row["token"])
    return [
        End(neuron.layer, neuron.index, projection, pole, tuple(tokens[str(neuron), projection, pole]), clarity)
        for neuron, projection, pole, clarity in wanted
        if (str(neuron), projection, pole) in tokens
    ]


def _sources(
    store: Store, subject: Subject, sides: Sequence[End], decoding: dict[str, Any], activations: dict[str, Any] | None
) -> Sources:
    from ...ingest.causal.job import Sources

    if activations is None:
        return Sources(decoding["run"])
    width = subject.architecture.d_mlp
    layers = {side.layer for side in sides}
    hidden = {layer: _ends(store, activations["model"], layer, width, activations["run"]) for layer in layers}
    corpus = activations["parameters"].get("corpus")
    rows = query("corpus_excerpts").run(store, corpus=corpus, top=EXCERPTS).dicts()
    return Sources(decoding["run"], activations["run"], hidden, tuple(row["text"] for row in rows if row["text"]))


def _ends(store: Store, model: str, layer: int, width: int, run: str) -> tuple[Any, Any]:
    """Smallest and largest hidden value of a layer's neurons, float64 `[d_mlp]` each."""
    import numpy as np

    low, high = np.full(width, np.nan), np.full(width, np.nan)
    names = [f"{model}/L{layer}/N{i}" for i in range(width)]
    for row in query("activation_stats").run(store, neurons=names).dicts():
        if row["run"] == run and row["pole"] > 0:
            index = NeuronId.parse(row["neuron"]).index
            low[index], high[index] = row["min"], row["max"]
    if np.isnan(low).any() or np.isnan(high).any():
        raise QueryError(
            f"layer {layer} of {model!r} has no whole activation statistics in {run}; complete the corpus pass with "
            "neuronkb activations ingest, or measure on the prompts with --maxima prompts"
        )
    return low, high
