"""What a clamp needs of a knowledge base: the model's files, the neurons' decoded tokens, their usual values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...queries import query
from ...queries.catalogue.corpora import corpora
from ...schema import IdError, ModelError, NeuronId, QueryError
from ..inputs.models import find_subject
from ..inputs.neurons import own_neuron
from ..session import Session
from ..stores.base import Store
from .clamp_report import ClampedNeuron, ClampReport, DecodedTokens, Usual

if TYPE_CHECKING:
    from ...ingest.subject.clamp import Clamp, How
    from ...ingest.subject.continuation import Continuations
    from ...ingest.subject.subject import Subject
    from ..kinds import Held

PROJECTIONS = ("down", "gate", "up")
"""What a neuron writes first, then what it reads."""


@dataclass(frozen=True)
class Asked:
    """One neuron to clamp, and what the store knows of it."""

    neuron: NeuronId
    how: Held
    value: float
    usual: Usual | None
    run: str | None
    sides: tuple[tuple[str, int, tuple[str, ...], tuple[int, ...]], ...]
    """projection, pole, texts, numbers"""
    number: int
    """of its MLP among the model's: its layer's, but for a mixture of experts"""

    def clamp(self, site: str, positions: tuple[int, ...] | None) -> Clamp:
        from ...ingest.subject.clamp import Clamp

        how: How = "set" if self.how == "zero" or self.how == "mean" else self.how
        return Clamp(self.number, self.neuron.index, self.value, how, site, positions)


def clamped(
    session: Session,
    model: str | Path,
    neurons: Sequence[str],
    prompt: str,
    value: float | Sequence[float],
    how: Held,
    site: str,
    positions: Sequence[int] | None,
    *,
    dtype: str,
    device: str,
    **options: Any,
) -> ClampReport:
    """The work of `kb.clamp.run`; `options` are those of `ingest.subject.continuation`."""
    from ...ingest.subject.continuation import continuations
    from ...ingest.subject.live import LiveModel

    store, progress = session.store, session.progress
    progress("loading the model", 0, 2)
    subject = find_subject(store, model, experts=True)
    values = [value] if isinstance(value, int | float) else list(value)
    asked = ask(store, neurons, subject, str(model), values, how, site)
    progress("loading the model", 1, 2)
    live = LiveModel.load(subject, dtype=dtype, device=device)
    progress("loading the model", 2, 2)
    result = continuations(
        live,
        prompt,
        [neuron.clamp(site, None if positions is None else tuple(positions)) for neuron in asked],
        watch=[numbers for neuron in asked for *_, numbers in neuron.sides],
        progress=progress,
        **options,
    )
    return report(subject, asked, site, result)


def ask(
    store: Store, names: Sequence[str], subject: Subject, model: str, values: Sequence[float], how: Held, site: str
) -> list[Asked]:
    """The neurons to clamp. Raises IdError and ModelError for neurons of another model and values that do not fit,
    QueryError for a missing mean."""
    if how in ("zero", "mean") and values:
        raise ModelError(f"value is {list(values)}, and a neuron held at {how} takes none; leave it out")
    ids = [own_neuron(name, subject, model) for name in names]
    if not ids:
        raise IdError("no neuron to clamp; give ids such as L3/N17")
    usual, decoded = _usual(store, ids), _decoded(store, ids)
    if how == "mean":
        if site != "hidden":
            raise ModelError(f"site is {site!r}; a mean over a corpus is known of the hidden value only")
        values = [_mean(neuron, usual.get(str(neuron))) for neuron in ids]
    elif how == "zero":
        values = [0.0] * len(ids)
    if len(values) not in (1, len(ids)):
        raise ModelError(f"{len(values)} values for {len(ids)} neurons; give one for all, or one each, as 8,-2")
    values = list(values) * (len(ids) if len(values) == 1 else 1)

    asked = []
    for neuron, value in zip(ids, values, strict=True):
        run, sides = decoded.get(str(neuron), (None, ()))
        number = subject.architecture.number(neuron.layer, neuron.expert)
        asked.append(Asked(neuron, how, value, usual.get(str(neuron)), run, sides, number))
    return asked


def report(subject: Subject, asked: Sequence[Asked], site: str, result: Continuations) -> ClampReport:
    """The result beside what the store knows; `watched` holds every neuron's sides in order."""
    watched = iter(result.watched)
    neurons = [
        ClampedNeuron(
            neuron=str(one.neuron),
            how=one.how,
            value=one.value,
            site=site,
            own=own,
            usual=one.usual,
            run=one.run,
            decoded=tuple(DecodedTokens(*side, next(watched)) for side in one.sides),
        )
        for one, own in zip(asked, result.own, strict=True)
    ]
    return ClampReport(subject.name, subject.source, tuple(neurons), result)


def _usual(store: Store, ids: Sequence[NeuronId]) -> dict[str, Usual]:
    """Hidden values over a corpus by neuron, of the newest run; the poles are two views of the same values."""
    order = [row["run"] for row in query("runs").run(store, job=None, model=ids[0].model).dicts()]
    rows = query("activation_stats").run(store, neurons=[str(neuron) for neuron in ids]).dicts()
    found, called = {}, corpora(store)
    for row in sorted(rows, key=lambda row: (_age(row["run"], order), row["pole"])):
        low, high = (row["min"], row["max"]) if row["pole"] > 0 else (_minus(row["max"]), _minus(row["min"]))
        mean = row["mean"] if row["pole"] > 0 else _minus(row["mean"])
        found[row["neuron"]] = Usual(row["run"], mean, row["std"], low, high, called.get(row["run"]))
    return found


def _decoded(store: Store, ids: Sequence[NeuronId]) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """Run and sides by neuron, of the newest run that decoded it."""
    order = [row["run"] for row in query("runs").run(store, job="lm-head", model=ids[0].model).dicts()]
    sides: dict[str, dict[str, dict[tuple[int, int], list[tuple[str, int]]]]] = {}
    for row in query("decoded_tokens").run(store, neurons=[str(neuron) for neuron in dict.fromkeys(ids)]).dicts():
        side = (PROJECTIONS.index(row["projection"]), -row["pole"])
        of_run = sides.setdefault(row["neuron"], {}).setdefault(row["run"], {})
        of_run.setdefault(side, []).append((row["text"], row["token"]))
    found = {}
    for neuron, runs in sides.items():
        run = max(runs, key=lambda name: _age(name, order))
        found[neuron] = (
            run,
            tuple(
                (PROJECTIONS[projection], -pole, tuple(t for t, _ in rows), tuple(n for _, n in rows))
                for (projection, pole), rows in sorted(runs[run].items())
            ),
        )
    return found


def _age(run: str, order: Sequence[str]) -> int:
    return order.index(run) if run in order else -1


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def _mean(neuron: NeuronId, usual: Usual | None) -> float:
    if usual is None or usual.mean is None:
        raise QueryError(
            f"the store has no mean activation of {str(neuron)!r}; run neuronkb activations ingest first, "
            "or give the mean as --how set --value"
        )
    return usual.mean
