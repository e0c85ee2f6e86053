"""Words that independent methods name for the same neuron, beside what chance would give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...schema import NeuronId, QueryError
from ..catalogue.corpora import corpora_heard
from ..catalogue.query import Reader, query
from ..result.corpora import heard_line
from ..result.record import Record, rows_of
from ..result.section import Section
from ..statistics.adjusted import benjamini_hochberg
from .compared import Agreement, Clamp, Compared, MethodPair, agreements_section, compare, pairs_section
from .named import Heard, find_dense, find_runs, read_layer

LEVEL = 0.05
"""False-discovery rate at which a clamp counts as one of the methods that agree."""
SHARE = 0.5
"""A probe counts from this share of the way from always guessing yes to F1 1, unless another is asked for."""
Told = Callable[[str, int, int], None]
Tested = Mapping[tuple[str, int], list[Clamp]]
"""The tested clamps by neuron and side of the hidden value; a gate's are under both."""


@dataclass(frozen=True, repr=False)
class AgreeReport(Record):
    """Where methods agree, or contradict each other by the same words on opposite sides."""

    model: str
    runs: tuple[str, ...]
    tested: int
    """sides of which two independent methods speak"""
    pairs: tuple[MethodPair, ...]
    agreements: tuple[Agreement, ...]
    """smallest q first, then largest score"""
    corpora: Mapping[str, str] = field(default_factory=dict)
    """of the runs that were listened to, by run, where others of the model read other texts; else empty"""
    unheard: Mapping[str, str] = field(default_factory=dict)
    """of the others"""

    @property
    def title(self) -> str:
        """The model."""
        return self.model

    @property
    def lead(self) -> str:
        """How much was compared, and over which corpora."""
        return compared_line(self.tested, self.corpora, self.unheard)

    def sections(self) -> tuple[Section, ...]:
        """How often pairs of methods agree, then the sides."""
        return (
            pairs_section(self.pairs),
            agreements_section(self.agreements, self.model, "Words that methods give to the same side"),
        )

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All that is known of each side."""
        return rows_of(Agreement, self.agreements)


def agreements(
    reader: Reader,
    model: str,
    *,
    runs: Sequence[str] = (),
    layers: Sequence[int] = (),
    share: float = SHARE,
    top: int | None = 20,
    opposite: bool = False,
    progress: Told = lambda step, done, total: None,
) -> AgreeReport:
    """Read the model layer by layer and compare every pair of independent methods, as `compared.compare` does.

    Raises QueryError for a model, run or layer that is not there.
    """
    gated = find_dense(reader, model)["gated"] is not False
    chosen = find_runs(reader, model, runs)
    wanted = find_layers(reader, model, layers)
    compared = []
    for done, (layer, count) in enumerate(wanted):
        progress("comparing layers", done, len(wanted))
        said = read_layer(reader, model, layer, count, chosen, gated=gated, share=share)
        compared.append(compare(said, model, opposite=opposite))
    progress("comparing layers", len(wanted), len(wanted))
    whole = Compared.together(compared)
    return report(reader, model, chosen, whole.tested, whole.pairs, adjusted(whole), layers, top, opposite)


def compared_line(tested: int, heard: Mapping[str, str], unheard: Mapping[str, str]) -> str:
    """How many sides were compared, and which corpora were listened to."""
    line = f"Two independent methods or more speak of {tested:,} sides of neurons"
    return "; ".join(part for part in (line, heard_line(heard, unheard)) if part)


def find_layers(reader: Reader, model: str, layers: Sequence[int] = ()) -> list[tuple[int, int]]:
    """The layers asked for, or all that the store holds of the model, with how many neurons.

    Raises QueryError for one that is not there.
    """
    held = query("model_layers").run(reader, model=model).rows
    wanted = [(layer, count) for layer, count in held if not layers or layer in layers]
    if layers and len(wanted) < len(set(layers)):
        raise QueryError(f"{model!r} has neurons of layers {', '.join(str(row[0]) for row in held)} in the store only")
    return wanted


def adjusted(whole: Compared) -> list[Agreement]:
    """The sides that share a word, with their q among all that were tested."""
    p = [one.p for one in whole.found]
    q = benjamini_hochberg([*p, *[1.0] * (whole.tested - len(p))])
    return [replace(one, q=value) for one, value in zip(whole.found, q, strict=False)]


def strongest(found: Iterable[Agreement]) -> list[Agreement]:
    """Smallest q first, then largest score."""
    return sorted(found, key=lambda one: (one.q, -(one.score or 0.0), one.neuron, -one.pole))


def report(
    reader: Reader,
    model: str,
    runs: Mapping[str, Heard],
    tested: int,
    pairs: tuple[MethodPair, ...],
    found: Collection[Agreement],
    layers: Collection[int],
    top: int | None,
    opposite: bool,
) -> AgreeReport:
    """What was found with what the clamps say of it, those that only a clamp confirms among them."""
    rows = list(found)
    if not opposite:
        clamps = by_side(tested_clamps(reader, runs))
        known = {(one.neuron, one.pole) for one in rows}
        rows = [_clamped(one, clamps) for one in rows]
        alone = {side: tried for side, tried in confirmed(clamps, layers).items() if side not in known}
        rows += _alone(reader, alone, runs)
    heard, unheard = corpora_heard(reader, model, runs)
    return AgreeReport(model, tuple(sorted(runs)), tested, pairs, tuple(strongest(rows)[:top]), heard, unheard)


def tested_clamps(reader: Reader, runs: Mapping[str, Heard]) -> list[dict[str, Any]]:
    """The clamps of the runs that were tested against both nulls."""
    names = [name for name, heard in runs.items() if heard.job == "clamp"]
    rows = [row for name in names for row in query("tested_clamps").run(reader, run=name).dicts()]
    return [row for row in rows if row["p_tokens"] is not None]


def by_side(rows: Sequence[Mapping[str, Any]]) -> Tested:
    """The tested clamps by side."""
    worst = [max(row["p_tokens"], row["p_neurons"]) for row in rows]
    found: dict[tuple[str, int], list[Clamp]] = defaultdict(list)
    for row, p, q in zip(rows, worst, benjamini_hochberg(worst), strict=True):
        one = Clamp(row["projection"], row["pole"], row["effect"], p, q)
        for pole in (1, -1) if row["projection"] == "gate" else (row["pole"],):
            found[row["neuron"], pole].append(one)
    return found


def confirmed(clamps: Tested, layers: Collection[int]) -> dict[tuple[str, int], Clamp]:
    """The best clamp of each side of the layers, where it raises what the row decodes to."""
    best = {side: min(tried, key=lambda one: one.p) for side, tried in clamps.items()}
    here = {side: one for side, one in best.items() if not layers or NeuronId.parse(side[0]).layer in layers}
    return {side: one for side, one in here.items() if one.q <= LEVEL}


def _clamped(one: Agreement, clamps: Tested) -> Agreement:
    clamp = min(clamps.get((one.neuron, one.pole), ()), key=lambda tried: tried.p, default=None)
    confirms = clamp is not None and clamp.q <= LEVEL
    return replace(one, clamp=clamp, methods=(*one.methods, "clamp") if confirms else one.methods)


def _alone(reader: Reader, clamps: Mapping[tuple[str, int], Clamp], runs: Mapping[str, Heard]) -> list[Agreement]:
    """Sides of decoded neurons whose clamp raises the decoded tokens, and of which no two other methods name a word."""
    if not clamps:
        return []
    decoded: dict[str, dict[tuple[str, int], tuple[str, ...]]] = defaultdict(dict)
    names = sorted({name for name, _ in clamps})
    for row in query("decoded_words").run(reader, timeout=None, neurons=names, runs=list(runs)).dicts():
        decoded[row["neuron"]][row["projection"], row["pole"]] = tuple(sorted(set(row["words"])))
    return [
        Agreement(
            name,
            pole,
            decoded[name].get((one.projection, one.pole), ()),
            ("lm-head", "clamp"),
            None,
            None,
            one.p,
            one.q,
            one,
        )
        for (name, pole), one in clamps.items()
        if name in decoded
    ]
