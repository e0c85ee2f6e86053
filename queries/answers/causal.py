"""Whether neurons write what they decode to: what a run of clamps found, beside its two nulls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from ...schema import QueryError
from ..catalogue.query import Reader, query
from ..result.near import near
from ..result.record import Record, rows_of
from ..result.section import Section
from ..statistics.adjusted import benjamini_hochberg

LEVEL = 0.05
"""False-discovery rate at which a clamp counts as passed."""


@dataclass(frozen=True)
class CheckedClamp:
    """One neuron and site, clamped to the reference multiple of its maximum. Effects are in nats."""

    neuron: str
    layer: int
    projection: str
    pole: int
    site: str
    value: float
    multiple: float
    effect: float
    """change in log-probability of the decoded tokens, mean over tokens and prompts"""
    direct: float
    """of which the direct path alone makes so much"""
    kl: float
    null_tokens: float
    null_tokens_95: float
    p_tokens: float
    null_neurons: float
    null_neurons_95: float
    p_neurons: float
    size_ratio: float
    """median size of the matched neurons over this one's"""
    answers: int | None
    named_off: int | None
    named_on: int | None
    named_other: int | None
    q: float
    """the larger of both p-values, adjusted over all clamps of the run (Benjamini & Hochberg 1995)"""
    q_kind: float
    """the same, adjusted over the clamps of its projection and site alone"""
    tokens: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """`down`, `up at up`, `up at hidden` or `gate`"""
        return kind(self.projection, self.site)

    @property
    def beats_tokens(self) -> bool:
        return self.effect > self.null_tokens_95

    @property
    def beats_neurons(self) -> bool:
        return self.effect > self.null_neurons_95

    @property
    def beats_both(self) -> bool:
        return self.beats_tokens and self.beats_neurons

    @property
    def against(self) -> bool:
        """Whether the tokens fall more than in 95 % of both nulls: the neuron writes the opposite."""
        return min(self.p_tokens, self.p_neurons) > 1 - LEVEL

    @property
    def passed(self) -> bool:
        """Beats both nulls after the correction over the whole run."""
        return self.q <= LEVEL

    @property
    def passed_kind(self) -> bool:
        """Beats both nulls after the correction over its projection and site."""
        return self.q_kind <= LEVEL

    @property
    def direct_share(self) -> float | None:
        """Share of the effect that the direct path makes; None where there is no effect to share."""
        return self.direct / self.effect if self.beats_both and self.effect > 0 else None


@dataclass(frozen=True)
class Share:
    """Some of the clamps, counted."""

    name: str
    tested: int
    beats_tokens: int
    beats_neurons: int
    beats_both: int
    passed: int
    """at a false-discovery rate of 5 % over the whole run"""
    passed_kind: int
    """at one of 5 % over their projection and site"""
    against: int
    """lower the tokens more than 95 % of both nulls do"""
    effect: float
    """median, nats"""
    direct_share: float | None
    """median over those that beat both nulls"""
    size_ratio: float
    """median size of the matched neurons over the tested one's"""


