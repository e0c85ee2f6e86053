"""A neuron's card as sections: all that is known of it, for whatever draws it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..result.picture import DoseCurve, ExcerptView, HistogramView
from ..result.section import Doses, Excerpts, Histograms, Section, Tokens
from .activity import TOP
from .decoded import decoded_section
from .explanations import headlines
from .method import methods

if TYPE_CHECKING:
    from .activity import Activity
    from .clamps import ClampCurve
    from .neuron import NeuronCard

STRONGEST = 10
"""Tokens of a pole on a corpus that are shown."""


def sections(card: NeuronCard) -> tuple[Section, ...]:
    """What there is, in this order: weights, counterparts, features, explanations, clamps, text, graphs, neighbours,
    feeds, findings, what people put in, and the runs behind it all."""
    candidates = (
        (("neuron_tokens", "neuron_stats"), [decoded_section(card.ends)]),
        (("neuron_counterparts",), _counterparts(card)),
        (("neuron_features",), _detects(card)),
        (("unit_explanations", "unit_scores"), [headlines([v for v in card.explanations if v.rank in (None, 1)])]),
        (("neuron_clamps",), _clamps(card)),
        (("neuron_activity", "neuron_fires_on_tokens", "neuron_excerpts"), _activity(card)),
        (("neuron_graphs",), _graphs(card)),
        (("neuron_similar",), _similar(card)),
        (("neuron_feeds",), _feeds(card)),
        (("neuron_findings",), _findings(card)),
        (("neuron_own",), _own(card)),
        (("told_of_neuron",), (methods()[name].section(rows) for name, rows in card.more.items())),
        (("neuron_runs",), _runs(card)),
    )
    made = (replace(section, of=queries) for queries, sections in candidates for section in sections)
    return tuple(section for section in made if section.rows or section.picture is not None)


def _counterparts(card: NeuronCard) -> Iterator[Section]:
    rows = []
    for other in card.counterparts:
        cosines = [
            f"{name} {other.measures[f'cos_{name}']:.4f}"
            for name in ("gate", "up", "down")
            if other.measures.get(f"cos_{name}") is not None
        ]
        kept = [
            f"{name} {mark}"
            for name in ("gate", "up", "down")
            for mark, suffix in (("+", "pos"), ("-", "neg"))
            if other.measures.get(f"same_top_{name}_{suffix}")
        ]
        r, null = other.measures.get("activation_r"), other.measures.get("null_r")
        text = other.corpus if r is not None else None
        rows.append((other.relation, other.neuron, ", ".join(cosines), ", ".join(kept) or "none", r, null, text))
    columns = ("is its", "neuron", "cosine", "same top token", "r on a text", "null", "text")
    yield Section.table("Counterparts", columns, rows)


def _detects(card: NeuronCard) -> Iterator[Section]:
    rows = [
        (
            each.name,
            each.method,
            each.f1,
            each.base_f1,
            each.rotated,
            each.mcc,
            each.coef,
            "published" if each.imported else None,
            each.feature.rpartition("/")[0],
        )
        for each in card.detects
    ]
    columns = ("detects", "method", "F1", "always yes", "null", "MCC", "coef", "from", "data set")
    yield Section.table("Features that it alone tells", columns, rows)


def _clamps(card: NeuronCard) -> Iterator[Section]:
    rows = []
    for curve in card.clamps:
        tested = next((dose for dose in curve.doses if dose.p_neurons is not None), None)
        effects = ", ".join(f"{dose.multiple:g}x {dose.effect:.3g}" for dose in curve.doses if dose.effect is not None)
        p = (None, None) if tested is None else (tested.p_tokens, tested.p_neurons)
        rows.append((f"{curve.projection} {sign(curve.pole)}", curve.site, *p, effects))
    columns = ("row", "site", "p tokens", "p neurons", "effect")
    caption = "Clamped: change in log-probability of the decoded tokens, at multiples of the maximum"
    curves = tuple(filter(None, map(_dose, card.clamps)))
    yield replace(Section.table(caption, columns, rows), picture=Doses(curves) if curves else None)


def _dose(curve: ClampCurve) -> DoseCurve | None:
    """None where a number is missing."""
    numbers = [(dose.value, dose.effect, dose.null_tokens_5, dose.null_tokens_95) for dose in curve.doses]
    if not numbers or any(number is None for row in numbers for number in row):
        return None
    values, effects, low, high = zip(*numbers, strict=True)
    label = f"{curve.projection} {sign(curve.pole)} tokens, clamped at {curve.site}"
    return DoseCurve(values, effects, low, high, label)


def _activity(card: NeuronCard) -> Iterator[Section]:
    activities = card.activity
    if not activities:
        return
    runs = {each.run for each in activities}
    rows = []
    for each in activities:
        tokens = Tokens(tuple(text for text, *_ in each.tokens[:STRONGEST]))
        numbers = (each.mean, each.std, each.quantiles.get("0.99"), each.max, each.kurtosis)
        rows.append((_pole(each, activities), f"{each.nonzero:.0%}", *numbers, tokens))
    of = f" on {_text(activities[0])}, run {activities[0].run}" if len(runs) == 1 else ""
    columns = ("", "above 0", "mean", "std", "99 %", "largest", "kurtosis", "strongest tokens")
    shown = [
        _histogram(each) for each in activities if each.pole > 0 and 0 < len(each.histogram) == len(each.edges) - 1
    ]
    yield Section(f"Hidden value{of}", columns, tuple(rows), Histograms(tuple(shown)) if shown else None)
    by_role = [
        (_pole(each, activities), turn.role, turn.n, f"{turn.nonzero:.0%}", turn.mean, turn.max)
        for each in activities
        for turn in each.roles
    ]
    yield Section.table("Hidden value by role", ("", "role", "tokens", "above 0", "mean", "largest"), by_role)
    for each in activities:
        if views := tuple(_views(each)):
            yield Section(f"Excerpts, {_pole(each, activities)}", picture=Excerpts(views))


def _pole(each: Activity, found: Sequence[Activity]) -> str:
    """Its pole, with its corpus and run where there are several."""
    if len({one.run for one in found}) == 1:
        return f"pole {sign(each.pole)}"
    return f"pole {sign(each.pole)}" + (f" on {each.corpus}" if each.corpus else "") + f" ({each.run})"


def _text(found: Activity) -> str:
    tokens = (
        f"{found.n:,} tokens" if found.routed is None else f"the {found.routed:,} of {found.n:,} tokens that reach it"
    )
    return tokens + (f" of {found.corpus}" if found.corpus else "")


def _views(found: Activity) -> Iterator[ExcerptView]:
    """The top ones first, each band's strongest first; those without a value a token cannot be drawn."""
    whole = (one for one in found.excerpts if len(one.activations) == len(one.tokens))
    for one in sorted(whole, key=lambda one: (one.band != TOP, -one.activation)):
        yield ExcerptView(one.tokens, one.activations, one.activation, one.band, found.pole, one.document)


