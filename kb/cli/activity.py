"""What a neuron did on a corpus, for a terminal and for its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...queries.answers.activity import TOP
from ..pictures import ExcerptView, HistogramView, TableView, excerpt_text, largest, neuron_page
from . import causal
from .output import cell, console, pole, table, words

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from ...queries import Activity, NeuronCard

SHOWN = 5
"""Excerpts of a pole that a terminal shows; the page has all."""
LABEL = 12
"""Columns left of an excerpt."""


def parts(found: NeuronCard) -> list[RenderableType]:
    """A table of the numbers, and the strongest excerpts by pole, coloured by activation."""
    if not found.activity:
        return []
    several = _several(found.activity)
    by_role = [_by_role(found.activity)] if any(each.roles for each in found.activity) else []
    return [_numbers(found.activity), *by_role, *(part for each in found.activity for part in _excerpts(each, several))]


def page(found: NeuronCard) -> str:
    """The neuron's page, one HTML document. Raises PictureError without matplotlib when there is a histogram."""
    numbers = [
        TableView(
            f"On {_text(each)}, pole {pole(each.pole)} ({each.run})",
            ("mean", "std", "largest", "above 0", *each.quantiles),
            ((each.mean, each.std, each.max, each.nonzero, *each.quantiles.values()),),
        )
        for each in found.activity
    ]
    counterparts = [
        TableView("Counterparts", ("is its", "neuron"), tuple((c.relation, c.neuron) for c in found.counterparts))
    ]
    return neuron_page(
        found.neuron,
        found.place.capitalize(),
        sides=found.sides,
        tables=[*numbers, *_role_views(found), *(counterparts if found.counterparts else []), *_told(found)],
        excerpts=[view for each in found.activity for view in _views(each, _several(found.activity))],
        histograms=[_histogram(each) for each in found.activity if each.pole > 0 and each.histogram],
        doses=causal.curves(found),
    )


def _role_views(found: NeuronCard) -> list[TableView]:
    return [
        TableView(
            f"By role, pole {pole(each.pole)} ({each.run})",
            _ROLE_HEADS,
            tuple((r.role, r.n, r.nonzero, r.mean, r.max) for r in each.roles),
        )
        for each in found.activity
        if each.roles
    ]


def _told(found: NeuronCard) -> list[TableView]:
    rows = tuple((d.name, d.f1, d.base_f1, d.rotated, d.mcc, d.method, d.feature) for d in found.detects)
    columns = ("detects", "F1", "always yes", "rotated", "MCC", "method", "feature")
    return [TableView("Features that it alone tells", columns, rows)] if rows else []


def _numbers(found: Sequence[Activity]) -> Table:
    runs = {each.run for each in found}
    rows = []
    for each in found:
        numbers = (each.mean, each.std, each.quantiles.get("0.99"), each.max, each.kurtosis)
        tokens = words(text for text, *_ in each.tokens[:10])
        rows.append((_name(each, found), f"{each.nonzero:.0%}", *map(cell, numbers), tokens))
    title = f"Hidden value on {_text(found[0])}, run {found[0].run}" if len(runs) == 1 else "Hidden value"
    return table(("", "above 0", "mean", "std", "99 %", "largest", "kurtosis", "strongest tokens"), rows, title)


_ROLE_HEADS = ("role", "tokens", "above 0", "mean", "largest")


def _by_role(found: Sequence[Activity]) -> Table:
    rows = [
        (_name(each, found), r.role, f"{r.n:,}", f"{r.nonzero:.0%}", cell(r.mean), cell(r.max))
        for each in found
        for r in each.roles
    ]
    return table(("", *_ROLE_HEADS), rows, "Hidden value by role")


def _name(each: Activity, found: Sequence[Activity]) -> str:
    """Its pole, with its corpus and run where there are several."""
    several = len({one.run for one in found}) > 1
    return f"pole {pole(each.pole)}" + (f" on {each.corpus} ({each.run})" if several else "")


def _several(found: Sequence[Activity]) -> bool:
    return len({each.corpus for each in found}) > 1


def _text(found: Activity) -> str:
    return f"{found.n:,} tokens" + (f" of {found.corpus}" if found.corpus else "")


def _excerpts(found: Activity, several: bool) -> list[RenderableType]:
    from rich.text import Text

    from ...schema.visible import plain

    top = [view for view in _views(found) if view.band == TOP][:SHOWN]
    if not top:
        return []
    of = f", of {plain(found.corpus or '')}" if several else ""
    limit, width = largest(top), max(40, console().width)
    lines: list[RenderableType] = [Text(f"Strongest excerpts, pole {pole(found.pole)}{of}", style="bold")]
    for view in top:
        line = Text(f"{pole(view.pole)}{view.activation:.3g}".rjust(LABEL - 2) + "  ")
        line.append_text(excerpt_text(view, limit, width - LABEL))
        line.no_wrap = True
        lines.append(line)
    return [*lines, Text("")]


def _views(found: Activity, several: bool = False) -> list[ExcerptView]:
    """With the corpus before the document where excerpts of several stand together."""
    of = f"{found.corpus}, " if several else ""
    return [
        ExcerptView(e.tokens, e.activations, e.activation, e.band, found.pole, of + e.document) for e in found.excerpts
    ]


def _histogram(found: Activity) -> HistogramView:
    """Bins without an end get the neuron's own extremes, or a width of nothing to speak of beyond the last edge."""
    inner = [edge for edge in found.edges if edge is not None]
    low, high = min(found.min, 1.25 * inner[0]), max(found.max, 1.25 * inner[-1])
    return HistogramView((low, *inner, high), found.histogram, found.quantiles, found.pole)