@dataclass(frozen=True, repr=False)
class CausalReport(Record):
    """One run of clamps."""

    model: str
    run: str
    maxima: str
    """the run whose maxima the clamps are multiples of, or `prompts`"""
    prompts: tuple[str, ...]
    question: str | None
    clamps: tuple[CheckedClamp, ...]
    total: Share
    by_projection: tuple[Share, ...]
    """`down`, `up at up`, `up at hidden`, `gate`"""
    by_layer: tuple[tuple[Share, ...], ...]
    """one a layer, each as `by_projection`, those of no clamp left out; named `L3 down`"""
    shown: int = 8
    """examples of either kind"""
    only_sides: bool = False
    """show the tested sides and nothing else"""

    @property
    def title(self) -> str:
        """The model and the run."""
        return f"{self.model}, {len(self.prompts)} prompts, run {self.run}"

    def sections(self) -> tuple[Section, ...]:
        """Shares that beat both nulls with examples, or the tested sides."""
        from .causal_sections import sections, sides

        return (sides(self),) if self.only_sides else tuple(sections(self))

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All clamps in full, or the tested sides."""
        return super().table() if self.only_sides else rows_of(CheckedClamp, self.clamps)


def causal_report(
    reader: Reader, model: str | None = None, run: str | None = None, *, top: int = 8, sides: bool = False
) -> CausalReport:
    """The newest run of clamps on a model, or the one named. Raises QueryError when there is none."""
    runs = {row["run"]: row for row in query("runs").run(reader, job="clamp", model=model).dicts()}
    if not runs or (run is not None and run not in runs):
        known = ", ".join(runs) or "none"
        models = [row["model"] for row in query("models").run(reader).dicts()]
        unknown = "" if model is None or model in models else f", which has no such model{near(model, models)}"
        raise QueryError(
            f"no run {run or 'of clamps'} on {model or 'any model'} in the store{unknown}; known: {known}; "
            f"make one with neuronkb causal ingest {model or 'MODEL'}"
        )
    chosen = run or next(reversed(runs))
    parameters, summary = (json.loads(runs[chosen][name] or "{}") for name in ("parameters", "summary"))
    rows = query("tested_clamps").run(reader, run=chosen).dicts()
    if not rows:
        raise QueryError(f"the run {chosen!r} has no tested clamp yet; run neuronkb causal ingest again")
    worst = [max(row["p_tokens"], row["p_neurons"]) for row in rows]
    kinds = [kind(row["projection"], row["site"]) for row in rows]
    tokens = _tokens(reader, [row["neuron"] for row in rows], parameters.get("decoding"))
    clamps = tuple(
        CheckedClamp(**row, q=q, q_kind=own, tokens=tokens.get((row["neuron"], row["projection"], row["pole"]), ()))
        for row, q, own in zip(rows, benjamini_hochberg(worst), _by_kind(worst, kinds), strict=True)
    )
    return CausalReport(
        model=runs[chosen]["model"],
        run=chosen,
        maxima=parameters.get("maxima", ""),
        prompts=tuple(summary.get("prompts", ())),
        question=summary.get("question"),
        clamps=clamps,
        total=_share("all", clamps),
        by_projection=_groups(clamps, lambda one: one.kind),
        by_layer=tuple(
            _groups([one for one in clamps if one.layer == layer], lambda one: f"L{one.layer} {one.kind}")
            for layer in sorted({one.layer for one in clamps})
        ),
        shown=top,
        only_sides=sides,
    )


def kind(projection: str, site: str) -> str:
    """What sort of claim a clamp tests: `up` rows are clamped at two sites."""
    return f"up at {site}" if projection == "up" else projection


def _by_kind(p: Sequence[float], kinds: Sequence[str]) -> list[float]:
    """Adjusted within each kind."""
    found = [1.0] * len(p)
    for name in set(kinds):
        places = [i for i, other in enumerate(kinds) if other == name]
        for i, q in zip(places, benjamini_hochberg([p[i] for i in places]), strict=True):
            found[i] = q
    return found


def _groups(clamps: Sequence[CheckedClamp], key: Callable[[CheckedClamp], str]) -> tuple[Share, ...]:
    order = ("down", "up", "gate")
    named: dict[str, list[CheckedClamp]] = {}
    for one in sorted(clamps, key=lambda one: (order.index(one.projection), one.site != "up")):
        named.setdefault(key(one), []).append(one)
    return tuple(_share(name, some) for name, some in named.items())


def _share(name: str, clamps: Sequence[CheckedClamp]) -> Share:
    return Share(
        name=name,
        tested=len(clamps),
        beats_tokens=_count(one.beats_tokens for one in clamps),
        beats_neurons=_count(one.beats_neurons for one in clamps),
        beats_both=_count(one.beats_both for one in clamps),
        passed=_count(one.passed for one in clamps),
        passed_kind=_count(one.passed_kind for one in clamps),
        against=_count(one.against for one in clamps),
        effect=median(one.effect for one in clamps),
        direct_share=_median(one.direct_share for one in clamps),
        size_ratio=median(one.size_ratio for one in clamps),
    )


def _count(flags: Iterable[bool]) -> int:
    return sum(flags)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _tokens(reader: Reader, neurons: Sequence[str], run: str | None) -> dict[tuple[str, str, int], tuple[str, ...]]:
    """Decoded texts by neuron, projection and pole, strongest first."""
    found: dict[tuple[str, str, int], tuple[str, ...]] = {}
    rows: list[dict[str, Any]] = query("decoded_tokens").run(reader, neurons=list(dict.fromkeys(neurons))).dicts()
    for row in rows:
        if row["run"] == run:
            key = (row["neuron"], row["projection"], row["pole"])
            found[key] = (*found.get(key, ()), row["text"])
    return found