def _histogram(found: Activity) -> HistogramView:
    """Bins without an end get the neuron's own extremes, or a width of nothing to speak of beyond the last edge."""
    inner = [edge for edge in found.edges if edge is not None]
    low, high = min(found.min, 1.25 * inner[0]), max(found.max, 1.25 * inner[-1])
    return HistogramView((low, *inner, high), found.histogram, found.quantiles, found.pole)


def _graphs(card: NeuronCard) -> Iterator[Section]:
    rows = [
        (
            sign(each["pole"]),
            each["algorithm"],
            each["status"],
            each["nodes"],
            each["f1"],
            each["f1_token"],
            each["f1_random"],
            each["run"],
        )
        for each in card.graphs
    ]
    columns = ("side", "algorithm", "status", "nodes", "F1", "by token", "random", "run")
    yield Section.table("Graphs of what it fires on: F1 beside a lookup by token, and on random text", columns, rows)


def _similar(card: NeuronCard) -> Iterator[Section]:
    rows = [(each.measure, each.rank, each.neuron, each.score, each.control) for each in card.similar]
    yield Section.table("Neurons like it", ("measure", "rank", "neuron", "score", "null"), rows)


def _feeds(card: NeuronCard) -> Iterator[Section]:
    ways = {"down": "drives", "up": "is driven by"}
    rows = [(ways[each.way], each.neuron, each.through, each.weight, each.control) for each in card.feeds]
    yield Section.table("What it drives, and what drives it", ("way", "neuron", "through", "weight", "null"), rows)


def _findings(card: NeuronCard) -> Iterator[Section]:
    rows = [
        (each["text"], each["author"], each["verdict"], each["about"] if each["about"] != card.neuron else None)
        for each in card.findings
    ]
    yield Section.table("Findings", ("finding", "by", "carried here: verdict", "from"), rows)


def _own(card: NeuronCard) -> Iterator[Section]:
    rows = [
        (
            each["type"],
            "to" if each["out"] else "from",
            _named(each),
            _as_json(each["properties"]),
        )
        for each in card.own
    ]
    yield Section.table("What people put in", ("relationship", "way", "other end", "properties"), rows)


def _as_json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _named(each: dict[str, Any]) -> str:
    return f"{':'.join(each['labels'])} {each['other'] or ''}".strip()


def _runs(card: NeuronCard) -> Iterator[Section]:
    rows = [
        (each["run"], each["job"], each["corpus"], each["statements"], str(each["started"] or "")[:10])
        for each in card.runs
    ]
    yield Section.table("Runs behind this, and what each says", ("run", "job", "corpus", "rows", "started"), rows)


def sign(pole: int) -> str:
    """A pole as its sign."""
    return "+" if pole > 0 else "-"
