"""How good a model's explanations are, by layer and kind."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from ...schema import QueryError
from ..catalogue.corpora import corpora
from ..catalogue.query import Reader, query
from ..catalogue.scope import check_models
from ..result.picture import ScoreLine
from ..result.record import Record
from ..result.section import ExplanationScores, Section
from .explanations import HEADLINE, PROTOCOLS


@dataclass(frozen=True)
class LayerScore:
    """One formula over the chosen explanations of one kind and explainer in one layer."""

    run: str
    layer: int
    kind: str
    explainer: str | None
    scorer: str
    formula: str
    split: str | None
    rater: str | None
    sides: int
    """explanations with such a score, defined or not"""
    scored: int
    """those where it is defined"""
    mean: float | None
    null: float | None
    """mean of the same score of another neuron's explanation"""
    best: float | None
    length: float | None
    """mean bytes of the written form"""
    n: int | None
    failed: int | None
    corpus: str | None = None
    """what the corpus is called"""


@dataclass(frozen=True, repr=False)
class ExplanationReport(Record):
    """A model's explanations by layer."""

    model: str
    rows: tuple[LayerScore, ...]
    runs: dict[str, dict[str, Any]]
    """what each run's job reported: explainer, simulator, failures"""
    every: bool = False
    """show every formula; all are in `rows`"""

    def only(self, scorer: str, formula: str, split: str | None) -> list[LayerScore]:
        """Rows of one formula on one split."""
        return [row for row in self.rows if (row.scorer, row.formula, row.split) == (scorer, formula, split)]

    @property
    def title(self) -> str:
        """Whose they are."""
        return f"explanations of {self.model}"

    @property
    def lead(self) -> str:
        """What else there is to see."""
        if not self.rows:
            return "no scored explanations"
        hidden = len(self._others()) if self._headline() and not self.every else 0
        return f"`every` shows {hidden:,} rows of other scores" if hidden else ""

    def sections(self) -> tuple[Section, ...]:
        """The headline over all layers, then by layer, then every other formula, then what went wrong."""
        return tuple(section for section in self._sections() if section.rows)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Every row as it is: formulas, layers and kinds."""
        columns = tuple(column.name for column in fields(LayerScore))
        return columns, [tuple(getattr(row, name) for name in columns) for row in self.rows]

    def _sections(self) -> Iterator[Section]:
        headline = self._headline()
        yield _all_layers(pooled(headline))
        yield replace(_by_layer(headline), picture=ExplanationScores(self._lines()))
        if self.every or not headline:
            yield _other_scores(self._others())
        yield _failures(self.runs)

    def _headline(self) -> list[LayerScore]:
        return [row for protocol in PROTOCOLS for row in self.only(*HEADLINE, protocol)]

    def _others(self) -> list[LayerScore]:
        return [row for row in pooled(self.rows) if (row.scorer, row.formula) != HEADLINE and _shown(row)]

    def _lines(self) -> dict[str, tuple[ScoreLine, ...]]:
        """Score against layer, a line a kind, under each protocol."""
        name = _names(self.rows)
        lines: dict[str, tuple[ScoreLine, ...]] = {}
        for protocol in PROTOCOLS:
            by_name: dict[str, list[LayerScore]] = defaultdict(list)
            for row in self.only(*HEADLINE, protocol):
                by_name[name(row)].append(row)
            lines[protocol] = tuple(_line(label, rows) for label, rows in by_name.items())
        return lines


def scored_explanations(reader: Reader, model: str, run: str | None = None, every: bool = False) -> ExplanationReport:
    """Scores by layer, kind and explainer; without rows where there are none."""
    rows = query("explanation_layers").run(reader, model=model, run=run).dicts()
    called = corpora(reader)
    made = tuple(LayerScore(null=row.pop("null_mean"), corpus=called.get(row["run"]), **row) for row in rows)
    return ExplanationReport(model, made, _runs(reader, model, {row.run for row in made}), every)


def explanation_report(reader: Reader, model: str, run: str | None = None, every: bool = False) -> ExplanationReport:
    """The same. Raises QueryError for a model without scored explanations."""
    report = scored_explanations(reader, model, run, every)
    if not report.rows:
        check_models(reader, model)
        raise QueryError(f"no scored explanations of {model}; neuronkb explanations ingest makes some")
    return report


def pooled(rows: Sequence[LayerScore]) -> list[LayerScore]:
    """The same by kind and explainer over all layers, each explanation counting once; layer is -1."""
    groups: dict[tuple[Any, ...], list[LayerScore]] = defaultdict(list)
    for row in rows:
        key = (row.run, row.kind, row.explainer, row.scorer, row.formula, row.split, row.rater)
        groups[key].append(row)
    return [_pooled(group) for group in groups.values()]


def _pooled(rows: Sequence[LayerScore]) -> LayerScore:
    first = rows[0]
    scored = sum(row.scored for row in rows)
    bests = [row.best for row in rows if row.best is not None]
    return LayerScore(
        first.run,
        -1,
        first.kind,
        first.explainer,
        first.scorer,
        first.formula,
        first.split,
        first.rater,
        sum(row.sides for row in rows),
        scored,
        _mean((row.mean, row.scored) for row in rows),
        _mean((row.null, row.scored) for row in rows),
        max(bests, default=None),
        _mean((row.length, row.sides) for row in rows),
        sum(row.n or 0 for row in rows),
        sum(row.failed or 0 for row in rows),
        first.corpus,
    )


def _mean(parts: Iterable[tuple[float | None, int]]) -> float | None:
    kept = [(value, n) for value, n in parts if value is not None and n]
    return sum(value * n for value, n in kept) / sum(n for _, n in kept) if kept else None


def _runs(reader: Reader, model: str, wanted: set[str]) -> dict[str, dict[str, Any]]:
    rows = query("runs").run(reader, job=None, model=model).dicts()
    return {row["run"]: json.loads(row["summary"] or "{}") for row in rows if row["run"] in wanted}


def _line(label: str, rows: Sequence[LayerScore]) -> ScoreLine:
    points = [(row.layer, row.mean, row.null) for row in rows if row.mean is not None]
    return ScoreLine(label, tuple(p[0] for p in points), tuple(p[1] for p in points), tuple(p[2] for p in points))


def _all_layers(rows: Sequence[LayerScore]) -> Section:
    name = _names(rows)
    body = [
        (name(r), r.split, r.scored, _number(r.mean), _number(r.null), _number(r.best), _bytes(r.length), _failed(r))
        for r in sorted(rows, key=lambda r: (r.split or "", -(r.mean if r.mean is not None else -2.0)))
    ]
    caption = "All layers: mean correlation of predicted and true activations; null: of another neuron's explanation"
    columns = ("explanation", "windows", "scored", "mean", "null", "best", "bytes", "failed")
    return Section(caption, columns, tuple(body))


def _by_layer(rows: Sequence[LayerScore]) -> Section:
    """One row a layer and kind: both protocols side by side."""
    random = {(r.run, r.layer, r.kind, r.explainer): r for r in rows if r.split == PROTOCOLS[1]}
    body, name = [], _names(rows)
    for row in (r for r in rows if r.split == PROTOCOLS[0]):
        other = random.get((row.run, row.layer, row.kind, row.explainer))
        pair = (None, None) if other is None else (other.mean, other.null)
        numbers = map(_number, (row.mean, row.null, *pair))
        body.append((row.layer, name(row), row.sides, *numbers, _bytes(row.length), _failed(row)))
    caption = (
        "By layer: mean correlation on the strongest and random windows (top) and on random ones alone (random), "
        "each beside that of another neuron's explanation (null)"
    )
    columns = ("layer", "explanation", "sides", "top", "top null", "random", "random null", "bytes", "failed")
    return Section(caption, columns, tuple(body))


def _other_scores(rows: Sequence[LayerScore]) -> Section:
    name = _names(rows)
    body = [
        (_scored_by(r), r.split, name(r), r.scored, _number(r.mean), _number(r.null), _failed(r))
        for r in sorted(rows, key=lambda r: (r.scorer, r.formula, r.split or "", r.kind))
    ]
    columns = ("score", "windows", "explanation", "scored", "mean", "null", "failed")
    return Section.table("Other scores, all layers", columns, body)


def _failures(runs: Mapping[str, Mapping[str, Any]]) -> Section:
    rows: list[tuple[Any, ...]] = []
    for run, summary in runs.items():
        if "sides" in summary:
            rows.append((run, "sides asked for", summary["sides"]))
            rows.append((run, "sides that never fire, or not on held-out windows", summary.get("dead")))
            rows.append((run, "sides without any explanation", summary.get("unexplained")))
            rows += [(run, f"failed, {reason}", n) for reason, n in (summary.get("failures") or {}).items()]
    return Section("What came of the questions", ("run", "what", "count"), tuple(rows))


def _shown(row: LayerScore) -> bool:
    """Predictors have one further formula in the table, sentences all; --json has everything."""
    return row.kind == "text" or (row.formula, row.split) == ("r2-uncentred/linear", PROTOCOLS[0])


def _number(value: float | None) -> float | None:
    """Short enough for a table; `rows` have the whole number."""
    return None if value is None else round(value, 3 if abs(value) < 10 else None)


def _scored_by(row: LayerScore) -> str:
    return f"{row.scorer}: {row.formula}" + (f" by {row.rater}" if row.rater else "")


def _names(rows: Sequence[LayerScore]) -> Callable[[LayerScore], str]:
    """Of a sentence who wrote it; a predictor's own name says what it is; and the corpus, where rows are of several."""
    several = len({row.corpus for row in rows} - {None}) > 1

    def name(row: LayerScore) -> str:
        kind = f"text by {row.explainer or '?'}" if row.kind == "text" else str(row.explainer or row.kind)
        return f"{kind} on {row.corpus}" if several and row.corpus else kind

    return name


def _bytes(length: float | None) -> int | None:
    return None if length is None else round(length)


def _failed(row: LayerScore) -> str:
    """The share of what was asked; the counts are in --json."""
    return f"{row.failed / row.n:.0%}" if row.failed and row.n else "0"
